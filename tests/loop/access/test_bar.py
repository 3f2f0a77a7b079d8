"""The number of signatures rises at once and falls only with the consent of those who had to sign before."""

import os
import pwd

import pytest

from flyball.loop.makers import account_now, makers_now
from flyball.loop.promotion import approvals_needed
from flyball.loop.releases import new_release, sign_release


def release(workshop, name, signatures):
    made = new_release("bank", parts={"name": name}, files={}, promises=(), approvals_required=signatures)
    sign_release(made, workshop.key, workshop.state)
    return made


def live(workshop, made):
    number = len(list(workshop.ledger.entries("release.promoted")))
    body = {"release": made.digest, "before": "", "why": "test"}
    workshop.ledger.append(
        kind="release.promoted", actor="user:t", body=body, key=f"promotion/after/{number}"
    )


@pytest.fixture
def workshop(bank):
    with bank.open() as opened:
        yield opened


def test_nothing_live_yet_the_release_says_how_many(workshop):
    assert approvals_needed(workshop, release(workshop, "a", 1)) == 1


def test_a_release_that_asks_for_fewer_needs_as_many_as_the_live_one(workshop):
    live(workshop, release(workshop, "a", 2))
    assert approvals_needed(workshop, release(workshop, "b", 0)) == 2
    assert approvals_needed(workshop, release(workshop, "c", 3)) == 3


def test_once_it_went_live_under_the_old_number_its_own_counts(workshop):
    live(workshop, release(workshop, "a", 2))
    live(workshop, release(workshop, "b", 0))
    assert approvals_needed(workshop, release(workshop, "c", 0)) == 0


def test_going_back_to_an_older_release_does_not_lower_the_number(workshop):
    old = release(workshop, "a", 0)
    live(workshop, old)
    live(workshop, release(workshop, "b", 2))
    live(workshop, old)
    assert approvals_needed(workshop, release(workshop, "c", 0)) == 2


def test_an_account_is_what_the_system_says_and_no_variable_changes_it(monkeypatch, tmp_path):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    (tmp_path / "rule.csv").write_text("a")
    here = pwd.getpwuid(os.geteuid()).pw_name
    assert account_now() == here
    assert makers_now([tmp_path / "rule.csv", tmp_path / "gone"]) == [here]
