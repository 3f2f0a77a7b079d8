"""One whole turn on the shipped solution, then everything that may happen to it.

The first turn is shared; a test that changes something works on a copy of the folder.
"""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import date

import pytest

from flyball.core.digests import short
from flyball.core.errors import Refused, UnknownName
from flyball.data.datasets.relocation import relocate
from flyball.governance.approvals import sign_approval
from flyball.ledger.exports import export
from flyball.ledger.verify import verify_export, verify_ledger
from flyball.loop.changes import Change
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.impact import impact_of
from flyball.loop.init import init_deployment
from flyball.loop.kit import KitAltered
from flyball.loop.live import live_engine
from flyball.loop.people import make_person, person_entry
from flyball.loop.plan import make_plan
from flyball.loop.promotion import promote, roll_back
from flyball.loop.releases import ReleaseForged, live_release, promotions
from flyball.loop.stage_list import stages_of
from flyball.loop.stages.obligations import duties_of
from flyball.loop.workshop import Workshop

EVERYTHING = [
    "documents:contracts",
    "snapshot",
    "expert:triage",
    "expert:clause_detector",
    "predictions:triage",
    "predictions:clause_detector",
    "thresholds",
    "decisions",
    "evaluation",
    "playbook",
    "obligations",
    "ahead",
    "constitution",
    "release",
]


def opened(folder, actor="user:tester"):
    return Workshop(open_deployment(folder), actor=actor)


def turned(folder, actor="user:tester"):
    with opened(folder, actor) as workshop:
        return full_turn(workshop)


def ran(done):
    return [one.stage for one in done.turn.stages if one.ran]


def edit_rule(folder, table="liability.csv", column="then severity", value="low"):
    path = folder / "rules" / "playbook" / table
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    rows[1][rows[0].index(column)] = value
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return f"{path.stem}.{rows[1][0]}"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployment") / "contracts"
    init_deployment("contract-review", folder)
    return folder, turned(folder)


@pytest.fixture
def copy(first, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(first[0], folder)
    with opened(folder) as workshop:
        relocate(workshop.catalogue_url, workshop.state / "warehouse")
    return folder


def test_the_first_turn_runs_every_stage_and_goes_live_with_a_report(first):
    folder, done = first
    assert ran(done) == EVERYTHING
    assert done.promoted.live, done.promoted.verdict.reason
    assert len(done.issued) == len(list((folder / "cases" / "contracts").iterdir()))
    assert done.report.is_file()
    page = done.report.read_text()
    assert short(done.promoted.release) in page
    assert "saas-subscription.pdf" in page


def test_what_was_decided_stands_in_the_ledger_under_its_release(first):
    folder, done = first
    with opened(folder) as workshop:
        entries = list(workshop.ledger.entries(kind="decision"))
        assert [entry.index for entry in entries] == [one.entry for one in done.issued]
        assert {entry.body["release"] for entry in entries} == {done.promoted.release}
        assert verify_ledger(workshop.ledger, blobs=workshop.blobs).ok


def test_no_word_of_a_contract_stands_in_the_ledger(first):
    folder, _ = first
    with opened(folder) as workshop:
        leaves = b"".join(workshop.ledger.leaf(index) for index in range(workshop.ledger.size()))
    assert b"Lanternfish" not in leaves  # a party of saas-subscription.pdf
    assert b"saas-subscription.pdf" in leaves


def test_nothing_changed_nothing_runs(first):
    folder, _ = first
    with opened(folder) as workshop:
        plan = make_plan(stages_of(workshop.deployment.settings), workshop)
    assert [one.action for one in plan.stages] == ["skip"] * len(EVERYTHING)


def test_an_edited_rule_re_tests_and_re_releases_only_what_it_touches(copy):
    rule = edit_rule(copy)
    with opened(copy) as workshop:
        plan = make_plan(stages_of(workshop.deployment.settings), workshop)
        impact = impact_of(workshop)
    assert plan.to_run == ("playbook", "constitution", "release")
    assert f"rule {rule}" in plan.stages[EVERYTHING.index("playbook")].changed
    assert [(one.kind, one.id, one.what) for one in impact.changes] == [("rule", rule, "changed")]
    assert ("field", "cap_on_liability") in {(one.kind, one.id) for one in impact.touched}
    began = time.perf_counter()
    done = turned(copy)
    seconds = time.perf_counter() - began
    assert ran(done) == ["playbook", "constitution", "release"]
    assert done.promoted.live
    assert done.promoted.changed
    assert seconds < 30  # the benchmark holds the figure; here only that nothing large ran


def test_a_broken_rule_stops_the_turn_and_what_was_live_stays_live(copy, first):
    edit_rule(copy, value="terrible")
    with pytest.raises(Exception, match=r"liability.csv, row 2 .* the cell 'then severity' holds 'terrible'"):
        turned(copy)
    with opened(copy) as workshop:
        assert live_release(workshop.ledger).release == first[1].promoted.release


DUTY = """
[[obligation]]
id = "own.group-policy.1"
version = 1
title = "Group policy on contract review"
jurisdiction = "EU"
text = "Every contract is compared with the playbook before it is signed."
effective_from = 2026-01-01
checks = ["decision.principles"]
read_at = "group policy handbook, 2026-01-01"
[obligation.source]
law = "Group policy"
article = "1"
citation = "internal"
"""


def test_a_new_duty_re_runs_only_what_names_the_duties(copy):
    (copy / "obligations" / "own.toml").write_text(DUTY)
    done = turned(copy)
    assert ran(done) == ["obligations", "constitution", "release"]
    assert "own.group-policy.1" in done.issued[0].decision.obligations
    with opened(copy) as workshop:
        impact = impact_of(workshop, ["obligation:own.group-policy.1"])
        (past,) = impact.decisions
        assert tuple(past.numbers()) == tuple(one.entry for one in done.issued)
        assert past.path == ("obligation own.group-policy.1", "was in force for it")


def test_a_duty_whose_day_is_to_come_is_told_before_it_applies(copy):
    """On the day of the turn nothing of it is in force; a later day is what the officer wants to see."""
    with opened(copy) as workshop:
        day = date(workshop.clock().year + 1, 1, 1)
    (copy / "obligations" / "own.toml").write_text(DUTY.replace("2026-01-01\nchecks", f"{day}\nchecks"))
    with opened(copy) as workshop:
        found = impact_of(workshop)
        asked = impact_of(workshop, ["duty:own.group-policy.1"])
    assert found.changes == (Change("obligation", "own.group-policy.1#1", f"begins on {day}"),)
    assert [one.what for one in asked.changes] == [f"asked about; begins on {day}"]
    assert ("check", "decision.principles") in {(one.kind, one.id) for one in asked.touched}
    assert asked.decisions == ()


def test_the_duty_that_stands_ready_in_the_folder_can_be_taken_as_it_is(copy):
    path = copy / "obligations" / "own.toml"
    path.write_text(re.sub(r"^# (?=\[\[|[a-z_]+ = )", "", path.read_text(), flags=re.M))
    with opened(copy) as workshop:
        duties = {duty.id for duty in duties_of(workshop, date(2027, 1, 1))}
    assert "own.policy.1" in duties


def test_a_rule_that_decides_is_told_by_its_name_and_by_its_row(copy):
    with opened(copy) as workshop:
        triage = workshop.deployment.path("rules/triage.csv")
        found = impact_of(workshop, ["T-11"])
        assert [one.id for one in found.changes] == ["triage.T-11"]
        with pytest.raises(UnknownName, match=r"Known: term_and_renewal\.T-01, triage\.T-01\.$"):
            impact_of(workshop, ["rule:T-01"])
    text = triage.read_text()
    assert ",< 200," in text
    triage.write_text(text.replace(",< 200,", ",< 250,", 1))
    with opened(copy) as workshop:
        changes = impact_of(workshop).changes
    assert Change("rule", "triage.T-01", "changed") in changes
    assert Change("expert", "triage", "changed") in changes


def test_a_new_version_of_the_detector_leaves_documents_rules_and_law_alone(copy):
    with opened(copy) as workshop:
        shutil.copytree(workshop.deployment.path("shipped:contract_review/detector"), copy / "detector")
    settings = copy / "flyball.toml"
    settings.write_text(settings.read_text().replace("shipped:contract_review/detector", "detector"))
    card = json.loads((copy / "detector" / "card.json").read_text())
    (copy / "detector" / "card.json").write_text(json.dumps(card) + " ")
    done = turned(copy)
    assert set(EVERYTHING) - set(ran(done)) >= {
        "documents:contracts",
        "snapshot",
        "expert:triage",
        "predictions:triage",
        "obligations",
        "ahead",
    }
    assert {"expert:clause_detector", "predictions:clause_detector", "release"} <= set(ran(done))


def test_an_objective_that_is_missed_refuses_the_release(copy, first):
    settings = copy / "flyball.toml"
    text = settings.read_text()
    assert "at_least = 0.90" in text
    settings.write_text(text.replace("at_least = 0.90", "at_least = 0.9999", 1))
    edit_rule(copy)
    done = turned(copy)
    assert not done.promoted.live
    assert "automated_accuracy" in done.promoted.verdict.reason
    assert done.report is None
    with opened(copy) as workshop:
        assert live_release(workshop.ledger).release == first[1].promoted.release


def test_without_labels_nothing_is_measured_so_nothing_goes_live(copy):
    settings = copy / "flyball.toml"
    settings.write_text(settings.read_text().replace('labels = "cases/labels.csv"\n', ""))
    done = turned(copy)
    assert not done.promoted.live
    assert "automated_accuracy: not measured: 0 labelled cases" in done.promoted.verdict.reason


def test_labels_of_contracts_that_nobody_has_looked_at_stay_unknown(copy, first):
    text = (copy / "cases" / "contracts" / "mutual-nda.txt").read_text()
    (copy / "cases" / "contracts" / "unread.txt").write_text(f"{text}\nA further line.\n")
    done = turned(copy)
    assert done.turn.outputs["snapshot"]["cases"]["rows"] == 26
    assert done.turn.outputs["snapshot"]["labels"] == first[1].turn.outputs["snapshot"]["labels"]


def test_going_back_gives_back_the_release_that_was_live_before(copy, first):
    edit_rule(copy)
    second = turned(copy)
    with opened(copy) as workshop:
        now = roll_back(workshop, None, by="person:anna", why="the edit was wrong")
        assert now.release == first[1].promoted.release
        assert [one.release for one in promotions(workshop.ledger)] == [
            first[1].promoted.release,
            second.promoted.release,
            first[1].promoted.release,
        ]
        assert live_engine(workshop).digest == first[1].promoted.release


def test_there_is_nothing_to_go_back_to_after_one_release(copy):
    with opened(copy) as workshop, pytest.raises(Refused, match="There is no release to go back to"):
        roll_back(workshop, None, by="person:anna", why="?")


def test_an_altered_release_file_is_refused(copy):
    (file,) = (copy / ".flyball" / "releases").glob("*.json")
    file.write_bytes(file.read_bytes().replace(b'"approvals_required":0', b'"approvals_required":1'))
    with opened(copy) as workshop, pytest.raises(ReleaseForged, match="digest or signature does not fit"):
        live_engine(workshop)


def test_an_altered_rule_of_a_live_release_is_refused(copy):
    (kit,) = (copy / ".flyball" / "kits").iterdir()
    rule = kit / "rules" / "liability.csv"
    rule.write_text(rule.read_text().replace("critical", "low"))
    with (
        opened(copy) as workshop,
        pytest.raises(KitAltered, match=r"rules/liability.csv .* is not the file that was signed"),
    ):
        live_engine(workshop)


def test_an_altered_database_is_found_and_the_entry_named(copy, tmp_path):
    with opened(copy) as workshop:
        export(workshop.ledger, tmp_path / "export")
    entries = tmp_path / "export" / "entries.jsonl"
    lines = entries.read_bytes().split(b"\n")
    lines[7] = lines[7].replace(b"a", b"b", 1)
    entries.write_bytes(b"\n".join(lines))
    found = verify_export(tmp_path / "export")
    assert (found.ok, found.first_bad) == (False, 7)


def test_four_eyes_wait_for_another_person_who_signs_exactly_this_release(copy, tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_KEYS", str(tmp_path / "keys"))
    people = [person_entry(make_person(id), name=id.title(), role="Counsel") for id in ("anna", "ben")]
    (copy / "people.toml").write_text("\n".join(people))
    settings = copy / "flyball.toml"
    settings.write_text(settings.read_text().replace("release = 0", "release = 1"))
    done = turned(copy, actor="person:anna")
    assert (done.promoted.live, done.promoted.waits_for_people) == (False, True)
    digest = done.promoted.release

    def signs(id, what, decision="approve"):
        with opened(copy, f"person:{id}") as workshop:
            approval = sign_approval(
                make_person(id),
                digest=what,
                kind="release",
                person=id,
                decision=decision,
                comment="",
                at=workshop.clock(),
            )
            workshop.ledger.append(kind="approval", actor=f"person:{id}", body=approval)
            return promote(workshop, digest, by=f"person:{id}", why="approved").live

    assert not signs("anna", digest)  # her own work
    assert not signs("ben", "sha256:" + "0" * 64)  # another digest
    assert signs("ben", digest)


CHILD = """
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.workshop import Workshop
with Workshop(open_deployment(Path({folder!r})), actor="user:tester") as workshop:
    full_turn(workshop)
"""


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [1.5, 2.5, 3.5, 4.5, 6.0])
def test_killed_anywhere_a_turn_resumes_to_the_same_release(tmp_path, first, seconds):
    folder = tmp_path / "killed"
    init_deployment("contract-review", folder)
    child = subprocess.Popen([sys.executable, "-c", CHILD.format(folder=str(folder))])
    time.sleep(seconds)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    before = (
        {path.parent.name for path in (folder / ".flyball" / "memo").rglob("*.json")}
        if folder.exists()
        else set()
    )
    done = turned(folder)
    assert before.isdisjoint(stage.replace(":", "-") for stage in ran(done))
    assert done.promoted.release == first[1].promoted.release
    with opened(folder) as workshop:
        assert verify_ledger(workshop.ledger, blobs=workshop.blobs).ok
        assert len(list(workshop.ledger.entries(kind="decision"))) == len(done.issued)
        assert len(promotions(workshop.ledger)) == 1
