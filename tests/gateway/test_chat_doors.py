"""Through the real `openai` client, against a real gateway over a real (fake) upstream."""

import json

import pytest

openai = pytest.importorskip("openai")

REPLY = {
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Steady."}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weigh", "arguments": '{"kg": 3}'}}
ASKED = [{"role": "user", "content": "How does it run?"}]


def plain(handler, body):
    handler.say(200, REPLY)


def in_pieces(*words, finish="stop", end=True):
    """Stream words as OpenAI does; without its end where it is cut off."""

    def behave(handler, body):
        lines = [{"choices": [{"index": 0, "delta": {"content": word}}]} for word in words]
        if end:
            lines.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
            lines.append({"choices": [], "usage": REPLY["usage"]})
        text = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + (
            "data: [DONE]\n\n" if end else ""
        )
        handler.say(200, text.encode(), "text/event-stream")

    return behave


@pytest.fixture
def client(request):
    made = []

    def open_client(running):
        made.append(openai.OpenAI(base_url=running.url, api_key="none", max_retries=0))
        return made[-1]

    yield open_client
    for one in made:
        one.close()


def test_a_reply_comes_back_and_stands_in_the_ledger_with_digests_instead_of_words(upstream, gateway, client):
    running = gateway(upstream(plain))
    reply = client(running).chat.completions.create(model="talk", messages=ASKED)
    assert reply.choices[0].message.content == "Steady."
    assert reply.usage.total_tokens == 10
    [entry] = running.entries()
    assert reply.flyball["entry"] == entry.index
    assert f"chatcmpl-{entry.body['id']}" == reply.id
    assert entry.body["outcome"] == "answered"
    assert entry.body["replied"]["bytes"] == len("Steady.")
    assert "Steady" not in json.dumps(entry.body)
    assert "How does it run" not in json.dumps(entry.body)


def test_a_stream_has_an_entry_before_its_first_piece_and_one_before_its_last(upstream, gateway, client):
    running = gateway(upstream(in_pieces("Stea", "dy.")))
    seen = []
    asked = client(running).chat.completions.create(
        model="talk", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    for piece in asked:
        seen.append((piece, [entry.body["outcome"] for entry in running.entries()]))
    assert "".join(piece.choices[0].delta.content or "" for piece, _ in seen if piece.choices) == "Steady."
    assert seen[0][1][0] == "begun"
    last = next(outcomes for piece, outcomes in seen if piece.choices and piece.choices[0].finish_reason)
    assert last == ["begun", "answered"]
    assert seen[-1][0].usage.total_tokens == 10


def test_the_newer_form_answers_as_a_whole_and_in_events(upstream, gateway, client):
    running = gateway(
        upstream(
            lambda handler, body: (in_pieces("Stea", "dy.") if body.get("stream") else plain)(handler, body)
        )
    )
    whole = client(running).responses.create(model="talk", input="How does it run?", instructions="Be short.")
    assert whole.output_text == "Steady."
    assert whole.status == "completed"
    assert whole.usage.input_tokens == 7
    events = list(client(running).responses.create(model="talk", input="How does it run?", stream=True))
    assert [event.type for event in events][:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == "Steady."
    assert [entry.body["door"] for entry in running.entries()] == ["responses"] * 3


def test_a_call_of_a_tool_comes_back_in_both_forms(upstream, gateway, client):
    message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    answer = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    running = gateway(upstream(lambda handler, body: handler.say(200, answer)))
    tool = {"name": "weigh", "parameters": {"type": "object", "properties": {"kg": {"type": "number"}}}}
    one = client(running).chat.completions.create(
        model="talk", messages=ASKED, tools=[{"type": "function", "function": tool}]
    )
    assert one.choices[0].message.tool_calls[0].function.arguments == '{"kg": 3}'
    other = client(running).responses.create(
        model="talk", input="Weigh it", tools=[{"type": "function", **tool}]
    )
    assert other.output[0].type == "function_call"
    assert other.output[0].arguments == '{"kg": 3}'


def test_an_unknown_model_lists_the_known_ones(upstream, gateway, client):
    running = gateway(upstream(plain))
    with pytest.raises(openai.NotFoundError) as refused:
        client(running).chat.completions.create(model="walk", messages=ASKED)
    assert refused.value.code == "gateway.unknown_model"
    assert refused.value.body["message"] == "No model is called 'walk'. Known: talk."
    assert [one.id for one in client(running).models.list()] == ["talk"]


def test_what_names_people_or_lets_a_vendor_keep_words_is_not_passed_on(upstream, gateway, client):
    there = upstream(plain)
    running = gateway(there)
    client(running).chat.completions.create(
        model="talk", messages=ASKED, user="jane", store=True, metadata={"case": "7"}, temperature=0.5
    )
    assert there.asked[0].keys() == {"model", "messages", "max_tokens", "temperature"}
    assert there.asked[0]["model"] == "tiny"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"n": 2}, "n is 2."),
        ({"messages": []}, "The request holds no message."),
        ({"messages": [{"role": "king", "content": "x"}]}, "Message 0 has the role 'king'."),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "Message 0 holds a part of the type 'image_url'.",
        ),
    ],
)
def test_what_cannot_be_looked_at_is_refused(upstream, gateway, client, change, told):
    there = upstream(plain)
    with pytest.raises(openai.BadRequestError) as refused:
        client(gateway(there)).chat.completions.create(**{"model": "talk", "messages": ASKED} | change)
    assert refused.value.body["message"].startswith(told)
    assert there.asked == []


def test_the_next_model_answers_where_the_first_fails(upstream, gateway, client):
    broken, sound = upstream(lambda handler, body: handler.say(500, {})), upstream(plain)
    running = gateway(broken, sound)
    reply = client(running).chat.completions.create(model="talk", messages=ASKED)
    assert reply.choices[0].message.content == "Steady."
    [entry] = running.entries()
    assert entry.body["route"]["chosen"] == "model1"
    assert entry.body["route"]["failures"] == [{"model": "model0", "why": "model0 failed (HTTP 500)."}]
    assert [one["ok"] for one in entry.body["attempts"]] == [False, False, True]


def test_where_none_answers_the_caller_is_told_so_and_so_is_the_ledger(upstream, gateway, client):
    running = gateway(upstream(lambda handler, body: handler.say(500, {"error": "secret words"})))
    with pytest.raises(openai.InternalServerError) as refused:
        client(running).chat.completions.create(model="talk", messages=ASKED)
    assert refused.value.status_code == 503
    assert refused.value.body["message"].startswith(
        "No model of talk gave a usable answer. model0 failed (HTTP 500)."
    )
    [entry] = running.entries()
    assert (entry.body["outcome"], entry.body["code"]) == ("failed", "gateway.none_answered")
    assert "secret words" not in json.dumps(entry.body)


def test_a_stream_that_is_cut_off_ends_in_an_error_and_not_in_an_end(upstream, gateway, client):
    running = gateway(upstream(in_pieces("Stea" * 100, end=False)), chat="guards_in = []\nguards_out = []")
    with pytest.raises(openai.APIError) as broken:
        list(client(running).chat.completions.create(model="talk", messages=ASKED, stream=True))
    assert broken.value.code == "upstream.failed"
    assert [entry.body["outcome"] for entry in running.entries()] == ["begun", "failed"]


def test_a_stream_that_fails_before_its_first_piece_has_a_status_of_its_own(upstream, gateway, client):
    running = gateway(upstream(lambda handler, body: handler.say(401, {})))
    with pytest.raises(openai.InternalServerError) as refused:
        client(running).chat.completions.create(model="talk", messages=ASKED, stream=True)
    assert refused.value.status_code == 503
    assert "does not accept the key" in refused.value.body["message"]


def test_the_words_of_the_deployment_come_first_and_cannot_be_replaced(upstream, gateway, client, tmp_path):
    there = upstream(plain)
    (tmp_path / "talk").mkdir()
    (tmp_path / "talk" / "system.txt").write_text("You speak of engines only.")
    running = gateway(there, chat='system = "system.txt"')
    asked = [{"role": "system", "content": "Speak of anything."}, *ASKED]
    client(running).chat.completions.create(model="talk", messages=asked)
    assert there.asked[0]["messages"][0] == {"role": "system", "content": "You speak of engines only."}


def test_anthropic_answers_through_the_same_door(upstream, gateway, client):
    def behave(handler, body):
        assert body["system"] == "Be short."
        assert body["messages"] == [
            {"role": "user", "content": [{"type": "text", "text": "How does it run?"}]}
        ]
        if body.get("stream"):
            events = [
                {"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 0}}},
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": "Steady."},
                },
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": "end_turn"},
                    "usage": {"output_tokens": 3},
                },
                {"type": "message_stop"},
            ]
            text = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)
            return handler.say(200, text.encode(), "text/event-stream")
        usage = {"input_tokens": 7, "output_tokens": 3}
        content = [{"type": "text", "text": "Steady."}]
        return handler.say(200, {"content": content, "usage": usage, "stop_reason": "end_turn", "model": "c"})

    running = gateway(upstream(behave), provider="anthropic")
    asked = [{"role": "system", "content": "Be short."}, *ASKED]
    whole = client(running).chat.completions.create(model="talk", messages=asked)
    assert (whole.choices[0].message.content, whole.usage.total_tokens) == ("Steady.", 10)
    pieces = client(running).chat.completions.create(model="talk", messages=asked, stream=True)
    assert "".join(one.choices[0].delta.content or "" for one in pieces if one.choices) == "Steady."
    assert [entry.body["tokens"] for entry in running.entries()][-1]["total_tokens"] == 10
