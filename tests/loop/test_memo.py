"""A result is on disk whole or not at all, and a damaged one counts as none."""

import pytest

from flyball.core.digests import digest_of
from flyball.loop.memo import Memo, StageResult, key_of, write_atomically


def result_of(stage="documents", output=None, inputs=None):
    output = {"n": 3} if output is None else output
    inputs = inputs or {"listing": "sha256:1"}
    key = key_of(stage, 1, inputs)
    return StageResult(stage, key, inputs, output, digest_of(output), "2026-11-21T00:00:00+00:00", 0.1)


def test_a_kept_result_is_found_by_its_key_and_no_other(tmp_path):
    memo, result = Memo(tmp_path), result_of()
    memo.keep(result)
    assert memo.find("documents", result.key) == result
    assert memo.find("documents", key_of("documents", 2, result.inputs)) is None
    assert memo.last("documents") == result
    assert memo.last("snapshot") is None


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: data.replace(b'"n":3', b'"n":4')]
)
def test_a_torn_or_edited_result_counts_as_none_so_that_the_stage_runs_again(tmp_path, damage):
    memo, result = Memo(tmp_path), result_of()
    memo.keep(result)
    (file,) = tmp_path.rglob("*.json")
    file.write_bytes(damage(file.read_bytes()))
    assert memo.find("documents", result.key) is None


def test_the_key_changes_with_the_version_and_with_every_input():
    keys = {
        key_of("a", 1, {"x": "1"}),
        key_of("a", 2, {"x": "1"}),
        key_of("a", 1, {"x": "2"}),
        key_of("b", 1, {"x": "1"}),
    }
    assert len(keys) == 4


def test_a_write_that_fails_leaves_the_old_content_and_no_litter(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_upgrade_of_the_software_makes_every_key_anew(monkeypatch):
    before = key_of("a", 1, {"x": "1"})
    monkeypatch.setattr("flyball.__version__", "99.0.0")
    assert key_of("a", 1, {"x": "1"}) != before
