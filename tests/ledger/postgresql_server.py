"""A real PostgreSQL server for tests: made in a temporary folder, stopped and removed afterwards.

Other tests may use it: put `from postgresql_server import ...` aside and load it by path, or copy
the four lines of `tests/contracts/test_ledger_stores.py` that do so.
"""

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
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True, check=False
        )
        for process in [postmaster, *map(int, children.stdout.split())]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        while any(Path(f"/proc/{process}").exists() and not _is_zombie(process) for process in [postmaster]):
            time.sleep(0.01)

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


def _is_zombie(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().split(") ")[1].startswith("Z")
    except (FileNotFoundError, IndexError):
        return True
