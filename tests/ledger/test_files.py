"""Files are whole or not there, also when writing fails half-way."""

import os

import pytest

from flyball.ledger import files


def parts(folder):
    return [path.name for path in folder.rglob("*.part")]


def test_a_file_is_replaced_whole(tmp_path):
    files.write_whole(tmp_path / "a", b"old")
    files.write_whole(tmp_path / "a", b"new", mode=0o600)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert parts(tmp_path) == []


def test_a_new_file_never_overwrites(tmp_path):
    assert files.write_new(tmp_path / "a", b"first", mode=0o600)
    assert not files.write_new(tmp_path / "a", b"second", mode=0o600)
    assert (tmp_path / "a").read_bytes() == b"first"
    assert parts(tmp_path) == []


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_file_and_no_half(tmp_path, monkeypatch, name):
    files.write_whole(tmp_path / "a", b"old")

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, name, fail)
    with pytest.raises(OSError, match="no space left"):
        files.write_whole(tmp_path / "a", b"new")
    with pytest.raises(OSError, match="no space left"):
        files.write_all([(tmp_path / "a", b"new"), (tmp_path / "b", b"new")], 0o600)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert not (tmp_path / "b").exists()
    assert parts(tmp_path) == []
