"""A model that only answers, asked from outside: sure of yes by .1 + .4 where a is 1, + .2 where b is 1.

By hand, against another case with a = b = 0: from .1 to .7, of which a has .4, b .2 and c nothing.
"""

import pytest

from flyball.core.errors import BadInput
from flyball.core.records import Field
from flyball.data.documents.records import Document, Place
from flyball.data.documents.rows import row_of
from flyball.governance.explanation.settings import ExplanationSettings
from flyball.loop.black_box import (
    BlackBox,
    attribution_of_row,
    attribution_of_text,
    blanked,
    parts_of,
    why_not_asked,
)
from flyball.models.experts.expert import PREDICTIONS, ExpertCard
from flyball.models.experts.external.expert import ExternalExpert
from flyball.models.experts.external.records import Brought, RawAnswer, Told
from flyball.models.experts.external.settings import read_settings

SETTINGS = ExplanationSettings()
ROW = {"a": 1, "b": 1, "c": 1}
OTHERS = [{"a": 0, "b": 0, "c": 0}] * 8
REPAID = Field("repaid", "Repaid", "Repaid?", kind="flag")


def external(ask, **more):
    given = {"via": "python", "entry_point": "model", "fields": (REPAID,), "name": "theirs", **more}
    return ExternalExpert(read_settings(given), ask)


def box(ask, answer="true", **more):
    expert = external(ask, **more)
    return BlackBox("theirs", expert, expert.card, "repaid", answer, True)


def said(questions):
    told = {}
    for one in questions:
        row = one.row or row_of(one.text) or {}
        sure = 0.1 + 0.4 * (row.get("a") == 1) + 0.2 * (row.get("b") == 1)
        told[one.case_id] = Told((RawAnswer("repaid", sure > 0.5, max(sure, 1.0 - sure)),))
    return Brought(told)


def test_the_shares_of_a_model_that_is_a_sum_are_its_parts():
    found = attribution_of_row(box(said), ROW, OTHERS, SETTINGS)
    assert [(one.column, one.value) for one in found.shares] == [("a", 1), ("b", 1), ("c", 1)]
    assert [one.share for one in found.shares] == pytest.approx([0.4, 0.2, 0.0], abs=1e-9)
    assert (found.base, found.output) == (pytest.approx(0.1), pytest.approx(0.7))
    assert (found.exact, found.unit) == (False, "chance of true")


def test_an_answer_no_is_taken_apart_as_the_chance_of_yes():
    found = attribution_of_row(box(said, answer="false"), ROW, OTHERS, SETTINGS)
    assert found.unit == "chance of true"
    assert [one.share for one in found.shares] == pytest.approx([0.4, 0.2, 0.0], abs=1e-9)


def test_fidelity_is_stated_and_is_whole_for_a_sum_of_many_columns():
    row = {f"x{n}": 1 for n in range(14)}

    def ask(questions):
        told = {}
        for one in questions:
            sure = 0.2 + 0.05 * sum((one.row or {}).values())
            told[one.case_id] = Told((RawAnswer("repaid", True, sure),))
        return Brought(told)

    found = attribution_of_row(box(ask), row, [dict.fromkeys(row, 0)] * 8, SETTINGS)
    assert found.fidelity.value == pytest.approx(1.0)
    assert found.fidelity.n > 20


def test_only_the_columns_that_the_model_is_told_have_a_share():
    found = attribution_of_row(
        box(said, via="http", base_url="http://127.0.0.1:1/x", columns="a,b"), ROW, OTHERS, SETTINGS
    )
    assert [one.column for one in found.shares] == ["a", "b"]


def test_a_model_that_fails_is_not_explained():
    def fails(questions):
        return Brought({})

    with pytest.raises(BadInput, match="no numbers"):
        attribution_of_row(box(fails), ROW, OTHERS, SETTINGS)


def test_a_confidence_that_is_none_counts_as_no_answer():
    expert = external(
        lambda asked: Brought({one.case_id: Told((RawAnswer("repaid", True, 7),)) for one in asked})
    )
    with pytest.raises(BadInput, match="no numbers"):
        attribution_of_row(
            BlackBox("theirs", expert, expert.card, "repaid", "true", True), ROW, OTHERS, SETTINGS
        )


def test_the_part_of_a_text_that_tells_has_the_share():
    class Reads:
        card = ExpertCard("reads", "1", "external", ("repaid",), "Reads.")

        def predict(self, cases):
            import pyarrow as pa

            rows = [
                {
                    "case_id": case,
                    "field": "repaid",
                    "answer": "true" if "always paid" in text else "false",
                    "confidence": 0.9 if "always paid" in text else 0.8,
                    "evidence": [],
                    "reason": "",
                }
                for case, text in zip(
                    cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True
                )
            ]
            return pa.RecordBatch.from_pylist(rows, schema=PREDICTIONS)

    text = "Anna asks for a loan. She has always paid. She lives in Rome."
    document = Document("letter", "text/plain", "sha256:0", "sha256:0", text, (Place(0, len(text), 1, ""),))
    reads = Reads()
    found = attribution_of_text(
        BlackBox("reads", reads, reads.card, "repaid", "true", True), document, SETTINGS
    )
    by_words = {text[slice(*map(int, one.value.split("-")))].strip(): one.share for one in found.shares}
    assert by_words["She has always paid."] == pytest.approx(0.9 - 0.2)
    assert by_words["She lives in Rome."] == pytest.approx(0.0, abs=1e-9)


def test_a_long_text_has_at_most_24_parts_that_leave_nothing_out():
    text = "One sentence stands here. " * 100
    parts = parts_of(text)
    assert len(parts) == 24
    assert sum(end - start for start, end in parts) == len(text)
    assert parts_of("") == [(0, 0)]


def test_blank_parts_keep_every_offset():
    document = Document("x", "text/plain", "sha256:0", "sha256:0", "abc def ghi", (Place(0, 11, 1, ""),))
    assert blanked(document, [(4, 7)]).text == "abc     ghi"


def test_a_model_elsewhere_is_not_asked_about_other_people_unless_that_is_allowed():
    remote = box(said, via="http", base_url="http://127.0.0.1:1/x")
    assert "ask_remote" in why_not_asked(remote, SETTINGS)
    assert why_not_asked(remote, ExplanationSettings(ask_remote=True)) == ""
    assert why_not_asked(box(said), SETTINGS) == ""


def test_a_model_that_costs_is_asked_only_as_far_as_is_allowed():
    paid = box(said, via="http", base_url="http://127.0.0.1:1/x", eur_per_case="0.01")
    told = why_not_asked(paid, ExplanationSettings(ask_remote=True, most_eur="10"))
    assert told == "Asking theirs 1,024 times costs 10.24 EUR, and most_eur of [explanation] allows 10."
    assert why_not_asked(paid, ExplanationSettings(ask_remote=True, most_eur="10.24")) == ""


def test_a_language_model_is_not_asked_again():
    card = ExpertCard("talker", "1", "language_model", ("repaid",), "Talks.")
    told = why_not_asked(BlackBox("talker", object(), card, "repaid", "true", True), SETTINGS)
    assert told.startswith("talker is a language model")


def test_equal_questions_are_asked_once():
    asked = []

    def ask(questions):
        asked.extend(one.text for one in questions)
        return said(questions)

    attribution_of_row(box(ask), ROW, OTHERS, SETTINGS)
    assert len(asked) == len(set(asked)) == 8  # every set of three columns, against eight equal others
