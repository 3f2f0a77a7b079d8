"""By hand: the line {"a": 1} is 8 bytes and its line break 1, so the second line begins at byte 9."""

from decimal import Decimal

import pytest

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.shelf.tables import tables


def opened(tmp_path, text, **given):
    (tmp_path / "a.jsonl").write_text(text)
    return tables("feed", {"path": str(tmp_path / "a.jsonl"), **given})


def rows(source):
    return [row for batch in source.batches("rows") for row in batch.rows.to_pylist()]


def test_columns_are_those_of_all_lines_and_text_stays_text(tmp_path):
    text = '{"a": 1, "on": "2026-11-21"}\n\n{"a": 2.5, "c": {"d": [1]}, "n": null}\n'
    source = opened(tmp_path, text)
    kinds = {field.name: str(field.type) for field in source.streams()[0].schema}
    assert kinds == {"a": "double", "on": "string", "c": "struct<d: list<item: int64>>", "n": "string"}
    assert rows(source) == [
        {"a": 1.0, "on": "2026-11-21", "c": None, "n": None},
        {"a": 2.5, "on": None, "c": {"d": [1]}, "n": None},
    ]


def test_declared_decimals_keep_every_digit(tmp_path):
    source = opened(tmp_path, '{"a": 0.10}\n{"a": 12345678901234.25}\n', columns={"a": "decimal(18,2)"})
    assert [row["a"] for row in rows(source)] == [Decimal("0.10"), Decimal("12345678901234.25")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"a": 1}\n{"a": "x"}\n', "a.jsonl, row 2 (byte 9): column a changes from number to string."),
        ('{"a": 1}\n{"a": 1\n', "a.jsonl, row 2 (byte 9): no JSON object, or a value that does not fit"),
        ('{"a": 1}\n{"a": 1, "a": 2}\n', "a.jsonl, row 2 (byte 9): column a stands there twice."),
        ('{"a": 1}\n{"a": 1} {"a": 2}\n', "a.jsonl, row 2 (byte 9): not exactly one JSON object."),
        ('{"a": 1}\n7\n', "a.jsonl, row 2 (byte 9): "),
        ('{"a": 12345678901234567890}\n', "a number that no int64 and no float64 holds exactly."),
    ],
)
def test_a_bad_line_is_told_with_its_byte(tmp_path, text, wanted):
    with pytest.raises(BadRecord) as error:
        rows(opened(tmp_path, text))
    assert wanted in error.value.message


def test_a_type_that_changes_megabytes_later_is_told_with_its_line(tmp_path):
    lines = '{"a": 1, "b": "' + "x" * 1_000 + '"}\n'
    text = lines * 5_000 + '{"a": "late", "b": "y"}\n'
    with pytest.raises(BadRecord) as error:
        opened(tmp_path, text).streams()
    assert error.value.message == (
        f"a.jsonl, row 5,001 (byte {5_000 * len(lines):,}): column a changes from number to string."
    )


def test_a_column_that_is_not_declared_is_an_error_when_nothing_is_inferred(tmp_path):
    source = opened(tmp_path, '{"a": 1}\n{"a": 2, "b": 1}\n', columns={"a": "int64"}, infer=False)
    with pytest.raises(BadRecord, match=r"row 2 \(byte 9\): a column that is not declared"):
        rows(source)


def test_an_array_is_no_json_lines(tmp_path):
    with pytest.raises(FileLies, match="its first line begins no JSON object"):
        rows(opened(tmp_path, '[{"a": 1}]\n'))


def test_a_line_nested_too_deep_is_refused_and_brackets_in_texts_are_not_counted(tmp_path):
    deep = "[" * 100_000 + "]" * 100_000
    with pytest.raises(BadRecord, match=r"row 2 \(byte 9\): lists or objects more than 100 deep"):
        rows(opened(tmp_path, '{"a": 1}\n{"b": ' + deep + "}\n"))
    text = '{"a": "' + "[{" * 5_000 + '"}\n'
    assert len(rows(opened(tmp_path, text * 3))) == 3
