"""By hand: .05 s is in the bucket up to .08, 3 s in that up to 5.12; 7 tokens in that up to 16, 3 up to 4."""

from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

from flyball.core.tracing import SpanRecord
from flyball.evaluation.traces.models_asked import DURATION, TOKENS, ModelsAsked

ABOUT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "tiny",
    "server.address": "127.0.0.1",
    "server.port": 8000,
}
LABELS = ("chat", "openai", "tiny", "127.0.0.1", "8000")


def asked(seconds, error="", **more):
    attributes = ABOUT | {name.replace("__", "."): value for name, value in more.items()}
    return SpanRecord(1, 0, "chat tiny", "client", 10**18, 10**18 + int(seconds * 1e9), attributes, error)


def test_every_request_is_counted_by_how_long_it_took_and_how_it_ended():
    models = ModelsAsked()
    models.take([asked(0.05), asked(3.0), asked(3.0, "500")])
    found = dict(models.series(DURATION))
    assert found[*LABELS, ""].counts == [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert found[*LABELS, ""].total == 3.05
    assert sum(found[*LABELS, "500"].counts) == 1


def test_tokens_are_counted_where_they_are_told():
    models = ModelsAsked()
    models.take([asked(1.0, gen_ai__usage__input_tokens=7, gen_ai__usage__output_tokens=3), asked(1.0)])
    found = dict(models.series(TOKENS))
    assert found[*LABELS, "input"].counts[2] == 1
    assert found[*LABELS, "output"].counts[1] == 1
    assert {one.total for one in found.values()} == {7, 3}
    assert [sum(one.counts) for one in found.values()] == [1, 1]


def test_what_asked_no_model_of_language_is_not_counted():
    models = ModelsAsked()
    models.take([SpanRecord(1, 0, "POST", "client", 0, 1, {"server.address": "x"}, "")])
    assert models.series(DURATION) == []


def test_what_was_read_does_not_grow_afterwards():
    models = ModelsAsked()
    models.take([asked(1.0)])
    ((_, before),) = models.series(DURATION)
    models.take([asked(1.0)])
    assert sum(before.counts) == 1


def test_the_names_are_published_ones():
    assert DURATION.name == gen_ai_metrics.GEN_AI_CLIENT_OPERATION_DURATION
    assert TOKENS.name == gen_ai_metrics.GEN_AI_CLIENT_TOKEN_USAGE
