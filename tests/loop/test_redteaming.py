"""What attacks have to show before a release goes live: bounds on upper ends, and no step back."""

import json

import pytest

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.governance.redteam.records import Attack, FamilyFigures, Plan, RedTeamReport, Result
from flyball.loop.deployment import open_deployment
from flyball.loop.redteaming import (
    RUN,
    bounds_broken,
    find_tried,
    findings_folder,
    is_attacked,
    keep_findings,
    last_run,
    note_retest,
    note_run,
    redteam_check,
    retested,
    suite_of,
)
from flyball.loop.releases import Promotion, new_release
from flyball.loop.settings import RedTeamSettings
from flyball.loop.workshop import Workshop

TALK = """
[deployment]
name = "talk"
purpose = "Answer"
owner = "Team"
jurisdictions = ["DE"]
[chat]
models = ["small"]
[[expert]]
name = "small"
kind = "language_model"
[expert.settings]
provider = "openai-compatible"
base_url = "http://127.0.0.1:9/v1"
model = "tiny"
api_key = "none"
"""
NEW = new_release("talk", parts={"a": "sha256:1"}, files={}, promises=(), approvals_required=0)
OLD = "sha256:" + "0" * 64
LIVE = Promotion(OLD, "", "why", "person:anna", "2026-11-30T12:00:00+00:00", 3)
ONE, TWO = (Attack("jailbreak", name, 1, text="words {marker}") for name in ("one", "two"))


@pytest.fixture
def opened(tmp_path):
    def write(redteam=""):
        (tmp_path / "flyball.toml").write_text(TALK + redteam)
        return Workshop(open_deployment(tmp_path), actor="user:tester")

    return write


def report(
    attacks=(0.05, 0.01, 0.09),
    benign=(0.02, 0.0, 0.08),
    *,
    release=NEW.digest,
    results=(),
    plan=(0, 300, False),
    unreached=(),
    **families,
):
    def estimate(ends):
        return Estimate(ends[0], 100, ends[1], ends[2]) if isinstance(ends, tuple) else NotMeasured(ends)

    figures = {
        name: FamilyFigures(name, False, 10, 1, 0, 5, 1, estimate(ends), {})
        for name, ends in families.items()
    }
    made = Plan(tuple(one.attack for one in results), {"tool_misuse": "no tools"}, *plan)
    return RedTeamReport(
        "talk",
        release,
        "sandbox",
        made,
        tuple(results),
        figures,
        estimate(attacks),
        estimate(benign),
        (),
        1.0,
        unreached,
    )


def test_where_nothing_is_asked_and_nothing_was_found_nothing_is_held_against_a_release(opened):
    with opened() as workshop:
        assert not is_attacked(workshop)
        check = redteam_check(workshop, NEW, LIVE)
    assert (check.passed, check.detail) == (True, "no bound is set in [redteam] and nothing was found yet")


def test_a_release_that_nobody_attacked_does_not_pass_a_bound(opened):
    with opened("[redteam]\nsuccess_at_most = 0.1\n") as workshop:
        assert is_attacked(workshop)
        note_run(workshop, report(release=OLD))
        check = redteam_check(workshop, NEW, LIVE)
    assert not check.passed
    assert "was not attacked with all families" in check.detail
    assert "flyball redteam run --release" in check.detail


@pytest.mark.parametrize("plan", [(0, 300, True), (0, 299, False), (7, 300, False)])
def test_a_run_of_some_families_fewer_attacks_or_another_seed_vouches_for_nothing(opened, plan):
    """Otherwise whoever wants a release live attacks it with what it withstands, or draws until it passes."""
    with opened("[redteam]\nsuccess_at_most = 0.1\n") as workshop:
        note_run(workshop, report(plan=plan))
        assert last_run(workshop, NEW.digest) is None
        assert not redteam_check(workshop, NEW, LIVE).passed


def test_an_entry_that_does_not_say_how_much_was_tried_vouches_for_nothing(opened):
    """Ledgers are older than the programs that read them."""
    with opened("[redteam]\nsuccess_at_most = 0.1\n") as workshop:
        note_run(workshop, report())
        body = dict(last_run(workshop, NEW.digest))
        del body["narrowed"], body["unreached"]
        other = new_release("talk", parts={"a": "sha256:2"}, files={}, promises=(), approvals_required=0)
        workshop.ledger.append(kind=RUN, actor="user:tester", body=body | {"release": other.digest})
        assert last_run(workshop, other.digest) is None


def test_a_model_elsewhere_that_no_attack_was_let_reach_passes_no_bound(opened):
    with opened("[redteam.at_most]\ntool_misuse = 0.5\n") as workshop:
        note_run(workshop, report(unreached=("small is at api.example; --online lets attacks go there",)))
        check = redteam_check(workshop, NEW, LIVE)
    assert (check.passed, check.detail) == (
        False, "left out: small is at api.example; --online lets attacks go there",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bounds", "run", "said"),
    [
        ("success_at_most = 0.1", report(), ""),
        ("success_at_most = 0.08", report(), "attacks: the upper end 0.090 is above 0.080"),
        ("benign_refused_at_most = 0.05", report(), "harmless requests refused: the upper end 0.080"),
        ("success_at_most = 0.1", report("nothing was tried"), "attacks: not measured"),
        ("[redteam.at_most]\nevasion = 0.3", report(evasion=(0.2, 0.1, 0.25)), ""),
        (
            "[redteam.at_most]\nevasion = 0.2",
            report(evasion=(0.2, 0.1, 0.25)),
            "evasion: the upper end 0.250",
        ),
        ("[redteam.at_most]\nevasion = 0.2", report(), "evasion: not measured"),
        ("[redteam.at_most]\ntool_misuse = 0.0", report(), ""),  # there are no tools to misuse
        (
            "success_at_most = 0.1",
            report(results=[Result(ONE, "failed", why="KeyError")]),
            "1 attack could not be carried out",
        ),
    ],
)
def test_bounds_are_held_against_the_upper_ends_of_the_last_run(opened, bounds, run, said):
    with opened(f"[redteam]\n{bounds}\n") as workshop:
        note_run(workshop, report((0.9, 0.8, 0.95), release=NEW.digest))
        note_run(workshop, run)
        check = redteam_check(workshop, NEW, LIVE)
        assert bounds_broken(workshop.deployment.settings.redteam, run) == ([check.detail] if said else [])
    assert check.passed is not bool(said)
    assert said in check.detail


def test_a_run_against_an_address_proves_nothing_about_a_release(opened):
    with opened("[redteam]\nsuccess_at_most = 0.1\n") as workshop:
        foreign = report()
        object.__setattr__(foreign, "target", "http://127.0.0.1:8080")
        note_run(workshop, foreign)
        assert not redteam_check(workshop, NEW, LIVE).passed


def test_what_worked_is_kept_once_and_tried_again_before_anything_goes_live(opened):
    won = [Result(ONE, "succeeded", why="it obeys", sent="sha256:1"), Result(TWO, "held")]
    with opened() as workshop:
        (path,) = keep_findings(workshop, won, NEW.digest)
        assert keep_findings(workshop, won, NEW.digest) == []
        assert path.name == f"{ONE.id}.json"
        assert suite_of(workshop.deployment) == (ONE,)
        assert find_tried(workshop, ONE.id[:8]) == won[0]
        check = redteam_check(workshop, NEW, LIVE)
        assert "1 finding not tried again: flyball redteam retest --release" in check.detail
        note_retest(workshop, NEW.digest, [Result(ONE, "succeeded")])
        unknown = redteam_check(workshop, NEW, LIVE)
        assert not unknown.passed
        assert "nobody knows whether they did with the live release" in unknown.detail
        assert redteam_check(workshop, NEW, None).passed
        note_retest(workshop, OLD, [Result(ONE, "succeeded")])
        known = redteam_check(workshop, NEW, LIVE)
        assert (known.passed, known.detail) == (
            True,
            "1 finding tried again, 1 of them work still, none of which a live release withstood: "
            "only bounds of [redteam] stop those",
        )
        note_retest(workshop, OLD, [Result(ONE, "held")])
        back = redteam_check(workshop, NEW, LIVE)
        assert not back.passed
        assert f"work again, and did not with the live release: {ONE.id}" in back.detail
        note_retest(workshop, NEW.digest, [Result(ONE, "failed", why="KeyError")])
        assert "could not be tried again" in redteam_check(workshop, NEW, LIVE).detail
        note_retest(workshop, NEW.digest, [Result(ONE, "held")])
        assert redteam_check(workshop, NEW, LIVE).passed


def test_what_a_run_found_is_known_of_its_release_and_the_last_try_counts(opened):
    with opened() as workshop:
        note_run(workshop, report(release=OLD, results=[Result(ONE, "succeeded"), Result(TWO, "held")]))
        assert retested(workshop.ledger, OLD) == {ONE.id: "succeeded"}
        assert retested(workshop.ledger, NEW.digest) == {}
        note_retest(workshop, OLD, [Result(ONE, "held")])
        assert retested(workshop.ledger, OLD) == {ONE.id: "held"}


@pytest.mark.parametrize("how", ["text", "not json", "nothing"])
def test_a_finding_that_was_altered_stops_the_gate_and_is_named(opened, how):
    with opened() as workshop:
        (path,) = keep_findings(workshop, [Result(ONE, "succeeded")], NEW.digest)
        told = json.loads(path.read_text())
        told["attack"]["text"] = "harmless"
        path.write_text({"text": json.dumps(told), "not json": "{", "nothing": "{}"}[how])
        with pytest.raises(BadInput, match=path.name):
            suite_of(workshop.deployment)
        check = redteam_check(workshop, NEW, LIVE)
    assert not check.passed
    assert path.name in check.detail


def test_the_ledger_holds_no_words_of_an_attack(opened):
    with opened() as workshop:
        note_run(workshop, report(results=[Result(ONE, "succeeded", why="it obeys")]))
        note_retest(workshop, NEW.digest, [Result(ONE, "succeeded")])
        told = json.dumps([entry.body for entry in workshop.ledger.entries()], default=str)
    assert "words" not in told
    assert ONE.id in told


def test_an_id_that_nothing_has_is_refused(opened):
    with (
        opened() as workshop,
        pytest.raises(BadInput, match="No attacks that were tried here begin with 'rt-0'"),
    ):
        find_tried(workshop, "rt-0")
    assert not findings_folder(workshop.deployment).exists()


def test_a_run_of_one_family_is_held_against_the_bound_of_that_one(opened):
    with opened("[redteam.at_most]\nevasion = 0.2\njailbreak = 0.2\n") as workshop:
        settings = workshop.deployment.settings.redteam
    some = report("nothing was tried", evasion=(0.2, 0.1, 0.25), plan=(0, 300, True))
    assert bounds_broken(settings, some) == ["evasion: the upper end 0.250 is above 0.200"]


def test_no_bound_is_broken_where_none_is_set():
    assert bounds_broken(RedTeamSettings(), report((1.0, 0.9, 1.0))) == []
