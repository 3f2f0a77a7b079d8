"""`flyball model` as people and programs run it."""

import json
import subprocess
import sys

import pytest


def flyball(*arguments, folder, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "flyball", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    flyball("init", folder=folder)
    return folder / "contract-review"


def test_the_list_says_what_is_here_and_what_is_live(home):
    found = json.loads(flyball("model", "list", "--json", folder=home).stdout)["models"]
    assert [(one["name"], one["kind"], one["live"]) for one in found] == [
        ("triage", "decision_table", ""),
        ("clause_detector", "clause_detector", ""),
    ]
    assert all(one["artefact"].startswith("sha256:") for one in found)


def test_a_card_is_shown_whole(home):
    card = json.loads(flyball("model", "show", "clause_detector", "--json", folder=home).stdout)
    assert card["trained_on"]
    assert card["limits"]
    assert card["figures"]
    assert card["files"]["card.json"].startswith("sha256:")
    shown = flyball("model", "show", "clause_detector", folder=home).stdout
    assert card["summary"][:30] in " ".join(shown.split())


def test_pinning_and_unpinning_are_remembered(home):
    artefact = json.loads(flyball("model", "pin", "triage", "--json", folder=home).stdout)["artefact"]
    found = json.loads(flyball("model", "list", "--json", folder=home).stdout)["models"]
    assert found[0]["pinned"] == artefact
    flyball("model", "unpin", "triage", folder=home)
    assert "is not pinned" in flyball("model", "unpin", "triage", folder=home, code=2).stderr


def test_a_wrong_name_lists_the_known_ones(home):
    told = flyball("model", "show", "triag", folder=home, code=2).stderr
    assert "no expert called 'triag'" in told
    assert "Known: triage, clause_detector." in told


def test_going_back_without_a_release_says_why_not(home):
    told = flyball("model", "rollback", "triage", folder=home, code=1).stderr
    assert "No release was live with another version of triage." in told
