"""Constraints in a deployment: whoever breaks one is never asked, and the route of each field says so."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from flyball.core.errors import BadInput
from flyball.core.records import Context
from flyball.data.documents.extract import extract
from flyball.loop.deployment import open_deployment
from flyball.loop.engine import load_engine
from flyball.loop.init import init_deployment
from flyball.loop.kit import kit_of_deployment
from flyball.loop.settings import load_settings
from flyball.loop.stages.obligations import shipped_entries
from flyball.loop.stages.thresholds import choose
from flyball.models.router.thresholds import Thresholds

CONTEXT = Context(("DE",), date(2026, 11, 21), "review", ("personal-data", "residency:EU"))
ABROAD = """
[[expert]]
name = "abroad"
kind = "language_model"
[expert.settings]
provider = "openai-compatible"
model = "m-1"
base_url = "https://llm.invalid/v1"
api_key = "none"
max_retries = 0
{about}
"""


@pytest.fixture(scope="module")
def decide(tmp_path_factory):
    """Return a function that decides one sample contract with a model on a host that does not exist."""
    home = tmp_path_factory.mktemp("constraints") / "d"
    init_deployment("contract-review", home)
    settings = home / "flyball.toml"
    written = settings.read_text()
    document = extract(home / "cases" / "contracts" / "mutual-nda.txt")

    def run(about="", *, router="", context=CONTEXT):
        settings.write_text(written + ABROAD.format(about=about) + router)
        deployment = open_deployment(home)
        kit = kit_of_deployment(deployment, shipped_entries())
        about_it = deployment.settings.deployment
        bare = load_engine(kit, Thresholds(), about_it)
        engine = load_engine(kit, choose(bare.experts, deployment.settings.promise), about_it)
        at = datetime(2026, 11, 21, tzinfo=UTC)
        return engine.decide([document], context=context, release="", live=frozenset(), at=at)[0]

    return run


def whys(decision, expert="abroad"):
    return {one.why for field in decision.fields for one in field.route.considered if one.expert == expert}


def test_a_model_of_which_nobody_says_where_it_is_gets_no_case(decide):
    decision = decide()
    assert whys(decision) == {
        "passed over, residency: the data must stay within EU, and nobody says where llm.invalid stands"
    }
    assert decision.cost_eur == "0"
    assert decision.verdict.allowed
    assert any(one.outcome == "automated" for one in decision.fields)


@pytest.mark.parametrize(
    ("about", "router", "why"),
    [
        ('place = "US"', "", "residency: the data must stay within EU, and llm.invalid stands in US"),
        (
            'place = "FR"\nvendor = "acme"',
            '[router]\nvendors = ["mistral"]',
            "vendor: its vendor is acme; allowed: mistral",
        ),
        (
            'place = "FR"\nnever_sees = ["personal-data"]',
            "",
            "data labels: it must see nothing that is labelled personal-data",
        ),
        (
            'place = "FR"\npurposes = ["credit"]',
            "",
            "purpose: it may be used for credit, and this is contract-review",
        ),
        (
            'place = "FR"\nusual_ms = 900.0',
            "[router]\nlatency_ms = 500",
            "latency: it takes up to 900 ms, and 500 ms are promised",
        ),
        (
            'place = "FR"\nout_of_service = "its accuracy fell to 0.81"',
            "",
            "service: its accuracy fell to 0.81",
        ),
    ],
)
def test_every_constraint_reaches_the_route(decide, about, router, why):
    assert whys(decide(f"[expert.about]\n{about}", router=router)) == {f"passed over, {why}"}


def test_within_the_constraints_it_is_asked(decide):
    """The host does not exist, so that the asking fails: it was tried, not passed over."""
    said = whys(
        decide('[expert.about]\nplace = "FR"\nvendor = "acme"', router='[router]\nvendors = ["acme"]')
    )
    assert said
    assert all(why.startswith("failed: ") for why in said)


def test_data_for_another_purpose_is_decided_by_people_alone(decide):
    decision = decide(context=replace(CONTEXT, data_labels=("purpose:marketing", "residency:EU")))
    assert {one.outcome for one in decision.fields} == {"referred"}
    assert all(
        one.reason.startswith("No expert may answer this field, so a person") for one in decision.fields
    )
    assert whys(decision, "clause_detector") == {
        "passed over, purpose: collected for marketing, but used for contract-review"
    }


def test_a_typing_slip_in_a_constraint_is_seen(tmp_path):
    init_deployment("contract-review", tmp_path / "d")
    settings = tmp_path / "d" / "flyball.toml"
    settings.write_text(settings.read_text() + '\n[router]\nvendor = ["mistral"]\n')
    with pytest.raises(BadInput, match="unknown field `vendor`"):
        load_settings(settings, environ={})
