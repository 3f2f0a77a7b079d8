"""By hand: of 40 in A a machine grants 30 and refuses 10; of 40 in B it grants 15, refuses 5, refers 20.

So yes is 0.75 and 0.375, and the ratio 0.5. Of A 8 loans are reported on, 6 of them as granted: 0.75 right.
"""

import contextlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from flyball.core.estimates import NotMeasured
from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.ledger.records import Draft
from flyball.loop.deployment import open_deployment
from flyball.loop.served_groups import served_groups
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision, FieldDecision, Route

TOML = """
[deployment]
name = "loans"
purpose = "Decide"
owner = "Credit"
jurisdictions = ["DE"]
[[source]]
name = "cases"
path = "cases"
[[expert]]
name = "policy"
kind = "decision_table"
[promise]
wrong_share_at_most = 0.1
{more}
"""
FIELDS = """
[[field]]
key = "repaid"
title = "Would be repaid"
question = "Would it?"
kind = "flag"
"""
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass
class Loans:
    """A deployment of loans, with what was decided about them."""

    workshop: Workshop

    def decide(self, name, answer, *, outcome="automated", allowed=True, ago=1, tenant="default"):
        made = Decision(
            case_id=name,
            case_name=name,
            content_digest="sha256:" + "1" * 64,
            text_digest="sha256:" + "1" * 64,
            deployment="loans",
            release="sha256:" + "0" * 64,
            context=Context(("DE",), date(2026, 11, 1), tenant=tenant),
            fields=(FieldDecision("repaid", answer, outcome, 0.9, (), Route("policy", "", ()), ""),),
            findings=(),
            obligations=(),
            principles=(),
            verdict=Verdict(allowed, "", ()),
            cost_eur="0",
            decided_at=NOW - timedelta(days=ago),
        )
        return self.workshop.ledger.append_many([Draft("decision", made, "system:test")])[0].index

    def report(self, entry, answer, by="clerk"):
        told = ReportedOutcome(
            decision=entry,
            case_id="",
            release="",
            tenant="default",
            kind="label",
            name="repaid",
            answer=answer,
            by=by,
            observed_at=NOW,
        )
        self.workshop.ledger.append(kind=OUTCOME, actor="user:t", body=told)


@pytest.fixture
def loans(tmp_path):
    stack = contextlib.ExitStack()

    def opened(groups=None, more='[fairness]\ngroups = "audit/people.csv"'):
        folder = tmp_path / "loans"
        (folder / "cases").mkdir(parents=True)
        (folder / "flyball.toml").write_text(TOML.format(more=more))
        (folder / "fields.toml").write_text(FIELDS)
        if groups is not None:
            (folder / "audit").mkdir()
            lines = ["loan,group", *(f"{name},{group}" for name, group in groups.items())]
            (folder / "audit" / "people.csv").write_text("\n".join(lines))
        workshop = Workshop(open_deployment(folder), actor="user:t", clock=lambda: NOW)
        return Loans(stack.enter_context(workshop))

    with stack:
        yield opened


def people(**groups):
    return {f"{group}-{number}": group for group, n in groups.items() for number in range(n)}


def test_groups_are_compared_in_what_was_really_decided(loans):
    made = loans(people(A=40, B=40, few=3))
    for number in range(40):
        entry = made.decide(f"A-{number}", "true" if number < 30 else "false")
        if number < 8:
            made.report(entry, "true" if number < 6 else "false")
        word = "true" if number < 15 or number >= 20 else "false"
        made.decide(f"B-{number}", word, outcome="automated" if number < 20 else "referred")
    for number in range(3):
        made.decide(f"few-{number}", "false")
    made.decide("unknown", "true")
    found = served_groups(made.workshop)
    assert (found.n, found.reason) == (84, "")
    [trait] = found.traits
    shown = [(one.group, one.n, one.yes.value, one.person.value) for one in trait.shares.groups]
    assert shown == [("A", 40, 0.75, 0.0), ("B", 40, 0.375, 0.5)]
    assert (trait.shares.ratio.value, trait.shares.lowest) == (pytest.approx(0.5), "B")
    assert (trait.right["A"].value, trait.right["A"].n) == (0.75, 8)
    assert isinstance(trait.right["B"], NotMeasured)
    assert (trait.left_out, trait.unnamed) == (3, 1)
    [everybody] = found.everybody
    assert everybody.shares.yes_of_all.value == pytest.approx(46 / 84)


def test_a_case_counts_once_by_its_newest_decision_and_only_of_the_last_days(loans):
    made = loans(people(A=40))
    made.decide("A-1", "true")
    made.decide("A-1", "false")
    made.decide("A-2", "true", ago=91)
    made.decide("A-3", "true", allowed=False)
    made.decide("A-4", "true", tenant="other")
    [everybody] = served_groups(made.workshop, "default").everybody
    shares = everybody.shares.groups[0]
    assert (shares.n, shares.yes.value, shares.no.value, shares.person.value) == (2, 0.0, 0.5, 0.5)


def test_what_people_disagree_about_counts_for_neither_side(loans):
    made = loans(people(A=40))
    entry = made.decide("A-1", "true")
    made.report(entry, "true", by="one")
    made.report(entry, "false", by="two")
    [everybody] = served_groups(made.workshop).everybody
    assert isinstance(everybody.right[""], NotMeasured)


@pytest.mark.parametrize(
    ("groups", "more", "reason", "fix"),
    [
        (None, "", "no file of groups is declared", "Write [fairness]"),
        (None, '[fairness]\ngroups = "audit/people.csv"', "There is no file people.csv", "Give a CSV"),
        (
            {"X-1": "A"},
            '[fairness]\ngroups = "audit/people.csv"',
            "names none of the 1 cases",
            "first column",
        ),
    ],
)
def test_without_groups_the_reason_is_told_and_all_together_are_shown(loans, groups, more, reason, fix):
    made = loans(groups, more)
    made.decide("A-1", "true")
    found = served_groups(made.workshop)
    assert reason in found.reason
    assert fix in found.fix
    assert (found.traits, found.everybody[0].shares.yes_of_all.value) == ((), 1.0)
