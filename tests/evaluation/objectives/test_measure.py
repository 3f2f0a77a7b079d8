"""Objectives over decisions, outcomes and entries written by hand.

By hand: 40 automated answers reported, 3 wrong: 37/40 = 0.925; a budget of 10 % allows 4. Two days of 100
cases at 0.25 euros: 0.25 a case, 25 a day.
"""

import json
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from flyball.core.errors import BadInput, UnknownName
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.evaluation.history.history import History
from flyball.evaluation.history.records import REVIEW
from flyball.evaluation.objectives.indicator import Sources
from flyball.evaluation.objectives.measure import measure_objective
from flyball.evaluation.objectives.requests import Counted, RequestLog
from flyball.evaluation.objectives.settings import INDICATORS, SloSettings
from flyball.evaluation.objectives.steps import step_of
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.governance.fairness.cases import GroupedCases, Trait
from flyball.governance.fairness.measure import measure
from flyball.governance.fairness.plain import plain_report
from flyball.ledger.errors import KeyReused
from flyball.ledger.opening import open_ledger
from flyball.ledger.records import Draft
from flyball.models.decisions.records import Decision, FieldDecision
from flyball.models.router.route import Route

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Made:
    def __init__(self, folder):
        self.now = NOW
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        self.ledger = open_ledger(url, origin="test", clock=lambda: self.now)
        self.log = RequestLog(folder / "requests.sqlite")
        self.history = History(folder / "history.sqlite", self.ledger)
        self.sources = Sources(self.log, self.history, self.ledger)

    def measure(self, **slo):
        return measure_objective(SloSettings(name="one", **slo), self.sources, self.now)

    def decide(self, n, *, outcome="automated", cost="0.25", at=NOW):
        drafts = [Draft("decision", _decision(number, outcome, cost, at), "test") for number in range(n)]
        return [one.index for one in self.ledger.append_many(drafts)]

    def report(self, entry, answer=True, *, by="key:claims", source="api", field="fraud"):
        one = ReportedOutcome(entry, "", "", "", "label", field, json.dumps(answer), by, source=source)
        self.ledger.append(kind=OUTCOME, actor=by, body=one, key=one.key)

    def choose(self, entry, how, *, done=True):
        """Have a case looked at, and answered by all who must."""
        for body in (
            {"act": "chosen", "fields": ["fraud"], "chosen": {"how": how}},
            {"act": "answered", "done": done},
        ):
            self.ledger.append(
                kind=REVIEW, actor="person:anna", body={"decision": entry, "by": "person:anna", **body}
            )


def _decision(number, outcome, cost, at):
    route = Route(expert="model", considered=(), reason="why")
    return Decision(
        case_id=f"{number:016x}", case_name=f"T-{number:05}",
        content_digest="sha256:1", text_digest="sha256:1", deployment="payments", release="sha256:aa11",
        context=Context(jurisdictions=("US",), as_of=at.date(), tenant="default"),
        fields=(FieldDecision("fraud", "true", outcome, 0.9, (), route, "why"),),
        findings=(), obligations=(), principles=(), verdict=Verdict(True, "checked"), cost_eur=cost,
        decided_at=at + timedelta(seconds=number),
    )  # fmt: skip


@pytest.fixture
def made(tmp_path):
    one = Made(tmp_path)
    yield one
    one.history.close()
    one.ledger.close()


def test_every_indicator_says_that_it_knows_nothing_where_nothing_is_known(made):
    for name in INDICATORS.names():
        slo = {"indicator": name, "target": 0.9} | ({"under_ms": 500} if name == "latency" else {})
        state = made.measure(**slo, kpi="saved")
        assert isinstance(state.figure, NotMeasured), name
        assert (state.status, state.speaks, state.budget) == ("not measured", "unknown", None)


def test_quality_is_the_share_of_reported_automated_answers_that_agree(made):
    entries = made.decide(40)
    for place, entry in enumerate(entries):
        made.report(entry, place >= 3)
    made.report(made.decide(1, outcome="referred")[0], False)  # a person decided it
    disputed = made.decide(1)[0]
    made.report(disputed, False)
    made.report(disputed, True, by="key:other")
    state = made.measure(indicator="quality", target=0.9)
    assert (state.figure.value, state.figure.n) == (37 / 40, 40)
    assert state.figure.low < 0.9 < 0.925
    assert state.status == "unsure"  # the interval holds the target
    assert state.budget.allowed == pytest.approx(4)
    assert state.budget.left == pytest.approx(1 - 3 / 4)
    assert state.speaks == "no"
    assert isinstance(made.measure(indicator="quality", target=0.9, field="other").figure, NotMeasured)


def test_cases_that_reviewers_chose_because_they_are_hard_do_not_lower_the_share(made):
    """By hand: 20 reported ones are right; of 30 hard ones, all wrong, none counts; of 2 drawn ones, one."""
    for entry in made.decide(20):
        made.report(entry, True)
    for entry in made.decide(30):
        made.choose(entry, "teaches")
        made.report(entry, False, by="person:anna", source="review")
    right, wrong = made.decide(2)
    for entry in (right, wrong):
        made.choose(entry, "drawn")
        made.report(entry, entry == right, by="person:anna", source="review")
    waits = made.decide(1)[0]
    made.choose(waits, "drawn", done=False)
    made.report(waits, False, by="person:anna", source="review")  # the second reader has not answered
    state = made.measure(indicator="quality", target=0.9)
    assert (state.figure.value, state.figure.n) == (21 / 22, 22)


def test_what_is_kept_between_looks_is_what_a_first_look_finds(made, tmp_path):
    """Reports, contradictions, settlements and reviews come bit by bit; a fresh look is held against each."""
    drawn = random.Random(7)  # noqa: S311 - the same cases at every run
    entries = made.decide(60)
    slo = SloSettings(name="one", indicator="quality", target=0.9)
    for step in range(12):
        for entry in drawn.sample(entries, 8):
            by, source = drawn.choice([("key:a", "api"), ("key:b", "api"), ("person:anna", "review"),
                                       ("person:ben", "settled")])  # fmt: skip
            if source == "review" and drawn.random() < 0.5:
                made.choose(entry, drawn.choice(["drawn", "teaches"]))
            try:
                made.report(entry, drawn.random() < 0.7, by=by, source=source)
            except KeyReused:
                continue
        made.now += timedelta(hours=1)
        fresh = History(tmp_path / f"fresh{step}.sqlite", made.ledger)
        found = measure_objective(slo, Sources(made.log, fresh, made.ledger), made.now)
        fresh.close()
        kept = measure_objective(slo, made.sources, made.now)
        assert (kept.figure, kept.burn, kept.points) == (found.figure, found.burn, found.points)
    assert kept.figure.n > 20


def test_a_settled_dispute_counts_as_it_was_settled(made):
    (entry,) = made.decide(1)
    made.report(entry, False)
    made.report(entry, True, by="key:other")
    made.report(entry, False, by="person:anna", source="settled")
    state = made.measure(indicator="quality", target=0.9)
    assert (state.figure.value, state.figure.n) == (0.0, 1)
    assert state.speaks == "no"  # one case raises nothing


def test_quality_that_breaks_down_pages_and_chance_does_not(made):
    for entry in made.decide(60):
        made.report(entry, False)
    state = made.measure(indicator="quality", target=0.9)
    assert state.speaks == "page"
    assert state.why.startswith("the budget is used up 10.0 times as fast as it may be, over 1 hour (n=60)")
    made.now = NOW + timedelta(days=40)
    for place, entry in enumerate(made.decide(60, at=made.now)):
        made.report(entry, place >= 9)  # 15 % instead of 10 %: it may be chance
    state = made.measure(indicator="quality", target=0.9)
    assert (state.speaks, state.used_up) == ("no", "")


def test_costs_are_held_against_euros_a_case_and_a_day(made):
    for days in (1, 0):
        made.decide(100, at=NOW - timedelta(days=days, hours=1))
    a_case = made.measure(indicator="cost", target=0.3)
    assert (a_case.figure.value, a_case.figure.n) == (pytest.approx(0.25), 200)
    assert (a_case.status, a_case.budget.allowed, a_case.budget.spent) == ("met", pytest.approx(60), 50)
    a_day = made.measure(indicator="cost", target=20, per="day")
    assert a_day.figure.value == pytest.approx(50 / (25 / 24), rel=0.01)  # 25 hours since the first
    assert a_day.status == "broken"
    assert "50.00 euros were spent where 20." in a_day.used_up


def test_costs_a_case_that_rise_sixfold_page(made):
    for minutes in range(0, 350, 10):
        made.decide(5, cost="2.0", at=NOW - timedelta(minutes=minutes, seconds=30))
    state = made.measure(indicator="cost", target=0.25)
    assert state.speaks == "page"
    assert made.measure(indicator="cost", target=0.5).speaks == "ticket"  # four times: slow enough for days


def test_fairness_reads_the_last_comparison_and_takes_the_smallest_ratio(made):
    def compared(*ratios):
        traits = [{"field": "loan", "trait": trait, "ratio": ratio, "groups": []} for trait, ratio in ratios]
        made.ledger.append(kind="evaluation.groups", actor="test", body={"release": "r", "traits": traits})

    compared(("sex", {"value": 0.95, "n": 900, "low": 0.9, "high": 0.99, "level": 0.95}))
    assert made.measure(indicator="fairness", target=0.8).status == "met"
    compared(
        ("sex", {"value": 0.9, "n": 900, "low": 0.85, "high": 0.97, "level": 0.95}),
        ("age", {"value": 0.6, "n": 800, "low": 0.5, "high": 0.7, "level": 0.95}),
        ("other", {"reason": "1 groups of at least 30 cases; two are needed", "kind": "not_measured"}),
    )
    state = made.measure(indicator="fairness", target=0.8)
    assert (state.figure.value, state.status, state.speaks, state.entry) == (0.6, "broken", "ticket", 1)
    assert [point.value for point in state.points] == [0.95, 0.6]
    assert made.measure(indicator="fairness", target=0.8, trait="sex").status == "met"
    assert str(made.measure(indicator="fairness", target=0.8, trait="other").figure).endswith(
        "two are needed"
    )
    made.now = NOW + timedelta(days=29)
    old = made.measure(indicator="fairness", target=0.8)
    assert "before the window began" in str(old.figure)
    assert old.speaks == "unknown"


def test_fairness_reads_what_was_measured_about_decisions_too_and_keeps_the_two_apart(made):
    """By hand: of A 80 of 100 are approved, of B 40 of 100, so the ratio is 0.5."""

    def measured(**groups):
        codes = np.repeat(np.arange(len(groups)), 100).astype(np.int32)
        decision = np.concatenate([np.arange(100) < yes for yes in groups.values()]).astype(np.int8)
        cases = GroupedCases(decision, (Trait("sex", tuple(groups), codes),))
        found = {"field": "loan", "wanted": "no", "for_people": 0, **plain_report(measure(cases))}
        made.ledger.append(kind="fairness.measured", actor="test", body={"fields": [found]})

    ratio = {"value": 0.95, "n": 900, "low": 0.9, "high": 0.99}
    body = {"traits": [{"field": "loan", "trait": "sex", "ratio": ratio, "groups": []}]}
    made.ledger.append(kind="evaluation.groups", actor="test", body=body)
    measured(A=80, B=40)
    state = made.measure(indicator="fairness", target=0.8)
    assert (state.figure.value, state.status, state.speaks, state.entry) == (0.5, "broken", "ticket", 1)
    assert [point.value for point in state.points] == [0.5]
    assert "says nothing about race" in str(
        made.measure(indicator="fairness", target=0.8, trait="race").figure
    )
    off = {"field": "loan", "traits": [{"trait": "sex", "metrics": {"demographic_parity": {"value": 0.1}}}]}
    made.ledger.append(kind="fairness.measured", actor="test", body={"fields": [off]})
    assert made.measure(indicator="fairness", target=0.8).entry == 1
    made.ledger.append(kind="evaluation.groups", actor="test", body=body)
    state = made.measure(indicator="fairness", target=0.8)
    assert (state.figure.value, state.status, state.entry) == (0.95, "met", 3)
    assert [point.value for point in state.points] == [0.95, 0.95]


def test_a_figure_whose_interval_holds_the_target_raises_nothing(made):
    ratio = {"value": 0.75, "n": 90, "low": 0.6, "high": 0.9, "level": 0.95}
    body = {"traits": [{"field": "loan", "trait": "sex", "ratio": ratio, "groups": []}]}
    made.ledger.append(kind="evaluation.groups", actor="test", body=body)
    state = made.measure(indicator="fairness", target=0.8)
    assert (state.status, state.speaks) == ("unsure", "no")


def test_business_reads_the_kpi_as_it_was_measured_over_the_window(made):
    def measured(value, days, **more):
        estimate = {"value": value, "n": 50, "low": value - 1, "high": value + 1, "level": 0.95}
        kpi = {"name": "saved", "unit": "EUR", "better": "higher", "estimate": estimate, "of": {}} | more
        body = {"since": made.now - timedelta(days=days), "until": None, "kpis": [kpi]}
        made.ledger.append(kind="kpi.measured", actor="test", body=body)

    measured(9.0, 28)
    measured(3.0, 7)
    measured(1.0, 28, of={"tenant": "one"})
    state = made.measure(indicator="business", target=5.0, kpi="saved")
    assert (state.figure, state.unit, state.status) == (Estimate(9.0, 50, 8.0, 10.0), "EUR", "met")
    costs = {"better": "lower"}
    measured(9.0, 28, **costs)
    state = made.measure(indicator="business", target=5.0, kpi="saved")
    assert (state.status, state.speaks, state.better) == ("broken", "ticket", "lower")


def test_availability_leaves_out_what_callers_got_wrong(made):
    minute = int(NOW.timestamp())
    made.log.add(
        [Counted(minute, "POST /v1/decisions", status, 3, n) for status, n in ((2, 98), (4, 500), (5, 2))],
        now=NOW,
    )
    state = made.measure(indicator="availability", target=0.99)
    assert (state.figure.value, state.figure.n, state.status) == (0.98, 100, "broken")
    assert state.budget.left == pytest.approx(-1.0)
    assert [point.n for point in state.points][-1] == 100
    assert state.points[0].value is None
    assert len(state.points) == 28


def test_latency_is_exact_at_the_step_it_names(made):
    minute = int(NOW.timestamp())
    made.log.add(
        [Counted(minute, "POST /v1/decisions", 2, step_of(ms), 1) for ms in (299, 300, 300.5, 301)], now=NOW
    )
    assert made.measure(indicator="latency", target=0.9, under_ms=300).figure.value == 0.5


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"indicator": "latency", "target": 0.9, "under_ms": 333}, "write 325 or 350"),
        ({"indicator": "latency", "target": 0.9}, "cannot be counted exactly"),
        ({"indicator": "availability", "target": 1.0}, "a share between 0 and 1, got 1.0"),
        ({"indicator": "availability", "target": 99.9}, "Write 0.999 for 99.9 %"),
        ({"indicator": "quality", "target": float("nan")}, "a share between 0 and 1, got nan"),
        ({"indicator": "cost", "target": 0.0}, "cost needs a target above 0 euros"),
        ({"indicator": "business", "target": 1.0}, "needs the name of a"),
        ({"indicator": "availability", "target": 0.9, "window_days": 91}, "must be 1 to 90, got 91"),
        ({"indicator": "availability", "target": 0.9, "smallest_n": 0}, "must be 1 or more"),
        ({"indicator": "availability", "target": 0.9, "group": "A B"}, "cannot be a group"),
    ],
)
def test_an_objective_that_makes_no_sense_is_refused_with_what_to_write(more, said):
    with pytest.raises(BadInput) as refused:
        SloSettings(name="one", **more)
    assert said in str(refused.value)


def test_an_unknown_indicator_lists_the_known_ones(made):
    with pytest.raises(UnknownName, match="Known: availability, business, cost, fairness, latency, quality"):
        made.measure(indicator="happiness", target=0.9)
