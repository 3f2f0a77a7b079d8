"""A reader is killed, loops for ever, or asks for all memory: only its own file is lost.

The readers of these tests are written into a module of their own, since a process must be able to
import them. By hand: of 12 files, number 5 kills its process and the other 11 are read.
"""

import sys
from pathlib import Path

import pytest

from flyball.data.documents.records import Limits, Unreadable
from flyball.data.documents.workers import read_in_processes

READERS = """
import os
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Unreadable

def read(name, path, limits):
    if name == "crash":
        os.abort()
    if name == "loop":
        while True:
            pass
    if name == "memory":
        try:
            bytearray(3_000_000_000)
        except MemoryError:
            return Unreadable(name, "out of memory", "", "")
    return extract(b"text", name=name + ".txt")
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    (tmp_path / "broken_readers.py").write_text(READERS)
    monkeypatch.syspath_prepend(tmp_path)
    import broken_readers

    yield broken_readers.read
    del sys.modules["broken_readers"]


def names(*wanted):
    return [(name, Path(name)) for name in wanted]


def test_a_crash_costs_one_file(read):
    wanted = ["a", "b", "c", "d", "crash", "e", "f", "g", "h", "i", "j", "k"]
    results = list(read_in_processes(names(*wanted), read, workers=2, limits=Limits()))
    assert [result.name.removesuffix(".txt") for result in results] == wanted
    (bad,) = [result for result in results if isinstance(result, Unreadable)]
    assert bad.code == "documents.too_slow"
    assert bad.message == "crash broke down its reader, or took more than 120 s of computing time."


def test_a_loop_without_end_is_ended(read):
    results = list(read_in_processes(names("a", "loop", "b"), read, workers=2, limits=Limits(cpu_seconds=1)))
    assert [isinstance(result, Unreadable) for result in results] == [False, True, False]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says how much memory is in use")
def test_memory_is_bounded(read):
    (result,) = read_in_processes(names("memory"), read, workers=1, limits=Limits(memory_bytes=10**9))
    assert result.code == "out of memory"


def test_stopping_early_leaves_no_process_behind(read):
    results = read_in_processes(names(*"abcdefghijkl"), read, workers=2, limits=Limits())
    assert next(results).name == "a.txt"
    results.close()


def test_no_files_give_no_results(read):
    assert list(read_in_processes([], read, workers=2, limits=Limits())) == []
