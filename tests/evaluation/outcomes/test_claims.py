"""Rows of files as claims: what is read, what is refused, with the row."""

import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flyball.core.records import Field
from flyball.evaluation.outcomes.claim import BadOutcome, claim_of_row
from flyball.evaluation.outcomes.files import read_outcomes

FIELDS = {
    "fraud": Field("fraud", "Fraud", "Is it?", "flag"),
    "amount": Field("amount", "Amount", "How much?", "number"),
    "country": Field("country", "Country", "Whose?", "label"),
}


def claim(**row):
    return claim_of_row({"case": "T-1", **row}, FIELDS)


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("fraud", "yes", True),
        ("fraud", "0", False),
        ("fraud", 1, True),
        ("fraud", True, True),
        ("amount", "12.50", 12.5),
        ("amount", "12", 12),
        ("country", "12", "12"),
        ("country", "no", "no"),
        ("loss", "12.5", 12.5),
        ("loss", "true", True),
        ("loss", "no", "no"),
        ("loss", "2e3", 2000),
    ],
)
def test_an_answer_is_read_as_its_field_has_it(name, written, read):
    found = claim(name=name, answer=written).answer
    assert (found, type(found)) == (read, type(read))


def test_columns_may_lie_between_semicolons_or_tabs(tmp_path):
    for mark in (";", "\t"):
        path = tmp_path / "a.csv"
        path.write_bytes(f'\ufeffcase{mark}answer\r\n"T{mark}1"{mark}yes\r\n'.encode())
        assert list(read_outcomes(path)) == [(1, {"case": f"T{mark}1", "answer": "yes"})]


def test_another_encoding_is_named_by_its_byte(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("case,answer\nMüller,yes\n".encode("latin-1"))
    with pytest.raises(BadOutcome, match=r"a\.csv is not UTF-8: byte 0xfc cannot be read"):
        list(read_outcomes(path))


def test_a_row_without_an_answer_says_nothing():
    assert claim(field="fraud", answer="  ") is None
    assert claim(field="fraud", answer=None, value="") is None
    assert claim(field="fraud", answer="", value="yes").answer is True


def test_a_field_makes_a_label_and_a_name_says_it_itself():
    assert claim(field="fraud", answer="yes").kind == "label"
    assert claim(name="fraud", answer="yes").kind == ""
    assert claim(name="loss", answer="5", kind="business").kind == "business"


@pytest.mark.parametrize(
    ("written", "at", "day_only"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC), True),
        ("2026-03-01T08:00", datetime(2026, 3, 1, 8, tzinfo=UTC), False),
        ("2026-03-01T08:00+02:00", datetime(2026, 3, 1, 6, tzinfo=UTC), False),
        (date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=UTC), True),
        (datetime(2026, 3, 1, 8), datetime(2026, 3, 1, 8, tzinfo=UTC), False),  # noqa: DTZ001
    ],
)
def test_times_without_a_zone_are_utc(written, at, day_only):
    found = claim(field="fraud", answer="yes", observed_at=written)
    assert (found.observed_at, found.day_only) == (at, day_only)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"answer": "yes"}, "It names neither field nor result."),
        (
            {"field": "fraud", "name": "loss", "answer": "1"},
            "It names the field 'fraud' and the result 'loss'.",
        ),
        ({"field": "fraud", "answer": "1", "decision": "a:1"}, "It names a decision and a case."),
        ({"field": "fraud", "answer": "1", "case": ""}, "It names neither decision nor case."),
        ({"field": "fraud", "answer": "1", "kind": "guess"}, "There is no kind of outcome 'guess'."),
        ({"field": "fraud", "answer": "1", "minutes": "-1"}, "The minutes are '-1'."),
        ({"field": "fraud", "answer": "1", "minutes": "nan"}, "The minutes are 'nan'."),
        ({"field": "fraud", "answer": "1", "minutes": "2,5"}, "The minutes are '2,5'."),
        ({"name": "loss", "answer": "nan"}, "The answer 'nan' is no number."),
        ({"name": "loss", "answer": float("inf")}, "The answer inf is no number."),
        ({"field": "fraud", "answer": "1", "observed_at": "1 March"}, "observed_at is '1 March'."),
        ({"field": "fraud", "answer": "1", "observed_at": "2026-02-30"}, "observed_at is '2026-02-30'."),
        ({"field": "country", "answer": "x" * 10_001}, "answer has 10,001 characters; 10,000 are the most."),
        ({"field": "fraud", "answer": "1", "unit": "x" * 41}, "unit has 41 characters; 40 are the most."),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_value(row, why):
    with pytest.raises(BadOutcome) as caught:
        claim(**row)
    assert caught.value.message == why


def test_the_three_kinds_of_files_say_the_same(tmp_path):
    rows = [
        {"case": "T-1", "field": "fraud", "answer": "yes"},
        {"case": "Ä,2", "field": "fraud", "answer": "no"},
    ]
    (tmp_path / "o.csv").write_text('case,field,answer\nT-1,fraud,yes\n"Ä,2",fraud,no\n', "utf-8-sig")
    (tmp_path / "o.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "o.parquet")
    for name in ("o.csv", "o.jsonl", "o.parquet"):
        assert list(read_outcomes(tmp_path / name)) == [(1, rows[0]), (2, rows[1])]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("o.xlsx", b"", "o.xlsx is no file of outcomes."),
        ("o.csv", b"", "o.csv is empty."),
        ("o.csv", b"case,fraudd\n", "o.csv has a column 'fraudd', which outcomes do not have."),
        ("o.csv", b"case,case\n", "o.csv has two columns 'case'."),
        ("o.csv", b"case,field,answer\nT,fraud\n", "Row 1 of o.csv has 2 cells, its heading 3."),
        ("o.csv", b'case,field,answer\n"T,fraud,yes\n', "Row 1 of o.csv cannot be read"),
        ("o.csv", b"case,field,answer\n\xff,fraud,yes\n", "o.csv is not UTF-8"),
        ("o.csv", b"case,field,answer\n" + b"x" * 200_000 + b",fraud,yes\n", "Row 1 of o.csv cannot be read"),
        ("o.jsonl", b"[1]\n", "Line 1 of o.jsonl is no object of plain values"),
        ("o.jsonl", b'{"case": {"a": 1}}\n', "Line 1 of o.jsonl is no object of plain values"),
        ("o.jsonl", b"[" * 100_000, "Line 1 of o.jsonl is no object of plain values"),
        ("o.jsonl", b'\n{"cse": "a"}\n', "Line 2 of o.jsonl has a column 'cse'"),
        (
            "o.jsonl",
            b'{"case": "' + b"x" * 1_100_000 + b'"}\n',
            "Line 1 of o.jsonl is longer than 1,000,000 bytes.",
        ),
        ("o.parquet", b"PAR1 nothing", "o.parquet is no Parquet file that can be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadOutcome) as caught:
        list(read_outcomes(tmp_path / name))
    assert caught.value.message.startswith(why)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(BadOutcome, match=r"o\.csv cannot be read: No such file or directory"):
        list(read_outcomes(tmp_path / "o.csv"))
