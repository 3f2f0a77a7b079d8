"""An HTTP server on 127.0.0.1 that speaks the OpenAI and the Anthropic wire forms, and can misbehave."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = dict[str, object]
Model = Callable[[str, str], list[Answer]]
"""What the fake model answers, given the instructions and the message."""


class FakeEndpoint:
    """What was asked, and how to answer."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.misbehave: Callable[[str], str] = lambda message: ""
        self.seen: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    assert isinstance(content, list)
    return "".join(str(part.get("text", "")) for part in content)


def split(body: dict[str, object]) -> tuple[str, str]:
    """Return (instructions, message) of a request in either wire form."""
    messages = body["messages"]
    assert isinstance(messages, list)
    system = _text(body["system"]) if "system" in body else ""
    system += "".join(_text(item["content"]) for item in messages if item["role"] in ("system", "developer"))
    user = "".join(_text(item["content"]) for item in messages if item["role"] == "user")
    return system, user


def _reply(path: str, body: dict[str, object], answers: object) -> dict[str, object]:
    tools = body.get("tools") or []
    assert isinstance(tools, list)
    if path.endswith("/messages"):
        content: list[dict[str, object]]
        if tools:
            content = [{"type": "tool_use", "id": "t1", "name": tools[0]["name"], "input": answers}]
        else:
            content = [{"type": "text", "text": json.dumps(answers)}]
        return {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": "fake",
            "content": content,
            "stop_reason": "tool_use" if tools else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1000, "output_tokens": 100},
        }
    message: dict[str, object] = {"role": "assistant", "content": None if tools else json.dumps(answers)}
    if tools:
        function = {"name": tools[0]["function"]["name"], "arguments": json.dumps(answers)}
        message["tool_calls"] = [{"id": "t1", "type": "function", "function": function}]
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1_750_000_000,
        "model": "fake",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if tools else "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }


def _said(path: str, words: str) -> dict[str, object]:
    """Return a reply in these very words, whatever was asked for."""
    reply = _reply(path, {}, "")
    if path.endswith("/messages"):
        reply["content"] = [{"type": "text", "text": words}]
    else:
        reply["choices"] = [
            {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}
        ]
    return reply


def _by_field(answers: list[Answer]) -> dict[str, object]:
    return {
        str(one["field"]): {"answer": one.get("answer", one.get("present")), "quotes": one.get("quotes", [])}
        for one in answers
    }


def _handler(endpoint: FakeEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.seen.append(body)
            endpoint.headers.append({key.lower(): value for key, value in self.headers.items()})
            system, user = split(body)
            how = endpoint.misbehave(user)
            if how in ("400", "401", "500", "429"):
                self._send(int(how), json.dumps({"error": {"message": f"told to fail, {user[:50]}"}}))
            elif how.startswith("say "):
                self._send(200, json.dumps(_said(self.path, how.removeprefix("say "))))
            elif how == "cut off":
                self._cut_off(json.dumps(_reply(self.path, body, {"answers": {}})))
            elif how.startswith("redirect"):
                self._send(307, "", location=how.removeprefix("redirect").strip() + self.path)
            elif how == "hang up":
                self._hang_up()
            elif how == "slow":
                time.sleep(2.5)
                self.connection.close()
            elif how == "html":
                self._send(200, "<html>proxy says hello</html>", kind="text/html")
            elif how == "empty":
                self._send(200, "{}")
            elif how == "not json":
                self._send(200, "{this is not json")
            elif how == "wrong schema":
                self._send(200, json.dumps(_reply(self.path, body, {"answers": [{"field": 3}]})))
            elif how == "no tool call":
                plain = {key: value for key, value in body.items() if key != "tools"}
                self._send(200, json.dumps(_reply(self.path, plain, "I would rather not say")))
            else:
                answers = {"answers": _by_field(endpoint.model(system, user))}
                self._send(200, json.dumps(_reply(self.path, body, answers)))

        def _cut_off(self, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[: len(text) // 2].encode())
            self.wfile.flush()
            self._hang_up()

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def _send(
            self, status: int, text: str, *, kind: str = "application/json", location: str = ""
        ) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            if location:
                self.send_header("Location", location)
            if status == 429:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(model: Model) -> Iterator[FakeEndpoint]:
    endpoint = FakeEndpoint(model)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(endpoint))
    server.daemon_threads = True
    endpoint.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
