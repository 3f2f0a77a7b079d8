"""Settings by the names that other tools have for them, against the same settings by ours.

The record by hand: RDW 00 0B is 7 + 4 counted bytes, 00 07 not counted; a BDW counts its own 4 bytes or not.
"""

import json

import pytest

from flyball.data.sources.errors import BadSource
from flyball.data.sources.mainframe import OPTIONS, settings_from
from flyball.data.sources.mainframe.aliases import ALIASES, NO_EFFECT, NOT_HERE
from flyball.data.sources.mainframe.errors import BadCopybook, CopybookDoesNotFit
from flyball.data.sources.mainframe.records import json_lines

COPYBOOK = """
       01  REC.
           05  KIND       PIC X.
           05  BODY       PIC X(6).
"""
ROWS = ["AONE   ", "BTWO   ", "ATHREE "]


def read(tmp_path, raw, copybook=COPYBOOK, **settings):
    file = tmp_path / "rows.dat"
    file.write_bytes(raw)
    lines = json_lines({"copybook_contents": copybook, "data": file, **settings})
    return [json.loads(line) for line in lines]


def ebcdic(*texts):
    return b"".join(text.encode("cp037") for text in texts)


def word(size, order):
    return size.to_bytes(2, "big") + b"\0\0" if order == "big" else b"\0\0" + size.to_bytes(2, "little")


def framed(order="big", added=4, block_order=None, block_added=4):
    rows = [word(7 + added, order) + ebcdic(row) for row in ROWS]
    if block_order is None:
        return b"".join(rows)
    return b"".join(
        word(len(part) + block_added, block_order) + part for part in (rows[0] + rows[1], rows[2])
    )


EXPECTED = [{"KIND": row[0], "BODY": row[1:].strip()} for row in ROWS]


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("added", [4, 0, 2, -1])
def test_every_rdw_can_be_said_as_cobrix_says_it(tmp_path, order, added):
    settings = {"record_format": "V", "is_rdw_big_endian": order == "big", "rdw_adjustment": -added}
    assert read(tmp_path, framed(order, added), **settings) == EXPECTED
    if added in (4, 0):
        counted = {"is_rdw_part_of_record_length": added == 4}
        for said in ({}, {"record_format": "V"}):
            sequence = {"is_record_sequence": "true"} | said
            assert read(tmp_path, framed(order, added), **sequence, **counted) == EXPECTED


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("added", [4, 0])
@pytest.mark.parametrize("block_order", ["big", "little"])
@pytest.mark.parametrize("block_added", [4, 0, 1])
def test_every_block_of_every_record_is_found_and_can_be_said(
    tmp_path, order, added, block_order, block_added
):
    raw = framed(order, added, block_order, block_added)
    said = {
        "record_format": "VB",
        "is_rdw_big_endian": order == "big",
        "is_bdw_big_endian": block_order == "big",
        "rdw_adjustment": -added,
        "bdw_adjustment": -block_added,
    }
    assert read(tmp_path, raw, **said) == EXPECTED
    if block_added in (4, 0):
        assert read(tmp_path, raw, record_format="VB") == EXPECTED


def test_fb_is_read_with_and_without_block_descriptors(tmp_path):
    plain = ebcdic(*ROWS)
    assert read(tmp_path, plain, record_format="FB") == EXPECTED
    assert read(tmp_path, plain, record_format="FB", block_length=14) == EXPECTED
    for added in (0, 4):
        blocked = word(14 + added, "big") + plain[:14] + word(7 + added, "big") + plain[14:]
        assert read(tmp_path, blocked, recfm="FB", lrecl=7) == EXPECTED


def test_bytes_around_the_file_and_around_each_record(tmp_path):
    raw = b"HEAD" + b"".join(b"<" + ebcdic(row) + b">>" for row in ROWS) + b"END"
    settings = {"file_start_offset": 4, "file_end_offset": 3}
    around = {"record_start_offset": 1, "record_end_offset": 2}
    assert read(tmp_path, raw, **settings, **around) == EXPECTED


def test_a_header_and_a_trailer_have_records_of_their_own(tmp_path):
    copybook = "       01  HEAD-REC PIC X(5).\n" + COPYBOOK + "       01  TAIL-REC PIC X(3).\n"
    raw = ebcdic("HHHHH", *ROWS, "TTT")
    named = {"record_header_name": "HEAD-REC", "record_trailer_name": "tail-rec"}
    assert read(tmp_path, raw, copybook, **named) == EXPECTED
    with pytest.raises(BadCopybook, match="no record NONE"):
        read(tmp_path, raw, copybook, record_header_name="NONE")
    with pytest.raises(CopybookDoesNotFit, match="has 4 bytes, fewer than the 8 of its header and trailer"):
        read(tmp_path, b"HEAD", copybook, **named)


def test_text_lines_are_utf_8_unless_a_charset_is_named(tmp_path):
    text = "".join(f"{row.rstrip()}\r\n" for row in [*ROWS[:2], "AÄÖ"])
    expected = [*EXPECTED[:2], {"KIND": "A", "BODY": "ÄÖ"}]
    for said in ({"record_format": "D"}, {"is_text": True}, {"record_format": "D2"}):
        assert read(tmp_path, text.encode(), **said) == expected
    latin = {"record_format": "D", "ascii_charset": "ISO-8859-1", "encoding": "ascii"}
    assert read(tmp_path, text.encode("latin-1"), **latin) == expected


def test_the_length_of_a_record_can_be_a_sum_of_fields(tmp_path):
    """By hand: 1 + 2 * 1 + 5 = 8 bytes and 2 + 2 * 0 + 5 = 7 bytes."""
    copybook = "01 R. 05 A-1 PIC 9. 05 A-2 PIC 9. 05 T PIC X(9)."
    raw = ebcdic("11abcdef", "20abcde")
    rows = read(tmp_path, raw, copybook, record_length_field="A_1 + 2 * A_2 + 5", rdw_adjustment=0)[:2]
    assert [row["T"] for row in rows] == ["abcdef", "abcde"]
    with pytest.raises(BadCopybook, match="no field, and no sum"):
        read(tmp_path, raw, copybook, record_length_field="A_1 ** 9")
    with pytest.raises(BadCopybook, match="no field B_1"):
        read(tmp_path, raw, copybook, record_length_field="B_1 + 1")


def test_kinds_can_tell_the_length_and_too_short_or_long_ones_are_passed_over(tmp_path):
    raw = ebcdic("AONE", "BTHREE", "CX")
    mapped = {"record_length_field": "KIND", "record_length_map": '{"A": 4, "B": 6, "_": 2}'}
    assert [row["BODY"] for row in read(tmp_path, raw, **mapped)] == ["ONE", "THREE", "X"]
    kept = read(tmp_path, raw, **mapped, minimum_record_length=3, maximum_record_length=5)
    assert [row["BODY"] for row in kept] == ["ONE"]


def test_a_text_can_stand_for_a_number_of_elements(tmp_path):
    copybook = """01 R. 05 F PIC X. 05 D1 PIC X OCCURS 0 TO 2 DEPENDING ON F.
       05 D2 PIC X OCCURS 0 TO 2 DEPENDING ON F."""
    mapped = {"occurs_mappings": '{"D1": {"A": 0, "B": 1}, "D2": {"A": 1, "B": 2}}', "encoding": "ascii"}
    found = read(tmp_path, b"AXBXYZ", copybook, **mapped, variable_size_occurs="true")
    assert found == [{"F": "A", "D1": [], "D2": ["X"]}, {"F": "B", "D1": ["X"], "D2": ["Y", "Z"]}]
    padded = read(tmp_path, b"A..X.BX.YZ", copybook, **mapped, variable_size_occurs="max_size")
    assert padded == found


def test_roots_and_groups_can_be_shown_too(tmp_path):
    copybook = "01 R. 05 G. 10 A PIC X. 10 B PIC 9. 05 C PIC X."
    settings = {"schema_retention_policy": "keep_original", "non_terminals": "G"}
    found = read(tmp_path, ebcdic("a1c"), copybook, **settings)
    assert found == [{"R": {"G": {"A": "a", "B": 1}, "G_NT": "a1", "C": "c"}}]


def test_several_copybooks_are_views_of_the_same_record(tmp_path):
    (tmp_path / "a.cpy").write_text("       01  REC-A.\n           05  A PIC X(4).\n")
    (tmp_path / "b.cpy").write_text(
        "       01  REC-B.\n           05  B PIC 9(2).\n           05  C PIC 9(2).\n"
    )
    (tmp_path / "one.dat").write_bytes(ebcdic("1234"))
    (tmp_path / "two.dat").write_bytes(ebcdic("5678"))
    settings = {
        "copybooks": f"{tmp_path}/a.cpy,{tmp_path}/b.cpy",
        "data_paths": f"{tmp_path}/one.dat, {tmp_path}/two.dat",
    }
    found = [json.loads(line) for line in json_lines(settings)]
    assert found == [{"A": "1234", "B": 12, "C": 34}, {"A": "5678", "B": 56, "C": 78}]


def test_fillers_are_dropped_and_kept_as_cobrix_says_it():
    def fillers(**settings):
        return settings_from("s", {"copybook_text": COPYBOOK, **settings}).fillers

    assert fillers() == "groups"
    assert fillers(drop_group_fillers="true") == "drop"
    assert fillers(drop_value_fillers="false") == "keep"
    assert fillers(drop_group_fillers=True, drop_value_fillers=False) == "fields"


def test_fields_can_have_code_pages_of_their_own(tmp_path):
    copybook = "01 R. 05 A PIC X(3). 05 B PIC X(3)."
    raw = "Ä1".ljust(3).encode("cp037") + "Ä2".ljust(3).encode("cp1141")
    assert read(tmp_path, raw, copybook, **{"field_code_page:cp1141": "B"}) == [{"A": "Ä1", "B": "Ä2"}]


def test_what_changes_other_tools_alone_is_taken_and_what_nobody_knows_is_not():
    plain = {"copybook_text": COPYBOOK}
    assert settings_from("s", plain | dict.fromkeys(NO_EFFECT, "true")) == settings_from("s", plain)
    with pytest.raises(BadSource, match=r"Perhaps is_rdw_big_endian\?"):
        settings_from("s", plain | {"is_rdw_bigendian": True})
    with pytest.raises(BadSource, match=r"is_text = 'perhaps' is not possible"):
        settings_from("s", plain | {"is_text": "perhaps"})
    with pytest.raises(BadSource, match="both set trim, to 'left' and to 'right'"):
        settings_from("s", plain | {"trim": "left", "string_trimming_policy": "right"})


def test_every_alias_is_the_name_of_a_setting():
    assert set(ALIASES.values()) <= {option.name for option in OPTIONS}
    assert not set(ALIASES) & {option.name for option in OPTIONS}


def test_a_page_by_the_name_that_cobrix_has_for_it_has_its_control_characters(tmp_path):
    """X'25' is a line feed in EBCDIC, and a carriage return to Cobrix; X'12' is a control, X'C1' an A."""
    raw = b"\xc1\xc1\x25\xc1\x12\xc1\xc1"
    found = {
        page: read(tmp_path, raw, ebcdic_code_page=page)[0]["BODY"]
        for page in ("common", "cp037_extended", "cp500")
    }
    assert found == {"common": "A\rA AA", "cp037_extended": "A\rA\x12AA", "cp500": "A\rA\x12AA"}
    assert read(tmp_path, raw, code_page="cp037")[0]["BODY"] == "A A AA"


def test_ascii_as_cobrix_says_it_loses_its_control_characters(tmp_path):
    assert read(tmp_path, b"AO\0N\x01E ", encoding="ascii")[0]["BODY"] == "ONE"
    assert read(tmp_path, b"AO\0N\x01E ", code_page="ascii")[0]["BODY"] == "O N E"


@pytest.mark.parametrize("key", sorted(NOT_HERE))
def test_what_only_cobrix_can_is_refused_with_what_to_do_instead(tmp_path, key):
    with pytest.raises(BadSource) as told:
        read(tmp_path, framed(), **{key: "x"})
    assert f"{key} is not possible. {NOT_HERE[key]}" in str(told.value)
