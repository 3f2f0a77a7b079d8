"""What an explanation holds, under the names of templates; what it does not hold has no name."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from flyball.core.estimates import Estimate
from flyball.governance.explanation.facts import CHECKS, KNOWN, METHODS, facts_of
from flyball.governance.explanation.records import (
    Answer,
    Attribution,
    Changed,
    Check,
    Duty,
    Expert,
    Explanation,
    Move,
    Reason,
    RuleRow,
    Share,
)
from flyball.governance.explanation.settings import CreditReport, ExplanationSettings, Party
from flyball.governance.explanation.words import SHIPPED, Phrase, Words, load_words
from flyball.models.router.route import Considered

SHARES = (Share("utilisation", 0.9, -1.5), Share("income", 40_000, 0.5), Share("score", 610, -0.2))
ATTRIBUTION = Attribution("model", "tree_shares", True, "log odds", 1.0, -0.2, SHARES)
ANSWER = Answer(
    field="repaid",
    title="Would be repaid",
    question="Would it be repaid?",
    answer="false",
    outcome="automated",
    confidence=0.9,
    against=True,
    expert="model",
    route="sure enough",
    considered=(Considered("model", 0.9, "0", "sure enough"),),
    attribution=ATTRIBUTION,
    reasons=(Reason("Much in use", -1.5, ATTRIBUTION.id),),
    changed=Changed((Move("utilisation", 0.9, 0.35, "Use at most {value}"),), "true", "automated", "x"),
    checks=(Check("stable", True, Estimate(0.97, 100, 0.92, 0.99), "x", 0.8),),
)
RULE = RuleRow(
    "policy.P-1", 4, "policy", (("row.late", "> 3", 5),), "5 are late.", "{row.late} are late.", (), "d1"
)
TOLD = Explanation(
    entry=7,
    case="A-1",
    deployment="credit",
    purpose="Decide",
    release="sha256:" + "a" * 64,
    decided_at=datetime(2026, 11, 30, tzinfo=UTC),
    as_of=date(2026, 11, 30),
    jurisdictions=("US",),
    duties=(Duty("us.x", "us.x#1", "A duty", "A law", "5", "sha256:" + "b" * 64),),
    experts=(Expert("model", "table", "1", "Says.", ("Small.",)),),
    answers=(ANSWER,),
    row={"utilisation": 0.9, "income": 40_000, "score": 610, "score_day": "2026-11-02", "late": 5},
)
REPORT = CreditReport(
    name="Bureau", columns=("utilisation",), score_column="score", score_day_column="score_day"
)
DAY = date(2026, 12, 1)


def named(answer=ANSWER, settings=None):
    return facts_of(TOLD, answer, settings or ExplanationSettings(), DAY)


def test_every_name_is_one_that_templates_may_use():
    facts = named(settings=ExplanationSettings(credit_report=REPORT, sender=Party(name="Us", contact="555")))
    assert {name.split()[0] for name in facts} <= set(KNOWN)
    assert facts["duty us.x"][0].id == "obligation:us.x#1@bbbbbbbbbbbb"


@pytest.mark.parametrize(
    ("changed", "gone"),
    [
        ({"reasons": ()}, "reason"),
        ({"attribution": None}, "attribution"),
        ({"attribution": None}, "share"),
        ({"changed": None}, "change"),
        ({"checks": ()}, "check"),
        ({"against": False}, "against"),
        ({"outcome": "referred"}, "automated"),
        ({"considered": ()}, "route"),
    ],
)
def test_what_the_explanation_does_not_hold_has_no_name(changed, gone):
    assert gone in named()
    assert gone not in named(replace(ANSWER, **changed))


def test_a_best_guess_is_one_only_where_a_person_decides_and_there_is_one():
    assert "guess" not in named()
    assert "guess" in named(replace(ANSWER, outcome="referred"))
    assert "guess" not in named(replace(ANSWER, outcome="referred", confidence=0.0, answer="null"))


def test_that_nothing_would_have_changed_it_is_told_only_after_a_search():
    searched = Changed((), "", "", "12 cases were decided again.")
    assert "unchanged" in named(replace(ANSWER, changed=searched))
    assert "unchanged" not in named(replace(ANSWER, changed=replace(searched, searched=False)))


def test_a_change_after_which_a_person_would_decide_is_not_called_granted():
    facts = named(replace(ANSWER, changed=replace(ANSWER.changed, outcome="referred")))
    assert "changed" not in facts
    assert "changed_for_person" in facts


def test_shares_that_were_estimated_are_not_told_as_exact():
    assert "exact" in named()
    estimated = replace(ATTRIBUTION, method="kernel_shares", exact=False)
    facts = named(replace(ANSWER, attribution=estimated))
    assert ("exact" in facts, "estimated" in facts) == (False, True)


def test_a_report_is_told_only_where_a_column_of_it_counted():
    settings = ExplanationSettings(credit_report=REPORT)
    facts = named(settings=settings)
    assert [one.values["column"] for one in facts["report_column"]] == ["utilisation", "score"]
    assert facts["score"][0].values["value"] == 610
    assert facts["score"][0].values["day"] == date(2026, 11, 2)
    none = replace(ATTRIBUTION, shares=(SHARES[1],))
    assert not {"report", "score"} & set(named(replace(ANSWER, attribution=none), settings))


def test_a_score_that_did_not_count_is_not_told_as_used():
    beside = replace(ATTRIBUTION, shares=SHARES[:2])
    facts = named(replace(ANSWER, attribution=beside), ExplanationSettings(credit_report=REPORT))
    assert ("report" in facts, "score" in facts) == (True, False)


def test_what_a_rule_looks_at_is_told_by_its_name_in_words_of_the_language():
    rule = replace(
        RULE,
        conditions=(
            ("row.debt_share", "> 1,000.5", 0.9),
            ("text", "contains: x", "a text of 7,189 characters"),
        ),
    )
    debt, text = (one.values for one in named(replace(ANSWER, rules=(rule,)))["condition"])
    german = Words("de", load_words("de", None).table | {"debt share": "Schuldenanteil"})
    assert [Words("en").of(debt[key]) for key in ("name", "cell")] == ["debt share", "> 1,000.5"]
    assert [german.of(debt[key]) for key in ("name", "cell")] == ["Schuldenanteil", "> 1.000,5"]
    assert [german.of(text[key]) for key in ("name", "cell", "value")] == [
        "Text",
        "enthält: x",
        "Text mit 7.189 Zeichen",
    ]
    assert load_words("de", None).of(debt["name"]) == "debt share"  # a name of a column claims nothing


def test_a_rule_that_decided_counts_its_own_columns_and_no_others():
    settings = ExplanationSettings(credit_report=replace_columns("late"))
    by_rule = replace(
        ANSWER, rules=(RULE,), attribution=None, reasons=(Reason("5 are late.", None, "rule:policy.P-1"),)
    )
    assert "report" in named(by_rule, settings)
    assert "report" not in named(by_rule, ExplanationSettings(credit_report=replace_columns("utilisation")))


def replace_columns(*columns):
    return CreditReport(name="Bureau", columns=columns)


def test_the_reason_of_a_rule_is_told_in_other_words_with_the_values_of_the_case():
    by_rule = replace(ANSWER, rules=(RULE,), reasons=(Reason("5 are late.", None, "rule:policy.P-1"),))
    words = named(by_rule)["reason"][0].values["words"]
    assert Words("en").of(words) == "5 are late."
    assert Words("de", {"{row.late} are late.": "{row.late} sind zu spät."}).of(words) == "5 sind zu spät."


def test_a_change_is_told_with_the_value_to_be_reached():
    assert Words("en").of(named()["change"][0].values["words"]) == "Use at most 0.35"


def test_checks_and_methods_have_german_words():
    words = load_words("de", SHIPPED)
    for text in (*CHECKS.values(), *METHODS.values()):
        assert words.of(Phrase(text))
