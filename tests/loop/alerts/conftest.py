"""A deployment with objectives and channels, and a clock that a test moves."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flyball.evaluation.objectives.requests import REQUESTS, Counted, RequestLog
from flyball.evaluation.objectives.steps import step_of
from flyball.loop.deployment import open_deployment
from flyball.loop.watching import Watcher
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parent))  # where `servers` lies

START = datetime(2026, 11, 1, tzinfo=UTC)
DEPLOYMENT = """
[deployment]
name = "talk"
purpose = "Answer"
owner = "Team"
jurisdictions = ["DE"]
[chat]
models = ["model"]
[[expert]]
name = "model"
kind = "language_model"
[expert.settings]
provider = "openai-compatible"
base_url = "http://127.0.0.1:9/v1"
model = "tiny"
api_key = "none"
"""


class House:
    """One watched deployment."""

    def __init__(self, folder, text):
        (folder / "flyball.toml").write_text(DEPLOYMENT + text)
        self.folder, self.now = folder, START
        self.workshop = Workshop(open_deployment(folder), clock=lambda: self.now)
        self.log = RequestLog(self.workshop.state / REQUESTS)
        self.turns = []
        self.restart()

    def restart(self, **more):
        """Begin to watch anew, with nothing but what is on disk."""
        self.watcher = Watcher(self.workshop, turns=lambda: self.turns.append(1) or "done: live", **more)

    def requests(self, good=0, bad=0, *, ms=50.0, minutes=1):
        """Count requests of the minutes up to now."""
        last = int(self.now.timestamp()) // 60 * 60
        counted = [
            Counted(last - 60 * back, "POST /v1/chat/completions", status, step_of(ms), n)
            for back in range(minutes)
            for status, n in ((2, good), (5, bad))
            if n
        ]
        self.log.add(counted, now=self.now)

    def pass_(self, minutes, *, good=60, bad=0, ms=50.0, look_every=1):
        """Let time pass with traffic; return every alert that was raised or resolved, with its minute."""
        seen = []
        for minute in range(look_every, minutes + 1, look_every):
            self.now += timedelta(minutes=look_every - 1)
            self.requests(good, bad, ms=ms, minutes=look_every)
            self.now += timedelta(minutes=1)
            looked = self.watcher.look()
            seen += [(minute, "raised", one.name, one.severity) for one in looked.raised]
            seen += [(minute, "resolved", one.name, one.severity) for one in looked.resolved]
        return seen

    def entries(self, kind):
        return list(self.workshop.ledger.entries(kind=kind))


@pytest.fixture
def house(tmp_path):
    made = []

    def make(text):
        made.append(House(tmp_path, text))
        return made[-1]

    yield make
    for one in made:
        one.watcher.wait(10)
        one.workshop.__exit__(None, None, None)
