"""A real, very small language model behind a real OpenAI-compatible server on this machine.

The model is a unigram model of words for each field and answer, in numpy; quotes are decoded word by word
out of the document with a bigram model. Decoding is constrained by the JSON schema of the request: only
what it allows can be sampled at any step, so every reply has the form that was asked for.
"""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import uvicorn
from litestar import Litestar, Request, Response, post

_WORD = re.compile(r"\w+")
_BETWEEN = re.compile(r"DOCUMENT BEGINS\n(.*)\n=+\w+ DOCUMENT ENDS", re.DOTALL)


class TinyModel:
    """Words given a field and its answer, counted in examples of (text, {field: answer})."""

    def __init__(self, examples: Sequence[tuple[str, dict[str, object]]]) -> None:
        self.words = {word: n for n, word in enumerate(sorted({w for t, _ in examples for w in _tokens(t)}))}
        self.counts: dict[tuple[str, str], np.ndarray] = {}
        self.bigrams = np.ones((len(self.words), len(self.words)))
        for text, answers in examples:
            ids = np.array([self.words[word] for word in _tokens(text)])
            np.add.at(self.bigrams, (ids[:-1], ids[1:]), 1.0)
            for field, answer in answers.items():
                key = (field, json.dumps(answer))
                known = self.counts.setdefault(key, np.full(len(self.words) + 1, 0.5))
                np.add.at(known, ids, 1.0)
                known[-1] += 1.0
        self.bigrams /= self.bigrams.sum(axis=1, keepdims=True)

    def logits(self, field: str, allowed: Sequence[object], text: str) -> np.ndarray:
        """Return the log odds of each allowed answer to one field, given the words of a text."""
        ids = [self.words[word] for word in _tokens(text) if word in self.words]
        found = []
        for answer in allowed:
            counts = self.counts.get((field, json.dumps(answer)))
            chance = None if counts is None else np.log(counts[:-1] / counts[:-1].sum())
            found.append(-1e9 if chance is None else float(np.log(counts[-1]) + chance[ids].sum()))
        return np.array(found)

    def quote(self, text: str, draw: np.random.Generator) -> str:
        """Decode a passage: every next word is sampled among those that stand there next in the text."""
        spans = [found.span() for found in _WORD.finditer(text)]
        if not spans:
            return ""
        at = int(draw.integers(max(1, len(spans) - 4)))
        start = at
        while at + 1 < len(spans) and at - start < 11:
            one, other = (self.words.get(text[slice(*spans[n])].lower(), 0) for n in (at, at + 1))
            if at - start >= 3 and draw.random() > self.bigrams[one, other] * len(self.words) / 2:
                break
            at += 1
        return text[spans[start][0] : spans[at][1]]

    def decode(self, schema: dict[str, object], text: str, temperature: float, seed: int) -> str:
        """Sample a reply that fits the schema."""
        draw = np.random.default_rng(seed)
        answers = {}
        for field, form in schema["properties"]["answers"]["properties"].items():
            answer = form["properties"]["answer"]
            allowed = answer.get("enum") or ([True, False] if answer["type"] == "boolean" else [None])
            logits = self.logits(field, allowed, text)
            if temperature > 0.0:
                logits = logits / temperature + draw.gumbel(size=len(allowed))
            best = allowed[int(logits.argmax())]
            quotes = [self.quote(text, draw)] if best not in (False, None) else []
            answers[field] = {"answer": best, "quotes": quotes}
        return json.dumps({"answers": answers}, ensure_ascii=False)


def _tokens(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def app_of(model: TinyModel, asked: list[dict[str, object]]) -> Litestar:
    """Return the server's application: /v1/chat/completions as OpenAI describes it."""

    @post("/v1/chat/completions", status_code=200)
    async def complete(request: Request) -> Response:
        body = await request.json()
        asked.append(body)
        message = body["messages"][1]["content"]
        tools = body.get("tools")
        form = body.get("response_format")
        if tools:
            schema = tools[0]["function"]["parameters"]
        elif form:
            schema = form["json_schema"]["schema"]
        else:
            return Response({"error": {"message": "ask with a schema"}}, status_code=400)
        text = _BETWEEN.search(message).group(1)
        temperature = body.get("temperature") or 0.0
        seed = len(text) + (len(asked) * 7919 if temperature else 0)
        written = model.decode(schema, text, temperature, seed)
        function = {"name": "answer", "arguments": written}
        said = {"role": "assistant", "content": None if tools else written}
        if tools:
            said["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
        n = len(message) // 4, len(written) // 4
        return Response(
            {
                "id": f"tiny-{len(asked)}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": body["model"],
                "choices": [
                    {"index": 0, "message": said, "finish_reason": "tool_calls" if tools else "stop"}
                ],
                "usage": {"prompt_tokens": n[0], "completion_tokens": n[1], "total_tokens": sum(n)},
            }
        )

    return Litestar([complete])


@contextmanager
def serving(model: TinyModel) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Yield the base URL of the running server, and what it is asked."""
    asked: list[dict[str, object]] = []
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app_of(model, asked), log_level="error", lifespan="off", loop="asyncio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1", asked
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
