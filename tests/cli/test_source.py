"""`flyball source` as a person at a terminal uses it."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

FLYBALL = Path(sys.executable).parent / "flyball"


def flyball(*words, cwd, code=0):
    done = subprocess.run(
        [FLYBALL, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    root = tmp_path_factory.mktemp("bank")
    flyball("init", "--folder", "deployment", cwd=root)
    folder = root / "deployment"
    with sqlite3.connect(folder / "core.db") as connection:
        connection.execute(
            "create table accounts (account text not null primary key, balance decimal(20, 4))"
        )
        connection.execute("insert into accounts values ('A1', 1.25), ('A2', 123456789.0625)")
    connection.close()
    with (folder / "flyball.toml").open("a") as file:
        file.write('\n[[source]]\nname = "core"\nurl = "sqlite:///core.db"\n')
        file.write('\n[[source]]\nname = "lost"\npath = "cases"\nkind = "tables"\n')
    return folder


def test_list_shows_every_source_without_connecting(bank):
    listed = json.loads(flyball("source", "list", "--json", cwd=bank).stdout)
    assert [one["name"] for one in listed["sources"]] == ["contracts", "core", "lost"]
    assert [one["kind"] for one in listed["sources"]] == ["files", "database", "tables"]
    assert {"mainframe", "sap_odata", "database"} <= set(listed["kinds"])


def test_check_tells_what_is_offered_and_what_cannot_be_read(bank):
    told = json.loads(flyball("source", "check", "core", "--json", cwd=bank).stdout)
    (stream,) = told["sources"][0]["streams"]
    assert (stream["name"], stream["key"]) == ("accounts", ["account"])
    assert stream["columns"][1] == {"name": "balance", "type": "decimal128(20, 4)"}
    bad = flyball("source", "check", "--json", cwd=bank, code=1)
    assert [one["ok"] for one in json.loads(bad.stdout)["sources"]] == [True, True, False]


def test_preview_gives_one_json_line_per_row_with_every_digit(bank):
    done = flyball("source", "preview", "core", "--json", cwd=bank)
    assert done.stdout.splitlines() == [
        '{"account":"A1","balance":1.2500}',
        '{"account":"A2","balance":123456789.0625}',
    ]
    assert len(flyball("source", "preview", "core", "-n", 1, "--json", cwd=bank).stdout.splitlines()) == 1


def test_preview_of_a_kind_takes_its_settings_as_options_and_needs_no_deployment(bank, tmp_path):
    done = flyball("source", "preview", "database", f"--url=sqlite:///{bank}/core.db", "--json", cwd=tmp_path)
    assert json.loads(done.stdout.splitlines()[0]) == {"account": "A1", "balance": 1.25}
    wrong = flyball("source", "preview", "database", "--no-such", "x", "--json", cwd=tmp_path, code=2)
    assert "no_such" in json.loads(wrong.stdout)["message"]
    wrong = flyball("source", "preview", "core", "--url", "x", cwd=bank, code=2)
    assert "is a setting of a kind" in wrong.stderr


def test_sync_loads_and_says_so(bank):
    first = json.loads(flyball("source", "sync", "core", "--json", cwd=bank).stdout)
    assert [(one["outcome"], one["rows"]) for one in first["synced"]] == [("loaded", 2)]
    shown = flyball("source", "list", cwd=bank).stdout
    assert "core" in shown
    snapshots = json.loads(flyball("snapshot", "list", "--json", cwd=bank).stdout)["snapshots"]
    assert [one["dataset"] for one in snapshots] == ["core_accounts"]


def test_an_unknown_source_lists_the_known_ones(bank):
    assert "Declared: contracts, core, lost" in flyball("source", "sync", "nothing", cwd=bank, code=2).stderr
