"""A version is written beside the one before, and the two change places in one step."""

import os
import signal
import subprocess
import sys

import pytest

from flyball.loop import keeping
from flyball.loop.keeping import drafted, take_place


def version(folder, words):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("card.json", "weights"):
        (folder / name).write_text(words)


def half_written(target):
    with drafted(target) as draft:
        (draft / "card.json").write_text("new")
        raise OSError("disk full")


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def test_what_breaks_in_the_middle_leaves_the_version_before(tmp_path):
    target = tmp_path / "expert"
    version(target, "old")
    with pytest.raises(OSError, match="disk full"):
        half_written(target)
    assert (target / "card.json").read_text() == (target / "weights").read_text() == "old"
    assert names(tmp_path) == ["expert"]


@pytest.mark.parametrize("in_one_step", [True, False])
def test_the_versions_change_places_and_what_people_put_beside_them_stays(tmp_path, monkeypatch, in_one_step):
    if not in_one_step:
        monkeypatch.setattr(keeping, "_exchanged", lambda one, other: False)
    target = tmp_path / "experts" / "expert"
    for words in ("first", "second"):
        with drafted(target) as draft:
            version(draft, words)
            take_place(draft, target)
        assert (target / "weights").read_text() == words
        (target / "reasons.csv").write_text("ours")
    assert names(target) == ["card.json", "reasons.csv", "weights"]
    with drafted(target, empty=True) as draft:
        version(draft, "third")
        take_place(draft, target)
    assert names(target) == ["card.json", "weights"]
    assert names(target.parent) == ["expert"]


KILLED = """
import os, signal, sys
from pathlib import Path
from flyball.loop.keeping import drafted, take_place
target, moment = Path(sys.argv[1]), sys.argv[2]
with drafted(target) as draft:
    (draft / "card.json").write_text("new")
    if moment == "half written":
        os.kill(os.getpid(), signal.SIGKILL)
    (draft / "weights").write_text("new")
    if moment == "written":
        os.kill(os.getpid(), signal.SIGKILL)
    take_place(draft, target)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("moment", "left"), [("half written", "old"), ("written", "old"), ("after", "new")])
def test_whoever_is_killed_leaves_one_version_whole_and_the_next_one_cleans_up(tmp_path, moment, left):
    target = tmp_path / "expert"
    version(target, "old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(target), moment], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert (target / "card.json").read_text() == (target / "weights").read_text() == left
    with drafted(target) as draft:
        assert sorted(names(tmp_path)) == sorted([draft.name, "expert"])
    assert names(tmp_path) == ["expert"]
