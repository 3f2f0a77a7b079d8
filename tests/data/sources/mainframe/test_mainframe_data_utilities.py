"""Files of AWS' mainframe-data-utilities, read by their copybooks, against the text that it made of them."""

from pathlib import Path

import pytest

from flyball.data.sources.mainframe import layout_of, parse_copybook, read_records

DATA = Path(__file__).parents[4].parent / "shared" / "data" / "legacy" / "mainframe_data_utilities"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the files are not here (../shared/data/legacy/mainframe_data_utilities)"
)


def rows(copybook, data, **settings):
    batches = read_records(
        {"copybook": DATA / "LegacyReference" / copybook, "path": DATA / "sample-data" / data, **settings}
    )
    return [row for batch in batches for row in batch.to_pylist()]


def lines(name):
    return (DATA / "sample-data" / name).read_text().splitlines()


def test_clients_of_three_kinds():
    found = rows(
        "COBKS05.cpy",
        "CLIENT.EBCDIC.txt",
        segment_field="CLIENT-TYPE",
        segments={"CLIENT-HEADER": ["0"], "CLIENT-MAIN": ["1"], "CLIENT-ADDRESS": ["2"]},
    )
    written = []
    for row in found:
        key = row["CLIENT-KEY"]
        values = [f"{key['CLIENT-ID']}", f"{key['CLIENT-TYPE']}"]
        for group in ("CLIENT-HEADER", "CLIENT-MAIN", "CLIENT-ADDRESS"):
            values += [
                format(value, "010.2f") if "INCOME" in name else str(value)
                for name, value in (row[group] or {}).items()
            ]
        written.append("|".join(values) + "|")
    assert written == lines("CLIENT.ASCII.txt")


def test_variable_records_with_a_table():
    written = []
    for row in rows("COBVBFM2.cpy", "COBVBFM2.EBCDIC.txt", record_format="rdw"):
        key, parts = row["OUT-KEY"], row["OUT-REC"]
        values = [key["OUTK-TYPE"], f"{key['OUTK-SEQT']:02d}", f"{row['OUT-REC-CNT']:03d}"]
        for part in parts:
            values += [f"{part['OUT-REC-NO']:09d}", part["OUT-NAME"]]
        written.append("|".join(values + [""] * 2 * (10 - len(parts))))
    assert written == lines("COBVBFM2.ASCII.txt")


@pytest.mark.parametrize(
    ("copybook", "size"), [("COBPACK2.cpy", 150), ("COBKS05.cpy", 500), ("COBVBFM2.cpy", 306)]
)
def test_records_have_the_length_that_the_tool_found(copybook, size):
    text = (DATA / "LegacyReference" / copybook).read_text()
    assert layout_of(parse_copybook(text)).size == size
