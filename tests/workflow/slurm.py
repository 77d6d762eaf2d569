"""A real SLURM on this machine alone: munged, slurmctld and slurmd, with a declared GPU and, if asked for, accounting.

It needs no systemd, and leaves nothing outside its folder: while it runs, two links in /etc/slurm lead to its
configuration, since jobs look there. It must be started by root. Debian's packages: slurm-wlm, munge; for accounting
slurmdbd and mariadb-server.
"""

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sacct")
ACCOUNTING_PROGRAMS = ("slurmdbd", "mariadbd", "mariadb-install-db", "sacctmgr")

SLURM_CONF = """
ClusterName=loopback
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# No cgroups in a container: processes are found by their parents, memory is looked at every second.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,NoShared
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=1,sched_interval=5
ReturnToService=2
KillWait=2
MinJobAge=7200
OverTimeLimit=0
GresTypes=gpu
AccountingStorageType={accounting}
NodeName=localhost NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000 Gres=gpu:1
PartitionName=batch Nodes=localhost Default=YES MaxTime=INFINITE State=UP
PartitionName=accelerated Nodes=localhost MaxTime=INFINITE State=UP
"""
GRES_CONF = "NodeName=localhost Name=gpu File=/dev/null\n"  # a bare count drains the node
SLURMDBD_CONF = """
DbdHost=localhost
DbdPort={dbd_port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StoragePort={sql_port}
StorageUser=slurm
StoragePass=loopback
StorageLoc=accounting
"""


def missing_programs(accounting: bool = False) -> list[str]:
    return [name for name in PROGRAMS + accounting * ACCOUNTING_PROGRAMS if not shutil.which(name, path=_PATH)]


class Cluster:
    """Use as a context manager: on entry the node is idle, on exit everything that was started has ended."""

    def __init__(self, folder: Path, accounting: bool = False):
        self.folder = folder
        self.accounting = accounting
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": _PATH}
        self._processes: list[subprocess.Popen] = []

    def __enter__(self) -> "Cluster":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        ctld_port, slurmd_port, dbd_port, sql_port = _free_ports(4)
        for name in ("munge", "state", "spool"):
            (self.folder / name).mkdir(parents=True)
            (self.folder / name).chmod(0o755)
        key = self.folder / "munge/key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        munge = self.folder / "munge"
        self._daemon(
            "munged",
            "--foreground",
            "--force",
            "--num-threads=10",
            f"--key-file={key}",
            f"--socket={munge}/socket",
            f"--pid-file={munge}/pid",
            f"--log-file={munge}/log",
            f"--seed-file={munge}/seed",
        )
        self._wait("munged", (self.folder / "munge/socket").exists)

        storage = "accounting_storage/none"
        if self.accounting:
            self._start_accounting(dbd_port, sql_port)
            storage = (
                "accounting_storage/slurmdbd\nAccountingStorageHost=127.0.0.1\n"
                f"AccountingStoragePort={dbd_port}\nAccountingStoragePass={self.folder}/munge/socket"
            )
        conf = SLURM_CONF.format(folder=self.folder, ctld_port=ctld_port, slurmd_port=slurmd_port, accounting=storage)
        (self.folder / "slurm.conf").write_text(conf)
        (self.folder / "gres.conf").write_text(GRES_CONF)
        _ETC.mkdir(exist_ok=True)
        for name in ("slurm.conf", "gres.conf"):
            (_ETC / name).symlink_to(self.folder / name)  # fails where this machine has a SLURM of its own
        if self.accounting:
            self._wait("slurmdbd", lambda: self.run("sacctmgr", "-i", "add", "cluster", "loopback").returncode == 0)
            self.run("sacctmgr", "-i", "add", "account", "science", "Cluster=loopback")
            self.run("sacctmgr", "-i", "add", "user", "root", "Account=science")
        self._daemon("slurmctld", "-D")
        self._daemon("slurmd", "-D", "-N", "localhost")
        self._wait("slurmd", lambda: "idle" in self.run("sinfo", "-h", "-o", "%t").stdout)

    def _start_accounting(self, dbd_port: int, sql_port: int) -> None:
        data, sql_socket = self.folder / "sql", self.folder / "sql.socket"
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root", "--skip-test-db"],
            env=self.environment,
            capture_output=True,
            check=True,
        )
        self._daemon(
            "mariadbd",
            "--no-defaults",
            f"--datadir={data}",
            "--user=root",
            f"--socket={sql_socket}",
            f"--port={sql_port}",
            "--bind-address=127.0.0.1",
            f"--pid-file={self.folder}/sql.pid",
        )
        grant = "CREATE USER slurm@localhost IDENTIFIED BY 'loopback'; GRANT ALL ON accounting.* TO slurm@localhost;"
        self._wait(
            "mariadbd",
            lambda: (
                self.run(
                    "mariadb",
                    "--no-defaults",
                    f"--socket={sql_socket}",
                    "-e",
                    grant,
                ).returncode
                == 0
            ),
        )
        conf = self.folder / "slurmdbd.conf"
        conf.write_text(SLURMDBD_CONF.format(folder=self.folder, dbd_port=dbd_port, sql_port=sql_port))
        conf.chmod(0o600)
        self.environment["MYSQL_UNIX_PORT"] = str(sql_socket)
        self._daemon("slurmdbd", "-D")

    def __exit__(self, *exc) -> None:
        for name in ("slurm.conf", "gres.conf"):
            if (_ETC / name).is_symlink() and (_ETC / name).readlink() == self.folder / name:
                (_ETC / name).unlink()
        if (self.folder / "slurm.conf").exists():
            self.run("scancel", "--state=PENDING", "--user=root")
            self.run("scancel", "--signal=KILL", "--full", "--user=root")
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)

    def _daemon(self, program: str, *arguments: str) -> None:
        with (self.folder / f"{program}.out").open("w") as out:
            process = subprocess.Popen(
                [program, *arguments], env=self.environment, stdout=out, stderr=out, start_new_session=True
            )
        self._processes.append(process)

    def _wait(self, name: str, is_ready, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not is_ready():
            if time.monotonic() > deadline:
                said = "\n".join(
                    f"{p.name}: {p.read_text()[-1000:]}" for p in sorted(self.folder.glob("*.[lo][ou][gt]"))
                )
                raise RuntimeError(f"{name} did not start within {seconds} s\n{said}")
            time.sleep(0.2)


_ETC = Path("/etc/slurm")
# Daemons are in sbin, which is not in everyone's PATH.
_PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports
