"""By hand: whoever states an income of 1,500 or more is granted by machine; the row states 1,000."""

from random import Random

import pytest

from flyball.governance.redteam.families.evasion import evasion
from flyball.governance.redteam.family import NothingHere
from flyball.governance.redteam.feasible import Change, Feasible
from flyball.governance.redteam.running import play
from flyball.governance.redteam.target import Ground, Sample

RULES = Feasible(
    field="paid",
    answer="true",
    bad="false",
    cost_at_most=3.0,
    fresh=("id",),
    change=(
        Change(name="income", column="income", factors=(1.2, 1.5, 2.0), costs=(1.0, 2.0, 3.0), monotone=True),
    ),
)


class Desk:
    """Decides by `grants(row)`; None decides nothing."""

    def __init__(self, grants, *rows):
        samples = tuple(
            Sample(str(n), "case", row=row, labels={"paid": "false"}) for n, row in enumerate(rows)
        )
        self.ground = Ground("desk", decides="rows", samples=samples, feasible=RULES)
        self.grants, self.seen = grants, []

    def decide(self, groups):
        self.seen += [case["row"] for group in groups for case in group]
        return [[self.told(case["row"]) for case in group] for group in groups]

    def told(self, row):
        granted = self.grants(row)
        if granted is None:
            return {"ok": False, "code": "x.bad_row"}
        field = {"field": "paid", "answer": granted, "outcome": "automated" if granted else "referred"}
        return {"ok": True, "verdict": "", "fields": [field]}


def result(grants, income=1000):
    desk = Desk(grants, {"id": "a", "income": income})
    (attack,) = evasion.plan(desk.ground, (), Random(1))  # noqa: S311
    return play(desk, attack), desk


def test_the_cheapest_change_that_passes_is_told():
    one, desk = result(lambda row: row["income"] >= 1500)
    assert (one.outcome, one.why) == ("succeeded", "passes at a cost of 2: income (x1.5)")
    assert len({row["id"] for row in desk.seen}) == len(desk.seen)  # each row that is tried has its own name


def test_where_nothing_feasible_passes_it_held():
    one, _ = result(lambda row: row["income"] >= 9000)
    assert (one.outcome, one.why) == ("held", "6 feasible changes tried, none passes")


def test_a_case_that_passes_as_it_is_was_not_evaded():
    assert result(lambda row: True)[0].outcome == "void"


def test_less_of_what_should_help_must_not_help():
    one, _ = result(lambda row: row["income"] < 700)
    assert (one.outcome, one.why) == ("succeeded", "passes at a cost of 0: income: the other way")


@pytest.mark.parametrize(
    ("grants", "outcome"),
    [
        (lambda row: None, "failed"),
        (lambda row: None if row["income"] != 1000 else False, "failed"),
        (lambda row: None if row["income"] > 1500 else row["income"] == 1500, "succeeded"),
    ],
)
def test_what_was_not_decided_never_counts_as_held(grants, outcome):
    assert result(grants)[0].outcome == outcome


def test_without_a_case_that_is_known_to_be_bad_there_is_nothing_to_evade():
    ground = Ground("desk", decides="rows", samples=(Sample("1", "case", row={"income": 1}),), feasible=RULES)
    found = evasion.plan(ground, (), Random(1))  # noqa: S311
    assert isinstance(found, NothingHere)
    assert "paid = false" in found.reason
