"""A proxy as a company runs one: by hand, what comes along and what does not."""

from decimal import Decimal

import pytest

from flyball.core.errors import BadInput
from flyball.loop.importers.litellm import litellm
from flyball.loop.importing import Answers, to_do, write_import
from flyball.loop.settings import load_settings
from flyball.models.experts.language_model.settings import read_settings

SECRET = "sk-proj-0123456789abcdefSECRET"
CONFIG = f"""
model_list:
  - model_name: claims-large
    litellm_params:
      model: azure/gpt-4o-eu
      api_base: https://claims-eu.openai.azure.com/
      api_key: os.environ/AZURE_EU_KEY
      api_version: "2024-10-21"
      rpm: 900
      timeout: 45
      input_cost_per_token: 0.0000025
      output_cost_per_token: 0.00001
    model_info: {{id: eu, mode: chat}}
  - model_name: claims-large
    litellm_params:
      model: openai/gpt-4o
      api_key: {SECRET}
      temperature: 0.2
      order: 1
    model_info: {{input_cost_per_token: 0.0000025, output_cost_per_token: 0.00001}}
  - model_name: claims-small
    litellm_params: &small
      model: claude-haiku-4-5
      max_tokens: 4096
      input_cost_per_token: 0.000001
      output_cost_per_token: 0.000005
  - model_name: at-home
    litellm_params:
      model: ollama_chat/qwen3:4b
      input_cost_per_token: 0
      output_cost_per_token: 0
  - model_name: own-vllm
    litellm_params:
      model: hosted_vllm/meta-llama/Llama-3.1-8B
      api_base: http://10.1.2.3:8000/v1
  - model_name: bedrock-claude
    litellm_params: {{model: bedrock/anthropic.claude-v2, aws_region_name: eu-central-1}}
  - model_name: "openai/*"
    litellm_params: {{model: "openai/*"}}
  - model_name: embed
    litellm_params: {{model: openai/text-embedding-3-small}}
    model_info: {{mode: embedding}}
router_settings:
  routing_strategy: usage-based-routing-v2
  num_retries: 2
  model_group_alias: {{gpt-4: claims-large}}
  redis_password: {SECRET}
  fallbacks:
    - claims-large: [claims-small, bedrock-claude]
litellm_settings:
  fallbacks: [{{claims-small: [at-home]}}]
  context_window_fallbacks: [{{claims-small: [claims-large]}}]
  callbacks: [langfuse]
  max_budget: 100
  budget_duration: 1d
  cache: true
general_settings:
  master_key: {SECRET}
  database_url: postgresql://litellm:{SECRET}@db/litellm
environment_variables:
  LANGFUSE_SECRET_KEY: {SECRET}
"""
ANSWERS = Answers(
    owner="Claims",
    purpose="Answer questions about claims",
    jurisdictions=("DE",),
    residency="EU",
    places={"claims-eu.openai.azure.com": "EU"},
    usd_in_eur=Decimal("0.9"),
)


def read(tmp_path, text=CONFIG, answers=ANSWERS):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return litellm.read(path, answers)


def left(imported):
    return {one.where: one.why for one in imported.left_behind}


def test_every_name_that_programs_ask_for_becomes_a_deployment_with_its_fallbacks(tmp_path):
    imported = read(tmp_path)
    found = {one.name: [model.settings["model"] for model in one.models] for one in imported.deployments}
    assert found == {
        "claims-large": ["gpt-4o", "gpt-4o-eu", "claude-haiku-4-5"],  # `order: 1` comes first
        "claims-small": ["claude-haiku-4-5", "qwen3:4b"],
        "at-home": ["qwen3:4b"],
        "gpt-4": ["gpt-4o", "gpt-4o-eu", "claude-haiku-4-5"],
    }


def test_addresses_keys_limits_and_prices_come_along(tmp_path):
    models = {one.settings["model"]: one for d in read(tmp_path).deployments for one in d.models}
    azure = models["gpt-4o-eu"]
    assert azure.settings == {
        "provider": "openai-compatible",
        "model": "gpt-4o-eu",
        "base_url": "https://claims-eu.openai.azure.com/openai/v1",
        "api_key": "env:AZURE_EU_KEY",
        "timeout_seconds": 45,
        "max_retries": 2,
        "eur_per_million_input_tokens": "2.25",
        "eur_per_million_output_tokens": "9",
    }
    assert (azure.vendor, azure.place) == ("azure", "EU")
    assert models["gpt-4o"].settings["temperature"] == 0.2
    assert models["gpt-4o"].settings["api_key"] == "env:CLAIMS_LARGE_API_KEY"
    assert models["claude-haiku-4-5"].settings["provider"] == "anthropic"
    assert models["claude-haiku-4-5"].settings["api_key"] == "env:ANTHROPIC_API_KEY"
    assert models["claude-haiku-4-5"].settings["max_output_tokens"] == 4096
    assert models["qwen3:4b"].settings["base_url"] == "http://localhost:11434/v1"
    assert models["qwen3:4b"].settings["api_key"] == "none"
    assert models["qwen3:4b"].vendor == "this machine"


def test_what_does_not_come_along_is_listed_with_the_reason(tmp_path):
    listed = left(read(tmp_path))
    assert listed["model_list[4].litellm_params.api_base"].startswith("words would travel there unprotected")
    assert "bedrock" in listed["model_list[5].litellm_params.model"]
    assert "stands for many models" in listed["model_list[6]"]
    assert listed["model_list[7]"] == "its mode is embedding; the gateway talks only."
    assert listed["router_settings.fallbacks[0]"] == "bedrock-claude was not carried over."
    assert {
        "model_list: claims-large",
        "model_list[0].litellm_params.api_version",
        "model_list[0].litellm_params.rpm",
        "model_list[1].litellm_params.api_key",
        "router_settings.routing_strategy",
        "router_settings.redis_password",
        "litellm_settings.context_window_fallbacks",
        "litellm_settings.callbacks",
        "litellm_settings.cache",
        "general_settings.master_key",
        "general_settings.database_url",
        "environment_variables",
    } <= set(listed)


def test_no_secret_comes_along_in_any_file(tmp_path):
    imported = read(tmp_path)
    write_import(imported, ANSWERS, tmp_path / "out")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == 5
    assert not [path for path in files if "SECRET" in path.read_text()]


def test_what_is_written_can_be_served(tmp_path):
    imported = read(tmp_path)
    places = write_import(imported, ANSWERS, tmp_path / "out")
    assert [place.name for place in places] == ["claims-large", "claims-small", "at-home", "gpt-4"]
    settings = load_settings(places[0] / "flyball.toml", environ={})
    assert settings.deployment.name == "claims-large"
    assert settings.deployment.data_labels == ("residency:EU",)
    assert settings.chat.budget_eur_per_day == "90"
    assert settings.chat.about["claims-large-1"].place == "EU"
    for expert in settings.expert:
        environ = {"AZURE_EU_KEY": "k", "CLAIMS_LARGE_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}
        asked = read_settings({"fields": ("reply",), "name": expert.name, **expert.settings}, environ)
        assert asked.base_url.startswith("https://")
    report = (tmp_path / "out" / "IMPORT.md").read_text()
    assert (
        "| `claims-large` | claims-large | gpt-4o (openai); gpt-4o-eu (azure); claude-haiku-4-5 (anthropic) |"
        in report
    )
    assert "general_settings.master_key" in report


def test_a_budget_that_would_never_be_spent_is_not_carried_over(tmp_path):
    imported = read(tmp_path, answers=Answers())
    assert {one.budget_eur_per_day for one in imported.deployments} == {""}
    assert left(imported)["litellm_settings.max_budget"] == "it is in dollars."
    unpriced = CONFIG.replace("      input_cost_per_token: 0\n      output_cost_per_token: 0\n", "")
    assert "has no price" in left(read(tmp_path, unpriced))["litellm_settings.max_budget"]
    monthly = CONFIG.replace("budget_duration: 1d", "budget_duration: 30d")
    assert left(read(tmp_path, monthly))["litellm_settings.max_budget"] == "budgets are for one day here."


def test_without_an_answer_words_stay_on_this_machine_and_the_report_says_so(tmp_path):
    imported = read(tmp_path, answers=Answers())
    told = " ".join(to_do(imported, Answers()))
    assert "Until then no model elsewhere is asked" in told
    assert "ANTHROPIC_API_KEY, AZURE_EU_KEY, CLAIMS_LARGE_API_KEY" in told
    places = write_import(imported, Answers(), tmp_path / "out")
    assert load_settings(places[0] / "flyball.toml", environ={}).deployment.data_labels == ()


def test_names_that_lead_elsewhere_stay_names(tmp_path):
    text = """
model_list:
  - {model_name: "../../etc/x", litellm_params: {model: openai/a}}
  - {model_name: "A b", litellm_params: {model: openai/a}}
  - {model_name: "a/b", litellm_params: {model: openai/a}}
  - {model_name: "\\"]\\nname = 1 #", litellm_params: {model: "openai/\\u007f\\"\\n[promise]"}}
  - {model_name: "IMPORT.md", litellm_params: {model: openai/a}}
"""
    imported = read(tmp_path, text)
    places = write_import(imported, ANSWERS, tmp_path / "out")
    assert [place.name for place in places] == ["etc-x", "A-b", "a-b-2", "name-1", "IMPORT.md-2"]
    assert all(place.parent == tmp_path / "out" for place in places)
    written = load_settings(places[3] / "flyball.toml", environ={})
    assert written.deployment.name == '"]\nname = 1 #'.strip()
    assert written.expert[0].settings["model"] == '\x7f"\n[promise]'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model_list: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("model_list: []\nmodel_list: []", "a key stands twice in line 2"),
        ("model_list: [" + "[" * 5000, "YAML that can be read"),
        (
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "\n".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]" for n in range(8)
            ),
            "unfold to more than a configuration can hold",
        ),
        ("model_list: \x00", "YAML that can be read"),
        ("other: 1", "holds no model_list"),
        ("- 1", "holds no model_list"),
        ("key: [sk-secret", "YAML that can be read"),
    ],
    ids=range(8),
)
def test_a_file_that_is_no_configuration_is_refused_without_quoting_it(tmp_path, text, said):
    with pytest.raises(BadInput, match=said) as caught:
        read(tmp_path, text)
    assert "sk-secret" not in str(caught.value)


def test_nothing_is_written_over_and_nothing_at_all_where_nothing_came_along(tmp_path):
    imported = read(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    with pytest.raises(BadInput, match="not empty; nothing was written"):
        write_import(imported, ANSWERS, tmp_path / "out")
    nothing = read(tmp_path, 'model_list: [{model_name: x, litellm_params: {model: "sagemaker/y"}}]')
    with pytest.raises(BadInput, match="nobody here speaks the protocol of 'sagemaker'"):
        write_import(nothing, ANSWERS, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "shape", ["[]", "[1, null]", "[{}]", "[{model_name: x}]", "[{model_name: x, litellm_params: 3}]"]
)
def test_entries_of_another_shape_are_listed_not_stumbled_over(tmp_path, shape):
    imported = read(tmp_path, f"model_list: {shape}\nrouter_settings: 5\nlitellm_settings: {{fallbacks: 7}}")
    assert imported.deployments == []


def test_an_address_by_reference_is_looked_up_and_a_login_in_one_is_never_repeated(tmp_path):
    text = """
model_list:
  - model_name: a
    litellm_params: {model: azure/m, api_base: os.environ/BASE, api_key: os.environ/K}
  - model_name: b
    litellm_params: {model: openai/m, api_base: "https://me:hunter2@llm.example.com/v1"}
"""
    imported = read(tmp_path, text)
    assert (
        left(imported)["model_list[0].litellm_params.api_base"]
        == "its address is in BASE, which is not set here."
    )
    assert left(imported)["model_list[1].litellm_params.api_base"] == "it holds a login or parameters."
    assert "hunter2" not in str(imported)
    found = read(tmp_path, text, Answers(environ={"BASE": "https://r.openai.azure.com"}))
    assert found.deployments[0].models[0].settings["base_url"] == "https://r.openai.azure.com/openai/v1"


HOSTS = """
model_list:
  - model_name: azure-named-like-openai
    litellm_params: {model: azure/gpt-4o, api_base: "https://openai-gpt-4-test.openai.azure.com/"}
  - model_name: azure-old
    litellm_params: {model: azure/gpt-4o, api_base: "https://eu.openai.azure.com/openai/deployments/gpt-4o"}
  - model_name: elsewhere
    litellm_params: {model: openai/x, api_base: "https://llm.example.com/v1", extra_headers: {a: sk-SECRET}}
  - model_name: europe
    litellm_params: {model: openai/gpt-4o, api_base: "https://eu.api.openai.com/v1"}
  - model_name: fake
    litellm_params: {model: openai/x, api_base: "https://api.openai.com.evil.example/v1"}
  - model_name: here
    litellm_params: {model: openai/x, api_base: "http://localhost:8000/v1"}
  - model_name: nameless
    litellm_params: {model: azure/, api_base: "https://eu.openai.azure.com"}
  - model_name: instruct
    litellm_params: {model: text-completion-openai/gpt-3.5-turbo-instruct}
"""


def test_a_host_gets_the_key_and_the_name_of_a_vendor_only_where_it_is_the_vendors(tmp_path):
    """What only speaks the form of OpenAI is not OpenAI, and addresses are taken apart, not cut at a word."""
    imported = read(tmp_path, HOSTS)
    models = {one.name: one.models[0] for one in imported.deployments}
    assert {
        name: (one.vendor, one.settings["base_url"], one.settings["api_key"]) for name, one in models.items()
    } == {
        "azure-named-like-openai": (
            "azure",
            "https://openai-gpt-4-test.openai.azure.com/openai/v1",
            "env:AZURE_API_KEY",
        ),
        "azure-old": ("azure", "https://eu.openai.azure.com/openai/v1", "env:AZURE_API_KEY"),
        "elsewhere": ("", "https://llm.example.com/v1", "env:ELSEWHERE_API_KEY"),
        "europe": ("openai", "https://eu.api.openai.com/v1", "env:OPENAI_API_KEY"),
        "fake": ("", "https://api.openai.com.evil.example/v1", "env:FAKE_API_KEY"),
        "here": ("this machine", "http://localhost:8000/v1", "none"),
    }
    assert "whose key is not sent there" in left(imported)["model_list[2].litellm_params.api_key"]
    assert left(imported)["model_list[6].litellm_params.model"] == "it names no model."
    assert "'text-completion-openai'" in left(imported)["model_list[7].litellm_params.model"]
    assert "llm.example.com" in " ".join(to_do(imported, Answers()))
