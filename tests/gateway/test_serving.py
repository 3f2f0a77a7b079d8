"""Where it may listen, what it refuses to serve, money that cannot leak, and clocks that jump."""

import http.client
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from flyball.cli.main import build
from flyball.core.errors import BadInput, FlyballError
from flyball.gateway.access.loopback import LoopbackAccess
from flyball.gateway.errors import CannotListen
from flyball.gateway.house import open_house
from flyball.gateway.serving import check_address
from flyball.gateway.settings import GatewaySettings, load_gateway_settings
from flyball.ledger.errors import NotWritten
from flyball.loop.deployment import open_deployment

SAID = {"role": "assistant", "content": "Steady."}
REPLY = {
    "choices": [{"index": 0, "message": SAID, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000},
}
PRICES = 'eur_per_million_input_tokens = "1000"\neur_per_million_output_tokens = "1000"\n'


def plain(handler, body):
    handler.say(200, REPLY)


def ask(running, path="/v1/chat/completions", **more):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    try:
        body = {
            "model": "talk",
            "messages": [{"role": "user", "content": "How does it run?"}],
            "max_tokens": 1000,
        }
        connection.request("POST", path, json.dumps(body | more))
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read()), reply.headers
    finally:
        connection.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "gateway.example.com"])  # noqa: S104
def test_without_keys_it_listens_on_this_machine_only(host):
    with pytest.raises(CannotListen) as refused:
        check_address(GatewaySettings(host=host), LoopbackAccess())
    assert refused.value.message == f"{host} can be reached from other machines, and there are no keys."


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_keys(host):
    check_address(GatewaySettings(host=host), LoopbackAccess())


def test_a_key_of_gateway_toml_that_is_not_known_is_named(tmp_path):
    (tmp_path / "gateway.toml").write_text("prot = 80\n")
    with pytest.raises(BadInput) as refused:
        load_gateway_settings(tmp_path)
    assert "unknown field `prot`" in refused.value.message


def test_a_folder_without_deployments_is_refused_with_what_to_do(tmp_path, monkeypatch):
    result = CliRunner().invoke(build("serve"), ["serve", str(tmp_path)])
    assert isinstance(result.exception, BadInput)
    assert "neither flyball.toml nor a folder that holds one" in result.exception.message


def test_two_deployments_of_one_name_are_refused(deployment, upstream, tmp_path):
    folder = deployment(upstream(plain))
    with pytest.raises(BadInput) as refused:
        open_house([folder, folder])
    assert refused.value.message == "Two of the served deployments are called 'talk'."


def test_a_deployment_that_only_talks_needs_neither_sources_nor_fields(deployment, upstream):
    opened = open_deployment(deployment(upstream(plain)))
    assert (opened.fields, opened.settings.source) == ((), ())


@pytest.mark.parametrize(
    ("chat", "told"),
    [
        ('budget_eur_per_day = "much"', "chat.budget_eur_per_day must be euros as text, got 'much'."),
        ('guards_in = ["magic"]', "No guardrail is called 'magic'."),
        (
            '[chat.about.other]\nplace = "DE"',
            "chat.about describes 'other', which chat.models does not name.",
        ),
    ],
)
def test_a_chat_that_cannot_be_served_as_written_is_not_served(gateway, upstream, chat, told):
    with pytest.raises(FlyballError) as refused:
        gateway(upstream(plain), chat=chat)
    assert told in str(refused.value)


def test_the_budget_of_the_day_is_never_overdrawn_by_either_door_or_by_streams(gateway, upstream):
    """1,000 tokens in and 1,000 out cost 2 euros, a request may cost a little over 1: 5 are 2 requests."""
    there = upstream(plain)
    running = gateway(there, chat='budget_eur_per_day = "5.00"', more=PRICES + "max_output_tokens = 1000")
    told = [ask(running) for _ in range(4)]
    assert [status for status, _, _ in told] == [200, 200, 429, 429]  # each settled at 2 euros
    assert told[-1][1]["code"] == "router.budget_spent"
    assert told[-1][2]["x-should-retry"] == "false"
    assert ask(running, stream=True)[0] == 429
    newer = {"input": "How does it run?", "messages": None, "max_tokens": None}
    assert ask(running, "/v1/responses", **newer)[0] in (400, 429)
    assert len(there.asked) == 2
    assert [entry.body["outcome"] for entry in running.entries()].count("refused") >= 3


def test_a_clock_that_jumps_back_and_forth_loses_nothing(gateway, upstream):
    running = gateway(upstream(plain))
    [served] = running.house.everything()
    ledger = served.workshop.ledger
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    for jump in (timedelta(0), timedelta(days=-400), timedelta(days=4000), timedelta(seconds=-1)):
        ledger._clock = lambda jump=jump: now + jump
        status, told, _ = ask(running)
        assert status == 200
        assert ledger.entry(told["flyball"]["entry"]).at == now + jump
    assert [entry.body["ms"] >= 0 for entry in running.entries()] == [True] * 4


def test_a_deployment_with_fields_and_nothing_live_says_how_to_make_it_ready(gateway, upstream, deployment):
    fields = '[[field]]\nkey = "cap"\ntitle = "Cap"\nquestion = "Is there a cap?"\n'
    folder = deployment(upstream(plain))
    (folder / "fields.toml").write_text(fields)
    running = gateway(upstream(plain))
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request("GET", "/readyz")
    reply = connection.getresponse()
    assert (reply.status, json.loads(reply.read())) == (503, {"ok": False, "deployments": 1, "not_ready": 1})
    connection.close()


@pytest.mark.parametrize("stream", [False, True])
def test_no_word_leaves_where_the_ledger_cannot_be_written(gateway, upstream, monkeypatch, stream):
    running = gateway(upstream(plain))
    [served] = running.house.everything()

    def full(drafts):
        raise NotWritten("The disk is full.", fix="Free it.")

    monkeypatch.setattr(served.workshop.ledger, "append_many", full)
    status, told, _ = ask(running, stream=stream)
    assert (status >= 500, told["code"]) == (True, "ledger.not_written")
    assert "Steady" not in json.dumps(told)


@pytest.mark.parametrize(
    ("path", "stream"),
    [("/v1/chat/completions", True), ("/v1/responses", True), ("/v1/chat/completions", False)],
)
def test_a_full_disk_is_told_to_callers_without_a_place(gateway, upstream, monkeypatch, caplog, path, stream):
    running = gateway(upstream(plain), chat="guards_in = []\nguards_out = []")
    [served] = running.house.everything()
    write = served.workshop.ledger.append_many

    def full(drafts):
        if stream and [one.body["outcome"] for one in drafts] == ["begun"]:
            return write(drafts)
        raise NotWritten("sqlite:////srv/talk/ledger.sqlite: the disk is full.", fix="Free it.", place="/srv")

    monkeypatch.setattr(served.workshop.ledger, "append_many", full)
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    body = {"model": "talk", "stream": stream}
    body |= {"input": "How?"} if "responses" in path else {"messages": [{"role": "user", "content": "How?"}]}
    connection.request("POST", path, json.dumps(body))
    reply = connection.getresponse()
    told = reply.read().decode()
    connection.close()
    assert stream or reply.status == 503
    assert '"code":"ledger.not_written"' in told
    assert "cannot use its own records now" in told
    assert "srv" not in told
    assert "sqlite:////srv/talk/ledger.sqlite: the disk is full." in caplog.text


def test_a_stream_whose_end_cannot_be_written_has_no_end(gateway, upstream, monkeypatch):
    def behave(handler, body):
        piece = {"choices": [{"index": 0, "delta": {"content": "Steady. " * 50}, "finish_reason": "stop"}]}
        handler.say(200, f"data: {json.dumps(piece)}\n\ndata: [DONE]\n\n".encode(), "text/event-stream")

    running = gateway(upstream(behave), chat="guards_in = []\nguards_out = []")
    [served] = running.house.everything()
    write, times = served.workshop.ledger.append_many, []

    def once(drafts):
        times.append(1)
        if len(times) > 1:
            raise NotWritten("The disk is full.", fix="Free it.")
        return write(drafts)

    monkeypatch.setattr(served.workshop.ledger, "append_many", once)
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    body = {"model": "talk", "stream": True, "messages": [{"role": "user", "content": "How?"}]}
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    told = connection.getresponse().read().decode()
    connection.close()
    assert '"code":"ledger.not_written"' in told
    assert "[DONE]" not in told
    assert "finish_reason" not in told.replace('"finish_reason":null', "")
