"""`flyball router` as it is called from outside: files in, figures out."""

import csv
import json
import subprocess
import sys
from decimal import Decimal

import numpy as np

from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile


def flyball(*arguments, folder, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "flyball", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == code, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


def write(path, topic, n, seed, columns=("prompt", "strong", "weak")):
    random = np.random.default_rng(seed)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        for _ in range(n):
            length = int(random.integers(5, 60))
            words = " ".join(str(number) for number in random.integers(0, 10**9, length))
            rows.writerow([f"{topic} {words}?", True, bool(random.random() > length / 60)])


def test_evaluate_takes_several_files_after_one_option_and_answers_with_plain_figures(tmp_path):
    for number, topic in enumerate(("alpha", "beta", "gamma")):
        write(tmp_path / f"{topic}.csv", topic, 80, number)
    found = json.loads(
        flyball(
            *("router", "evaluate", "--train", "alpha.csv", "beta.csv", "--test", "gamma.csv", "--json"),
            folder=tmp_path,
        )
    )
    assert found["ok"]
    assert found["train"] == {
        "n": 160,
        "removed_overlapping": 0,
        "topics": 2,
        "strong": 1.0,
        "weak": found["train"]["weak"],
        "files": ["alpha.csv", "beta.csv"],
    }
    assert 0.3 < found["train"]["weak"] < 0.6
    assert (found["n"], found["test_files"]) == (80, ["gamma.csv"])
    assert 0.5 < found["apgr"] < found["best"]
    assert found["apgr_interval"][0] <= found["apgr"] <= found["apgr_interval"][1]
    assert 0 < found["cpt50"] <= found["cpt80"] <= 1
    assert set(found["baselines"]) == {"random", "length"}
    assert found["costs"] == {"reason": "the test file does not say what each call cost"}


def test_fit_writes_a_router_and_other_names_of_columns_can_be_given(tmp_path):
    write(tmp_path / "alpha.csv", "alpha", 120, 0, ("text", "large", "small"))
    named = ("--prompt-column", "text", "--strong-column", "large", "--weak-column", "small")
    done = json.loads(
        flyball("router", "fit", "--train", ".", "--out", "router", *named, "--json", folder=tmp_path)
    )
    assert done["about"]["prompts"] == 120
    assert {one.name for one in (tmp_path / "router").iterdir()} == {"router.json", "router.npz"}
    assert "learned router" in flyball(
        "router", "fit", "--train", "alpha.csv", "--out", "router", *named, folder=tmp_path
    )


def test_wrong_use_says_what_is_missing(tmp_path):
    write(tmp_path / "alpha.csv", "alpha", 120, 0)
    said = json.loads(flyball("router", "evaluate", "--test", "alpha.csv", "--json", folder=tmp_path, code=2))
    assert said["message"] == "--train names no file."
    said = json.loads(
        flyball(
            "router",
            "evaluate",
            "--train",
            "alpha.csv",
            "--test",
            "no.csv",
            "--json",
            folder=tmp_path,
            code=2,
        )
    )
    assert "no.csv cannot be read" in said["message"]
    said = json.loads(flyball("router", "fit", "--train", "alpha.csv", "--json", folder=tmp_path, code=2))
    assert said["fix"] == "Add --out FOLDER."
    said = json.loads(
        flyball("router", "fit", "--train", "alpha.csv", "--out", ".", "--json", folder=tmp_path, code=2)
    )
    assert "holds something else" in said["message"]


def test_budget_shows_what_was_taken_by_budget_and_tenant(tmp_path):
    about = """
[deployment]
name = "talk"
purpose = "Answer"
owner = "Team"
jurisdictions = ["DE"]
[chat]
models = ["m"]
budget_eur_per_day = "3"
[[expert]]
name = "m"
kind = "language_model"
[expert.settings]
budget_eur_per_day = "2"
"""
    (tmp_path / "flyball.toml").write_text(
        about + '[budget]\neur_per_day = "9"\n[budget.tenants]\n"*" = "4"\n'
    )
    file = BudgetFile(tmp_path / ".flyball" / "money.sqlite")
    MoneyBudget(file, Account("*", "acme"), limit_eur=Decimal(4)).reserve(Decimal(1))
    MoneyBudget(file, Account("expert:m"), limit_eur=Decimal(4)).reserve(Decimal(3))
    found = json.loads(flyball("router", "budget", "--json", folder=tmp_path))
    rows = [(one["budget"], one["tenant"], one["limit_eur"], one["left_eur"]) for one in found["budgets"]]
    assert rows == [
        ("everything", "", "9", "9"),
        ("everything", "acme", "4", "3"),
        ("chat", "", "3", "3"),
        ("expert m", "", "2", "0"),
    ]
    assert "acme" in flyball("router", "budget", folder=tmp_path)
    (tmp_path / "flyball.toml").write_text(about.replace("budget_eur_per_day", "# "))
    assert flyball("router", "budget", folder=tmp_path).startswith("Nothing is limited")


def test_every_file_belongs_to_the_option_before_it(tmp_path):
    """Of four files two are learned from and two routed; a file that follows another option is refused."""
    for number, topic in enumerate(("alpha", "beta", "gamma", "delta")):
        write(tmp_path / f"{topic}.csv", topic, 80, number)
    found = json.loads(
        flyball(
            *("router", "evaluate", "--test", "gamma.csv", "delta.csv", "--train", "alpha.csv", "beta.csv"),
            *("--seed", "3", "--json"),
            folder=tmp_path,
        )
    )
    assert found["train"]["files"] == ["alpha.csv", "beta.csv"]
    assert found["test_files"] == ["gamma.csv", "delta.csv"]
    assert (found["train"]["n"], found["n"]) == (160, 160)
    stray = ("router", "evaluate", "--train", "alpha.csv", "--seed", "3", "beta.csv", "--test", "gamma.csv")
    flyball(*stray, folder=tmp_path, code=2)
    flyball(
        *("router", "evaluate", "--train", "alpha.csv", "--test", "beta.csv", "--seed", "-1"),
        folder=tmp_path,
        code=2,
    )


def test_the_same_files_give_the_same_figures_in_another_process(tmp_path):
    for number, topic in enumerate(("alpha", "beta")):
        write(tmp_path / f"{topic}.csv", topic, 120, number)
    asked = ("router", "evaluate", "--train", "alpha.csv", "--test", "beta.csv", "--json")
    said = [json.loads(flyball(*asked, folder=tmp_path)) for _ in range(2)]
    for one in said:
        del one["cpu_ms_per_prompt"]
    assert said[0] == said[1]


def test_a_model_pair_without_a_gap_is_said_and_nothing_is_made_up(tmp_path):
    write(tmp_path / "alpha.csv", "alpha", 120, 0)
    (tmp_path / "same.csv").write_text("prompt,strong,weak\nwho is it,1,1\nwhere is it,0,0\n")
    asked = ("router", "evaluate", "--train", "alpha.csv", "--test", "same.csv")
    found = json.loads(flyball(*asked, "--json", folder=tmp_path))
    assert (found["apgr"], found["cpt50"], found["cpt80"], found["best"]) == (None, None, None, None)
    assert "no gap" in found["reason"]
    assert "no gap" in flyball(*asked, folder=tmp_path)
