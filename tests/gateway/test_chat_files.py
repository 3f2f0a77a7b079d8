"""A server answers conversations with the files that it read, and says so when others are there by now."""

import http.client
import json

import pytest

from flyball.core.digests import digest_of_bytes
from flyball.gateway import chat_files as module
from flyball.gateway.chat_files import ChatFiles
from flyball.loop.deployment import open_deployment
from flyball.loop.kit import chat_files, kit_of_bundle, lay_out
from flyball.loop.releases import new_release, sign_release
from flyball.loop.workshop import Workshop

REPLY = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Steady."}}]}
CHAT = 'system = "system.md"'


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(module, "_SECONDS_APART", 0.0)


@pytest.fixture
def folder(upstream, deployment):
    made = deployment(upstream(lambda handler, body: handler.say(200, REPLY)), chat=CHAT)
    (made / "system.md").write_text("Be short.")
    return made


@pytest.fixture
def workshop(folder):
    with Workshop(open_deployment(folder)) as opened:
        yield opened


def released(workshop, **other):
    """Put a release live that signs the files of the folder, or others."""
    names = {"flyball.toml": "flyball.toml", "chat/system/system.md": "system.md"}
    files = {
        name: digest_of_bytes((workshop.deployment.root / path).read_bytes()) for name, path in names.items()
    }
    made = new_release("talk", parts={}, files=files | other, promises=(), approvals_required=0)
    sign_release(made, workshop.key, workshop.state)
    body = {"release": made.digest, "before": "", "why": "test"}
    workshop.ledger.append(kind="release.promoted", actor="test", body=body)
    return made.digest


def test_an_edit_is_told_once_and_so_is_taking_it_back(workshop, folder, caplog):
    files = ChatFiles(workshop)
    assert (files.look(), files.release) == ("as read", "")
    (folder / "system.md").write_text("Be long.")
    with caplog.at_level("INFO", logger="flyball.gateway.chat_files"):
        assert [files.look(), files.look()] == ["folder changed"] * 2
        (folder / "system.md").unlink()
        assert files.look() == "folder changed"
        (folder / "system.md").write_text("Be short.")
        assert files.look() == "as read"
    assert [one.levelname for one in caplog.records] == ["WARNING", "INFO"]
    assert "start it again to take the new ones over" in caplog.text


def test_a_release_that_signs_the_same_files_is_named_and_another_one_is_told(workshop, folder):
    live = released(workshop)
    files = ChatFiles(workshop)
    assert (files.look(), files.release) == ("as read", live)
    released(workshop, **{"rules/more.csv": "sha256:" + "a" * 64})  # of no concern to conversations
    assert files.look() == "as read"
    released(workshop, **{"chat/system/system.md": "sha256:" + "b" * 64})
    assert files.look() == "not the live release"
    assert ChatFiles(workshop).release == ""


def test_a_release_that_was_altered_vouches_for_nothing(workshop):
    live = released(workshop)
    files = ChatFiles(workshop)
    again = released(workshop, **{"rules/more.csv": "sha256:" + "a" * 64})
    path = workshop.state / "releases" / f"{again.removeprefix('sha256:')}.json"
    path.write_bytes(path.read_bytes().replace(b"sha256:aaaa", b"sha256:aaab"))
    assert (files.release, files.look()) == (live, "not the live release")


def test_a_bundle_keeps_the_files_of_the_chat(workshop, tmp_path):
    names = {
        name: workshop.blobs.put(path.read_bytes()) for name, path in chat_files(workshop.deployment).items()
    }
    assert list(names) == ["flyball.toml", "chat/system/system.md"]
    (tmp_path / "fields.toml").write_text("")
    names["fields.toml"] = workshop.blobs.put(
        b'[[field]]\nkey = "a"\ntitle = "A"\nquestion = "Is it?"\nkind = "flag"\n'
    )
    bundle = kit_of_bundle(lay_out(names, workshop.blobs, tmp_path / "bundle"))
    assert set(bundle.chat) == {"chat/system/system.md"}


def test_the_doors_say_it_and_the_ledger_names_what_answered(folder, serve):
    running = serve(folder)

    def send(method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", int(running.url.split(":")[2].split("/")[0]))
        connection.request(method, path, body, {"content-type": "application/json"})
        reply = connection.getresponse()
        assert reply.status == 200
        said = reply.read().decode()
        connection.close()
        return said

    def asked():
        body = json.dumps({"model": "talk", "messages": [{"role": "user", "content": "How?"}]})
        return json.loads(send("POST", "/v1/chat/completions", body))

    def seen(path):
        return send("GET", path)

    assert asked()["choices"][0]["message"]["content"] == "Steady."
    assert json.loads(seen("/readyz"))["chats_that_differ"] == 0
    assert 'flyball_chat_differs{deployment="talk",from="folder"} 0' in seen("/metrics")
    (folder / "flyball.toml").write_text((folder / "flyball.toml").read_text() + "\n# edited\n")
    asked()
    assert json.loads(seen("/readyz"))["chats_that_differ"] == 1
    assert 'flyball_chat_differs{deployment="talk",from="folder"} 1' in seen("/metrics")
    kits = {entry.body["kit"] for entry in running.entries()}
    assert len(kits) == 1
    assert {entry.body["release"] for entry in running.entries()} == {""}
