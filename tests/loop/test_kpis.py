"""The KPIs of a deployment, from its settings to the ledger."""

import importlib.util
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from flyball.core.errors import UnknownName
from flyball.core.estimates import NotMeasured
from flyball.evaluation.kpis.formula import BadFormula
from flyball.loop.deployment import open_deployment
from flyball.loop.kpis import KPI_MEASURED, kpis_of, kpis_view, record_kpis
from flyball.loop.traffic import TRAFFIC, Challenge
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway" / "records"))
from written import NOON, Time, make_deployment

_spec = importlib.util.spec_from_file_location(
    "history_builders", Path(__file__).parents[1] / "evaluation" / "history" / "conftest.py"
)
built = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(built)
OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def kpi(baseline="", formula="share(referred)", name="referred", more='better = "lower"'):
    return f'\n[[kpi]]\nname = "{name}"\nformula = "{formula}"\nunit = "%"\n{more}\n{baseline}\n'


@pytest.fixture
def workshop_with(tmp_path):
    opened = []

    def make(*kpis):
        folder = make_deployment(tmp_path / "contracts", more="".join(kpis))
        opened.append(Workshop(open_deployment(folder), clock=Time(), actor="user:test"))
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__(None, None, None)


def decide(workshop, n, *, referred, release=OLD, start=0, tenant="default", day=29):
    outcome = "referred" if referred else "automated"
    workshop.ledger.append_many(
        built._decision(
            start + number, (("cap", True, outcome, 0.9, "m"),), release=release, tenant=tenant, day=day
        )
        for number in range(n)
    )


def measured(workshop, **given):
    [found] = kpis_view(workshop, **given).kpis
    return found


def test_a_deployment_without_kpis_has_none(workshop_with):
    assert kpis_view(workshop_with()).kpis == ()


def test_an_unknown_kpi_lists_the_known(workshop_with):
    with pytest.raises(UnknownName) as caught:
        kpis_view(workshop_with(kpi()), names=("nix",))
    assert (caught.value.message, caught.value.fix) == (
        "The deployment contracts has no KPI 'nix'.",
        "Known: referred.",
    )


def test_a_period_is_compared_and_called_what_it_is(workshop_with):
    workshop = workshop_with(kpi("baseline = { since = 2026-11-01, until = 2026-11-02 }"))
    decide(workshop, 30, referred=True, day=0)
    decide(workshop, 30, referred=False, day=29, start=100)
    decide(workshop, 10, referred=True, day=29, start=200)
    found = measured(workshop)
    assert found.baseline.estimate.value == 100
    assert found.saving.each.value == pytest.approx(75)
    assert "other things may have changed too" in found.baseline.about
    assert not found.baseline.causal


def test_a_tenant_that_was_held_out_is_the_control(workshop_with):
    workshop = workshop_with(kpi('baseline = { control = "tenant:holdout" }'))
    decide(workshop, 20, referred=False)
    decide(workshop, 20, referred=True, tenant="holdout", start=50)
    found = measured(workshop)
    assert (found.baseline.compared.value, found.baseline.estimate.value) == (0, 100)
    assert found.saving.each.value == 100
    alone = measured(workshop, tenant="default")  # who may see one tenant learns nothing of another
    assert alone.baseline.estimate == NotMeasured("no decision was made")


def test_a_canary_is_compared_only_while_it_ran_and_is_causal(workshop_with):
    workshop = workshop_with(kpi('baseline = { control = "canary" }'))
    assert measured(workshop).saving.each == NotMeasured(
        "the baseline is not known: no share of the cases went to a new release in this period"
    )
    workshop.ledger.append(
        kind="release.promoted", actor="t", body={"release": OLD, "before": "", "why": "first"}
    )
    decide(workshop, 50, referred=True, day=20)  # before the canary
    one = Challenge(NEW, OLD, "canary", 0.5, (), "salt", 0.02, 0.05)
    workshop.ledger.append(kind=TRAFFIC, actor="t", body={"challenge": one, "against": OLD, "why": ""})
    workshop.clock.pass_by(hours=3)
    noon = built.FIRST_DAY + timedelta(days=29)
    assert noon == NOON
    decide(workshop, 20, referred=False, release=NEW, start=3600)
    decide(workshop, 20, referred=True, release=OLD, start=3700)
    found = measured(workshop)
    assert found.baseline.causal
    assert (found.baseline.compared.n, found.baseline.estimate.n) == (20, 20)
    assert found.saving.each.value == 100
    assert found.estimate.n == 90


def test_a_release_is_compared_with_the_others_and_not_called_causal(workshop_with):
    workshop = workshop_with(kpi('baseline = { control = "release:bbbb" }'))
    decide(workshop, 20, referred=False)
    decide(workshop, 20, referred=True, release=NEW, start=50)
    found = measured(workshop)
    assert (found.saving.each.value, found.baseline.causal) == (100, False)


@pytest.mark.parametrize(
    ("baseline", "why"),
    [
        ("{ value = 3.0 }", "its baseline of 3.0 has no source"),
        ('{ value = 3.0, low = 4.0, high = 5.0, source = "x" }', "is 4.0 to 5.0 around 3.0"),
        ('{ value = 3.0, low = 2.0, source = "x" }', "is 2.0 to None around 3.0"),
        ("{ since = 2026-01-01 }", "lasts from 2026-01-01 to None"),
        ("{ since = 2026-02-01, until = 2026-01-01 }", "lasts from 2026-02-01 to 2026-01-01"),
        ('{ control = "moon" }', "there is no control 'moon'"),
        ('{ control = "release:" }', "there is no control 'release:'"),
        ('{ control = "canary", value = 3.0 }', "must be one of a period, a control or a value"),
        ("{ }", "must be one of a period, a control or a value"),
    ],
)
def test_a_baseline_that_says_nothing_is_refused(workshop_with, baseline, why):
    with pytest.raises(BadFormula) as caught:
        kpis_of(workshop_with(kpi(f"baseline = {baseline}")))
    assert why in caught.value.message


def test_figures_are_written_down_where_that_is_asked_for(workshop_with):
    workshop = workshop_with(kpi())
    decide(workshop, 20, referred=True)
    view = kpis_view(workshop, by="day")
    before = workshop.ledger.size()
    entry = workshop.ledger.entry(record_kpis(workshop, view))
    assert (entry.index, entry.kind, entry.actor) == (before, KPI_MEASURED, "user:test")
    [kept] = entry.body["kpis"]
    assert (kept["estimate"]["value"], kept["estimate"]["n"], kept["series"]) == (100.0, 20, [])


@pytest.mark.parametrize("name", ["payment_fraud", "credit_risk", "contract_review"])
def test_every_solution_declares_kpis_that_can_be_measured(tmp_path, name):
    from flyball.loop.init import init_deployment

    init_deployment(name.replace("_", "-"), tmp_path / name)
    with Workshop(open_deployment(tmp_path / name)) as workshop:
        found = kpis_view(workshop).kpis
    assert len(found) >= 4
    assert all(one.estimate == NotMeasured("no decision was made") for one in found)


def test_a_kpi_that_cannot_be_measured_is_refused_when_the_deployment_is_opened(tmp_path):
    folder = make_deployment(tmp_path / "contracts", more=kpi(formula="share(refered)"))
    with pytest.raises(BadFormula, match="There is no column 'refered'"):
        open_deployment(folder)
