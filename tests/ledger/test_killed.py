"""What was acknowledged is there, and nothing half-written is believed: processes killed with SIGKILL
while many threads write, servers killed, files cut and filled with garbage.

SIGKILL proves that nothing hangs on the memory of our process. That it also survives a power cut rests
on fsync at every commit, which `test_every_commit_waits_for_the_disk` looks at.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flyball.ledger.errors import FlyballError
from flyball.ledger.exports import export
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft
from flyball.ledger.verify import verify_export, verify_ledger

CHILD = Path(__file__).with_name("many_writers.py")
NAME = "example.com/killed"
FAST_ROUNDS = 10


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.sqlite"
    return request.getfixturevalue("postgresql").new_database()


@pytest.fixture
def key(tmp_path):
    return load_or_create_key(tmp_path / "key.pem", name=NAME)


class Writers:
    """The process to be killed, with what it has printed so far."""

    def __init__(self, url, key_file, round_name, *, threads=16):
        arguments = [sys.executable, CHILD, url, key_file, round_name, str(threads)]
        self._process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._lines = []
        self.begun = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait(self):
        """Wait until something was acknowledged; a process that writes nothing is not left behind."""
        if not self.begun.wait(120):  # a bound, for machines that are busy with other things
            self.kill()
            pytest.fail("the writing process acknowledged nothing")

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line)
            self.begun.set()

    def kill(self):
        """Kill it and return every acknowledged (index, name)."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        # A last line without its newline was cut by the kill: its acknowledgement did not get out whole.
        whole = [line.decode().split() for line in self._lines if line.endswith(b"\n")]
        return {int(index): name for index, name in whole}


def kill_in_the_middle(url, tmp_path, round_name, chance):
    writers = Writers(url, tmp_path / "key.pem", round_name)
    writers.wait()
    time.sleep(chance.uniform(0.0, 0.15))
    return writers.kill()


def must_hold(ledger, acknowledged):
    """Every acknowledged entry is at its index; indexes have no gaps; the tree and all signatures hold."""
    entries = {entry.index: entry for entry in ledger.entries()}
    assert sorted(entries) == list(range(len(entries)))
    for index, name in acknowledged.items():
        assert entries[index].key == entries[index].body["name"] == name
    assert len({entry.key for entry in entries.values()}) == len(entries)
    found = verify_ledger(ledger)
    assert found.ok, found
    assert found.entries >= len(entries)  # a server may still write what a killed process had sent to it


@pytest.mark.usefixtures("key")
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(url, tmp_path, key):
    chance = random.Random(3)  # noqa: S311
    acknowledged = {}
    for number in range(FAST_ROUNDS):
        acknowledged |= kill_in_the_middle(url, tmp_path, f"round{number}", chance)
    with open_ledger(url, key=key) as ledger:
        must_hold(ledger, acknowledged)
        ledger.append(kind="decision", body={"name": "after"}, actor="a", key="after")
        ledger.checkpoint()
        export(ledger, tmp_path / "export")
    assert verify_export(tmp_path / "export", vkey=key.verifier).ok
    assert len(acknowledged) > 10 * FAST_ROUNDS


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_in_a_hundred_rounds_each_looked_at(url, tmp_path, key):
    chance = random.Random(4)  # noqa: S311
    acknowledged = {}
    for number in range(100):
        acknowledged |= kill_in_the_middle(url, tmp_path, f"round{number}", chance)
        if number % 10 == 9:
            with open_ledger(url, key=key) as ledger:
                must_hold(ledger, acknowledged)


def test_nothing_acknowledged_is_lost_when_two_processes_write_and_one_is_killed(url, tmp_path, key):
    first = Writers(url, tmp_path / "key.pem", "first", threads=8)
    second = Writers(url, tmp_path / "key.pem", "second", threads=8)
    first.wait()
    second.wait()
    time.sleep(0.1)
    acknowledged = first.kill()
    time.sleep(0.1)
    others = second.kill()
    assert not set(acknowledged) & set(others)
    with open_ledger(url, key=key) as ledger:
        must_hold(ledger, acknowledged | others)


@pytest.mark.postgres
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(postgresql, tmp_path, key):
    url = postgresql.new_database()
    acknowledged = {}
    for number in range(3):
        writers = Writers(url, tmp_path / "key.pem", f"round{number}")
        writers.wait()
        time.sleep(0.1)
        postgresql.kill()
        acknowledged |= writers.kill()
        postgresql.start()
    with open_ledger(url, key=key) as ledger:
        must_hold(ledger, acknowledged)
    assert len(acknowledged) > 30


@pytest.mark.postgres
def test_a_server_that_restarts_costs_one_error_and_no_entry(postgresql, key):
    url = postgresql.new_database()
    with open_ledger(url, key=key) as ledger:
        ledger.append(kind="decision", body={"name": "1"}, actor="a", key="1")
        postgresql.stop()
        with pytest.raises(FlyballError) as caught:
            ledger.append(kind="decision", body={"name": "2"}, actor="a", key="2")
        assert caught.value.retry
        assert caught.value.exit_code == 3
        postgresql.start()
        assert ledger.append(kind="decision", body={"name": "2"}, actor="a", key="2").index == 1
        ledger.checkpoint()
        must_hold(ledger, {0: "1", 1: "2"})


def copy_of_a_killed_ledger(tmp_path, chance):
    """Return the folder of a SQLite ledger whose last commits are only in its write-ahead log."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(tmp_path / "key.pem", home)
    acknowledged = kill_in_the_middle(f"sqlite:///{home}/ledger.sqlite", home, "round", chance)
    (home / "ledger.sqlite-shm").unlink()  # the index of the log is made anew after a power cut
    assert (home / "ledger.sqlite-wal").stat().st_size > 10_000
    return home, acknowledged


@pytest.mark.parametrize("garbage", [b"\x00" * 5000, b"garbage" * 1000, "half a frame", "an old frame"])
def test_garbage_after_the_last_commit_in_the_log_is_not_believed(tmp_path, key, garbage):
    home, acknowledged = copy_of_a_killed_ledger(tmp_path, random.Random(5))  # noqa: S311
    log = home / "ledger.sqlite-wal"
    frames = log.read_bytes()[32:]
    if isinstance(garbage, str):
        garbage = frames[:2000] if garbage == "half a frame" else frames[: 24 + 4096]
    with log.open("ab") as file:
        file.write(garbage)
    with open_ledger(f"sqlite:///{home}/ledger.sqlite", key=key) as ledger:
        must_hold(ledger, acknowledged)


def test_a_log_that_lost_its_end_gives_a_shorter_ledger_but_never_a_wrong_one(tmp_path, key):
    chance = random.Random(6)  # noqa: S311
    home, acknowledged = copy_of_a_killed_ledger(tmp_path, chance)
    whole = (home / "ledger.sqlite-wal").read_bytes()
    sizes = set()
    for number in range(8):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(home, copy)
        (copy / "ledger.sqlite-wal").write_bytes(whole[: chance.randrange(32, len(whole))])
        with open_ledger(f"sqlite:///{copy}/ledger.sqlite", origin=NAME, key=key) as ledger:
            kept = {index: name for index, name in acknowledged.items() if index < ledger.size()}
            ledger.append(kind="decision", body={"name": "after"}, actor="a", key="after")
            ledger.checkpoint()
            must_hold(ledger, kept)
            sizes.add(ledger.size())
    assert len(sizes) > 1


def test_every_commit_waits_for_the_disk(tmp_path, key):
    """By hand: 20 appends one after another are 20 commits, so at least 20 calls of fsync or fdatasync."""
    if shutil.which("strace") is None:
        url = f"sqlite:///{tmp_path}/ledger.sqlite"
        with open_ledger(url, key=key) as ledger, ledger.store._pool.taken() as connection:
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        return
    script = (
        "import sys\nfrom flyball.ledger.opening import open_ledger\n"
        "ledger = open_ledger(sys.argv[1], origin='example.com/x')\n"
        "for _ in range(20): ledger.append(kind='decision', body={}, actor='a')\n"
    )
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", trace, sys.executable, "-c", script]
    subprocess.run([*command, f"sqlite:///{tmp_path}/x.sqlite"], check=True)
    assert trace.read_text().count("sync(") >= 20


@pytest.mark.postgres
@pytest.mark.parametrize("setting", ["synchronous_commit"])
def test_a_database_set_to_acknowledge_early_is_made_to_wait(postgresql, key, setting):
    url = postgresql.new_database()
    name = url.partition("@/")[2].partition("?")[0]
    postgresql.run(
        "psql",
        "-h",
        postgresql.folder,
        "-U",
        "flyball",
        "-c",
        f"ALTER DATABASE {name} SET {setting} = off",
        name,
    )
    with open_ledger(url, key=key) as ledger, ledger.store._pool.taken() as connection:
        assert connection.execute(f"SHOW {setting}").fetchone() == ("on",)


def test_an_export_that_is_killed_leaves_no_folder_that_passes_for_one(tmp_path, key):
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    with open_ledger(url, key=key) as ledger:
        ledger.append_many([Draft("decision", {"padding": "x" * 1000}, "a") for _ in range(20_000)])
    script = (
        "import sys\nfrom flyball.ledger import export, load_key, open_ledger\n"
        f"ledger = open_ledger(sys.argv[1], key=load_key(sys.argv[2], name={NAME!r}))\n"
        "print('begun', flush=True)\nexport(ledger, sys.argv[3])\n"
    )
    command = [sys.executable, "-c", script, url, tmp_path / "key.pem", tmp_path / "export"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
    if (tmp_path / "export").exists():  # it was faster than we: then it is whole
        assert verify_export(tmp_path / "export", vkey=key.verifier).ok
    else:
        assert all(name.startswith(".") for name in os.listdir(tmp_path) if "export" in name)
