"""Whom a chat asks: a router learned on prompts where only the long ones need the strong model."""

import http.client
import json

import numpy as np
import pytest

from flyball.models.router.choice import NeedsStrong
from flyball.models.router.learned.fit import fit
from flyball.models.router.learned.prompts import RoutedPrompts

SAID = {"role": "assistant", "content": "Steady."}
EASY = "What is {n} plus {n}?"
HARD = (
    "A train leaves at {n} o'clock and another one {n} minutes later, at twice the speed, from a town that "
    "is {n} miles away. Prove where they meet, step by step, and say what changes if the other stops twice."
)


@pytest.fixture(scope="module")
def learned():
    prompts = [form.format(n=n) for n in range(1, 81) for form in (EASY, HARD)]
    gains = np.array([0.0, 1.0] * 80)
    return fit(RoutedPrompts(tuple(prompts), gains, np.zeros(160), None, None, ("sums",) * 160))


def plain(handler, body):
    handler.say(200, {"choices": [{"index": 0, "message": SAID, "finish_reason": "stop"}]})


def ask(running, text):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    body = {"model": "talk", "messages": [{"role": "user", "content": text}]}
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    assert connection.getresponse().status == 200
    connection.close()
    return running.entries()[-1].body["route"]


def test_a_learned_router_asks_the_strong_model_where_the_prompt_needs_it(
    learned, gateway, upstream, tmp_path
):
    learned.save(tmp_path / "talk" / "learned")
    running = gateway(upstream(plain), upstream(plain), chat='router = "learned"\nguards_in = []')
    easy, hard = ask(running, EASY.format(n=7)), ask(running, HARD.format(n=7))
    assert (easy["chosen"], hard["chosen"]) == ("model0", "model1")
    assert hard["choice"]["order"] == ["model1", "model0"]
    assert hard["choice"]["score"] >= hard["choice"]["threshold"] > easy["choice"]["score"]
    assert "learned router" in hard["choice"]["why"]


def test_where_the_strong_model_fails_the_weak_one_answers(learned, gateway, upstream, tmp_path):
    learned.save(tmp_path / "talk" / "learned")
    broken = upstream(lambda handler, body: handler.say(500, {}))
    running = gateway(upstream(plain), broken, chat='router = "learned"\nguards_in = []')
    assert ask(running, HARD.format(n=7))["chosen"] == "model0"


def test_a_router_that_breaks_leaves_the_cascade(learned, gateway, upstream, tmp_path, monkeypatch):
    learned.save(tmp_path / "talk" / "learned")
    running = gateway(upstream(plain), upstream(plain), chat='router = "learned"\nguards_in = []')
    monkeypatch.setattr(type(learned), "needs_strong", lambda self, prompt: 1 / 0)
    route = ask(running, HARD.format(n=7))
    assert route["chosen"] == "model0"
    assert route["choice"]["why"] == (
        "model0 is the first of the cascade that may be asked; the learned router broke (ZeroDivisionError)"
    )


def test_a_score_that_is_no_number_leaves_the_cascade_and_is_told(
    learned, gateway, upstream, tmp_path, monkeypatch
):
    learned.save(tmp_path / "talk" / "learned")
    running = gateway(upstream(plain), upstream(plain), chat='router = "learned"\nguards_in = []')
    nothing = NeedsStrong("learned router x", float("nan"), 0.3)
    monkeypatch.setattr(type(learned), "needs_strong", lambda self, prompt: nothing)
    route = ask(running, HARD.format(n=7))
    assert route["chosen"] == "model0"
    assert route["choice"]["why"].endswith("; learned router x gave a score that is no number")


def test_a_model_that_may_cost_more_than_is_left_is_passed_over_for_one_that_may_not(
    learned, deployment, serve, upstream, tmp_path
):
    """1,000 tokens of the strong model may cost 1 euro, half a euro is left, and the weak one is free."""
    learned.save(tmp_path / "talk" / "learned")
    free = 'eur_per_million_input_tokens = "0"\neur_per_million_output_tokens = "0"'
    prices = (
        'eur_per_million_input_tokens = "1"\neur_per_million_output_tokens = "1000"\nmax_output_tokens = 1000'
    )
    chat = 'router = "learned"\nguards_in = []\nbudget_eur_per_day = "0.5"'
    folder = deployment(upstream(plain), upstream(plain), chat=chat, extra=prices)
    written = (folder / "flyball.toml").read_text()
    (folder / "flyball.toml").write_text(
        written.replace("max_retries = 1\n", f"max_retries = 1\n{free}\n", 1)
    )
    route = ask(serve(folder), HARD.format(n=7))
    assert route["chosen"] == "model0"
    [over] = route["choice"]["passed_over"]
    assert (over["model"], over["constraint"]) == ("model1", "budget")
    assert over["why"].endswith("and 0.5 are left")


def test_a_model_that_was_taken_out_of_service_is_not_asked(gateway, upstream):
    """`extra` stands behind the last expert, so it is [expert.about] of the strong model."""
    about = '[expert.about]\nout_of_service = "its accuracy fell to 0.81"\n'
    route = ask(gateway(upstream(plain), upstream(plain), chat="guards_in = []", extra=about), "How so?")
    assert route["chosen"] == "model0"
    assert route["choice"]["passed_over"] == [
        {"model": "model1", "constraint": "service", "why": "its accuracy fell to 0.81"}
    ]
