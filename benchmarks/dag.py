"""Where the time of a finished run went, by Snakemake's records of it (in the folder where it ran): its jobs in time,
the chain that it waited for, and what was no work: starting Python, cores that were idle or waited."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import pandas as pd
import tyro
from matplotlib.figure import Figure
from pydantic import Field

from ganalyze.support.arguments import run_command
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.records import Records
from ganalyze.support.settings import Positive, Settings


class Arguments(Settings):
    """Which run."""

    results: tyro.conf.Positional[Path] = Field(description="results/<run>")
    cores: Positive = Field(default=2, description="that it ran on")
    output: Path = Field(default=Path("dag.png"), description="for the picture, PNG or SVG")


def main(arguments: Arguments) -> None:
    jobs = read_jobs(arguments.results)
    jobs["start_up"] = jobs.script.map({script: seconds_to_import(script) for script in jobs.script.unique()})
    chain = chain_of(jobs)
    told = by_rule(jobs)
    with pd.option_context("display.width", 140):
        print(told.round(1).to_string())
    total = jobs.end.max() - jobs.start.min()
    available = total * arguments.cores
    starting = jobs[["start_up", "cpu"]].min(axis=1).sum()
    working = jobs.cpu.sum() - starting
    print(f"\n{total:.0f} s on {arguments.cores} cores, {len(jobs)} jobs.")
    print(f"work           {working / available:5.0%} of {available:.0f} core seconds")
    print(f"starting       {starting / available:5.0%} Python and what each script imports")
    # Snakemake looks at a job's processor time every 30 s, not at its end.
    print(
        f"the rest       {1 - (working + starting) / available:5.0%} idle, waiting, and ends of jobs that were not seen"
    )
    waited = jobs.loc[chain]
    print(f"The chain it waited for: {len(chain)} jobs, {(waited.end - waited.start).sum():.0f} s of {total:.0f}:")
    print("  " + " → ".join(waited.name))
    draw(jobs, chain, arguments.output)
    print(arguments.output)


def read_jobs(results: Path) -> pd.DataFrame:
    """A row a job: rule, name (of its log), script, start and end (s), cpu (s, from its benchmark, else its duration),
    inputs, outputs.

    Raises:
        GanalyzeError: Snakemake has no times of the run, which was not made here.
    """
    records, jobs = Records(), {}
    waiting, seen = sorted(map(str, results.rglob("*"))), set()
    while waiting:
        path = waiting.pop()
        record, times = records.of(path), records.times(path)
        if (
            path in seen
            or not Path(path).is_relative_to(results)
            or record is None
            or times is None
            or not (record["shellcmd"] or "").startswith("python ")
        ):
            continue
        seen.add(path)
        waiting += record["input"]  # what was temporary too
        start, end, logs = times
        job = jobs.setdefault(record["shellcmd"], {"rule": record["rule"], "start": start, "end": end, "outputs": []})
        job["outputs"].append(path)
        job["inputs"] = record["input"]
        job["script"] = record["shellcmd"].split()[1]
        job["name"] = Path(logs[0]).with_suffix("").as_posix().partition("logs/")[2]
        benchmark = Path(logs[0].replace("/logs/", "/benchmarks/")).with_suffix(".tsv")
        job["cpu"] = float(pd.read_csv(benchmark, sep="\t").cpu_time[0]) if benchmark.is_file() else end - start
    if not jobs:
        raise GanalyzeError(f"Snakemake has no times of {results}: it was not made in this folder")
    return pd.DataFrame(jobs.values()).sort_values("start", ignore_index=True)


def seconds_to_import(script: str) -> float:
    """How long Python takes to start and to import what a script imports, the second time."""
    code = f"import runpy; runpy.run_path({script!r}, run_name='imported')"
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def chain_of(jobs: pd.DataFrame) -> list[int]:
    """The jobs that the last one waited for: each with that of its inputs which was made last, in their order."""
    maker = {path: index for index, outputs in jobs.outputs.items() for path in outputs}
    chain = [int(jobs.end.idxmax())]
    while makers := [maker[path] for path in jobs.inputs[chain[0]] if path in maker]:
        chain.insert(0, max(makers, key=lambda index: jobs.end[index]))
    return chain


def by_rule(jobs: pd.DataFrame) -> pd.DataFrame:
    """A row a rule, the longest first."""
    jobs = jobs.assign(seconds=jobs.end - jobs.start)
    told = jobs.groupby("rule").agg(
        jobs=("seconds", "size"), seconds=("seconds", "sum"), cpu=("cpu", "sum"), start_up=("start_up", "sum")
    )
    return told.sort_values("seconds", ascending=False)


def lanes_of(jobs: pd.DataFrame) -> list[int]:
    """For each job, in the order of their starts, the first lane that is free."""
    lanes: list[float] = []
    placed = []
    for start, end in zip(jobs.start, jobs.end, strict=True):
        lane = next((index for index, free in enumerate(lanes) if free <= start), len(lanes))
        lanes[lane : lane + 1] = [end]
        placed.append(lane)
    return placed


def draw(jobs: pd.DataFrame, chain: Sequence[int], output: Path) -> None:
    """Jobs as bars along time, coloured by rule where the rule takes a twentieth of the time, the chain outlined."""
    seconds = (jobs.end - jobs.start).groupby(jobs.rule).sum().sort_values(ascending=False)
    named = list(seconds.index[seconds > seconds.sum() / 20])
    colours = dict(zip(named, matplotlib.color_sequences["petroff10"], strict=False))
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    ax = figure.subplots()
    minutes = (jobs[["start", "end"]] - jobs.start.min()) / 60
    for index, lane in enumerate(lanes_of(jobs)):
        in_chain = index in chain
        ax.barh(
            lane,
            minutes.end[index] - minutes.start[index],
            left=minutes.start[index],
            height=0.8,
            color=colours.get(jobs.rule[index], "0.8"),
            edgecolor="black" if in_chain else "white",
            linewidth=1.2 if in_chain else 0.3,
            zorder=2 + in_chain,
        )
    for rule in named:
        ax.barh(0, 0, color=colours[rule], label=f"{rule.replace('_', ' ')}, {seconds[rule] / 60:.1f} min")
    ax.barh(0, 0, color="0.8", label=f"the rest, {seconds[~seconds.index.isin(named)].sum() / 60:.1f} min")
    ax.margins(x=0.01)
    ax.set(xlabel="minutes (outlined: the chain that the run waited for)", yticks=[], ylabel="jobs")
    ax.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(loc="outside upper left", ncols=3, frameon=False)
    figure.savefig(output, dpi=150)


if __name__ == "__main__":
    run_command(main)
