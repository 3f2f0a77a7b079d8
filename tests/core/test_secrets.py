"""A secret is fetched when asked for, and has no form that could be written down."""

import json
import pickle
import sys

import pytest

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.secrets import Secret, is_reference, names_secret, secret


def test_a_secret_comes_from_the_environment_a_file_or_a_command(tmp_path, monkeypatch):
    monkeypatch.setenv("CORE_PASSWORD", "of the environment")
    (tmp_path / "password").write_text("of a file\n")
    assert secret({"env": "CORE_PASSWORD"}).reveal() == "of the environment"
    assert secret({"file": str(tmp_path / "password")}).reveal() == "of a file"
    assert secret({"command": [sys.executable, "-c", "print('of a command')"]}).reveal() == "of a command"


def test_it_prints_as_stars_and_does_not_travel(monkeypatch):
    monkeypatch.setenv("CORE_PASSWORD", "hunter2")
    found = secret({"env": "CORE_PASSWORD"})
    assert [str(found), repr(found), f"{found:>9}", f"{[found]}"] == ["***", "***", "***", "[***]"]
    assert found.reference == "env CORE_PASSWORD"
    with pytest.raises(TypeError):
        pickle.dumps(found)
    with pytest.raises(TypeError):
        json.dumps(found)
    with pytest.raises((TypeError, BadInput)):
        canonical_json({"password": found})


@pytest.mark.parametrize(
    "value",
    ["hunter2", {"env": ""}, {"env": 3}, {"command": "sh -c x"}, {"command": []}, {"vault": "x"}, {}, None],
)
def test_a_literal_secret_is_refused_and_not_repeated(value):
    with pytest.raises(BadInput) as refused:
        secret(value)
    assert "hunter2" not in str(refused.value)


def test_a_reference_is_told_by_its_form():
    assert [
        is_reference(value) for value in ({"env": "X"}, {"vault": "X"}, {"env": "X", "file": "y"}, "X")
    ] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"env": "NO_SUCH_VARIABLE_HERE"}, "it is not set"),
        ({"file": "/no/such/file"}, "FileNotFoundError"),
        ({"command": [sys.executable, "-c", "raise SystemExit(3)"]}, "it ended with 3"),
        ({"command": [sys.executable, "-c", "print()"]}, "it is empty"),
    ],
)
def test_a_secret_that_cannot_be_had_says_where_it_was_looked_for(value, why):
    with pytest.raises(BadInput, match=why) as missing:
        secret(value).reveal()
    assert isinstance(secret(value), Secret)
    assert next(iter(value)) in str(missing.value)


def test_what_was_read_is_in_no_error_nor_behind_one(tmp_path):
    """A decoder's error holds the bytes it could not read, a late command's what it had written."""
    (tmp_path / "binary").write_bytes(b"hunter2\xff")
    (tmp_path / "long").write_bytes(b"hunter2" * 200_000)
    late = "import sys, time; print('hunter2', flush=True); sys.exit(3)"
    for value in (
        {"file": str(tmp_path / "binary")},
        {"file": str(tmp_path / "long")},
        {"file": "\0"},
        {"command": [sys.executable, "-c", late]},
    ):
        with pytest.raises(BadInput) as refused:
            secret(value).reveal()
        assert "hunter2" not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None


def test_a_command_gets_nothing_of_what_is_piped_into_flyball():
    reading = "import sys; print('got', len(sys.stdin.read()))"
    assert secret({"command": [sys.executable, "-c", reading]}).reveal() == "got 0"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("password", True),
        ("sas_token", True),
        ("client_secret", True),
        ("API_KEY", True),
        ("sig", True),
        ("token_url", False),
        ("api_key_header", False),
        ("access_key", False),  # the name of a key of S3, not the key
        ("design", False),
    ],
)
def test_settings_that_are_called_like_secrets_are_told(name, told):
    assert names_secret(name) is told
