"""`flyball slo`, `alert`, `watch` and `serve --watch` as processes: signals, kills, exit codes, JSON."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flyball.evaluation.objectives.requests import REQUESTS, Counted, RequestLog

FLYBALL = [sys.executable, "-m", "flyball"]
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
[[slo]]
name = "available"
indicator = "availability"
target = 0.999
title = "Answers without a fault"
[watch]
every_seconds = 1
[alerts]
disk_free_gb = 0
[[alerts.channel]]
name = "log"
kind = "file"
settings = { path = "FOLDER/told.jsonl" }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "flyball.toml").write_text(DEPLOYMENT.replace("FOLDER", str(tmp_path)))
    return tmp_path


def requests(folder, good, bad):
    minute = int(datetime.now(UTC).timestamp()) // 60 * 60
    log = RequestLog(folder / ".flyball" / REQUESTS)
    counted = [Counted(minute, "POST /v1/chat/completions", s, 9, n) for s, n in ((2, good), (5, bad)) if n]
    log.add(counted, now=datetime.now(UTC))


def flyball(*arguments, folder, code=0):
    done = subprocess.run(
        [*FLYBALL, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


def told(folder):
    path = folder / "told.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def start(*arguments, folder):
    return subprocess.Popen(
        [*FLYBALL, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_objectives_alerts_and_their_care_from_the_command_line(folder):
    (one,) = json.loads(flyball("slo", "--json", folder=folder))["objectives"]
    assert one["figure"] == {
        "value": None,
        "low": None,
        "high": None,
        "n": 0,
        "reason": "no request in 28 days",
    }
    assert "Nothing is open." in flyball("alert", "list", folder=folder)
    requests(folder, 10, 50)
    text = flyball("slo", folder=folder)
    assert "page Answers without a fault: the budget is used up" in text
    told_by = json.loads(flyball("watch", "--once", "--json", folder=folder, code=1).splitlines()[0])
    assert told_by["raised"][0]["name"] == "available"
    listed = json.loads(flyball("alert", "list", "--json", folder=folder))
    assert [(one["name"], one["state"]) for one in listed["alerts"]] == [("available", "open")]
    flyball("alert", "list", "--exit-code", folder=folder, code=1)
    assert "acknowledged by person:anna" in flyball(
        "alert", "ack", "available", "--as", "anna", folder=folder
    )
    flyball("alert", "silence", "available", "--hours", "2", "--why", "repair", folder=folder)
    assert "silenced until" in flyball("alert", "list", folder=folder)
    flyball("alert", "unsilence", "available", folder=folder)
    assert "took two messages" in flyball("alert", "test", "log", folder=folder)
    assert [one["event"] for one in told(folder)] == ["raised", "raised", "resolved"]


def test_wrong_names_are_answered_with_the_known_ones(folder):
    for arguments in (
        ("slo", "nothing"),
        ("alert", "ack", "nothing"),
        ("alert", "unsilence", "nothing"),
        ("alert", "test", "nothing"),
        ("alert", "silence", "x", "--hours", "-1", "--why", "y"),
        ("alert", "silence", "x", "--hours", "nan", "--why", "y"),
    ):
        flyball(*arguments, folder=folder, code=2)


def test_killed_at_any_moment_it_goes_on_and_tells_nothing_twice_that_was_written_down(folder):
    requests(folder, 10, 50)
    for _ in range(3):
        watcher = start("watch", folder=folder)
        until(lambda: len(told(folder)) >= 1)
        time.sleep(0.3)
        watcher.send_signal(signal.SIGKILL)
        watcher.wait()
    looked = folder / ".flyball" / "watch.json"
    looked.unlink()
    watcher = start("watch", folder=folder)
    until(looked.exists)
    watcher.send_signal(signal.SIGTERM)
    assert watcher.wait(30) == 0
    assert [one["event"] for one in told(folder)] == ["raised"]
    flyball("verify", folder=folder)


def test_served_and_watched_both_end_together_also_when_the_server_is_killed(folder):
    requests(folder, 10, 50)
    for how in (signal.SIGTERM, signal.SIGKILL):
        server = start("serve", "--watch", "--port", "0", folder=folder)
        until(lambda: len(told(folder)) >= 1)
        until(lambda pid=server.pid: _children(pid))
        (watcher,) = _children(server.pid)
        server.send_signal(how)
        server.wait(30)
        until(lambda watcher=watcher: not _alive(watcher), 30)
    assert [one["event"] for one in told(folder)] == ["raised"]


def test_killed_while_a_message_is_under_way_it_is_sent_again_and_then_no_more(folder):
    """The receiver gets it whole and the watcher dies before it hears so: at least once, the same id."""
    killed = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.server.got.append(self.headers["webhook-id"])
            if len(self.server.got) == 1:
                killed[0].send_signal(signal.SIGKILL)
                killed[0].wait()
                self.close_connection = True
                return
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    channel = (
        f'[[alerts.channel]]\nname = "hook"\nkind = "webhook"\n'
        f'settings = {{ url = "http://127.0.0.1:{server.server_port}/", secret = {{ env = "HOOK_KEY" }} }}\n'
    )
    (folder / "flyball.toml").write_text((folder / "flyball.toml").read_text() + channel)
    requests(folder, 10, 50)
    environment = os.environ | {"HOOK_KEY": "a key of twenty-four bytes"}
    for _ in range(2):
        killed[:] = [
            subprocess.Popen(
                [*FLYBALL, "watch"],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        ]
        begun = len(server.got)
        until(lambda begun=begun: len(server.got) > begun)
    until(lambda: '"waiting":[]' in flyball("alert", "list", "--json", folder=folder).replace(" ", ""))
    time.sleep(2.5)  # two more looks
    killed[0].send_signal(signal.SIGTERM)
    killed[0].wait(30)
    server.shutdown()
    server.server_close()
    assert len(server.got) == 2
    assert len(set(server.got)) == 1


def test_a_watcher_that_dies_beside_the_server_is_begun_again(folder):
    requests(folder, 10, 50)
    server = start("serve", "--watch", "--port", "0", folder=folder)
    try:
        until(lambda: len(told(folder)) >= 1)
        (first,) = _children(server.pid)
        os.kill(first, signal.SIGKILL)
        until(lambda: [one for one in _children(server.pid) if one != first])
        (second,) = _children(server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(40) == 0
    until(lambda: not _alive(second), 30)
    assert [one["event"] for one in told(folder)] == ["raised"]


def test_runbooks_and_taking_back_from_the_command_line(folder):
    requests(folder, 10, 50)
    assert "Nothing has ever watched this deployment" in flyball_said("alert", "list", folder=folder)
    unraised = flyball("alert", "runbook", "available", folder=folder)
    flyball("watch", "--once", folder=folder, code=1)
    page = flyball("alert", "runbook", "available", folder=folder)
    assert page == unraised, "an objective has its runbook before it is broken"
    assert page.startswith("# Runbook: availability")
    assert "flyball release rollback" in page
    assert "availability" in flyball("alert", "runbook", folder=folder).split()
    flyball("alert", "runbook", "nothing", folder=folder, code=2)
    flyball("alert", "ack", "available", "--as", "anna", folder=folder)
    flyball("alert", "unack", "available", "--as", "anna", folder=folder)
    (alert,) = json.loads(flyball("alert", "list", "--json", folder=folder))["alerts"]
    assert (alert["state"], alert["runbook"]) == ("open", "availability")
    flyball("alert", "unack", "available", folder=folder, code=2)


def flyball_said(*arguments, folder):
    done = subprocess.run(
        [*FLYBALL, *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stderr


def _children(pid):
    found = []
    for entry in os.listdir("/proc"):
        try:
            stat = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            line = Path(f"/proc/{entry}/cmdline").read_text()
        except (OSError, NotADirectoryError):
            continue
        if int(stat[1]) == pid and "watch" in line:
            found.append(int(entry))
    return found


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
