"""`flyball outcome` and `flyball kpi`, as people and programs run them."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from flyball.loop.deployment import open_deployment
from flyball.loop.workshop import Workshop

sys.path.insert(0, str(Path(__file__).parents[1] / "gateway" / "records"))
from written import make_deployment, write_decision

KPIS = '''
[[kpi]]
name = "false_cost"
title = "Cost of false yes"
formula = """count(decisions where field('cap') = true and outcome('cap') = false)
    * 5 minutes * 60 EUR per hour / count(decisions where outcome('cap') is known)"""
unit = "EUR per contract"
better = "lower"
baseline = { value = 4.0, source = "2025" }
volume = "count(decisions)"

[[kpi]]
name = "referred"
formula = "share(referred)"
unit = "%"
'''


def flyball(*arguments, folder, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "flyball", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def home(tmp_path):
    folder = make_deployment(tmp_path / "contracts", more=KPIS)
    with Workshop(open_deployment(folder), actor="system:test") as workshop:
        for n in range(20):
            write_decision(workshop, n=n)
    return folder


@pytest.mark.slow
def test_from_a_file_of_outcomes_to_what_was_saved(home):
    """4 of 20 were falsely yes: 4 x 5 EUR / 20 = 1 EUR; 4 EUR before: 3 EUR less for each of 20 contracts."""
    first = json.loads(flyball("kpi", "--json", folder=home).stdout)
    assert first["kpis"][0]["value"] is None
    assert first["kpis"][0]["reason"] == "nothing that can be used was reported about cap"
    rows = [f"case {n},cap,{'no' if n < 4 else 'yes'}" for n in range(20)]
    (home / "outcomes.csv").write_text("\n".join(["case,field,answer", *rows]))
    done = json.loads(flyball("outcome", "load", "outcomes.csv", "--json", folder=home).stdout)
    assert (done["ok"], done["loaded"]["written"]) == (True, 20)
    told = json.loads(flyball("kpi", "--json", "--by", "week", "--record", folder=home).stdout)
    cost, referred = told["kpis"]
    assert (cost["value"], cost["n"], cost["unit"]) == (pytest.approx(1.0), 20, "EUR per contract")
    assert cost["low"] < 1 < cost["high"]
    assert cost["savings"]["each"]["value"] == pytest.approx(3.0)
    assert cost["savings"]["total"]["value"] == pytest.approx(60.0)
    assert cost["savings"]["total_unit"] == "EUR"
    assert len(cost["entries"]) == 4
    assert len(cost["series"]) == 1
    assert referred["value"] == 100
    assert isinstance(told["entry"], int)
    assert [one["decisions"] for one in cost["totals"]] == [4, 20]
    page = ("kpi", "false_cost", "--decisions", "--limit", "3", "--json")
    first = json.loads(flyball(*page, folder=home).stdout)
    assert (len(first["decisions"]), first["n"], first["next"]) == (3, 4, first["decisions"][-1])
    rest = json.loads(flyball(*page, "--after", first["next"], folder=home).stdout)
    assert [*first["decisions"], *rest["decisions"]] == [f"contracts:{one}" for one in cost["entries"]]
    assert rest["next"] is None
    whole = json.loads(flyball(*page, "--part", "2", folder=home).stdout)
    assert (whole["n"], whole["part"]) == (20, "count(decisions where outcome('cap') is known)")
    assert "4 decisions in count(" in flyball("kpi", "false_cost", "--decisions", folder=home).stdout
    text = flyball("kpi", "false_cost", folder=home).stdout
    assert "better by 3" in text
    assert "stated, not measured" in text
    listed = flyball("outcome", "list", "--limit", "2", folder=home).stdout
    assert "agreed" in listed
    assert "20 decisions with reports" in listed


BOOKINGS = """
[[source]]
name = "core"
url = "sqlite:///core.db"
[[outcome_source]]
name = "bookings"
dataset = "core_bookings"
case = "contract"
outcomes = { loss = "amount" }
units = { loss = "EUR" }
"""


def test_a_sync_loads_what_turned_out_and_says_which_row_cannot_be_used(home):
    settings = (home / "flyball.toml").read_text().replace("[deployment]", '[deployment]\nlicence = "own"', 1)
    (home / "flyball.toml").write_text(settings + BOOKINGS)

    def changed(*statements):
        with sqlite3.connect(home / "core.db") as database:
            for one in statements:
                database.execute(one)
        database.close()

    def synced(code=0):
        return json.loads(flyball("source", "sync", "core", "--json", folder=home, code=code).stdout)

    changed(
        "create table bookings (contract text not null primary key, amount text)",
        "insert into bookings values ('case 0', '12.5'), ('case 1', '3'), ('case 99', '1')",
    )
    first = synced()
    [told] = first["outcomes"]
    assert (told["source"], told["problem"]) == ("bookings", "")
    assert (told["loaded"]["written"], told["loaded"]["unknown"]) == (2, 1)
    assert synced()["outcomes"] == []
    changed("update bookings set amount = 'lots' where contract = 'case 1'")
    again = synced(code=1)
    assert again["ok"] is False
    assert again["synced"][0]["outcome"] == "loaded"
    assert "The result loss in EUR is 'lots', no number" in again["outcomes"][0]["problem"]
    listed = json.loads(flyball("outcome", "list", "--json", folder=home).stdout)
    assert sorted(one["standing"][0]["answer"] for one in listed["outcomes"]) == ["12.5", "3"]


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("kpi", "nix"), "core.unknown_name", "has no KPI 'nix'"),
        (("kpi", "--decisions"), "core.bad_input", "--decisions is about one KPI"),
        (("kpi", "referred", "--decisions", "--part", "2"), "core.bad_input", "has no total number 2"),
        (("kpi", "--on", "soon"), "core.bad_input", "--on must be a day or a time, got 'soon'"),
        (("kpi", "--on", "2026-01-01", "--since", "2026-01-01"), "core.bad_input", "--on is one day"),
        (("kpi", "--since", "2026-02-01", "--until", "2026-01-01"), "core.bad_input", "before it begins"),
        (("outcome", "load"), "core.bad_input", "Outcomes come from one file, or from one --source"),
        (("outcome", "load", "no.csv"), "outcomes.bad_outcome", "no.csv cannot be read"),
        (("outcome", "load", "--source", "x"), "core.unknown_name", "no [[outcome_source]] 'x'"),
    ],
)  # fmt: skip
def test_wrong_use_has_one_shape(home, arguments, code, why):
    told = json.loads(flyball(*arguments, "--json", folder=home, code=2).stdout)
    assert (told["ok"], told["code"]) == (False, code)
    assert why in told["message"]


def test_a_formula_that_cannot_be_meant_stops_with_its_place(home):
    (home / "flyball.toml").write_text(
        (home / "flyball.toml").read_text().replace("share(referred)", "share(refered)")
    )
    told = json.loads(flyball("kpi", "--json", folder=home, code=2).stdout)
    assert told["code"] == "evaluation.bad_formula"
    assert "Did you mean referred?" in told["message"]
