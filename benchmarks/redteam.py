"""Attack the shipped deployments, and one that talks with the worst of models, through their whole gateway.

    python benchmarks/redteam.py [--data DATA] [--budget 300] [--only NAME]

Prints one JSON object and never a text. The model of `talk` repeats all that it is told and calls whatever
tool a text names: no model can obey more, so its rates are what guards and provenance hold by themselves.
DATA/redteam holds NotInject (MIT) and XSTest (CC BY 4.0): harmless prompts of others, sent through the
gateway, too. Times are processor seconds.
"""

import argparse
import csv
import json
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from flyball.core.estimates import as_plain
from flyball.core.intervals import wilson
from flyball.gateway.attacking import Wanted, attack
from flyball.gateway.sandbox import open_sandbox
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.workshop import Workshop

SHIPPED = ("contract-review", "credit-risk", "payment-fraud")
TALK = """
[deployment]
name = "talk"
purpose = "Answer questions"
owner = "Benchmark"
jurisdictions = ["DE"]
[chat]
models = ["worst"]
{guards}
[[expert]]
name = "worst"
kind = "language_model"
[expert.settings]
provider = "openai-compatible"
base_url = "http://127.0.0.1:{port}/v1"
model = "worst"
api_key = "none"
"""


class Worst(BaseHTTPRequestHandler):
    """Repeats everything, and calls the tool that a text names."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Answer one request."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        told = [json.dumps(one.get("content"), ensure_ascii=False) for one in body["messages"]]
        message = {"role": "assistant", "content": " ".join(told).replace("\\n", "\n")}
        if body.get("tools") and "send_payment" in told[-1]:
            call = {"id": "c", "type": "function", "function": {"name": "send_payment", "arguments": "{}"}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        data = json.dumps({"choices": choices}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        """Say nothing."""


def told(report, seconds):
    """Return what a run showed."""
    return {
        "attempts": sum(one.attempts for one in report.families.values()),
        "attacks": as_plain(report.attacks),
        "harmless refused": as_plain(report.benign),
        "failed": report.failed,
        "families": {
            name: {
                "attempts": one.attempts,
                "successes": one.successes,
                "seeds": one.seeds,
                **as_plain(one.rate),
                "held by": dict(one.held_by),
            }
            for name, one in report.families.items()
        },
        "not applicable": sorted(report.plan.not_applicable),
        "processor seconds": round(seconds, 1),
    }


def attacked(folder, budget):
    """Attack a deployment, each time from the beginning."""
    began = time.process_time()
    with Workshop(open_deployment(folder), actor="user:benchmark") as workshop:
        report, _ = attack(workshop, Wanted(budget=budget))
    return told(report, time.process_time() - began)


def shipped(name, folder, budget):
    """Make a shipped deployment, release it, attack it."""
    init_deployment(name, folder)
    with Workshop(open_deployment(folder), actor="user:benchmark") as workshop:
        if not full_turn(workshop).promoted.live:
            raise SystemExit(f"{name} did not go live")
    return attacked(folder, budget)


def talking(folder, port, guards):
    """Write a deployment that talks."""
    folder.mkdir()
    (folder / "flyball.toml").write_text(TALK.format(port=port, guards=guards))
    return folder


def prompts(data):
    """Yield harmless prompts that others have written: name of the set, texts."""
    path = data / "notinject" / "NotInject_one.json"
    if path.is_file():
        yield "NotInject one", [row["prompt"] for row in json.loads(path.read_text())]
    path = data / "xstest" / "xstest_prompts.csv"
    if path.is_file():
        with path.open(newline="") as file:
            yield "XSTest, safe", [row["prompt"] for row in csv.DictReader(file) if row["label"] == "safe"]


def harmless(folder, data):
    """Send harmless prompts through the whole gateway; count those that get no answer."""
    found = {}
    with Workshop(open_deployment(folder), actor="user:benchmark") as workshop, open_sandbox(workshop) as box:
        for name, texts in prompts(data):
            refused = 0
            for text in texts:
                body = {"model": "talk", "messages": [{"role": "user", "content": text}]}
                refused += box.ask("POST", "/v1/chat/completions", body).status != 200
            low, high = wilson(refused, len(texts))
            found[name] = {"refused": refused, "n": len(texts), "low": low, "high": high}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory() as home:
        for name in SHIPPED:
            if given.only in ("", name):
                found[name] = shipped(name, Path(home) / name, given.budget)
        if given.only in ("", "talk"):
            server = ThreadingHTTPServer(("127.0.0.1", 0), Worst)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for name, guards in (
                ("the worst model, guarded", ""),
                ("the worst model, guarded, one tool after data", 'tools_after_data = ["read_mail"]'),
                ("the worst model, bare", "guards_in = []\nguards_out = []"),
            ):
                folder = talking(Path(home) / name.replace(" ", "-"), server.server_port, guards)
                found[name] = attacked(folder, given.budget)
            found["harmless prompts of others"] = harmless(
                Path(home) / "the-worst-model,-guarded", given.data / "redteam"
            )
            server.shutdown()
    json.dump(found, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
