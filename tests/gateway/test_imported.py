"""A configuration of LiteLLM is imported and served: the same model name, another address."""

import json
import urllib.request
from pathlib import Path

import pytest

from flyball.cli.commands.plan import command as plan
from flyball.core.errors import BadInput
from flyball.loop.deployment import open_deployment
from flyball.loop.importers.litellm import litellm
from flyball.loop.importing import Answers, write_import
from flyball.loop.stage_list import stages_of

CONFIG = """
model_list:
  - model_name: claims
    litellm_params: {{model: openai/down, api_base: "{down}/v1", api_key: os.environ/NO_KEY, max_retries: 0}}
  - model_name: spare
    litellm_params: {{model: hosted_vllm/tiny, api_base: "{up}/v1"}}
router_settings:
  fallbacks: [{{claims: [spare]}}]
"""


def ask(url, body):
    request = urllib.request.Request(  # noqa: S310 - a server of this test
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
        return json.load(reply)


def test_a_program_asks_for_the_name_it_knows_and_the_fallback_answers(
    upstream, serve, tmp_path, monkeypatch
):
    monkeypatch.setenv("NO_KEY", "k")
    down = upstream(lambda handler, body: handler.say(500, {"error": {"message": "down"}}))
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}
    reply = {"id": "1", "object": "chat.completion", "created": 1, "model": "tiny", "choices": [choice]}
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    up = upstream(lambda handler, body: handler.say(200, {**reply, "usage": usage}))
    path = Path(tmp_path) / "config.yaml"
    path.write_text(CONFIG.format(down=down.url, up=up.url))
    places = write_import(litellm.read(path, Answers()), Answers(), tmp_path / "moved")
    running = serve(places[0])
    told = ask(
        f"{running.url}/chat/completions",
        {"model": "claims", "messages": [{"role": "user", "content": "Hi"}]},
    )
    assert told["choices"][0]["message"]["content"] == "Hello"
    assert [one["model"] for one in down.asked] == ["down"]
    assert [one["model"] for one in up.asked] == ["tiny"]
    assert len(running.entries()) == 1


def test_a_deployment_that_only_talks_has_nothing_to_plan_and_says_so(upstream, deployment, capsys):
    folder = deployment(upstream(lambda handler, body: None))
    plan(folder)
    assert capsys.readouterr().out.startswith("Nothing to do: it only talks.")
    with pytest.raises(BadInput, match=r"talk only talks: it has a \[chat\], and no \[\[source\]\]"):
        stages_of(open_deployment(folder).settings)
