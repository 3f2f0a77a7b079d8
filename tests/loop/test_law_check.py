"""A shipped deployment of credit risk in the United States, with duties of its own beside the catalogue."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from tests.governance.obligations.invented import duty, precedence

from flyball.governance.obligations.errors import ContradictingDuties
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.law_check import check_law, citations_of
from flyball.loop.promotion import judge
from flyball.loop.releases import live_release
from flyball.loop.stages.obligations import catalogue_of, duties_of, obligations
from flyball.loop.workshop import Workshop

TODAY = datetime(2026, 11, 30, 12, tzinfo=UTC)
ERASE = {"jurisdiction": '"US"', "demands": '[{ of = "record.kept_days", at_most = 365 }]'}


@pytest.fixture
def root(tmp_path):
    init_deployment("credit-risk", tmp_path / "credit")
    return tmp_path / "credit"


def opened(root, *tables, at=TODAY):
    if tables:
        (root / "obligations" / "own.toml").write_text("\n".join(tables), encoding="utf-8")
    return Workshop(open_deployment(root), clock=lambda: at)


@pytest.mark.parametrize("name", ["credit-risk", "contract-review", "payment-fraud"])
def test_a_shipped_deployment_cites_nothing_that_applies_no_longer(tmp_path, name):
    init_deployment(name, tmp_path / "new")
    found = check_law(opened(tmp_path / "new"))
    assert (bool(found), found.in_words) == (False, "")
    assert (bool(found), found.stale, found.contradictions, found.ahead) == (False, (), (), ())


def test_rules_that_decide_rules_of_the_playbook_and_principles_are_asked_what_they_cite(root):
    workshop = opened(root)
    cited = citations_of(workshop, catalogue_of(workshop.deployment))
    assert "principle reason_named" in cited["us.reg-b.1002.9"]
    kinds = {who.partition(" ")[0] for everyone in cited.values() for who in everyone}
    assert kinds == {"rule", "principle"}


def test_guidance_that_ended_is_found_where_a_principle_still_cites_it(root):
    constitution = root / "constitution.toml"
    text = constitution.read_text(encoding="utf-8")
    constitution.write_text(text.replace('"us.reg-b.1002.9"', '"us.sr-11-7"'), encoding="utf-8")
    assert not check_law(opened(root), date(2026, 4, 16))
    (one,) = check_law(opened(root), date(2026, 4, 17)).stale
    assert check_law(opened(root), date(2026, 4, 17)).in_words == (
        "1 entry or citation of the law out of date: flyball obligation check."
    )
    assert one.said.startswith(
        "us.sr-11-7 applies no longer (since 2026-04-17); us.sr-26-2#1 took its place. Cited by "
    )
    assert "principle reason_named" in one.cited_by


def test_contradicting_duties_stop_the_turn_until_a_rule_of_precedence_settles_them(root):
    workshop = opened(root, duty("own.erase", **ERASE))
    (one,) = check_law(workshop).unsettled
    assert check_law(workshop).in_words == "1 contradiction of duties: flyball obligation check."
    assert (one.first, one.second) == ("own.erase#1", "us.reg-b.1002.12#1")
    stage = obligations()
    before = stage.inputs(workshop)
    with pytest.raises(ContradictingDuties, match=r"own\.erase#1 and us\.reg-b\.1002\.12#1 contradict"):
        stage.run(workshop, {})
    settled = opened(root, duty("own.erase", **ERASE), precedence("us.reg-b.1002.12", "own.erase"))
    assert not check_law(settled)
    assert stage.inputs(settled) != before
    (written,) = stage.run(settled, {})["settled"]
    assert (written["first"], written["settled"]["duty"]) == ("own.erase#1", "us.reg-b.1002.12")


def test_a_contradiction_that_is_still_to_come_is_told_with_its_day(root):
    workshop = opened(root, duty("own.erase", **{**ERASE, "effective_from": "2027-05-01"}))
    found = check_law(workshop)
    assert (found.contradictions, [one.day for one in found.ahead]) == ((), [date(2027, 5, 1)])
    obligations().run(workshop, {})
    begun = opened(root, at=datetime(2027, 5, 1, tzinfo=UTC))
    with pytest.raises(ContradictingDuties):
        obligations().run(begun, {})


@pytest.mark.parametrize("hours", [-12, -7, 0, 2, 14])
def test_a_day_begins_at_midnight_utc_wherever_the_clock_stands(root, hours):
    """The effects test ended on 2026-07-21: in force one second before midnight UTC, and not at midnight."""
    zone = timezone(timedelta(hours=hours))
    midnight = datetime(2026, 7, 21, tzinfo=UTC)

    def there(moment):
        workshop = opened(root, at=moment.astimezone(zone))
        return "us.reg-b.effects-test" in {one.id for one in duties_of(workshop)}

    assert there(midnight - timedelta(seconds=1))
    assert not there(midnight)


@pytest.mark.slow
def test_a_release_from_before_a_contradiction_began_does_not_pass_its_gate_after(root):
    with opened(root, duty("own.erase", **{**ERASE, "effective_from": "2027-05-01"})) as workshop:
        full_turn(workshop)
        live = live_release(workshop.ledger)
        assert judge(workshop, live.release).checks
    with opened(root, at=datetime(2027, 5, 1, tzinfo=UTC)) as later, pytest.raises(ContradictingDuties):
        judge(later, live.release)
