"""A model behind HTTP on this machine, in our own contract and in MLflow's, that can misbehave."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Model = Callable[[dict[str, object]], list[dict[str, object]]]
"""What the model predicts for one case of the request."""


class ModelServer:
    """What was asked, and how to answer."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.misbehave: Callable[[str], str] = lambda body: ""
        self.seen: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(data)
            server.seen.append(body)
            server.headers.append({key.lower(): value for key, value in self.headers.items()})
            how = server.misbehave(data.decode())
            if how in ("400", "429", "500"):
                self._send(int(how), json.dumps({"error": data.decode()[:80]}))
            elif how == "hang up":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif how == "slow":
                time.sleep(1.5)
                self._send(200, "{}")
            elif how == "redirect":
                self._send(307, "", location="http://127.0.0.1:9/")
            elif how.startswith("say "):
                self._send(200, how.removeprefix("say "))
            elif self.path.endswith("/invocations"):
                records = body["dataframe_records"]
                self._send(
                    200, json.dumps({"predictions": [server.model(one)[0]["answer"] for one in records]})
                )
            else:
                found = [row for case in body["cases"] for row in server.model(case)]
                self._send(200, json.dumps({"predictions": found}))

        def _send(self, status: int, text: str, *, location: str = "") -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(model: Model) -> Iterator[ModelServer]:
    found = ModelServer(model)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(found))
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
