"""By hand: in "id,name\\n1,2\\n3,4,5\\n" the header is 8 bytes and row 1 is 4, so row 2 begins at byte 12."""

import gzip
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.data.sources.errors import BadRecord, BadSource
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.shelf.tables import tables


def opened(tmp_path, content, name="a.csv", **given):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return tables("export", {"path": str(tmp_path / name), **given})


def rows(source):
    return [row for batch in source.batches("rows") for row in batch.rows.to_pylist()]


def types(source):
    return {field.name: str(field.type) for field in source.streams()[0].schema}


def refused(tmp_path, content, kind=BadRecord, **given):
    with pytest.raises(kind) as error:
        rows(opened(tmp_path, content, **given))
    return error.value.message


def test_types_are_the_narrowest_that_keep_every_value(tmp_path):
    source = opened(
        tmp_path,
        "id,amount,day,at,utc,flag,account,phone,big,measure,mixed,none\n"
        "1,2.50,2026-02-28,2026-01-01 10:00:00,2026-01-01T10:00:00+02:00,true,007,+41,1234567890123456789,"
        "1e-3,1,\n"
        "-2,3,2026-03-01,2026-01-01T10:00,2026-01-01T10:00:00Z,FALSE,12,5,1,2E5,x,\n",
    )
    assert types(source) == {
        "id": "int64",
        "amount": "decimal128(38, 2)",
        "day": "date32[day]",
        "at": "timestamp[us]",
        "utc": "timestamp[us, tz=UTC]",
        "flag": "bool",
        "account": "string",
        "phone": "string",
        "big": "decimal128(38, 0)",
        "measure": "double",
        "mixed": "string",
        "none": "string",
    }
    first, second = rows(source)
    assert (first["amount"], second["amount"]) == (Decimal("2.50"), Decimal("3.00"))
    assert first["day"] == date(2026, 2, 28)
    assert first["utc"] == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert (first["account"], second["flag"], first["none"]) == ("007", False, None)


def test_a_type_holds_for_the_last_row_too(tmp_path):
    text = "id\n" + "1\n" * 70_000 + "x\n"
    source = opened(tmp_path, text)
    assert types(source) == {"id": "string"}
    assert sum(batch.rows.num_rows for batch in source.batches("rows")) == 70_001


def test_a_date_that_is_none_makes_the_column_text(tmp_path):
    assert types(opened(tmp_path, "on\n2026-02-28\n2026-02-30\n")) == {"on": "string"}


def test_an_empty_field_is_null_and_a_quoted_empty_one_is_empty(tmp_path):
    assert rows(opened(tmp_path, 'a,b\n"",\nNA,x\n', null_values=["NA"])) == [
        {"a": "", "b": None},
        {"a": None, "b": "x"},
    ]


def test_quoted_fields_hold_delimiters_quotes_and_line_breaks(tmp_path):
    text = 'id;name\r\n1;"a ""b""; c\r\nsecond line"\r\n\r\n2;d'
    assert rows(opened(tmp_path, text)) == [
        {"id": 1, "name": 'a "b"; c\r\nsecond line'},
        {"id": 2, "name": "d"},
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("id,name\n1,2\n3,4,5\n", "a.csv, row 2 (byte 12): 3 fields, there are 2 columns."),
        ("id,name\n1,2\n3\n", "a.csv, row 2 (byte 12): 1 field, there are 2 columns."),
        ('id,name\n1,a"b\n', "a.csv, about row 1 (byte 11): a quote stands in the middle of a field."),
        ('id,name\n1,"a"b\n', "a.csv, about row 1 (byte 12): a quote stands in the middle of a field."),
        ('id,name\n1,"ab\n3,4\n', "a.csv, about row 1 (byte 10): a quote is opened and never closed."),
        ("id,name\n1,a\0b\n", "a.csv, about row 1 (byte 11): a NUL byte, which no text file holds."),
        (b"id,name\n1,k\xe4se\n", "a.csv, about row 1 (byte 11): not UTF-8."),
        ("id\r1\r2\r", "a.csv, row 0 (byte 0): a carriage return alone, which ends no line here."),
        ("id,b\n1,2\n3,4\r5,6\n", "a.csv, row 2 (byte 9): a carriage return alone, which ends no line here."),
    ],
)
def test_a_bad_row_is_told_with_its_byte(tmp_path, text, wanted):
    assert refused(tmp_path, text) == wanted


def test_a_value_of_another_type_is_told_by_its_shape_alone(tmp_path):
    told = refused(tmp_path, "id,amount\n1,12.5\n2,Doe 7\n", columns={"amount": "decimal(5,2)"})
    assert told == (
        "a.csv, row 2 (byte 17): column amount: 'xxx 9' (digits shown as 9, letters as x) "
        "is no decimal128(5, 2)."
    )


def test_bytes_are_those_of_the_file_in_other_encodings(tmp_path):
    text = "id,name\n1,käse\n2,x,y\n"
    for encoding, width in (("cp1252", 1), ("utf-16-le", 2)):
        told = refused(tmp_path, text.encode(encoding), encoding=encoding)
        assert told == f"a.csv, row 2 (byte {15 * width}): 3 fields, there are 2 columns."
    with_mark = refused(tmp_path, b"\xff\xfe" + text.encode("utf-16-le"), encoding="utf-16")
    assert "row 2 (byte 32)" in with_mark


def test_a_byte_order_mark_is_believed(tmp_path):
    assert rows(opened(tmp_path, "\ufeffid,name\n1,ö\n")) == [{"id": 1, "name": "ö"}]
    told = refused(tmp_path, "id,name\n1,ö\n".encode("utf-16"), FileLies)
    assert told == "a.csv is read as utf-8, but its first bytes say that it is utf-16-le."


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"PAR1....", "its first bytes say that it is Parquet"),
        (b"PK\x03\x04....", "that it is a zip archive, such as an Excel workbook"),
        (gzip.compress(b"id\n1\n", mtime=0), "that it is compressed with gzip"),
        (b"%PDF-1.7", "that it is PDF"),
        (b'{"id": 1}\n', "it begins as JSON does"),
        (b"<table><tr>", "it begins as HTML or XML does"),
        (b"id,id\n1,2\n", "two columns are called 'id'"),
        (b"id,\n1,2\n", "column 2 has no name"),
        (b"a;b,c\n1;2,3\n", "can be read with more than one delimiter: ',' gives 2 columns, ';' gives 2"),
    ],
)
def test_a_file_that_is_no_csv_is_told(tmp_path, content, wanted):
    assert wanted in refused(tmp_path, content, FileLies)


def test_more_columns_than_allowed_are_refused_and_more_can_be_allowed(tmp_path):
    text = ",".join(f"c{number}" for number in range(10_000)) + "\n" + ",".join(["1"] * 10_000) + "\n"
    assert refused(tmp_path, text) == "a.csv, row 0 (byte 0): 10,000 columns, more than 4,096."
    assert len(rows(opened(tmp_path, text, max_columns=10_000))[0]) == 10_000


def test_a_record_that_never_ends_is_refused_before_memory_is_full(tmp_path):
    with gzip.open(tmp_path / "long.csv.gz", "wb", compresslevel=1) as file:
        file.write(b"id,name\n1,")
        for _ in range(8):
            file.write(b"x" * (1 << 20))
    source = tables("x", {"path": str(tmp_path / "long.csv.gz"), "max_record_bytes": 1 << 20})
    with pytest.raises(BadRecord) as error:
        rows(source)
    assert error.value.message == ("long.csv.gz: the record that begins at byte 8 is longer than 1.0 MB.")


def test_compressed_files_are_read_and_cut_off_ones_told(tmp_path):
    packed = gzip.compress(b"id,name\n" + b"1,a\n" * 5_000)
    assert len(rows(opened(tmp_path, packed, "a.csv.gz"))) == 5_000
    with pytest.raises(BadRecord, match=r"b\.csv\.gz is broken or cut off"):
        rows(opened(tmp_path, packed[:-12], "b.csv.gz"))
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(b"id,name\n1,a\n")
    assert rows(opened(tmp_path, sink.getvalue().to_pybytes(), "c.csv.zst")) == [{"id": 1, "name": "a"}]


def test_a_text_that_is_named_as_if_it_were_packed_is_told(tmp_path):
    with pytest.raises(FileLies, match=r"c\.csv\.gz is named as if it were packed with gzip, but does not"):
        rows(opened(tmp_path, "id,name\n1,a\n", "c.csv.gz"))


def test_rows_packed_to_fill_the_disk_are_refused_with_the_byte(tmp_path):
    """17.5 million rows of four bytes in less than 100 kB: more than 300 times its size, and than 64 MiB."""
    packed = gzip.compress(b"id,name\n" + b"1,a\n" * 17_500_000)
    source = opened(tmp_path, packed, "bomb.csv.gz", infer=False, columns={"id": "int64", "name": "string"})
    with pytest.raises(
        BadRecord, match=r"unpacks to more than 300 times its size: stopped at byte 70,000,008"
    ):
        sum(batch.rows.num_rows for batch in source.batches("rows"))


def test_european_exports_are_read_as_declared(tmp_path):
    source = opened(
        tmp_path,
        "konto;betrag;datum\n7;1234,50;31.12.2026\n",
        columns={"betrag": "decimal(12,2)", "datum": "date %d.%m.%Y"},
        decimal_comma=True,
    )
    assert rows(source) == [{"konto": 7, "betrag": Decimal("1234.50"), "datum": date(2026, 12, 31)}]
    assert "row 1 (byte 19): column datum: '99.99.9999'" in refused(
        tmp_path,
        "konto;betrag;datum\n7;1234,50;31.13.2026\n",
        columns={"datum": "date %d.%m.%Y"},
    )


def test_without_a_header_columns_are_declared_or_numbered(tmp_path):
    assert rows(opened(tmp_path, "1,a\n", header=False)) == [{"column_1": 1, "column_2": "a"}]
    named = opened(tmp_path, "1,a\n2,b\n", header=False, columns={"id": "int64", "name": "string"})
    assert [row["id"] for row in rows(named)] == [1, 2]


def test_a_declared_column_that_is_not_there_is_told(tmp_path):
    told = refused(tmp_path, "id,amount\n1,2\n", FileLies, columns={"amuont": "decimal(9,2)"})
    assert told == "No file has the declared column amuont."
    exact = {"columns": {"id": "int64", "amount": "int64", "day": "date"}, "infer": False}
    told = refused(tmp_path, "id,amount\n1,2\n", FileLies, **exact)
    assert told == "a.csv has other columns than what is declared: missing day."
    assert rows(opened(tmp_path, "id,amount\n1,2\n", union=True, **exact))[0]["day"] is None


def test_an_error_holds_no_value_in_its_cause_either(tmp_path):
    for text in ("id,name\n1,Doe,x\n", "id,name\n1,Doe\n"):
        with pytest.raises(BadRecord) as error:
            rows(opened(tmp_path, text, columns={"name": "int64"}))
        assert error.value.__cause__ is None
        assert error.value.__suppress_context__
        assert "Doe" not in str(error.value)


def test_an_empty_file_has_no_rows(tmp_path):
    assert rows(opened(tmp_path, "")) == []
    assert rows(opened(tmp_path, "id,name\n")) == []


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"encoding": "klingon"}, "encoding must be an encoding that Python knows"),
        ({"delimiter": "::"}, "delimiter must be one ASCII character"),
        ({"columns": {"a": "money"}}, "column a: There is no type 'money'"),
        ({"infer": False}, "columns must be declared where infer is false"),
        ({"format": "xml"}, "format must be '' or 'csv'"),
        ({"batch_rows": 0}, "batch_rows must be a whole number, at least 1"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path, given, wanted):
    with pytest.raises(BadSource, match=wanted):
        opened(tmp_path, "a\n1\n", **given)


def test_a_quoted_field_of_a_million_delimiters_takes_no_longer_than_reading_it(tmp_path):
    text = 'a,"' + "," * 1_000_000 + '"\n1,2\n'
    started = time.process_time()
    assert len(rows(opened(tmp_path, text))) == 1
    assert time.process_time() - started < 5


FIELDS = st.text(alphabet='ab1 ,;"\n\r\té', max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=12), st.integers(1, 5))
def test_what_arrow_writes_is_read_back(tmp_path_factory, pairs, batch_rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    table = pa.table({"x": [one for one, _ in pairs], "y": [two for _, two in pairs]})
    arrow_csv.write_csv(table, path, arrow_csv.WriteOptions(quoting_style="all_valid"))
    columns = {"x": "string", "y": "string"}
    source = tables("x", {"path": str(path), "delimiter": ",", "columns": columns, "batch_rows": batch_rows})
    assert [(row["x"], row["y"]) for row in rows(source)] == pairs
