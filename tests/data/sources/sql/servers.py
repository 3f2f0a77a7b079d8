"""Database servers of the tests: started when first asked for, stopped when the tests end.

Load this file with `load()` of the test that needs it; it is loaded once per process.
"""

import atexit
import getpass
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

__all__ = ["NoServer", "mariadb", "postgresql"]

_POSTGRESQL = Path(__file__).parents[3] / "ledger" / "postgresql_server.py"
_STARTED = {}


class NoServer(Exception):
    """The programs of the server are not on this machine."""


def postgresql():
    """Return the running PostgreSQL server, whose role `reader` has to give a password."""
    if "postgresql" not in _STARTED:
        _STARTED["postgresql"] = _start_postgresql()
    return _STARTED["postgresql"]


def _start_postgresql():
    spec = importlib.util.spec_from_file_location("flyball_postgresql_server", _POSTGRESQL)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    stack = ExitStack()
    try:
        server = stack.enter_context(module.postgresql_server())
    except module.NoPostgresql as why:
        raise NoServer(str(why)) from why
    atexit.register(stack.close)
    access = server.data / "pg_hba.conf"
    access.write_text("local all reader scram-sha-256\n" + access.read_text())
    server.run(
        "psql", "-h", str(server.folder), "-U", "flyball", "-qc", "SELECT pg_reload_conf()", "postgres"
    )
    return server


def mariadb():
    """Return the running MariaDB server: its Unix socket, and a function that runs SQL as its root."""
    if "mariadb" not in _STARTED:
        _STARTED["mariadb"] = _start_mariadb()
    return _STARTED["mariadb"]


class Mariadb:
    """A server that listens on a Unix socket only."""

    def __init__(self, socket):
        self.socket = socket

    def run(self, sql, database=None):
        import pymysql
        from pymysql.constants import CLIENT

        with pymysql.connect(
            unix_socket=str(self.socket),
            user="root",
            database=database,
            client_flag=CLIENT.MULTI_STATEMENTS,
            autocommit=True,
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows = cursor.fetchall()
            while cursor.nextset():
                pass
            return rows

    def url(self, database):
        return f"mariadb://reader@localhost/{database}?unix_socket={self.socket}"


def _start_mariadb():
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    server = server or next(iter(map(str, Path("/usr/sbin").glob("mariadbd"))), None)
    if server is None or install is None:
        raise NoServer("there is no MariaDB (mariadbd, mariadb-install-db: Debian's mariadb-server)")
    folder = Path(tempfile.mkdtemp(prefix="flyball-my-"))  # a Unix socket has at most 107 bytes
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data, socket = folder / "data", folder / "socket"
    user = getpass.getuser()
    plain = ["--no-defaults", f"--datadir={data}", f"--user={user}"]
    subprocess.run(
        [install, *plain, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            server,
            *plain,
            f"--socket={socket}",
            "--skip-networking",
            "--innodb-buffer-pool-size=16M",
            "--innodb-flush-log-at-trx-commit=0",
        ],
        stdout=log,
        stderr=log,
    )
    log.close()
    atexit.register(_stop, process)
    running = Mariadb(socket)
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError((folder / "log").read_text()[-2000:])
        if socket.exists():  # PyMySQL leaves its own socket open where there is none to connect to
            return running
        time.sleep(0.1)
    raise RuntimeError("MariaDB did not answer in 30 seconds")


def _stop(process):
    process.terminate()
    process.wait(20)
