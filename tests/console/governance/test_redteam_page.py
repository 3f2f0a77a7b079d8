"""The page about attacks: the last run with intervals, what it left out, and what became of findings."""

import pytest

from flyball.core.estimates import Estimate, NotMeasured
from flyball.governance.redteam.records import Attack, FamilyFigures, Plan, RedTeamReport, Result
from flyball.loop.redteaming import findings_folder, keep_findings, note_retest, note_run

PAGE = "/d/credit-risk/redteam"
ONE = Attack("evasion", "evade:<b>12</b>", 1, case="12")


@pytest.fixture
def ben(governed):
    return governed.signed_in("ben", "engineer")


@pytest.fixture
def attacked(governed):
    workshop = governed.workshop("credit-risk")
    rate = Estimate(0.25, 40, 0.1, 0.4)
    report = RedTeamReport(
        deployment="credit-risk",
        release=governed.made.live,
        target="sandbox",
        plan=Plan((ONE,), {"jailbreak": "no <model> writes answers"}, 0, 40),
        results=(Result(ONE, "succeeded", why="passes"),),
        families={"evasion": FamilyFigures("evasion", False, 40, 10, 0, 40, 10, rate, {})},
        attacks=rate,
        benign=NotMeasured("nothing was tried"),
        not_tested=("the network",),
        seconds=1.0,
    )
    entry = note_run(workshop, report)
    keep_findings(workshop, report.results, report.release)
    note_retest(workshop, governed.made.live, [Result(ONE, "held")])
    yield entry
    for path in findings_folder(workshop.deployment).glob("*.json"):
        path.unlink()


def test_it_shows_the_run_the_families_and_what_became_of_each_finding(attacked, ben):
    assert ben.get(PAGE).status == 200
    shown = ben.body
    assert "25.0" in shown or "25 %" in shown
    assert f"/d/credit-risk/ledger/{attacked}" in shown
    assert "no &lt;model&gt; writes answers" in shown
    assert "the network" in shown
    assert "nothing was tried" in shown
    assert ONE.id in shown
    assert "evade:&lt;b&gt;12&lt;/b&gt;" in shown
    assert '<span class="pill good">held</span>' in shown


def test_a_finding_that_was_altered_is_named(attacked, ben, governed):
    path = findings_folder(governed.workshop("credit-risk").deployment) / f"{ONE.id}.json"
    path.write_text("{}")
    ben.get(PAGE)
    shown = ben.body
    assert "not readable" in shown
    assert path.name in shown


def test_whoever_may_not_read_governance_does_not_see_it(attacked, governed):
    assert governed.signed_in("clerk", "reviewer").get(PAGE).status == 403
