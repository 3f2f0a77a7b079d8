"""A real PostgreSQL server for tests: made in a temporary folder, stopped and removed afterwards.

Other tests may use it: load this file by its path, as `tests/ledger/conftest.py` does.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NoPostgresql", "PostgresqlServer", "postgresql_server"]


class NoPostgresql(Exception):
    """There are no PostgreSQL programs on this machine, or nobody to run them as."""


class PostgresqlServer:
    """A running server that listens on a Unix socket only."""

    def __init__(self, programs, folder, user):
        self.programs, self.folder, self.user = programs, folder, user
        self.data = folder / "data"

    def url(self, database="postgres"):
        return f"postgresql://flyball@/{database}?host={self.folder}"

    def new_database(self):
        """Create an empty database and return its URL."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.run("createdb", "-h", str(self.folder), "-U", "flyball", name)
        return self.url(name)

    def start(self):
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=40 -c shared_buffers=32MB"
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self, how="fast"):
        self.run("pg_ctl", "-D", str(self.data), "-m", how, "-w", "stop")

    def kill(self):
        """Kill the server and all its children with SIGKILL, as the kernel does when memory is short."""
        postmaster = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        processes = [postmaster, *_children(postmaster)]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(_state(process) not in ("", "Z") for process in processes):
            time.sleep(0.01)
        # Where nobody collects the dead, the new server would take the old one for alive.
        for left in [self.data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*")]:
            left.unlink()

    def run(self, program, *arguments):
        done = subprocess.run(
            [self.programs / program, *arguments],
            user=self.user,
            group=None if self.user is None else pwd.getpwnam(self.user).pw_gid,
            extra_groups=None if self.user is None else [],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            log = self.folder / "log"
            told = log.read_text()[-2000:] if log.exists() else (done.stderr or b"").decode()
            raise RuntimeError(f"{program} failed: {told}")


@contextmanager
def postgresql_server():
    """Start a server; it refuses to run as root, so root hands it to an unprivileged user."""
    programs = _programs()
    user = None
    if os.geteuid() == 0:
        user = next((name for name in ("postgres", "nobody") if _exists(name)), None)
        if user is None:
            raise NoPostgresql("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
    # A short path: a Unix socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="flyball-pg-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        server = PostgresqlServer(programs, folder, user)
        server.run(
            "initdb", "-D", str(server.data), "-U", "flyball", "-A", "trust", "-E", "UTF8", "--no-sync"
        )
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(RuntimeError):  # a test may have left it stopped
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs():
    places = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *map(Path, os.get_exec_path()),
    ]
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    raise NoPostgresql("there are no PostgreSQL programs (initdb, pg_ctl) on this machine")


def _exists(name):
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def _children(parent):
    processes = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [process for process in processes if _stat(process)[1:2] == [str(parent)]]


def _state(process):
    return (_stat(process) or [""])[0]


def _stat(process):
    """Return state, parent and the rest of /proc/PID/stat; nothing where the process is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
