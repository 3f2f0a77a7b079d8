"""What a reviewer reads of two releases: which row, which threshold, which setting, from what to what."""

import json

from flyball.loop.release_words import ChangedWord, changed_words, counted_words

RULES = b"""rule (first),if row.debt,then decide,note
P-1,> 0.6,no,
P-2,,refer,a person
"""


def words(name, before, after):
    return [(one.about, one.what, one.before, one.after) for one in changed_words(name, before, after)]


def test_rules_are_told_by_row_and_column():
    after = RULES.replace(b"0.6", b"0.55") + b"P-3,none,refer,\n"
    assert words("experts/policy/policy.csv", RULES, after) == [
        ("Row P-1 of policy", "if row.debt", "> 0.6", "> 0.55"),
        ("Row P-3 of policy", "", "", "if row.debt: none; then decide: refer"),
    ]
    assert words("rules/policy.csv", RULES, b"rule (first),if row.debt,then decide,note\n")[0] == (
        "Row P-1 of policy",
        "",
        "if row.debt: > 0.6; then decide: no",
        "",
    )


def test_another_order_of_rows_is_told_because_the_first_that_holds_decides():
    lines = RULES.splitlines(keepends=True)
    assert words("policy.csv", RULES, lines[0] + lines[2] + lines[1]) == [
        ("Order of the rows of policy", "", "P-1, P-2", "P-2, P-1")
    ]


def test_settings_are_told_by_name_whatever_their_place():
    before = b'[[slo]]\nname = "fast"\ntarget = 0.9\n[[slo]]\nname = "right"\ntarget = 0.94\n'
    after = b'[[slo]]\nname = "right"\ntarget = 0.95\n[[slo]]\nname = "fast"\ntarget = 0.9\n'
    assert words("flyball.toml", before, after) == [("flyball.toml", "slo right.target", "0.94", "0.95")]


def test_thresholds_are_told_in_percent_and_by_what_they_were_held_against():
    def thresholds(present, observed, promise="At most 6%."):
        guarantee = {"promise": promise, "observed": observed, "n": 7493}
        experts = {"model": {"present": present, "absent": 2.0, "fields": {}}}
        return json.dumps({"experts": experts, "guarantees": [guarantee], "notes": []}).encode()

    assert words("thresholds.json", thresholds(0.820624, 0.0547), thresholds(0.859304, 0.0449)) == [
        ("How sure model must be to decide alone", "yes", "82.1\u00a0%", "85.9\u00a0%"),
        ("What thresholds were held against", "At most 6%.", "5.47\u00a0% seen in 7,493 cases",
         "4.49\u00a0% seen in 7,493 cases"),
    ]  # fmt: skip
    assert words("thresholds.json", thresholds(0.8, 0.05), thresholds(2.0, 0.05)) == [
        ("How sure model must be to decide alone", "yes", "80.0\u00a0%", "never")
    ]


def test_what_cannot_be_told_so_is_left_to_its_lines():
    twice = b"rule,then\nP-1,yes\nP-1,no\n"
    assert changed_words("policy.csv", twice, RULES) is None
    assert changed_words("flyball.toml", b"not = = toml", b"") is None
    assert changed_words("card.json", b"{}", b"{}") is None
    assert changed_words("trees.npz", b"\0", b"\1") is None
    assert changed_words("policy.csv", b"\xff", RULES) is None
    assert changed_words("thresholds.json", b"[" * 100_000, b"{}") is None


def test_a_count_is_told_where_both_are_known_and_differ():
    assert counted_words("Cases", 800, 1200) == [ChangedWord("Cases", "", "800", "1,200")]
    assert counted_words("Cases", 800, None) == counted_words("Cases", 5, 5) == []
