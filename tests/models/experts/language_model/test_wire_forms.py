"""A chat with tools in Anthropic's words and back; written by hand after the reference of the API."""

import json

import pytest

from flyball.models.experts.language_model.settings import read_settings
from flyball.models.experts.language_model.wire import ChatCall, ChatMessage
from flyball.models.experts.language_model.wire_forms import DONE, AnthropicForm, OpenAIForm, Unusable

SETTINGS = read_settings(
    {
        "provider": "anthropic",
        "model": "c",
        "api_key": "none",
        "fields": ("reply",),
        "base_url": "https://x.example",
    }
)
CALL = {"id": "t1", "type": "function", "function": {"name": "weigh", "arguments": '{"kg": 3}'}}


def body_of(**more):
    messages = [
        ChatMessage("system", "Be short."),
        ChatMessage("user", "Weigh it."),
        ChatMessage("assistant", tool_calls=[CALL]),
        ChatMessage("tool", "3 kg", tool_call_id="t1"),
        ChatMessage("user", "And?"),
    ]
    return json.loads(AnthropicForm().body(ChatCall(model="talk", messages=messages, **more), SETTINGS, 50))


def test_results_of_tools_become_a_message_of_the_user():
    body = body_of()
    assert body["system"] == "Be short."
    assert body["max_tokens"] == 50
    assert [one["role"] for one in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == [
        {"type": "tool_use", "id": "t1", "name": "weigh", "input": {"kg": 3}}
    ]
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "t1", "content": "3 kg"},
        {"type": "text", "text": "And?"},
    ]


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("auto", {"type": "auto"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "weigh"}}, {"type": "tool", "name": "weigh"}),
    ],
)
def test_tools_and_their_choice_are_told_in_its_words(choice, wanted):
    tool = {
        "type": "function",
        "function": {"name": "weigh", "description": "d", "parameters": {"type": "object"}},
    }
    body = body_of(tools=[tool], tool_choice=choice, stop="END", temperature=1.7)
    assert body["tools"] == [{"name": "weigh", "input_schema": {"type": "object"}, "description": "d"}]
    assert (body["tool_choice"], body["stop_sequences"], body["temperature"]) == (wanted, ["END"], 1.0)


def test_a_reply_with_a_tool_comes_back_in_our_words():
    content = [
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "t1", "name": "weigh", "input": {"kg": 3}},
    ]
    usage = {"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": 10}
    said = {"content": content, "usage": usage, "stop_reason": "tool_use"}
    reply = AnthropicForm().reply(json.dumps(said).encode())
    choice = reply.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("Let me see.", "tool_calls")
    assert choice.message.tool_calls == [CALL | {"function": {"name": "weigh", "arguments": '{"kg":3}'}}]
    assert (reply.usage.prompt_tokens, reply.usage.total_tokens) == (15, 17)


def test_a_stream_with_a_tool_comes_back_piece_by_piece():
    read = AnthropicForm().pieces()
    events = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 5}}},
        {"type": "ping"},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "t1", "name": "weigh"},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": '{"kg"'},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": ": 3}"},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]
    found = [read(json.dumps(event).encode()) for event in events]
    pieces = [one for one in found if one is not None and one is not DONE]
    calls = [call for piece in pieces for call in piece.choices[0].delta.tool_calls or ()]
    assert "".join(call["function"].get("arguments", "") for call in calls) == '{"kg": 3}'
    assert pieces[-1].choices[0].finish_reason == "tool_calls"
    assert pieces[-1].usage.total_tokens == 7
    assert found[-1] is DONE


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_unusable_and_its_words_are_not_repeated(data):
    for form in (AnthropicForm(), OpenAIForm()):
        with pytest.raises(Unusable):
            form.pieces()(data)


def test_an_error_in_a_stream_ends_it():
    with pytest.raises(Unusable, match="error event"):
        AnthropicForm().pieces()(b'{"type": "error", "error": {"message": "words"}}')


def test_a_vendor_that_knows_the_new_name_alone_is_asked_by_it():
    given = {"provider": "openai-compatible", "model": "m", "api_key": "none", "fields": ("reply",)}
    call = ChatCall(model="talk", messages=[ChatMessage("user", "x")], max_tokens=9, stream=True)
    new = json.loads(
        OpenAIForm().body(call, read_settings(given | {"base_url": "https://api.openai.com/v1"}), 9)
    )
    old = json.loads(OpenAIForm().body(call, read_settings(given | {"base_url": "http://127.0.0.1:1/v1"}), 9))
    assert ("max_tokens" in new, new["max_completion_tokens"]) == (False, 9)
    assert (old["max_tokens"], "max_completion_tokens" in old) == (9, False)
    assert new["stream_options"] == {"include_usage": True}
