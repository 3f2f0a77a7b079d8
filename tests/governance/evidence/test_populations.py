"""Changes, acts on access and alerts are counted, drawn and asked, each exception in words.

By hand: of 1,000 entries 25 are drawn; with 2 of 25 exceptions the share is 0.92, and Wilson's interval at
95 % is 0.7503 to 0.9778.
"""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flyball.governance.approvals import Person, sign_approval
from flyball.governance.evidence.making import About, sample_records
from flyball.governance.evidence.pack import Period
from flyball.governance.evidence.populations import (
    POPULATIONS,
    Known,
    draw,
    examine,
    population_of,
    wanted_kinds,
)
from flyball.ledger.notes import SigningKey
from flyball.ledger.records import Entry

START = datetime(2026, 6, 1, tzinfo=UTC)
RELEASE = "sha256:" + "1" * 64
ANNA = SigningKey("anna", Ed25519PrivateKey.from_private_bytes(bytes(32)))
PEOPLE = (Person("anna", "Anna", "Legal", str(ANNA.verifier)),)
CHANGE, ACCESS, ALERT = POPULATIONS


def entry(index, kind, body, *, actor="person:ben", days=0.0):
    return Entry(actor, START + timedelta(days=days), body, index, "", kind, ())


def promoted(index=10, **others):
    return entry(index, "release.promoted", {"release": RELEASE, "before": "", "why": "x"}, **others)


def gate(index=1, allowed=True):
    return entry(index, "evidence", {"release": RELEASE, "verdict": {"allowed": allowed}})


def made(by="person:ben"):
    return entry(0, "release.made", {"release": RELEASE}, actor=by)


def approval(index=2, days=0.0):
    signed = sign_approval(
        ANNA,
        digest=RELEASE,
        kind="release",
        person="anna",
        decision="approve",
        comment="",
        at=START + timedelta(days=days),
    )
    return entry(index, "approval", msgspec.to_builtins(signed), actor="person:anna", days=days)


def asked(kind, item, *others, required=1):
    known = Known((*others, item), PEOPLE, {RELEASE: required}, 90)
    (found,) = examine(kind, [item], known)
    return found


def test_a_change_that_was_gated_and_signed_by_another_is_no_exception():
    found = asked(CHANGE, promoted(), made(), gate(), approval())
    assert found.passed
    assert set(found.found.values()) == {"yes", "yes: 1 asked for"}


@pytest.mark.parametrize(
    ("others", "question", "said"),
    [
        ((made(), approval()), "a gate allowed it before", "no: 0 verdicts of the gate before it, none"),
        ((made(), gate(allowed=False), approval()), "a gate allowed it before", "no: 1 verdicts"),
        ((made(), gate(11), approval()), "a gate allowed it before", "no: 0 verdicts"),
        ((made(), gate()), "others signed it", "no: 1 approval of 1 missing"),
        ((made("person:anna"), gate(), approval()), "others signed it", "no: 1 approval of 1 missing"),
        ((made(), gate(), approval(11)), "others signed it", "no: 1 approval of 1 missing"),
    ],
    ids=["no gate", "gate refused", "gate came later", "nobody signed", "author signed", "signed afterwards"],
)
def test_exceptions_of_changes_are_named(others, question, said):
    found = asked(CHANGE, promoted(), *others)
    assert not found.passed
    assert found.found[question].startswith(said)


def test_a_signature_that_had_expired_when_the_release_went_live_does_not_count():
    found = asked(CHANGE, promoted(days=91), made(), gate(), approval())
    assert "the approval of anna of 2026-06-01 has expired" in found.found["others signed it"]


def test_going_back_to_a_release_asks_nobody_again():
    back = promoted(20, days=200)
    assert asked(CHANGE, back, made(), gate(), approval(), promoted()).passed


def test_a_release_that_is_no_longer_kept_is_no_pass():
    item = promoted()
    known = Known((made(), gate(), approval(), item), PEOPLE, {}, 90)
    (found,) = examine(CHANGE, [item], known)
    assert not found.passed
    assert found.found["others signed it"].startswith("not known")


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_a_release_that_sees_cases_beside_the_live_one_needs_what_a_promotion_needs(mode):
    begun = {"challenge": {"release": RELEASE, "mode": mode}, "against": "", "why": ""}
    assert asked(CHANGE, entry(10, "release.traffic", begun), made(), gate(), approval()).passed
    assert not asked(CHANGE, entry(10, "release.traffic", begun), made(), approval()).passed
    assert not asked(CHANGE, entry(10, "release.traffic", begun), made(), gate()).passed


def test_traffic_that_goes_back_to_the_live_release_needs_nobody():
    ended = {"challenge": None, "against": "", "why": ""}
    assert asked(CHANGE, entry(10, "release.traffic", ended), made()).passed


def test_emergency_access_ends_and_is_looked_at_by_somebody_else():
    opened = entry(5, "access.emergency", {"person": "ben", "until": "2026-06-01T08:00:00Z"})
    alone = entry(6, "access.reviewed", {"entry": 5, "person": "ben"})
    other = entry(6, "access.reviewed", {"entry": 5, "person": "anna"})
    question = "somebody else looked at it afterwards"
    assert asked(ACCESS, opened).found[question] == "no: nobody did"
    assert asked(ACCESS, opened, alone).found[question] == "no: nobody did"
    assert asked(ACCESS, opened, other).passed


def test_an_entry_that_names_nobody_is_an_exception():
    found = asked(ALERT, entry(5, "alert.raised", {"name": "x"}, actor="system:"))
    assert found.found["somebody is named"] == "no: the entry names nobody"


def test_the_population_is_every_entry_of_its_kinds_in_the_period():
    period = Period(date(2026, 6, 1), date(2026, 6, 2))
    entries = [entry(number, "alert.raised", {}, days=number / 2) for number in range(6)]
    entries += [entry(9, "alert.resolved", {}), entry(10, "decision", {})]
    assert [one.index for one in population_of(ALERT, entries, period)] == [0, 1, 2, 3]
    kinds = ["alert.raised", "access.key", "decision", "session.ended"]
    assert wanted_kinds(kinds) == ("alert.raised", "access.key", "session.ended")


def test_another_seed_draws_another_sample_and_the_same_seed_the_same():
    first = draw(range(1000), n=25, seed="a")
    assert first == draw(range(1000), n=25, seed="a")
    assert first.drawn != draw(range(1000), n=25, seed="b").drawn
    assert len(set(first.drawn)) == 25
    assert draw(range(25), n=25, seed="a").seed == ""


def test_a_share_of_a_sample_has_an_interval_and_one_of_the_whole_has_none_to_spare():
    entries = [entry(number, "alert.raised", {"name": f"a{number}"}) for number in range(1000)]
    bad = set(draw(range(1000), n=25, seed="root/alert").drawn[:2])
    entries += [
        entry(1000 + number, "alert.resolved", {"name": f"a{number}"})
        for number in range(1000)
        if number not in bad
    ]
    about = About("", {}, (), "", timedelta(days=365))
    period = Period(date(2026, 6, 1), date(2026, 6, 2))
    known = Known(tuple(entries), (), {}, 90)
    records, examined = sample_records(known, period, about, n=25, seed="root", at=START)
    figure = records[2].figure
    assert (figure.value, figure.n, round(figure.low, 4), round(figure.high, 4)) == (0.92, 25, 0.7503, 0.9778)
    assert [one.entry for one in examined if not one.passed] == sorted(bad)
    assert records[0].outcome == records[1].outcome == "not_measured"  # nothing of these kinds happened
    records, _ = sample_records(known, period, about, n=1000, seed="root", at=START)
    assert (records[2].figure.low, records[2].figure.high) == (0.998, 0.998)
