"""The page of the gateway as a stranger reads it: its deployment is served, and its lines are run."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from flyball.gateway.settings import GatewaySettings

pytest.importorskip("openai")
PAGE = (Path(__file__).parent.parent.parent / "docs" / "gateway.md").read_text()
SAID = {"role": "assistant", "content": "It keeps the speed."}


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL).group(1)


def behave(handler, body):
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    if not body.get("stream"):
        return handler.say(200, {"choices": [{"message": SAID, "finish_reason": "stop"}], "usage": usage})
    piece = {"choices": [{"index": 0, "delta": {"content": "James Watt."}, "finish_reason": "stop"}]}
    return handler.say(200, f"data: {json.dumps(piece)}\n\ndata: [DONE]\n\n".encode(), "text/event-stream")


def test_its_lines_do_what_it_says(upstream, serve, tmp_path, capsys):
    there = upstream(behave)
    folder = tmp_path / "talk"
    folder.mkdir()
    (folder / "flyball.toml").write_text(block("toml").replace("http://127.0.0.1:11434", there.url))
    running = serve(folder)
    exec(block("python").replace("http://127.0.0.1:8080", f"http://127.0.0.1:{running.port}"), {})  # noqa: S102
    told = capsys.readouterr().out
    assert told == "It keeps the speed.\n0\nJames Watt.It keeps the speed.\n"
    assert [entry.body["outcome"] for entry in running.entries()] == [
        "answered",
        "begun",
        "answered",
        "answered",
    ]


def test_every_setting_of_the_gateway_stands_there():
    missing = [
        name
        for name in GatewaySettings.__struct_fields__
        if f"`{name}`" not in PAGE and f"`{name}.*`" not in PAGE
    ]
    assert missing == []


def test_its_deployment_is_toml_that_names_no_key():
    read = tomllib.loads(block("toml"))
    assert read["expert"][0]["settings"]["api_key"] == "none"
