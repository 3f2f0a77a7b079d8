"""The names of OpenTelemetry that we use are published ones, and none of those that hold words."""

import re
from pathlib import Path

from opentelemetry.semconv._incubating.attributes import gen_ai_attributes, http_attributes, url_attributes
from opentelemetry.semconv.attributes import error_attributes, server_attributes

import flyball
from flyball.models.experts.language_model.settings import ModelSettings
from flyball.models.experts.language_model.told import provider_of

SOURCE = Path(flyball.__file__).parent
PUBLISHED = {
    value
    for module in (gen_ai_attributes, http_attributes, url_attributes, error_attributes, server_attributes)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str)
}
DEPRECATED = {"gen_ai.system", "gen_ai.prompt", "gen_ai.completion", "gen_ai.usage.prompt_tokens"}
OURS = re.compile(r'"((?:gen_ai|http|url|server|error)\.[a-z_]+(?:\.[a-z_]+)*)"')
FILES = (
    "models/experts/language_model/told.py",
    "models/experts/language_model/upstream.py",
    "models/experts/external/over_http.py",
    "gateway/tracing.py",
    "evaluation/traces/otlp.py",
)


def used():
    found = {name for file in FILES for name in OURS.findall((SOURCE / file).read_text())}
    return found - {"http.response.start"}  # a message of ASGI


def test_every_name_is_a_published_one():
    names = used()
    assert len(names) > 20
    assert names - PUBLISHED == set()
    assert names & DEPRECATED == set()


def test_the_page_names_those_that_a_request_to_a_model_carries():
    page = (SOURCE.parent.parent / "docs" / "traces.md").read_text()
    for name in used():
        if name.startswith("gen_ai."):
            assert f"`{name}`" in page or f"`{name.removeprefix('gen_ai.request.')}`" in page, name


def test_providers_have_published_names():
    known = {one.value for one in gen_ai_attributes.GenAiProviderNameValues}
    for host, name in (
        ("api.openai.com", "openai"),
        ("house.openai.azure.com", "azure.ai.openai"),
        ("api.mistral.ai", "mistral_ai"),
        ("127.0.0.1", "openai"),
        ("evil-api.mistral.ai.example", "openai"),
    ):
        settings = ModelSettings("openai-compatible", "m", f"https://{host}/v1", "k", ())
        assert provider_of(settings) == name
        assert name in known
    anthropic = ModelSettings("anthropic", "m", "https://api.anthropic.com", "k", ())
    assert provider_of(anthropic) == "anthropic"
