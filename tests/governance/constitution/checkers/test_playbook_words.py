"""What the shipped playbook says passes the constitution: no rule states a legal result of a contract."""

import csv
from pathlib import Path

import pytest

import flyball
from flyball.governance.constitution.checker import CHECKERS

TABLES = sorted(
    (Path(flyball.__file__).parent / "solutions" / "contract_review" / "rules" / "playbook").glob("*.csv")
)


def rules():
    for table in TABLES:
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield row["rule"], row["then title"], f"{row['then message']} {row['then want']}"


@pytest.mark.parametrize(("rule", "title", "message"), list(rules()), ids=[rule for rule, _, _ in rules()])
def test_the_words_of_a_rule_are_said_as_written(make, rule, title, message):
    decision = make.decision(findings=[make.finding(rule=rule, title=title, message=message)])
    for name in ("no_legal_advice_claim", "nothing_personal"):
        assert CHECKERS.load(name).check(decision, make.reading()) == ()
