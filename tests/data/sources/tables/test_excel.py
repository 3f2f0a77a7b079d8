"""By hand: the sheet has its header in row 2, so its rows are 3 to 5; row 5 has a merged cell."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.objects.errors import FileLies
from flyball.data.sources.shelf.tables import tables

openpyxl = pytest.importorskip("openpyxl", reason="writes the workbooks of these tests")
pytest.importorskip("python_calamine", reason="the extra excel is not installed")


AT = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - a sheet knows no zone


@pytest.fixture
def workbook(tmp_path):
    def write(*rows, merged=(), sheets=()):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Loans"
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
        for name in sheets:
            book.create_sheet(name)
        book.save(tmp_path / "loans.xlsx")
        return tmp_path / "loans.xlsx"

    return write


def rows(path, **given):
    source = tables("desk", {"path": str(path), **given})
    return [row for batch in source.batches("rows") for row in batch.rows.to_pylist()]


def test_cells_have_their_types_and_the_header_may_stand_lower(workbook):
    path = workbook(
        [None, None],
        ["id", "amount", "on", "at", "ok", "note"],
        [1, 2.5, date(2026, 1, 2), AT, True, "a"],
        [2, 3, date(2026, 1, 3), None, False, None],
        [3, 4, None, None, None, "b"],
        merged=["E4:E5"],
    )
    assert rows(path) == [
        {
            "id": 1,
            "amount": 2.5,
            "on": date(2026, 1, 2),
            "at": AT,
            "ok": True,
            "note": "a",
        },
        {"id": 2, "amount": 3.0, "on": date(2026, 1, 3), "at": None, "ok": False, "note": None},
        {"id": 3, "amount": 4.0, "on": None, "at": None, "ok": None, "note": "b"},
    ]


def test_declared_types_hold_for_mixed_columns(workbook):
    path = workbook(["id", "amount"], [1, 2.10], ["x7", 3])
    with pytest.raises(BadRecord) as error:
        rows(path)
    assert error.value.message == "loans.xlsx, row 3: column id holds str, it held int before."
    found = rows(path, columns={"id": "string", "amount": "decimal(9,2)"})
    assert found == [{"id": "1", "amount": Decimal("2.10")}, {"id": "x7", "amount": Decimal("3.00")}]
    with pytest.raises(BadRecord, match="row 3: column id holds str, which is no int64"):
        rows(path, columns={"id": "int64"})


def test_of_several_sheets_one_must_be_named(workbook):
    path = workbook(["id"], [1], sheets=["People"])
    with pytest.raises(FileLies) as error:
        rows(path)
    assert error.value.message == "loans.xlsx has 2 sheets, and none is named in the settings."
    assert error.value.fix == "Set sheet to one of: Loans, People."
    assert rows(path, sheet="Loans") == [{"id": 1}]


def test_a_broken_workbook_is_told(workbook):
    path = workbook(["id"], [1])
    whole = path.read_bytes()
    for content, kind, wanted in (
        (whole[:-100], BadRecord, "is cut off, broken or encrypted"),
        (b"id,name\n", FileLies, "its first bytes are not those of a workbook"),
        (
            whole.replace(b"xl/workbook", b"xl/wormhole"),
            FileLies,
            "is a zip archive, but no workbook of Excel",
        ),
    ):
        path.write_bytes(content)
        with pytest.raises(kind, match=wanted):
            rows(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (20 << 20))
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(packed.getvalue())
    with pytest.raises(
        BadRecord, match=r"too large to be held in memory as a workbook: .* unpack to 21\.0 MB"
    ):
        rows(path)


def test_a_cell_at_the_far_corner_is_refused_before_all_between_is_held(workbook, tmp_path):
    path = workbook(["id"], [1])
    book = openpyxl.load_workbook(path)
    book["Loans"]["XFD1048576"] = 1
    book.save(path)
    with pytest.raises(BadRecord, match="its cells reach to row 1,048,576 and column 16,384"):
        rows(path)


def test_a_workbook_that_lies_about_its_unpacked_size_is_refused(workbook):
    path = workbook(["id"], [1])
    whole = bytearray(path.read_bytes())
    at = whole.index(b"PK\x01\x02")  # the first entry of the directory: its size stands 24 bytes on
    whole[at + 24 : at + 28] = (1).to_bytes(4, "little")
    path.write_bytes(bytes(whole))
    with pytest.raises(BadRecord, match="the workbook cannot be unpacked"):
        rows(path)
