"""The commands as people and programs run them: exit codes, one JSON shape, no traceback."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from flyball.cli.main import COMMANDS

FLYBALL = [sys.executable, "-m", "flyball"]


def flyball(*arguments, folder, code=0, environment=None):
    done = subprocess.run(
        [*FLYBALL, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env=environment,
    )
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def as_json(done):
    lines = done.stdout.strip().split("\n")
    assert len(lines) == 1
    return json.loads(lines[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    flyball("init", folder=folder)
    home = folder / "contract-review"
    done = as_json(flyball("turn", "--json", folder=home))
    assert done["live"], done["gate"]
    return home


def test_help_lists_every_command_and_is_quick_to_import(tmp_path):
    done = flyball("--help", folder=tmp_path)
    assert all(name in done.stdout for name in COMMANDS)
    code = "import time; t = time.perf_counter(); import flyball.cli; print(time.perf_counter() - t)"
    seconds = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    )
    assert seconds < 0.3


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_its_own_help(name, tmp_path):
    assert "Usage" in flyball(name, "--help", folder=tmp_path).stdout


def test_wrong_use_exits_with_two_and_says_what_to_do(tmp_path):
    done = flyball("plan", folder=tmp_path, code=2)
    assert "flyball init contract-review" in done.stderr
    error = as_json(flyball("plan", "--json", folder=tmp_path, code=2))
    assert (error["ok"], error["code"]) == (False, "core.bad_input")
    flyball("nonsense", folder=tmp_path, code=2)
    flyball("evaluate", "no-such-solution", "--cases", "x", folder=tmp_path, code=2)


def test_init_never_writes_over_something(made):
    done = flyball("init", folder=made.parent, code=2)
    assert "is there already and not empty; nothing was written" in done.stderr


def test_the_first_decision_makes_the_first_release_and_its_gate_may_refuse(tmp_path):
    flyball("init", folder=tmp_path)
    home = tmp_path / "contract-review"
    settings = home / "flyball.toml"
    text = settings.read_text()
    settings.write_text(text.replace("release = 0", "release = 1"))
    given = ("decide", "cases/contracts/mutual-nda.txt", "--json")
    refused = as_json(flyball(*given, folder=home, code=1))
    assert "1 approval of 1 missing" in refused["message"]
    settings.write_text(text)
    assert as_json(flyball(*given, folder=home))["ok"]


def test_plan_names_each_stage_with_run_or_skip_and_why(made):
    plan = as_json(flyball("plan", "--json", folder=made))
    assert {stage["action"] for stage in plan["stages"]} == {"skip"}
    assert all(stage["why"] and stage["stage"] for stage in plan["stages"])


def test_decide_gives_one_line_per_file_and_a_bad_file_stops_nothing(made, tmp_path):
    good = (made / "cases" / "contracts" / "saas-subscription.pdf").read_bytes()
    (tmp_path / "good.pdf").write_bytes(good)
    (tmp_path / "cut.pdf").write_bytes(good[:2000])
    (tmp_path / "empty.txt").write_bytes(b"")
    done = flyball("decide", tmp_path, "-d", made, "--json", folder=tmp_path)
    lines = {line["case"]: line for line in map(json.loads, done.stdout.strip().split("\n"))}
    assert set(lines) == {"good.pdf", "cut.pdf", "empty.txt"}
    assert lines["empty.txt"]["code"] == "documents.empty"
    assert not lines["cut.pdf"]["ok"]
    assert lines["cut.pdf"]["fix"]
    good_line = lines["good.pdf"]
    assert good_line["ok"]
    assert len(good_line["fields"]) == 41
    quoted = [span for field in good_line["fields"] if field["answer"] for span in field["evidence"]]
    assert quoted
    assert all(span["quote"] and span["page"] for span in quoted)
    entry = json.loads(
        flyball("ledger", "show", good_line["ledger_entry"], "-d", made, folder=tmp_path).stdout
    )
    assert (entry["kind"], entry["body"]["case_id"]) == ("decision", good_line["case_id"])


def test_whatever_was_shown_before_a_kill_stands_in_the_ledger(made, tmp_path):
    """A reply is written only after its decision is on disk."""
    text = (made / "cases" / "contracts" / "mutual-nda.txt").read_text()
    for number in range(60):
        (tmp_path / f"{number:02d}.txt").write_text(f"{text}\nCopy {number}.\n")
    with subprocess.Popen(
        [*FLYBALL, "decide", str(tmp_path), "-d", str(made), "--json", "--workers", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        shown = [child.stdout.readline() for _ in range(21)]
        os.kill(child.pid, signal.SIGKILL)
        shown += child.stdout.read().splitlines()
    whole = [json.loads(line) for line in shown if line.rstrip().endswith("}")]
    assert 21 <= len(whole) < 60
    listed = as_json(flyball("ledger", "list", "--kind", "decision", "--last", "1000", "--json", folder=made))
    places = {entry["index"]: entry["body"]["case_id"] for entry in listed["entries"]}
    assert all(places[line["ledger_entry"]] == line["case_id"] for line in whole)
    assert as_json(flyball("verify", "--json", folder=made))["ok"]


def test_a_report_that_may_leave_covers_personal_data(made, tmp_path):
    text = (made / "cases" / "contracts" / "mutual-nda.txt").read_text()
    (tmp_path / "nda.txt").write_text(f"{text}\nQuestions go to jane.roe@example.com.\n")
    flyball("decide", "nda.txt", "-d", made, "--report", "open.html", folder=tmp_path)
    flyball("decide", "nda.txt", "-d", made, "--report", "covered.html", "--redacted", folder=tmp_path)
    assert "jane.roe@example.com" in (tmp_path / "open.html").read_text()
    assert "jane.roe@example.com" not in (tmp_path / "covered.html").read_text()


def test_only_bad_files_is_wrong_use(made, tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    flyball("decide", tmp_path / "empty.txt", "-d", made, "--json", folder=tmp_path, code=2)


def test_a_ledger_is_verified_live_and_as_an_export_and_an_edit_is_found(made, tmp_path):
    assert as_json(flyball("verify", "--json", folder=made))["ok"]
    flyball("ledger", "export", tmp_path / "export", folder=made)
    found = as_json(flyball("verify", tmp_path / "export", "--json", folder=tmp_path))
    assert (found["ok"], found["first_bad"]) == (True, None)
    entries = tmp_path / "export" / "entries.jsonl"
    lines = entries.read_bytes().split(b"\n")
    lines[3] = lines[3].replace(b"sha256:", b"sha256;", 1)
    entries.write_bytes(b"\n".join(lines))
    found = as_json(flyball("verify", tmp_path / "export", "--json", folder=tmp_path, code=1))
    assert (found["ok"], found["first_bad"]) == (False, 3)


def test_the_proof_of_one_entry_is_checked_anywhere_with_a_key_and_an_edit_is_found(made, tmp_path):
    flyball("ledger", "export", tmp_path / "export", folder=made)
    key = tmp_path / "export" / "verifier.vkey"
    written = as_json(flyball("ledger", "proof", 3, "--out", tmp_path / "p.json", "--json", folder=made))
    assert written == {"ok": True, "entry": 3, "file": str(tmp_path / "p.json")}
    found = as_json(flyball("verify", "p.json", "--key", key, "--json", folder=tmp_path))
    entry = json.loads((tmp_path / "export" / "entries.jsonl").read_text().split("\n")[3])
    assert (found["entry"], found["kind"], found["actor"]) == (3, entry["kind"], entry["actor"])
    assert "--key FILE" in flyball("verify", "p.json", folder=tmp_path, code=2).stderr
    assert "Verified: entry 3" in flyball("verify", tmp_path / "p.json", folder=made).stdout
    bundle = (tmp_path / "p.json").read_text()
    (tmp_path / "p.json").write_text(bundle.replace(entry["actor"], "user:mallory", 1))
    said = flyball("verify", "p.json", "--key", key, folder=tmp_path, code=1).stderr
    assert "ledger.bad_proof" in said


def test_a_kind_of_which_there_is_no_entry_is_answered_with_those_that_are_there(made):
    said = flyball("ledger", "list", "--kind", "promotion", folder=made).stdout
    assert said.startswith("No entry is of the kind promotion. There are: ")
    assert "release.promoted" in said


def test_evaluate_gives_the_promised_keys_each_with_its_interval(made):
    report = as_json(flyball("evaluate", made, "--cases", made / "cases", "--json", folder=made))
    for name in (
        "cases",
        "accuracy",
        "automated_share",
        "automated_accuracy",
        "evidence_hit_rate",
        "cpu_ms_per_case",
    ):
        assert {"value", "low", "high", "n"} <= set(report[name]), name
        assert report[name]["low"] <= report[name]["value"] <= report[name]["high"]
    false = report["false_positives_per_1000_cases"]
    assert {"value", "low", "high", "n"} <= set(false["all"])
    assert {"value", "low", "high", "n"} <= set(false["automated"])
    assert report["cases"]["value"] == 25


@pytest.mark.slow
def test_a_release_is_never_scored_on_labels_that_tuned_it_and_can_be_compared(made):
    (release,) = as_json(flyball("release", "list", "--json", folder=made))["releases"]
    digits = release["release"][7:15]
    given = ("--cases", made / "cases", "--json")
    report = as_json(flyball("evaluate", made, *given, "--release", digits, folder=made))
    assert 0 < report["cases"]["value"] < 25
    assert report["left_out"]
    compared = as_json(flyball("evaluate", made, *given, "--against", digits, folder=made))
    assert compared["cases"] == report["cases"]["value"]
    assert {"low", "high", "value"} <= set(compared["differences"]["automated_share"]["difference"])


def test_impact_of_a_rule_names_fields_and_policies(made):
    impact = as_json(flyball("impact", "rule:liability.L-01", "--json", folder=made))["impact"]
    assert "cap_on_liability" in {one["id"] for one in impact["fields"]}
    (policy,) = impact["policies"]
    assert policy["path"] == ["rule liability.L-01", "cites policy:liability"]
    assert impact["stages"]["contract-review"] == ["playbook", "constitution", "release"]
    done = flyball("impact", "rule:liability.L-99", folder=made, code=2)
    assert "the nearest: liability.L-09" in done.stderr
    assert "Nothing differs from the live release." in flyball("impact", folder=made).stdout


def test_impact_says_that_nothing_is_live_and_what_to_do(tmp_path):
    flyball("init", folder=tmp_path)
    said = flyball("impact", folder=tmp_path / "contract-review").stdout
    assert said.startswith("No release is live, so there is nothing to compare with. Make one: flyball turn.")


def test_rules_that_decide_are_listed_beside_those_of_the_playbook(made):
    rules = as_json(flyball("rule", "list", "--json", folder=made))["rules"]
    assert {"triage.T-01", "liability.L-01"} <= {one["rule"] for one in rules}


def test_releases_are_listed_shown_and_refused_by_wrong_digits(made):
    (release,) = as_json(flyball("release", "list", "--json", folder=made))["releases"]
    assert release["live"]
    shown = as_json(flyball("release", "show", release["release"][7:15], "--json", folder=made))
    assert shown["digest"] == release["release"]
    assert "flyball release" in shown["note"]
    flyball("release", "show", "ffff", folder=made, code=2)
    flyball("release", "rollback", folder=made, code=1)


def test_who_signs_is_told_what_is_still_missing_and_the_list_who_is_waited_for(made, tmp_path):
    home = tmp_path / "bank"
    shutil.copytree(made, home)
    keys = os.environ | {"FLYBALL_KEYS": str(tmp_path / "keys")}
    assert "people.toml lists nobody" in flyball("person", "list", folder=home).stdout
    entries = [flyball("person", "add", id, folder=home, environment=keys) for id in ("anna", "bea")]
    assert str(tmp_path / "keys" / "anna.pem") in entries[0].stderr
    (home / "people.toml").write_text("".join(one.stdout for one in entries))
    settings = home / "flyball.toml"
    assert "\nrelease = 0\n" in settings.read_text()
    settings.write_text(settings.read_text().replace("\nrelease = 0\n", "\nrelease = 2\n"))
    digits = as_json(flyball("turn", "--json", folder=home, code=1))["release"][7:19]
    assert "waits for approval" in flyball("release", "list", folder=home).stdout
    said = [
        flyball("release", "approve", digits, "--as", id, folder=home, environment=keys).stdout
        for id in ("anna", "bea")
    ]
    assert f"1 approval of 2 missing for {digits} (could sign: bea)" in said[0]
    assert said[1].endswith(f"Put it live with: flyball release promote {digits}\n")
    no = ("--reject", "--comment", "too early", "--as", "anna")
    flyball("release", "approve", digits, *no, folder=home, environment=keys)
    assert " rejected " in flyball("release", "list", folder=home).stdout
    turned = flyball("turn", folder=home, code=1).stdout
    assert "anna (unknown) rejected" in turned
    assert "waits for approval" not in turned


def test_the_evidence_of_a_release_says_for_each_duty_what_was_checked(made):
    (release,) = as_json(flyball("release", "list", "--json", folder=made))["releases"]
    shown = as_json(flyball("release", "evidence", release["release"][7:15], "--json", folder=made))
    standings = {one["obligation"]: one["standing"] for one in shown["evidence"]["coverage"]}
    assert standings["eu.gdpr.28.3#1"] == "watched"
    assert set(standings.values()) <= {"partly", "not_met", "watched", "not_covered"}
    flyball("release", "evidence", "ffff", folder=made, code=2)


def test_versions_of_the_data_are_listed_shown_and_tagged_once(made):
    listed = as_json(flyball("snapshot", "list", "--json", folder=made))["snapshots"]
    assert {one["dataset"] for one in listed} == {"cases", "labels", "places"}
    cases = as_json(flyball("snapshot", "show", "cases", "--json", folder=made))["snapshot"]
    assert cases["rows"] == 25
    assert len(cases["parents"]) == 25
    flyball("snapshot", "tag", "cases", "audit", folder=made)
    tagged = as_json(flyball("snapshot", "show", "cases@audit", "--json", folder=made))["snapshot"]
    assert tagged["digest"] == cases["digest"]
    flyball("snapshot", "show", "cases@nobody", folder=made, code=2)


def test_duties_of_a_day_show_the_change_of_2026(made):
    def ids(day):
        listed = as_json(flyball("obligation", "list", "--on", day, "--json", folder=made))
        return {duty["id"] for duty in listed["obligations"]}

    assert "us.sr-11-7" in ids("2026-04-16")
    assert "us.sr-11-7" not in ids("2026-04-17")
    flyball("obligation", "list", "--on", "yesterday", folder=made, code=2)


def test_settings_show_where_they_come_from_and_no_host_is_reached(made):
    settings = as_json(flyball("config", "show", "--json", folder=made))["settings"]
    assert {"name": "deployment.name", "value": "contract-review", "origin": "flyball.toml"} in settings
    assert as_json(flyball("egress", "--json", folder=made))["hosts"] == []


def test_a_busy_turn_asks_to_try_again(made):
    code = (
        "from pathlib import Path; import subprocess, sys\n"
        "from flyball.loop.turn import only_one_turn\n"
        f"with only_one_turn(Path({str(made / '.flyball')!r})):\n"
        f"    turn = [*{FLYBALL!r}, 'turn']\n"
        f"    sys.exit(subprocess.run(turn, cwd={str(made)!r}).returncode)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "A turn is already under way" in done.stderr


def test_the_network_is_never_touched(made):
    """A Python that cannot open an outward socket still plans, turns, decides and evaluates."""
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from flyball.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    for arguments in (["plan"], ["turn"], ["decide", "cases/contracts/mutual-nda.txt"], ["verify"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=made, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
