"""The jobs behind a run, read from records and held against the files."""

import hashlib
import shutil
from pathlib import Path

import pytest

from ganalyze.report.crate.jobs import read_jobs
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.records import Records

RESULTS = Path("results/tiny")


def record(rule: str, command: str, *inputs: str, end: float | None = None) -> dict:
    checksums = {
        path: f"sha256:{hashlib.sha256(Path(path).read_bytes()).hexdigest()}" for path in inputs if "py" in path
    }
    times = {"starttime": end and end - 1, "endtime": end}
    known = {"rule": rule, "shellcmd": command, "input": list(inputs), "input_checksums": checksums}
    return {"params": [], "record_format_version": 6} | known | times


def write(records: dict) -> None:
    shutil.rmtree(".snakemake", ignore_errors=True)
    for path, values in records.items():
        Records().add(path, values)


@pytest.fixture
def records(tmp_path, monkeypatch) -> dict:
    """A run of four jobs, one of which wrote two files, and one what nothing needs."""
    monkeypatch.chdir(tmp_path)
    RESULTS.mkdir(parents=True)
    for name in ("report.html", "metrics.json", "a.png", "a.svg", "photograph.html", "draw.py", "write.py"):
        (RESULTS / name if "py" not in name else Path(name)).write_text(name)
    drawn = record("draw", "python draw.py a", "draw.py", "results/tiny/chunk.csv", end=20.0)
    report = record("report", "python write.py", "results/tiny/a.png", "write.py", end=30.0)
    records = {
        "results/tiny/report.html": report,
        "results/tiny/metrics.json": record("metrics", "python write.py --metrics", "write.py"),
        "results/tiny/a.png": drawn,
        "results/tiny/a.svg": drawn,
        "results/tiny/chunk.csv": record("chunk", "python draw.py chunk", end=10.0),
        "results/tiny/photograph.html": record("photograph", "python write.py --photograph"),
    }
    write(records)
    return records


def test_jobs_come_in_an_order_in_which_they_can_be_run_without_what_the_report_does_not_need(records):
    jobs = read_jobs(RESULTS)
    rules = [job.rule for job in jobs]
    assert sorted(rules) == ["chunk", "draw", "metrics", "report"]
    assert rules.index("chunk") < rules.index("draw") < rules.index("report")
    drawn = jobs[rules.index("draw")]
    assert drawn.outputs == ("results/tiny/a.png", "results/tiny/a.svg")
    assert drawn.script == "draw.py"
    assert (drawn.start, drawn.end) == (19.0, 20.0)
    assert jobs[rules.index("metrics")].end is None


def test_what_was_made_on_the_way_may_be_gone(records):
    assert not (RESULTS / "chunk.csv").exists()
    read_jobs(RESULTS)


@pytest.mark.parametrize("name", ["report.html", "metrics.json", "a.png"])
def test_a_missing_output_is_named(records, name):
    (RESULTS / name).unlink()
    with pytest.raises(GanalyzeError, match=rf"not finished, missing: results/tiny/{name}: finish it"):
        read_jobs(RESULTS)


def test_an_output_that_no_finished_job_wrote_is_missing(records):
    del records["results/tiny/report.html"]
    write(records)
    with pytest.raises(GanalyzeError, match=r"missing: results/tiny/report\.html"):
        read_jobs(RESULTS)


def test_code_that_was_edited_since_is_named(records):
    Path("draw.py").write_text("edited")
    with pytest.raises(GanalyzeError, match=r"another version of draw\.py: finish the run"):
        read_jobs(RESULTS)


def test_without_records_there_is_no_archive(records):
    shutil.rmtree(".snakemake")
    with pytest.raises(GanalyzeError, match="no records of results/tiny: finish the run first"):
        read_jobs(RESULTS)
