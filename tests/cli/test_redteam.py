"""`flyball redteam` on the shipped deployments: attacked whole, replayed, gated by a turn."""

import json
import os
import shutil
import subprocess
import sys

import msgspec
import pytest

from flyball.gateway.attacking import replay
from flyball.governance.redteam.records import Attack
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.workshop import Workshop


def flyball(folder, *arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "flyball", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def made(name, folder):
    init_deployment(name, folder)
    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        assert full_turn(workshop).promoted.live
    return folder


def test_families_disguises_and_hiding_places_are_listed(tmp_path):
    told = flyball(tmp_path, "redteam", "families", "--json")
    assert {"evasion", "jailbreak", "over_refusal"} <= set(told["families"])
    assert told["families"]["over_refusal"]["benign"] is True
    assert "rot13" in told["mutators"]
    assert "hidden_in_word" in told["carriers"]


def test_a_file_that_cannot_be_written_is_refused_before_the_first_attack(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flyball", "redteam", "run", "--sarif", "gone/found.sarif"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "No file can be written at gone/found.sarif" in done.stderr


@pytest.fixture(scope="module")
def credit(tmp_path_factory):
    return made("credit-risk", tmp_path_factory.mktemp("attacked") / "credit")


@pytest.mark.slow
def test_a_run_tells_rates_with_intervals_and_what_it_did_not_test(credit, tmp_path):
    sarif = tmp_path / "found.sarif"
    told = flyball(credit, "redteam", "run", "--budget", "90", "--sarif", str(sarif), "--json")
    assert (told["ok"], told["failed"]) == (True, 0)
    assert set(told["not_applicable"]) == {"injection_document", "jailbreak", "tool_misuse"}
    for name, one in told["families"].items():
        assert one["interval"][0] <= one["rate"] <= one["interval"][1], name
        assert one["successes"] <= one["attempts"], name
    assert told["overall"]["attempts"] + told["benign"]["attempts"] == sum(
        one["attempts"] for one in told["families"].values()
    )
    assert told["families"]["injection_direct"]["successes"] == 0
    assert told["families"]["exfiltration"]["successes"] == 0
    assert told["families"]["evasion"]["attempts"] > 5
    assert told["not_tested"]
    found = json.loads(sarif.read_text())["runs"][0]["results"]
    assert [one["partialFingerprints"]["attack/v1"] for one in found] == [
        one["id"] for one in told["findings"]
    ]
    kept = {path.stem for path in (credit / "redteam" / "findings").glob("*.json")}
    assert {one["id"] for one in told["findings"]} == kept


@pytest.mark.slow
def test_a_finding_is_replayed_with_the_same_bytes(credit):
    told = flyball(credit, "redteam", "run", "--family", "evasion", "--budget", "15", "--json")
    again = flyball(credit, "redteam", "replay", told["findings"][0]["id"], "--json", code=1)
    assert (again["same"], again["now"]["outcome"], again["now"]["why"]) == (
        True, "succeeded", told["findings"][0]["why"],
    )  # fmt: skip


@pytest.mark.slow
def test_a_clone_with_another_seed_of_its_own_sends_findings_again_byte_for_byte(credit, tmp_path):
    """Cases and what is planted are drawn by the seed of a run; another one must not change what is sent."""
    families = ("--family", "evasion", "--family", "exfiltration")
    told = flyball(credit, "redteam", "run", *families, "--budget", "16", "--seed", "5", "--json")
    (journal,) = [
        path
        for path in (credit / ".flyball" / "redteam").glob("*.jsonl")
        if told["plan"] in path.read_text().split("\n")[0]
    ]
    looked = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    probed = next(one for one in looked if one["attack"]["family"] == "exfiltration")
    with Workshop(open_deployment(credit), actor="user:tester") as workshop:
        again = replay(workshop, msgspec.convert(probed["attack"], Attack))
    assert (again.outcome, again.sent) == ("held", probed["sent"])

    clone = tmp_path / "clone"
    shutil.copytree(credit, clone, ignore=shutil.ignore_patterns(".flyball"))
    flyball(clone, "turn", "--json")
    now = flyball(clone, "redteam", "replay", told["findings"][0]["id"], "--json", code=1)
    assert (now["same"], now["now"]["outcome"]) == (True, "succeeded")


@pytest.mark.slow
def test_a_turn_attacks_before_its_release_is_judged_and_refuses_what_is_over_the_bound(credit):
    flyball(credit, "redteam", "run", "--family", "evasion", "--budget", "15", "--json")
    file = credit / "flyball.toml"
    before = file.read_text()
    bound = "[redteam]\nbudget = 40\n[redteam.at_most]\nevasion = {}\n"
    file.write_text(before + bound.format(0.01))
    told = flyball(credit, "turn", "--json", code=1)
    (check,) = [one for one in told["gate"]["checks"] if one["name"] == "release.redteam"]
    assert "evasion: the upper end" in check["detail"]
    file.write_text(before + bound.format(0.99))
    told = flyball(credit, "turn", "--json")
    (check,) = [one for one in told["gate"]["checks"] if one["name"] == "release.redteam"]
    assert check["passed"]
    assert "tried again" in check["detail"]
    file.write_text(before)


@pytest.mark.slow
def test_without_any_guard_no_order_in_a_contract_changes_what_leaves(tmp_path):
    """The first line alone: what stands in a document is data, whoever hides it there."""
    folder = tmp_path / "contracts"
    init_deployment("contract-review", folder)
    file = folder / "flyball.toml"
    file.write_text(file.read_text() + "\n[decisions]\nguards_in = []\nguards_out = []\n")
    with Workshop(open_deployment(folder), actor="user:tester") as workshop:
        assert full_turn(workshop).promoted.live
    told = flyball(
        folder, "redteam", "run", "--family", "injection_document", "--budget", "60", "--seed", "3", "--json"
    )
    figures = told["families"]["injection_document"]
    assert (figures["attempts"], figures["held_by"]) == (60, {"data": 60}), told["findings"]
