"""A gateway as a company runs one: by hand, what comes along and what does not."""

from decimal import Decimal

import pytest

from flyball.core.errors import BadInput
from flyball.loop.importers.tensorzero import tensorzero
from flyball.loop.importing import Answers, write_import
from flyball.loop.settings import load_settings

CONFIG = """
[gateway]
bind_address = "0.0.0.0:3000"
observability.enabled = true

[models.drafting]
routing = ["azure", "openai", "gone"]
timeouts = { non_streaming.total_ms = 20000 }

[models.drafting.providers.azure]
type = "azure"
deployment_id = "gpt-4o-eu"
endpoint = "https://legal-eu.openai.azure.com"
api_key_location = "env::AZURE_LEGAL_KEY"

[models.drafting.providers.openai]
type = "openai"
model_name = "gpt-4o"
api_key_location = { default = "dynamic::key", fallback = "env::OPENAI_API_KEY" }
cost = [
  { pointer = "/usage/prompt_tokens", cost_per_million = 2.50 },
  { pointer = "/usage/completion_tokens", cost_per_million = 10.00 },
  { pointer = "/usage/prompt_tokens_details/cached_tokens", cost_per_million = -1.25 },
]

[models."own-llama"]
routing = ["vllm"]
[models."own-llama".providers.vllm]
type = "vllm"
model_name = "meta-llama/Llama-3.1-8B"
api_base = "http://localhost:8000/v1/"
api_key_location = "none"

[models.cloud]
routing = ["bedrock"]
[models.cloud.providers.bedrock]
type = "aws_bedrock"
model_id = "anthropic.claude"
region = "eu-central-1"

[functions.draft_reply]
type = "chat"
system_schema = "functions/draft/system.json"
tools = ["look_up"]

[functions.draft_reply.variants.careful]
type = "chat_completion"
model = "drafting"
weight = 0.8
system_template = "functions/draft/system.minijinja"
temperature = 0.1
max_tokens = 2000
retries = { num_retries = 3, max_delay_s = 10 }

[functions.draft_reply.variants.quick]
type = "chat_completion"
model = "anthropic::claude-haiku-4-5"
weight = 0.2

[functions.draft_reply.variants.many]
type = "experimental_best_of_n_sampling"
candidates = ["careful", "quick"]

[functions.extract_parties]
type = "json"
output_schema = "functions/extract/output.json"
[functions.extract_parties.variants.only]
type = "chat_completion"
model = "anthropic::claude-haiku-4-5"
templates.system.path = "functions/extract/system.minijinja"
templates.user.path = "functions/extract/user.minijinja"

[metrics.reply_accepted]
type = "boolean"
optimize = "max"
level = "inference"

[rate_limiting]
enabled = true
"""
ANSWERS = Answers(usd_in_eur=Decimal("0.9"), places={"api.openai.com": "US"})


@pytest.fixture
def path(tmp_path):
    for name, text in (
        ("functions/draft/system.minijinja", "You draft replies for lawyers."),
        ("functions/extract/system.minijinja", "Extract the parties of {{ kind }}."),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "tensorzero.toml").write_text(CONFIG)
    return tmp_path / "tensorzero.toml"


def left(imported):
    return {one.where: one.why for one in imported.left_behind}


def test_functions_and_models_become_deployments_under_their_names(path):
    imported = tensorzero.read(path, ANSWERS)
    found = {one.name: [model.settings["model"] for model in one.models] for one in imported.deployments}
    assert found == {
        "draft_reply": ["gpt-4o-eu", "gpt-4o"],
        "extract_parties": ["claude-haiku-4-5"],
        "drafting": ["gpt-4o-eu", "gpt-4o"],
        "own-llama": ["meta-llama/Llama-3.1-8B"],
    }


def test_providers_keys_limits_prices_and_system_texts_come_along(path):
    by_name = {one.name: one for one in tensorzero.read(path, ANSWERS).deployments}
    azure, openai = by_name["draft_reply"].models
    assert azure.settings == {
        "provider": "openai-compatible",
        "model": "gpt-4o-eu",
        "base_url": "https://legal-eu.openai.azure.com/openai/v1",
        "api_key": "env:AZURE_LEGAL_KEY",
        "timeout_seconds": 20.0,
        "temperature": 0.1,
        "max_output_tokens": 2000,
        "max_retries": 3,
    }
    assert openai.settings["eur_per_million_input_tokens"] == "2.25"
    assert openai.settings["eur_per_million_output_tokens"] == "9"
    assert openai.settings["api_key"] == "env:OPENAI_API_KEY"
    assert openai.place == "US"
    assert by_name["draft_reply"].system == "You draft replies for lawyers."
    assert by_name["extract_parties"].system == ""
    (own,) = by_name["own-llama"].models
    assert (own.settings["base_url"], own.settings["api_key"]) == ("http://localhost:8000/v1", "none")
    assert own.vendor == "this machine"


def test_what_does_not_come_along_is_listed_with_the_reason(path):
    listed = left(tensorzero.read(path, ANSWERS))
    assert listed["functions.draft_reply.variants.quick"] == "careful answers here."
    assert "experimental_best_of_n_sampling" in listed["functions.draft_reply.variants.many"]
    assert listed["models.drafting.providers.gone"] == "it is routed to and not there."
    assert "aws_bedrock" in listed["models.cloud.providers.bedrock.type"]
    assert "places to fill in" in listed["functions.extract_parties.variants.only.system_template"]
    assert {
        "gateway.bind_address",
        "gateway.observability",
        "functions.draft_reply.tools",
        "functions.extract_parties.output_schema",
        "functions.extract_parties.variants.only.templates.user",
        "models.drafting.providers.openai.api_key_location",
        "models.drafting.providers.openai.cost /usage/prompt_tokens_details/cached_tokens",
        "metrics.reply_accepted",
        "rate_limiting",
    } <= set(listed)


def test_what_is_written_can_be_read_back(path, tmp_path):
    places = write_import(tensorzero.read(path, ANSWERS), ANSWERS, tmp_path / "out")
    settings = load_settings(places[0] / "flyball.toml", environ={})
    assert settings.chat.system == "system.txt"
    assert (places[0] / "system.txt").read_text() == "You draft replies for lawyers."
    assert [expert.name for expert in settings.expert] == list(settings.chat.models)


def test_a_template_elsewhere_is_not_read(path, tmp_path):
    (tmp_path.parent / "secret.txt").write_text("the password is x")
    path.write_text(CONFIG.replace("functions/draft/system.minijinja", "../secret.txt"))
    imported = tensorzero.read(path, ANSWERS)
    assert imported.deployments[0].system == ""
    assert left(imported)["functions.draft_reply.variants.careful.system_template"] == (
        "it is no file beside the configuration."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "is not TOML"),
        ("[gateway]\n", "neither models nor functions"),
        ("x = " + "[" * 9000, "is not TOML"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text, said):
    (tmp_path / "tensorzero.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        tensorzero.read(tmp_path / "tensorzero.toml", ANSWERS)


@pytest.mark.parametrize(
    "text",
    [
        "models = 5\n[functions.a]",
        "[models.a]\nrouting = 3",
        "[functions.a]\nvariants = 1",
        '[functions.a.variants.b]\ntype = "chat_completion"\nmodel = 7',
        '[models.a.providers.b]\ntype = "openai"\ncost = [1]\ntimeouts = 2\napi_key_location = 3',
    ],
)
def test_tables_of_another_shape_are_listed_not_stumbled_over(tmp_path, text):
    (tmp_path / "tensorzero.toml").write_text(text)
    tensorzero.read(tmp_path / "tensorzero.toml", ANSWERS)


def test_a_host_gets_the_key_and_the_name_of_a_vendor_only_where_it_is_the_vendors(tmp_path):
    config = """
[models.a]
routing = ["azure"]
[models.a.providers.azure]
type = "azure"
deployment_id = "gpt-4o"
endpoint = "https://openai-eu.openai.azure.com"
[models.b]
routing = ["other"]
[models.b.providers.other]
type = "openai"
model_name = "x"
api_base = "https://llm.example.com/v1/"
"""
    (tmp_path / "tensorzero.toml").write_text(config)
    imported = tensorzero.read(tmp_path / "tensorzero.toml", ANSWERS)
    a, b = (one.models[0] for one in imported.deployments)
    assert (a.vendor, a.settings["base_url"]) == ("azure", "https://openai-eu.openai.azure.com/openai/v1")
    assert (b.vendor, b.settings["api_key"]) == ("", "none")
    [why] = [one.why for one in imported.left_behind if one.where.endswith("api_key_location")]
    assert why == "no key is named, and the host is not that of openai, whose key is not sent there."
