"""`flyball obligation` outside a deployment and in one, on the three changes of 2026."""

import json
from datetime import UTC, datetime

import pytest
from tests.governance.obligations.invented import duty, precedence
from typer.testing import CliRunner

from flyball.cli.commands.obligation import command
from flyball.core.errors import BadInput, UnknownName
from flyball.governance.obligations.errors import BadCatalogue
from flyball.loop.init import init_deployment

ERASE = {"jurisdiction": '"US"', "demands": '[{ of = "record.kept_days", at_most = 365 }]'}


@pytest.fixture
def outside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def inside(tmp_path, monkeypatch):
    root = tmp_path / "credit"
    init_deployment("credit-risk", root)
    monkeypatch.chdir(root)
    return root


def run(*words, code=0):
    result = CliRunner().invoke(command, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def data(*words, code=0):
    return json.loads(run(*words, "--json", code=code))


def ids(*words):
    return {one["id"] for one in data("list", *words)["obligations"]}


def test_outside_a_deployment_the_whole_catalogue_is_asked(outside):
    assert "us.sr-11-7" in ids("--on", "2026-04-16")
    assert ids("--on", "2026-04-17") >= {"us.sr-26-2", "eu.gdpr.22", "gb.ucta.2"}
    assert data("list")["on"] == datetime.now(UTC).date().isoformat()
    moved = data("diff", "2026-07-20", "2026-07-21")["difference"]
    assert [one["id"] for one in moved["ends"]] == ["us.reg-b.effects-test"]
    assert data("show", "us.sr-11-7")["versions"][0]["superseded_by"] == ["us.sr-26-2#1"]


def test_what_had_to_be_expected_before_the_amendment_is_told(outside):
    day = ("--on", "2026-09-01")
    assert "eu.ai-act.14" not in ids(*day)
    assert "eu.ai-act.14" in ids(*day, "--as-known-on", "2026-07-23")
    assert "eu.ai-act.14" not in ids(*day, "--as-known-on", "2026-07-24")


def test_in_a_deployment_only_what_concerns_it_is_told(inside):
    assert ids("--on", "2026-11-30") == {
        "us.fcra.615",
        "us.reg-b.1002.12",
        "us.reg-b.1002.4.b",
        "us.reg-b.1002.6",
        "us.reg-b.1002.9",
        "us.sr-26-2",
    }
    assert "Nothing changes for this deployment" in run("diff", "2026-08-01", "2026-08-02")
    shown = run("show", "us.reg-b.1002.12")
    assert "asks: record.kept_days at least 762" in shown


def test_what_is_out_of_date_is_found_and_ends_with_1(outside):
    assert data("check", "--on", "2026-11-30") == {
        "ok": True,
        "on": "2026-11-30",
        "stale": [],
        "frameworks": [],
        "contradictions": [],
        "ahead": [],
    }
    (due,) = data("check", "--on", "2026-12-02", code=1)["stale"]
    assert (due["kind"], due["about"]) == ("review due", "eu.ai-act.111.4#1")
    assert [one["id"] for one in data("check", "--on", "2027-11-30", code=1)["frameworks"]] == [
        "iso-27001",
        "iso-42001",
        "nist-ai-rmf",
        "nist-sp-800-53",
        "soc-2",
    ]


def test_a_tag_that_is_missing_or_mistyped_is_seen_by_what_it_would_bring(inside):
    told = data("list", "--on", "2026-11-30")["with_one_more_tag"]
    assert told["hipaa"] == ["us.hipaa.164.312", "us.hipaa.164.316"]
    assert "credit" not in told
    settings = inside / "flyball.toml"
    settings.write_text(
        settings.read_text().replace('"credit", "sector:banking"', '"credti", "sector:bankng"')
    )
    told = data("list", "--on", "2026-11-30")["with_one_more_tag"]
    assert "us.reg-b.1002.9" in told["credit"]
    assert told["sector:banking"] == ["us.sr-26-2"]
    assert "sector:banking (1)" in run("list", "--on", "2026-11-30").replace("\n", " ")


def test_a_check_that_nobody_makes_is_found(inside):
    own = inside / "obligations" / "own.toml"
    named = '["release.digst", "principle.house", "fairness.four_fifths"]'
    own.write_text(duty("own.x", jurisdiction='"US"', checks=named), encoding="utf-8")
    (found,) = data("check", "--on", "2026-11-30", code=1)["stale"]
    assert (found["kind"], found["about"]) == ("no such check", "own.x#1")
    assert found["said"] == "own.x#1 names the check 'release.digst', which nobody makes."
    assert found["fix"].startswith("Correct it; near: release.digest")


def test_a_folder_of_duties_that_is_named_and_not_there_is_refused(inside):
    settings = inside / "flyball.toml"
    written = settings.read_text()
    (inside / "obligations" / "own.toml").unlink()
    (inside / "obligations").rmdir()
    assert data("list")["ok"]
    settings.write_text(written.replace('obligations = "obligations"', 'obligations = "obligatoins"'))
    with pytest.raises(BadCatalogue, match="names 'obligatoins', which is no folder"):
        data("list")


def test_an_unknown_duty_is_told_with_those_near_it(outside):
    with pytest.raises(BadCatalogue, match=r"us\.nyc\.ll144") as caught:
        run("show", "us.nyc.ll145")
    assert caught.value.fix.startswith("Near: us.nyc.ll144, ")


def test_duties_that_contradict_each_other_are_named_until_they_are_settled(inside):
    own = inside / "obligations" / "own.toml"
    own.write_text(duty("own.erase", **ERASE), encoding="utf-8")
    (found,) = data("list", "--on", "2026-11-30")["contradictions"]
    assert (found["first"], found["second"], found["settled"]) == (
        "own.erase#1",
        "us.reg-b.1002.12#1",
        None,
    )
    said = run("check", "--on", "2026-11-30", code=1)
    assert "own.erase#1 asks: record.kept_days at most 365" in said.replace("\n", " ")
    assert "No release is made until a [[precedence]] settles it." in said.replace("\n", " ")
    own.write_text(duty("own.erase", **ERASE) + precedence("us.reg-b.1002.12", "own.erase"), encoding="utf-8")
    assert data("check", "--on", "2026-11-30")["ok"] is True
    assert "settled us.reg-b.1002.12 goes before own.erase" in run("list", "--on", "2026-11-30")


def test_frameworks_are_listed_and_shown_without_and_with_a_deployment(inside):
    listed = {one["id"]: one for one in data("frameworks")["frameworks"]}
    assert (listed["soc-2"]["controls"], listed["soc-2"]["with_checks"]) == (51, 29)
    shown = data("frameworks", "soc-2")
    assert (shown["release"], {one["showing"] for one in shown["controls"]}) == ("", {"not_tested"})
    checks = {one["id"]: one["checks"] for one in shown["controls"]}
    assert (checks["CC6.2"], checks["CC7.2"]) == (["access.sample"], ["alert.sample", "drift.checked"])
    assert "Evidence, not certification" in run("frameworks", "iso-42001")
    with pytest.raises(UnknownName):
        run("frameworks", "soc2")


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--on", "soon"),
        ("list", "--on", "20261130"),
        ("list", "--on", "2026-W49-1"),
        ("list", "--on", "2026-11-30T00:00"),
        ("diff", "2026-01-01", "31.12.2026"),
        ("check", "--on", ""),
    ],
)
def test_a_word_that_is_no_day_is_refused(outside, words):
    with pytest.raises(BadInput, match="is not a day"):
        run(*words)
