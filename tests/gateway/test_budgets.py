"""Budgets of a deployment and of its tenants, over both doors and streams.

By hand: at 1,000 euros a million a token is 0.001 euros; the upstream says 1,000 in and 1,000 out, so a
request is settled at 2 euros. Before it leaves, a little more than 1 is reserved.
"""

import http.client
import json
from dataclasses import replace

import pytest

from flyball.core.errors import FlyballError
from flyball.gateway.access.loopback import LoopbackAccess

PRICES = (
    'eur_per_million_input_tokens = "1000"\neur_per_million_output_tokens = "1000"\nmax_output_tokens = 1000'
)
REPLY = {
    "choices": [{"index": 0, "message": {"content": "Steady."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000},
}
BUDGET = """
[budget]
eur_per_day = "9"
[budget.tenants]
acme = "5"
"*" = "2.5"
"""


def plain(handler, body):
    if not body.get("stream"):
        handler.say(200, REPLY)
        return
    lines = [
        {"choices": [{"index": 0, "delta": {"content": "Steady."}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": REPLY["usage"]},
    ]
    text = "".join(f"data: {json.dumps(line)}\n\n" for line in lines)
    handler.say(200, f"{text}data: [DONE]\n\n".encode(), "text/event-stream")


@pytest.fixture(autouse=True)
def tenants(monkeypatch):
    """Let callers say whose they are; that keys and sign-ins do is tested with them."""
    loopback = LoopbackAccess.__call__

    async def named(self, connection):
        return replace(await loopback(self, connection), tenant=connection.headers.get("x-tenant", "default"))

    monkeypatch.setattr(LoopbackAccess, "__call__", named)


def ask(running, tenant, door="/v1/chat/completions", **more):
    body = {"model": "talk", "messages": [{"role": "user", "content": "How?"}]} | more
    if door == "/v1/responses":
        body = {"model": "talk", "input": "How?"} | more
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request("POST", door, json.dumps(body), {"X-Tenant": tenant})
    reply = connection.getresponse()
    told = reply.read().decode()
    connection.close()
    return reply.status, told


def metrics(running):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return [line for line in text.splitlines() if line.startswith("flyball_budget_")]


def test_a_tenant_that_has_spent_its_share_is_refused_at_every_door_and_others_are_not(gateway, upstream):
    there = upstream(plain)
    running = gateway(there, more=PRICES, extra=BUDGET)
    assert ask(running, "acme")[0] == 200
    assert ask(running, "acme", stream=True)[0] == 200
    for door in ("/v1/chat/completions", "/v1/responses"):
        for stream in (False, True):
            status, told = ask(running, "acme", door, stream=stream)
            assert (status, "of tenant acme" in told) == (429, True)
    assert ask(running, "umbra", "/v1/responses")[0] == 200
    assert "of 2.5 are left of the budget of tenant umbra" in ask(running, "umbra")[1]
    assert ask(running, "tyrell")[0] == 200
    status, told = ask(running, "weyland")  # has its own share, and the deployment has 1 euro left
    assert (status, "1 of 9 are left of the budget for" in told) == (429, True)
    assert len(there.asked) == 4


def test_budgets_and_what_was_taken_stand_in_the_metrics_by_tenant(gateway, upstream):
    running = gateway(upstream(plain), chat='budget_eur_per_day = "7"', more=PRICES, extra=BUDGET)
    ask(running, "acme")
    ask(running, "umbra")
    for served in running.house.everything():
        served.chat._models._by_name["model0"].purse.give_back()  # otherwise leases are taken, too
    assert metrics(running) == [
        'flyball_budget_limit_eur{deployment="talk",budget="everything",tenant=""} 9',
        'flyball_budget_limit_eur{deployment="talk",budget="everything",tenant="acme"} 5',
        'flyball_budget_limit_eur{deployment="talk",budget="everything",tenant="umbra"} 2.5',
        'flyball_budget_limit_eur{deployment="talk",budget="chat",tenant=""} 7',
        'flyball_budget_taken_eur{deployment="talk",budget="everything",tenant=""} 4',
        'flyball_budget_taken_eur{deployment="talk",budget="everything",tenant="acme"} 2',
        'flyball_budget_taken_eur{deployment="talk",budget="everything",tenant="umbra"} 2',
        'flyball_budget_taken_eur{deployment="talk",budget="chat",tenant=""} 4',
    ]


def test_where_tenants_have_shares_one_without_may_spend_nothing(gateway, upstream):
    there = upstream(plain)
    running = gateway(there, more=PRICES, extra='[budget.tenants]\nacme = "5"\n')
    assert ask(running, "acme")[0] == 200
    status, told = ask(running, "umbra")
    assert (status, "0 of 0 are left of the budget of tenant umbra" in told) == (429, True)
    assert len(there.asked) == 1


def test_a_model_whose_own_budget_is_spent_is_passed_over_for_the_next(deployment, serve, upstream):
    """The first may spend a cent a day: less than one request."""
    dear, cheap = upstream(plain), upstream(plain)
    folder = deployment(dear, cheap, more=PRICES)
    written = (folder / "flyball.toml").read_text()
    own = 'max_retries = 1\nbudget_eur_per_day = "0.01"\n'
    (folder / "flyball.toml").write_text(written.replace("max_retries = 1\n", own, 1))
    running = serve(folder)
    assert ask(running, "default")[0] == 200
    assert (len(dear.asked), len(cheap.asked)) == (0, 1)
    [over] = running.entries()[-1].body["route"]["choice"]["passed_over"]
    assert (over["model"], over["constraint"]) == ("model0", "budget")
    assert over["why"].endswith("and 0.01 are left")


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_whose_own_budget_ends_between_two_tries_is_followed_by_the_next(
    deployment, serve, upstream, stream
):
    """It fails once, which counts as about 1.40 euros of its 2; the second try cannot be paid for."""
    broken, sound = upstream(lambda handler, body: handler.say(500, {})), upstream(plain)
    folder = deployment(broken, sound, more=PRICES)
    written = (folder / "flyball.toml").read_text()
    own = 'max_retries = 1\nbudget_eur_per_day = "2"\n'
    (folder / "flyball.toml").write_text(written.replace("max_retries = 1\n", own, 1))
    running = serve(folder)
    assert ask(running, "default", stream=stream)[0] == 200
    assert (len(broken.asked), len(sound.asked)) == (1, 1)
    route = running.entries()[-1].body["route"]
    assert route["chosen"] == "model1"
    assert "are left of the budget" in route["failures"][0]["why"]


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        ('[budget]\neur_per_day = "much"', "budget.eur_per_day must be euros as text, got 'much'."),
        ('[budget.tenants]\nacme = ""', "budget.tenants.acme must be euros as text, got ''."),
        ('[budget]\neur_per_month = "1"', "eur_per_month"),
        (
            '[budget]\neur_per_day = "1"',
            "model0 is bound by a budget and has no eur_per_million_input_tokens",
        ),
    ],
)
def test_a_budget_that_cannot_hold_is_not_served(gateway, upstream, budget, told):
    with pytest.raises(FlyballError) as refused:
        gateway(upstream(plain), extra=budget)
    assert told in str(refused.value)


def test_a_budget_of_the_chat_needs_a_price_of_each_of_its_models(gateway, upstream):
    with pytest.raises(FlyballError, match="model0 is bound by a budget and has no eur_per_million_input"):
        gateway(upstream(plain), chat='budget_eur_per_day = "1"')
