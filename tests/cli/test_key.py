"""`flyball key` as people and programs run it."""

import json
import subprocess
import sys

import pytest

TOML = """
[deployment]
name = "talk"
purpose = "Answer"
owner = "Team"
jurisdictions = ["DE"]
[[expert]]
name = "m"
kind = "language_model"
[expert.settings]
base_url = "http://127.0.0.1:1/v1"
[chat]
models = ["m"]
"""


@pytest.fixture
def home(tmp_path):
    (tmp_path / "flyball.toml").write_text(TOML)
    return tmp_path


def key(home, *arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "flyball", "key", *arguments],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_key_is_shown_once_alone_on_stdout_and_never_again(home):
    made = key(home, "create", "app", "--scope", "chat")
    secret = made.stdout.strip()
    assert len(secret) == 85
    assert "the only time that the key is shown" in made.stderr
    listed = key(home, "list").stdout + key(home, "list", "--json").stdout
    assert secret[8:20] in listed
    assert secret.rpartition("_")[2] not in listed
    everything = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert secret.rpartition("_")[2].encode() not in everything


def test_the_life_of_a_key_through_the_command_line(home):
    made = json.loads(key(home, "create", "app", "--role", "auditor", "--tenant", "acme", "--json").stdout)
    assert "hash" not in made
    again = json.loads(key(home, "rotate", made["id"], "--overlap-hours", "1", "--json").stdout)
    assert again["key"] != made["key"]
    key(home, "revoke", made["id"][:8], "--why", "lost")
    states = {one["id"]: one["state"] for one in json.loads(key(home, "list", "--json").stdout)["keys"]}
    assert states == {made["id"]: "revoked", again["id"]: "valid"}


def test_wrong_use_says_what_is_known(home):
    done = key(home, "create", "app", "--scope", "everything", code=2)
    assert "No scope is called 'everything'. Known: chat, decisions," in done.stderr
    assert "Known: engineer, reviewer" in key(home, "create", "app", "--role", "king", code=2).stderr
    assert "opens nothing" in key(home, "create", "app", code=2).stderr
    assert "No key has the id '3f'" in key(home, "revoke", "3f", code=2).stderr
    assert "cannot be the name of a tenant" in (
        key(home, "create", "app", "--scope", "chat", "--tenant", "../x", code=2).stderr
    )
