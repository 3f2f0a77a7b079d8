"""Anna takes "erase" off what two people sign; alone she can erase only once ben has looked at that."""

import pytest

from flyball.core.errors import Refused
from flyball.loop.access_noted import access_changes
from flyball.loop.access_reviews import open_reviews, review_access
from flyball.loop.emergency import emergencies
from flyball.loop.erasure import erase
from flyball.loop.permission import approve_request

TWO = '\n[access]\ntwo_people = ["erase"]\n'


def erased(bank, person="anna", subject="40003"):
    with bank.open(person) as workshop:
        return erase(workshop, subject, person=person, reason="Request 2026-118")


def reviewed(bank, entry, person):
    with bank.open(person) as workshop:
        return review_access(workshop, entry, person=person, comment="Agreed with the officer")


def change(bank, old, new):
    text = (bank.root / "flyball.toml").read_text()
    assert old in text
    (bank.root / "flyball.toml").write_text(text.replace(old, new))


@pytest.fixture
def lowered(bank):
    """Two people had to sign an erasure, and the file does not say so any more."""
    bank.say(TWO)
    bank.load()
    with pytest.raises(Refused, match="Two people must sign this"):
        erased(bank)
    change(bank, '["erase"]', "[]")
    return bank


def waiting(bank):
    with bank.open() as workshop:
        return open_reviews(workshop)


def test_what_two_people_must_sign_stays_so_until_somebody_else_has_looked_at_the_change(lowered):
    with pytest.raises(Refused, match="Two people must sign this"):
        erased(lowered)
    (one,) = waiting(lowered)
    assert one.what == (
        "[access] of flyball.toml has changed: two people sign nothing, emergencies end after 8 hours; "
        "before: two people sign erase, emergencies end after 8 hours"
    )
    reviewed(lowered, one.entry, "ben")
    assert waiting(lowered) == []
    assert erased(lowered).complete


def test_their_own_review_lowers_nothing_for_whoever_gave_it(lowered):
    with pytest.raises(Refused):
        erased(lowered)
    reviewed(lowered, waiting(lowered)[0].entry, "anna")
    with pytest.raises(Refused, match="Two people must sign this"):
        erased(lowered)
    assert erased(lowered, "ben").complete  # anna has agreed to it


def test_a_second_signature_counts_meanwhile_as_before(lowered):
    with pytest.raises(Refused):
        erased(lowered)
    with lowered.open("ben") as workshop:
        digest = next(iter(workshop.ledger.entries("access.asked"))).body["digest"]
        approve_request(workshop, digest, person="ben")
    assert erased(lowered).complete


def test_written_back_and_taken_off_again_waits_for_a_review_of_its_own(lowered):
    with pytest.raises(Refused):
        erased(lowered)
    reviewed(lowered, waiting(lowered)[0].entry, "ben")
    change(lowered, "two_people = []", 'two_people = ["erase"]')
    with pytest.raises(Refused):
        erased(lowered)
    change(lowered, 'two_people = ["erase"]', "two_people = []")
    with pytest.raises(Refused):
        erased(lowered)
    assert len(waiting(lowered)) == 1


def test_longer_emergencies_wait_for_a_look_and_a_stricter_list_does_not(bank):
    bank.load()
    erased(bank, subject="40001")
    bank.say(TWO)
    with pytest.raises(Refused):
        erased(bank)
    assert waiting(bank) == []
    bank.say("emergency_hours_at_most = 24\n")
    with pytest.raises(Refused):
        erased(bank)
    assert len(waiting(bank)) == 1
    with bank.open() as workshop:
        assert [one.to_be_reviewed for one in access_changes(workshop)] == [False, True]
        assert emergencies(workshop.ledger) == []
