"""`flyball key` as people and programs run it."""

import json
import subprocess
import sys

import pytest

from flyball.cli.main import main

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
def home(tmp_path, monkeypatch):
    (tmp_path / "flyball.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def key(home, capsys):
    """Run the command in this process, as the script does; starting a new one each time takes long."""

    def run(*arguments, code=0):
        with pytest.raises(SystemExit) as ended:
            main(["key", *arguments])
        done = capsys.readouterr()
        assert ended.value.code == code, done.err
        return done

    return run


def test_a_key_is_shown_once_alone_on_stdout_and_never_again(home, key):
    made = key("create", "app", "--scope", "chat")
    secret = made.out.strip()
    assert len(secret) == 85
    assert "the only time that the key is shown" in made.err
    listed = key("list").out + key("list", "--json").out
    assert secret[8:20] in listed
    assert secret.rpartition("_")[2] not in listed
    everything = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert secret.rpartition("_")[2].encode() not in everything


def test_the_life_of_a_key_through_the_command_line(key):
    made = json.loads(key("create", "app", "--role", "auditor", "--tenant", "acme", "--json").out)
    assert "hash" not in made
    again = json.loads(key("rotate", made["id"], "--overlap-hours", "1", "--json").out)
    assert again["key"] != made["key"]
    key("revoke", made["id"][:8], "--why", "lost")
    states = {one["id"]: one["state"] for one in json.loads(key("list", "--json").out)["keys"]}
    assert states == {made["id"]: "revoked", again["id"]: "valid"}


def test_wrong_use_says_what_is_known(key):
    done = key("create", "app", "--scope", "everything", code=2)
    assert "No scope is called 'everything'. Known: chat, decisions," in done.err
    assert "Known: engineer, reviewer" in key("create", "app", "--role", "king", code=2).err
    assert "opens nothing" in key("create", "app", code=2).err
    assert "No key has the id '3f'" in key("revoke", "3f", code=2).err
    assert "cannot be the name of a tenant" in (
        key("create", "app", "--scope", "chat", "--tenant", "../x", code=2).err
    )


def test_the_command_brings_no_server_with_it():
    heavy = "{'litestar', 'uvicorn', 'httpx2', 'jwt'}"
    code = f"import sys, flyball.cli.commands.key as _; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")
