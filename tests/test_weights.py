"""Weights: what is downloaded, verified, recorded and loaded, and what is refused. Needs no network."""

import errno
import hashlib
import io
import multiprocessing
import os
import pickle
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections import OrderedDict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import yaml

from ganalyze.errors import GanalyzeError
from ganalyze.weights import (
    fetch,
    load_catalogue,
    load_state,
    load_tensor_pickle,
    load_tensors,
    sha256_of,
    verified,
)

ROOT = Path(__file__).parents[1]
CONTENT = random.Random(0).randbytes(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = (2, 0.5)  # seconds to connect and to read


# --- a web server with faults ------------------------------------------------------------------------------


@dataclass
class Page:
    body: bytes = CONTENT
    status: int = 200
    etag: str | None = '"1"'
    ranges: bool = True
    type: str = "application/octet-stream"
    to: str | None = None  # redirect
    cuts: list[int] = field(default_factory=list)  # offsets where this and the next connections break
    hang_at: int | None = None  # offset where the server falls silent
    seconds: float = 0  # before it answers
    asked: list[str | None] = field(default_factory=list)  # the Range of every request


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        page = self.server.pages[self.path]
        asked = self.headers.get("Range")
        page.asked.append(asked)
        time.sleep(page.seconds)
        start = 0
        if asked and page.ranges and self.headers.get("If-Range", page.etag) == page.etag:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
        if start > len(page.body) or (start and start == len(page.body)):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(page.body)}")
            self.end_headers()
            return
        self.send_response(206 if start else page.status)
        if page.to:
            self.send_header("Location", page.to)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(page.body) - 1}/{len(page.body)}")
        if page.etag:
            self.send_header("ETag", page.etag)
        self.send_header("Content-Type", page.type)
        self.send_header("Content-Length", str(len(page.body) - start))
        self.end_headers()
        end = page.cuts.pop(0) if page.cuts else page.hang_at if page.hang_at is not None else len(page.body)
        self.wfile.write(page.body[start:end])
        self.wfile.flush()
        if page.hang_at is not None:
            self.server.released.wait(30)

    def log_message(self, *_):
        pass


class Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Page] = {}
        self.released = threading.Event()

    def serve(self, path: str, **page) -> str:
        self.pages[path] = Page(**page)
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, *_):
        pass  # clients leave early on purpose


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Site()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def catalogue_of(tmp_path):
    """Write a catalogue with the one entry `net.bin` and return its path."""

    def write(*sources: str | dict, **known) -> Path:
        sources = [{"url": source} if isinstance(source, str) else source for source in sources]
        entry = {"origin": "a test", "licence": "MIT", "reference": "none", "sources": sources} | known
        path = tmp_path / "catalogue.yaml"
        path.write_text(yaml.safe_dump({"net.bin": entry}))
        return path

    return write


@pytest.fixture
def get(tmp_path, catalogue_of):
    """Fetch `net.bin` from the given sources into tmp_path/weights."""

    def run(*sources, **known) -> Path:
        return fetch("net.bin", load_catalogue(catalogue_of(*sources, **known)), tmp_path / "weights", QUICK)

    return run


def closed_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/net.bin"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def command(catalogue: Path, folder: Path, *names: str) -> list[str]:
    script = str(ROOT / "scripts/fetch_weights.py")
    return [sys.executable, script, *names, "--catalogue", str(catalogue), "--weights-dir", str(folder)]


# --- fetching ----------------------------------------------------------------------------------------------


def test_a_file_is_fetched_verified_and_recorded_once(site, get):
    url = site.serve("/net.bin")
    path = get(url, sha256=SHA256, size=len(CONTENT))
    assert path.read_bytes() == CONTENT
    assert visible(path.parent) == ["net.bin", "net.bin.sha256"]
    assert sha256_of(path) == SHA256
    check = subprocess.run(["sha256sum", "-c", "net.bin.sha256"], cwd=path.parent, capture_output=True, text=True)
    assert (check.stdout, check.stderr) == ("net.bin: OK\n", "")
    assert get(url, sha256=SHA256) == path
    assert len(site.pages["/net.bin"].asked) == 1


@pytest.mark.parametrize("offset", sorted(random.Random(1).sample(range(1 << 14, len(CONTENT)), 10)))
def test_a_cut_connection_is_resumed_where_it_broke(site, get, offset):
    url = site.serve("/net.bin", cuts=[offset])
    assert get(url, sha256=SHA256).read_bytes() == CONTENT
    _, resumed = site.pages["/net.bin"].asked
    assert 0 <= offset - int(resumed[len("bytes=") : -1]) < 1 << 14


def test_the_next_command_continues_what_many_cuts_left(site, get, tmp_path):
    url = site.serve("/net.bin", cuts=[100_000 * i for i in range(1, 8)])
    with pytest.raises(GanalyzeError, match="connection was cut"):
        get(url)
    assert (tmp_path / "weights/net.bin.part").stat().st_size > 400_000
    assert get(url).read_bytes() == CONTENT
    assert visible(tmp_path / "weights") == ["net.bin", "net.bin.sha256"]


def test_a_server_without_ranges_is_asked_for_the_whole_again(site, get):
    url = site.serve("/net.bin", cuts=[300_000], ranges=False)
    assert get(url, sha256=SHA256).read_bytes() == CONTENT


@pytest.mark.parametrize("etag", ['"2"', None])
def test_a_file_that_changed_meanwhile_is_fetched_from_the_beginning(site, get, etag):
    other = CONTENT[::-1]
    with pytest.raises(GanalyzeError):
        get(site.serve("/net.bin", cuts=[400_000, 400_000], etag=etag and '"1"'))
    assert get(site.serve("/net.bin", body=other, etag=etag)).read_bytes() == other


def test_a_part_that_does_not_fit_is_fetched_from_the_beginning(site, get):
    with pytest.raises(GanalyzeError):
        get(site.serve("/net.bin", cuts=[400_000, 400_000]))
    short = CONTENT[:1000]
    assert get(site.serve("/net.bin", body=short)).read_bytes() == short


@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_a_part_that_is_complete_is_taken(site, get, tmp_path, size):
    url = site.serve("/net.bin")
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "net.bin.part").write_bytes(CONTENT)
    (weights / "net.bin.part.source").write_text(f'{url}\n"1"\n')
    assert get(url, sha256=SHA256, size=size).read_bytes() == CONTENT
    assert site.pages["/net.bin"].asked == ([] if size else ["bytes=1000000-"])


def test_a_redirect_is_followed(site, get):
    assert get(site.serve("/old", status=302, body=b"", to=site.serve("/net.bin"))).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ({"status": 404, "body": b"gone"}, "it answers 404 Not Found"),
        ({"status": 500, "body": b"sorry"}, "it answers 500 Internal Server Error"),
        ({"type": "text/html; charset=utf-8", "body": b"<html>"}, "web page instead of the file"),
        ({"body": b"other"}, "5 bytes instead of 1000000"),
        ({"body": CONTENT[:-1]}, "999999 bytes instead of 1000000"),
        ({"body": CONTENT[::-1]}, f"sha256 {hashlib.sha256(CONTENT[::-1]).hexdigest()} instead of {SHA256}"),
        ({"hang_at": 0}, "does not answer in time"),
    ],
)
def test_a_bad_source_is_named_with_its_reason_and_the_next_serves(site, get, tmp_path, capsys, page, reason):
    bad = site.serve("/bad", **page)
    with pytest.raises(GanalyzeError) as error:
        get(bad, sha256=SHA256, size=len(CONTENT))
    assert reason in str(error.value)
    for told in (
        "cannot fetch net.bin",
        bad,
        "Check the network",
        str(tmp_path / "weights/net.bin"),
        "by hand",
    ):
        assert told in str(error.value)
    assert not [name for name in visible(tmp_path / "weights") if not name.startswith("net.bin.part")]

    capsys.readouterr()
    assert get(bad, site.serve("/good"), sha256=SHA256, size=len(CONTENT)).read_bytes() == CONTENT
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("known", [{"sha256": "0" * 64}, {"md5": "0" * 32}, {"size": 7}])
def test_a_wrong_hash_or_size_leaves_nothing(site, get, tmp_path, known):
    with pytest.raises(GanalyzeError, match="not the expected file and was removed"):
        get(site.serve("/net.bin"), **known)
    assert visible(tmp_path / "weights") == []


def test_a_mirror_that_hangs_midway_is_left_for_the_next(site, get):
    begun = time.monotonic()
    path = get(site.serve("/slow", hang_at=1000), site.serve("/good"), sha256=SHA256)
    assert path.read_bytes() == CONTENT
    assert time.monotonic() - begun < 5


def test_without_a_network_the_line_says_what_to_do(get):
    with pytest.raises(GanalyzeError, match=r"no connection \(Connection refused\)\. Check the network"):
        get(closed_url())


def test_an_md5_serves_where_no_sha256_is_known(site, get):
    path = get(site.serve("/net.bin"), md5=hashlib.md5(CONTENT).hexdigest())
    assert verified(path.parent, "net.bin") == path


def test_an_unknown_name_lists_the_known_ones(catalogue_of, tmp_path):
    with pytest.raises(GanalyzeError, match=r"no weight file is called nett\.bin: the catalogue has net\.bin"):
        fetch("nett.bin", load_catalogue(catalogue_of(closed_url())), tmp_path)


def test_two_processes_at_once_download_once(site, catalogue_of, tmp_path):
    catalogue = load_catalogue(catalogue_of(site.serve("/net.bin", seconds=1), sha256=SHA256))
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=fetch, args=("net.bin", catalogue, tmp_path / "weights")) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
    assert [process.exitcode for process in both] == [0, 0]
    assert (tmp_path / "weights/net.bin").read_bytes() == CONTENT
    assert len(site.pages["/net.bin"].asked) == 1


def test_a_killed_download_is_resumed(site, catalogue_of, get, tmp_path):
    url = site.serve("/net.bin", hang_at=700_000)
    part = tmp_path / "weights/net.bin.part"
    process = subprocess.Popen(command(catalogue_of(url), tmp_path / "weights", "net.bin"), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size >= 400_000):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    here = part.stat().st_size
    site.pages["/net.bin"].hang_at = None
    assert get(url).read_bytes() == CONTENT
    assert site.pages["/net.bin"].asked == [None, f"bytes={here}-"]


# --- trust on first use, and present files -----------------------------------------------------------------


def test_a_file_without_a_known_hash_is_recorded_and_a_change_refused(site, get, capsys):
    url = site.serve("/net.bin")
    path = get(url)
    assert f"recorded sha256 {SHA256}" in capsys.readouterr().err
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(GanalyzeError, match="changed since it was recorded"):
        get(url)
    path.unlink()
    assert get(url).read_bytes() == CONTENT  # still held against the record


def test_a_damaged_file_with_a_known_hash_is_fetched_again(site, get, capsys):
    url = site.serve("/net.bin")
    path = get(url, sha256=SHA256)
    path.write_bytes(CONTENT[:-1])
    assert get(url, sha256=SHA256).read_bytes() == CONTENT
    assert "is damaged" in capsys.readouterr().err


def test_a_file_put_there_by_hand_is_recorded_by_fetch(get, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/net.bin").write_bytes(CONTENT)
    path = get(closed_url(), sha256=SHA256)
    assert SHA256 in path.with_name("net.bin.sha256").read_text()


def test_verified_refuses_missing_truncated_and_changed_files(site, get, tmp_path):
    folder = tmp_path / "weights"
    with pytest.raises(GanalyzeError, match=f"fetch_weights.py net.bin --weights-dir {folder}"):
        verified(folder, "net.bin")
    path = get(site.serve("/net.bin"))
    assert verified(folder, "net.bin") == path
    path.write_bytes(CONTENT[:10])
    with pytest.raises(GanalyzeError, match="10 bytes instead of 1000000"):
        verified(folder, "net.bin")
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(GanalyzeError, match=f"instead of {SHA256}"):
        verified(folder, "net.bin")
    path.with_name("net.bin.sha256").write_text("nonsense")
    with pytest.raises(GanalyzeError, match="no record"):
        verified(folder, "net.bin")
    path.with_name("net.bin.sha256").unlink()
    assert verified(folder, "net.bin") == path  # put there by hand


# --- the catalogue -----------------------------------------------------------------------------------------


def test_the_projects_catalogue_is_valid_and_serves_the_demo_without_any_url():
    catalogue = load_catalogue(ROOT / "config/weights.yaml")
    assert all(weight.licence and weight.reference for weight in catalogue.values())
    for name in ("model.pt", "weights.tar", "emotion_model.hdf5", "efficientnet-lite0-57934424.pth"):
        assert "in the package" in str(catalogue[name].sources[0])
        assert catalogue[name].size
        assert catalogue[name].sha256


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"colour": "red"}, "net.bin.colour"),
        ({"sources": []}, "net.bin.sources"),
        ({"sha256": "abc"}, "net.bin.sha256"),
        ({"size": -1}, "net.bin.size"),
        ({"licence": None}, "net.bin.licence"),
        ({"sources": [{"url": "ftp://x/y"}]}, "net.bin.sources.0.url.url"),
        ({"sources": [{"wheel": "resmem", "member": "a"}]}, "net.bin.sources.0.wheel.wheel"),
        ({"sources": [{"wheel": "a==1"}]}, "net.bin.sources.0.wheel.member"),
        ({"sources": ["x"]}, "net.bin.sources.0"),
    ],
)
def test_a_bad_catalogue_is_refused_by_file_and_key(catalogue_of, change, key):
    path = catalogue_of("http://x/y", **change)
    with pytest.raises(GanalyzeError, match=re.escape(f"catalogue {path}: {key}")):
        load_catalogue(path)


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "../up: {}", None])
def test_a_file_that_is_no_catalogue_is_refused(tmp_path, text):
    path = tmp_path / "catalogue.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(GanalyzeError, match=re.escape(str(path))):
        load_catalogue(path)


# --- wheels ------------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder of packages where pip finds `tiny` 1.0, and nothing else."""
    folder = tmp_path / "packages"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/net.bin", CONTENT)
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


@pytest.mark.usefixtures("package")
def test_a_file_is_taken_out_of_a_wheel(get):
    path = get({"wheel": "tiny==1.0", "member": "tiny/net.bin"}, sha256=SHA256)
    assert path.read_bytes() == CONTENT
    assert {each.name for each in path.parent.iterdir()} == {".net.bin.lock", "net.bin", "net.bin.sha256"}


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("wheel", "member", "reason"),
    [
        ("tiny==1.0", "tiny/other.bin", "There is no item named 'tiny/other.bin'"),
        ("tiny==2.0", "tiny/net.bin", "No matching distribution found for tiny==2.0"),
    ],
)
def test_a_wheel_that_lacks_the_file_is_named_with_its_reason(get, tmp_path, wheel, member, reason):
    with pytest.raises(GanalyzeError, match=f"{member} in the package {wheel}: .*{re.escape(reason)}"):
        get({"wheel": wheel, "member": member})
    assert visible(tmp_path / "weights") == []


# --- safe loading ------------------------------------------------------------------------------------------


class Attack:
    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def save_zip(content, path):
    torch.save(content, path)


def save_legacy(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def save_pickle(content, path):
    path.write_bytes(pickle.dumps(content, protocol=2))


def save_pickle_4(content, path):
    path.write_bytes(pickle.dumps(content, protocol=4))


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings, like the authors' files."""

    def save_python2_string(self, text: bytes):
        self.write(pickle.BINSTRING + struct.pack("<i", len(text)) + text)

    dispatch = pickle._Pickler.dispatch | {bytes: save_python2_string}


def save_python2(content, path):
    buffer = io.BytesIO()
    Python2Pickler(buffer, protocol=2).dump(content)
    path.write_bytes(buffer.getvalue())


WAYS = [
    (save_zip, load_tensors),
    (save_legacy, load_tensors),
    (save_pickle, load_tensor_pickle),
    (save_pickle_4, load_tensor_pickle),
    (save_python2, load_tensor_pickle),
]


@pytest.mark.parametrize(("save", "load"), WAYS)
def test_honest_tensors_come_back(tmp_path, save, load):
    weight = torch.randn(4, 3)
    state = OrderedDict(weight=weight, view=weight[1:, ::2], bias=torch.nn.Parameter(torch.ones(2)), n=torch.tensor(7))
    save(state, tmp_path / "net")
    back = load(tmp_path / "net")
    assert list(back) == list(state)
    assert all(torch.equal(back[key], state[key]) for key in state)


@pytest.mark.parametrize(("save", "load"), WAYS)
def test_a_malicious_file_executes_nothing(tmp_path, save, load):
    mark = tmp_path / "executed"
    save({"weight": torch.ones(2), "attack": Attack(mark)}, tmp_path / "net")
    with pytest.raises(GanalyzeError, match="not a readable file of tensors") as error:
        load(tmp_path / "net")
    assert "system" in str(error.value)
    assert "\n" not in str(error.value)
    assert not mark.exists()


def test_a_malicious_storage_inside_a_tensor_pickle_executes_nothing(tmp_path):
    mark = tmp_path / "executed"

    class Storage:
        def __reduce__(self):
            buffer = io.BytesIO()
            torch.save(Attack(mark), buffer)
            return torch.storage._load_from_bytes, (buffer.getvalue(),)

    save_pickle({"weight": Storage()}, tmp_path / "net")
    with pytest.raises(GanalyzeError, match="system"):
        load_tensor_pickle(tmp_path / "net")
    assert not mark.exists()


@pytest.mark.parametrize(("save", "load"), WAYS)
def test_a_broken_file_is_refused_in_one_line(tmp_path, save, load):
    path = tmp_path / "net"
    save({"weight": torch.ones(1000)}, path)
    whole = path.read_bytes()
    for content in (whole[:-50], whole[: len(whole) // 2], whole[:5], b"", b"<html>no</html>"):
        path.write_bytes(content)
        with pytest.raises(GanalyzeError, match="not a readable file of tensors") as error:
            load(path)
        assert "\n" not in str(error.value)
    path.unlink()
    with pytest.raises(GanalyzeError, match="No such file"):
        load(path)


@pytest.mark.parametrize(("save", "load"), WAYS)
def test_a_file_that_is_no_dictionary_is_refused(tmp_path, save, load):
    save([torch.ones(2)], tmp_path / "net")
    with pytest.raises(GanalyzeError, match="holds a list instead of a dictionary"):
        load(tmp_path / "net")


def test_a_state_that_does_not_fit_is_told_by_its_keys():
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    state = network.state_dict()
    load_state(network, state, "net.bin")
    wrong = {key: value for key, value in state.items() if key != "0.bias"} | {
        "1.weight": torch.ones(4),
        **{f"extra{i}": torch.ones(1) for i in range(5)},
    }
    with pytest.raises(GanalyzeError) as error:
        load_state(network, wrong, "net.bin")
    assert str(error.value) == (
        "net.bin does not fit the network: 1 missing: 0.bias; 5 unexpected: extra0, extra1, extra2, …; "
        "1 of another shape: 1.weight"
    )


def test_importing_the_module_does_not_import_torch():
    code = "import sys, ganalyze.weights; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- the command -------------------------------------------------------------------------------------------


def test_the_command_prints_the_path_and_no_bar_without_a_terminal(site, catalogue_of, tmp_path):
    catalogue = catalogue_of(site.serve("/net.bin"), sha256=SHA256)
    done = subprocess.run(command(catalogue, tmp_path / "weights", "net.bin"), capture_output=True, text=True)
    assert done.stdout == f"{tmp_path / 'weights/net.bin'}\n"
    assert done.stderr.startswith("net.bin: fetching 1.00MB from http://127.0.0.1")
    assert "\r" not in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["net.bin", "unknown.bin"])
def test_the_command_fails_in_one_line(catalogue_of, tmp_path, name):
    catalogue = catalogue_of(closed_url())
    done = subprocess.run(command(catalogue, tmp_path / "weights", name), capture_output=True, text=True)
    assert done.returncode != 0
    assert len([line for line in done.stderr.splitlines() if line.startswith("error:")]) == 1
    assert "Traceback" not in done.stderr


@pytest.fixture
def tiny_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_in_one_line(site, catalogue_of, tiny_disk):
    catalogue = catalogue_of(site.serve("/net.bin"), sha256=SHA256)
    done = subprocess.run(command(catalogue, tiny_disk, "net.bin"), capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith("error: no space left on the disk")
    assert "Traceback" not in done.stderr
    assert visible(tiny_disk) == ["net.bin.part", "net.bin.part.source"]


@pytest.mark.usefixtures("package")
def test_a_wheel_on_a_full_disk_leaves_nothing(catalogue_of, tiny_disk):
    catalogue = load_catalogue(catalogue_of({"wheel": "tiny==1.0", "member": "tiny/net.bin"}))
    with pytest.raises(OSError, match="No space left") as error:
        fetch("net.bin", catalogue, tiny_disk)
    assert error.value.errno == errno.ENOSPC
    assert visible(tiny_disk) == []
