"""A language model behind the clause detector: asked only what is unsure, and its failure stops nothing."""

import importlib.util
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from flyball.core.records import Context
from flyball.data.documents.extract import extract
from flyball.loop.deployment import open_deployment
from flyball.loop.engine import load_engine
from flyball.loop.init import init_deployment
from flyball.loop.kit import kit_of_deployment
from flyball.loop.stages.obligations import shipped_entries
from flyball.loop.stages.thresholds import choose
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.thresholds import Thresholds

FAKE = Path(__file__).parents[1] / "models" / "experts" / "language_model" / "fake_endpoint.py"
CONTEXT = Context(("US",), date(2026, 11, 21), "review", ("personal-data",))

MODEL = """
[[expert]]
name = "model"
kind = "language_model"
[expert.settings]
provider = "openai-compatible"
model = "fake-1"
base_url = "{url}/v1"
api_key = "none"
eur_per_million_input_tokens = "2.5"
max_retries = 0
"""


@pytest.fixture(scope="module")
def fake():
    spec = importlib.util.spec_from_file_location("fake_endpoint", FAKE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def engine_with(endpoint, folder, more=""):
    init_deployment("contract-review", folder)
    settings = folder / "flyball.toml"
    settings.write_text(settings.read_text() + MODEL.format(url=endpoint.url) + more)
    deployment = open_deployment(folder)
    kit = kit_of_deployment(deployment, shipped_entries())
    about = deployment.settings.deployment
    bare = load_engine(kit, Thresholds(), about)
    return load_engine(kit, choose(bare.experts, deployment.settings.promise), about)


def decided(engine, folder, tenant="default"):
    document = extract(folder / "cases" / "contracts" / "mutual-nda.txt")
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return engine.decide(
        [document], context=replace(CONTEXT, tenant=tenant), release="", live=frozenset(), at=at
    )[0]


def test_it_is_asked_only_what_the_detector_is_not_sure_of_and_its_cost_is_counted(fake, tmp_path):
    with fake.serving(lambda system, message: []) as endpoint:
        engine = engine_with(endpoint, tmp_path / "d")
        decision = decided(engine, tmp_path / "d")
        told = "".join(fake.split(body)[0] for body in endpoint.seen)
    unsure = [one.field for one in decision.fields if one.outcome != "automated"]
    sure = [one.field for one in decision.fields if one.outcome == "automated"]
    assert unsure
    assert sure
    assert all(key in told for key in unsure)
    assert not [key for key in sure if f"{key}:" in told or f'"{key}"' in told]
    assert Decimal(decision.cost_eur) > 0


def test_a_budget_that_is_spent_is_a_constraint_that_each_route_names(fake, tmp_path):
    """Nobody but acme may spend anything: for others the model is passed over, and people decide."""
    budget = 'eur_per_million_output_tokens = "10"\n[budget.tenants]\nacme = "10"\n'
    with fake.serving(lambda system, message: []) as endpoint:
        engine = engine_with(endpoint, tmp_path / "d", budget)
        decision = decided(engine, tmp_path / "d")
        assert endpoint.seen == []
        whys = {
            one.why for field in decision.fields for one in field.route.considered if one.expert == "model"
        }
        [why] = whys
        assert why.startswith("passed over, budget: The request may cost ")
        assert "0 of 0 are left of the budget of tenant default for 2026" in why
        assert decision.cost_eur == "0"
        assert Decimal(decided(engine, tmp_path / "d", tenant="acme").cost_eur) > 0
    taken = {one.account: one.nano for one in BudgetFile(tmp_path / "d/.flyball/money.sqlite").everything()}
    assert list(taken) == [Account("*", "acme")]


def test_an_uncalibrated_model_decides_nothing_alone(fake, tmp_path):
    def eager(system, message):
        line = message.strip().splitlines()[3]
        return [{"field": "non_compete", "present": True, "quotes": [line]}]

    with fake.serving(eager) as endpoint:
        decision = decided(engine_with(endpoint, tmp_path / "d"), tmp_path / "d")
    assert {one.route.expert for one in decision.fields if one.outcome == "automated"} <= {
        "triage",
        "clause_detector",
    }


@pytest.mark.parametrize("how", ["500", "not json", "hang up"])
def test_its_failure_is_named_on_the_route_and_the_case_is_decided_all_the_same(fake, tmp_path, how):
    with fake.serving(lambda system, message: []) as endpoint:
        endpoint.misbehave = lambda message: how
        decision = decided(engine_with(endpoint, tmp_path / "d"), tmp_path / "d")
    referred = [one for one in decision.fields if one.outcome != "automated"]
    whys = {asked.why for one in referred for asked in one.route.considered if asked.expert == "model"}
    assert whys
    assert all(why.startswith("failed: ") for why in whys)
    assert decision.verdict.allowed
