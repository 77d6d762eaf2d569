"""DVC with remotes of one's own: a real sshd on loopback with a key, an S3-compatible server, a damaged object."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ganalyze.images.image_sets import image_id
from ganalyze.images.shards import SEEDS_PER_SHARD, Shard

DVC = [sys.executable, "-m", "dvc"]
SSHD = shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
ALPHAS = (-0.2, -0.1, 0, 0.1, 0.2)

SSHD_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
"""


class Repository:
    """A git and DVC repository in a folder, with a cache of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        self.dvc("init", "-q")

    def dvc(self, *arguments: str, succeeds: bool = True) -> str:
        environment = os.environ | {"DVC_NO_ANALYTICS": "1"}
        done = subprocess.run([*DVC, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert (done.returncode == 0) == succeeds, said[-3000:]
        return said

    def use_remote(self, url: str, **options) -> None:
        self.dvc("remote", "add", "--force", "--default", "lab", url)
        for key, value in {"verify": "true", **options}.items():
            self.dvc("remote", "modify", "--local", "lab", key, str(value))

    def forget(self, path: str) -> None:
        """Leave only what git has."""
        shutil.rmtree(self.folder / ".dvc/cache")
        shutil.rmtree(self.folder / path)


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path / "repository")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def ssh_remote(tmp_path_factory):
    """A folder behind a real sshd that lets in who has the key: its URL, the options, the folder."""
    if not SSHD or not shutil.which("ssh-keygen"):
        pytest.skip("no sshd: the package openssh-server is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root can start an sshd that logs anyone in")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    port = free_port()
    (folder / "config").write_text(SSHD_CONFIG.format(port=port, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=log)
    wait_for(port)
    (folder / "remote").mkdir()
    yield f"ssh://root@127.0.0.1:{port}{folder}/remote", {"keyfile": folder / "user_key"}, folder / "remote"
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def s3_remote():
    """A bucket of an S3-compatible server: its URL and the options."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=free_port())
    server.start()
    endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    keys = {"access_key_id": "someone", "secret_access_key": "secret"}
    boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="someone",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    ).create_bucket(Bucket="lab")
    yield "s3://lab/ganalyze", {"endpointurl": endpoint, "region": "us-east-1", **keys}
    server.stop()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")


def write_image_set(folder: Path, seeds: int) -> None:
    """An image set as ganalyze stores it, of noise as large as the demo's images (64 × 64, some 8 kB)."""
    dice = np.random.default_rng(0)
    for first in range(0, seeds, SEEDS_PER_SHARD):
        with Shard(folder / f"shard-{first // SEEDS_PER_SHARD:04d}.zip") as shard:
            for seed in range(first, min(first + SEEDS_PER_SHARD, seeds)):
                for alpha in ALPHAS:
                    pixels = dice.integers(96, 160, (64, 64, 3), np.uint8)
                    shard.add(f"{image_id('test', seed, alpha)}.png", pixels)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_results_go_through_a_real_sshd_and_come_back(repository, ssh_remote):
    url, options, remote = ssh_remote
    repository.use_remote(url, **options)
    there_and_back(repository)
    assert any(remote.rglob("*"))


def test_results_go_through_an_s3_server_and_come_back(repository, s3_remote):
    url, options = s3_remote
    repository.use_remote(url, **options)
    there_and_back(repository)


def there_and_back(repository: Repository) -> None:
    write_image_set(repository.folder / "images", seeds=120)
    before = contents(repository.folder / "images")
    repository.dvc("add", "-q", "images")
    repository.dvc("push")
    repository.forget("images")
    repository.dvc("pull")
    assert contents(repository.folder / "images") == before
    assert "up to date" in repository.dvc("status")


def test_without_the_key_the_sshd_lets_no_one_in(repository, ssh_remote, tmp_path):
    url, *_ = ssh_remote
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other_key"], check=True)
    repository.use_remote(url, keyfile=tmp_path / "other_key")
    write_image_set(repository.folder / "images", seeds=1)
    repository.dvc("add", "-q", "images")
    assert "Permission denied" in repository.dvc("push", succeeds=False)


def test_a_damaged_object_in_the_remote_is_noticed(repository, ssh_remote):
    url, options, remote = ssh_remote
    repository.use_remote(url, **options)
    write_image_set(repository.folder / "images", seeds=2)
    repository.dvc("add", "-q", "images")
    repository.dvc("push")
    shard = next((repository.folder / "images").iterdir())
    stored = next(path for path in remote.rglob("*") if path.is_file() and path.read_bytes() == shard.read_bytes())
    damaged = bytearray(stored.read_bytes())
    damaged[1000] ^= 1
    stored.chmod(0o644)
    stored.write_bytes(damaged)
    repository.forget("images")
    said = repository.dvc("pull", succeeds=False)
    assert "failed to pull" in said
    assert "images" in said
    assert not (repository.folder / "images" / shard.name).exists()


@pytest.mark.slow
def test_7500_images_take_at_most_5_seconds_each_way_over_ssh(repository, ssh_remote):
    url, options, _ = ssh_remote
    repository.use_remote(url, **options)
    write_image_set(repository.folder / "images", seeds=1500)
    before = contents(repository.folder / "images")
    repository.dvc("add", "-q", "images")
    seconds = {}
    for command in ("push", "pull"):
        start = time.monotonic()
        repository.dvc(command)
        seconds[command] = time.monotonic() - start
        if command == "push":
            repository.forget("images")
    print(f"push {seconds['push']:.1f} s, pull {seconds['pull']:.1f} s")
    assert contents(repository.folder / "images") == before
    assert max(seconds.values()) <= 5
