"""Files of every record format, and files that are not what they are said to be."""

import json
import struct
from decimal import Decimal

import pytest

from flyball.core.errors import FlyballError
from flyball.data.sources.errors import BadRecord, BadSource, NothingThere
from flyball.data.sources.mainframe import OPTIONS, json_lines, read_records
from flyball.data.sources.mainframe.errors import BadCopybook, CodePageSuspected, CopybookDoesNotFit

COPYBOOK = """
       01  ACCOUNT.
           05  ACCOUNT-ID   PIC 9(4).
           05  HOLDER       PIC X(8).
           05  BALANCE      PIC S9(3)V99 COMP-3.
"""
NAMES = ["ADA", "GRACE", "JEAN", "KATHLEEN"]


def account(number, name="ADA", balance="12345C"):
    return f"{number:04d}{name:<8}".encode("cp037") + bytes.fromhex(balance)


def accounts():
    return [account(number, name) for number, name in enumerate(NAMES)]


def rdw(body, *, counted=True, order="big"):
    return (len(body) + 4 * counted).to_bytes(2, order) + b"\0\0" + body


def read(tmp_path, raw, copybook=COPYBOOK, **settings):
    file = tmp_path / "accounts.dat"
    file.write_bytes(raw)
    batches = read_records({"copybook_text": copybook, "path": file, **settings})
    return [row for batch in batches for row in batch.to_pylist()]


EXPECTED = [
    {"ACCOUNT-ID": number, "HOLDER": name, "BALANCE": Decimal("123.45")} for number, name in enumerate(NAMES)
]


def blocks(records, *, counted=True):
    """Return two blocks of records, each with a BDW."""
    found = b""
    for part in (records[:3], records[3:]):
        body = b"".join(part)
        found += (len(body) + 4 * counted).to_bytes(2, "big") + b"\0\0" + body
    return found


BIG = {"record_format": "rdw", "rdw_byte_order": "big", "rdw_adjustment": -4}
NOT_COUNTED = {"bdw_includes_header": False}
AROUND = {"record_prefix_bytes": 1, "record_suffix_bytes": 2}


@pytest.mark.parametrize("batch_rows", [1, 3, 100])
@pytest.mark.parametrize(
    ("raw", "settings"),
    [
        (b"".join(accounts()), {}),
        (b"".join(accounts()), {"record_format": "F"}),
        (b"".join(map(rdw, accounts())), {"record_format": "rdw"}),
        (b"".join(rdw(one, counted=False) for one in accounts()), {"record_format": "V"}),
        (b"".join(rdw(one, order="little") for one in accounts()), {"record_format": "rdw"}),
        (b"".join(rdw(one, order="little", counted=False) for one in accounts()), {"record_format": "rdw"}),
        (b"".join(b"\0\0\0" + bytes([len(one)]) + one for one in accounts()), {"record_format": "rdw"}),
        (b"".join(map(rdw, accounts())), BIG),
        (blocks([rdw(one) for one in accounts()]), {"record_format": "vb"}),
        (blocks([rdw(one) for one in accounts()], counted=False), {"record_format": "VB"} | NOT_COUNTED),
        (blocks(accounts()), {"record_format": "bdw"}),
        (b"HEAD!" + b"".join(accounts()) + b"TAIL", {"file_header_bytes": 5, "file_trailer_bytes": 4}),
        (b"".join(b"<" + one + b">>" for one in accounts()), AROUND),
        (b"".join(one + b"????" for one in accounts()), {"record_length": 19}),
        (b"".join(one + b"\x15" for one in accounts()), {"record_format": "line"}),
        (b"".join(one + b"\x25" for one in accounts()), {"record_format": "line", "line_end": "25"}),
    ],
)  # fmt: skip
def test_records_are_the_same_however_they_are_framed(tmp_path, raw, settings, batch_rows):
    assert read(tmp_path, raw, batch_rows=batch_rows, **settings) == EXPECTED


def spanned(record):
    """Return a record in three parts, as VBS has it: first 1, middle 3, last 2."""
    parts = [(record[:4], 1), (record[4:9], 3), (record[9:], 2)]
    return [(len(part) + 4).to_bytes(2, "big") + bytes([code, 0]) + part for part, code in parts]


def test_records_spanned_over_blocks_are_put_together(tmp_path):
    first, second, third, fourth = accounts()
    raw = b"".join([*spanned(first), rdw(second), *spanned(third), rdw(fourth)])
    settings = {"record_format": "rdw", "batch_rows": 1}
    assert read(tmp_path, raw, **settings) == EXPECTED
    head, *tail = spanned(first)
    two_blocks = b"".join(
        (len(body) + 4).to_bytes(2, "big") + b"\0\0" + body for body in (head, b"".join(tail))
    )
    assert read(tmp_path, two_blocks, record_format="vb") == EXPECTED[:1]


def test_a_spanned_record_without_its_other_parts_is_told(tmp_path):
    first, second, *_ = accounts()
    head, middle, last = spanned(first)
    with pytest.raises(BadRecord, match=r"byte 0: .* its last part is missing"):
        read(tmp_path, head + middle, **BIG)
    with pytest.raises(BadRecord, match="byte 8: the RDW 00 13 00 00 does not go on"):
        read(tmp_path, head + rdw(second), **BIG)
    with pytest.raises(BadRecord, match="byte 0: the RDW 00 0A 02 00 does not go on"):
        read(tmp_path, last, **BIG)


def test_lines_of_ascii_may_end_before_their_last_fields(tmp_path):
    copybook = "01 A. 05 N PIC 9(3). 05 T PIC X(6). 05 M PIC 9(2)."
    raw = b"001abcdef07\r\n002abc\n003\n\n004abcdef7 \n"
    settings = {"record_format": "D", "code_page": "ascii"}
    assert read(tmp_path, raw, copybook, **settings) == [
        {"N": 1, "T": "abcdef", "M": 7},
        {"N": 2, "T": "abc", "M": None},
        {"N": 3, "T": None, "M": None},
        {"N": 4, "T": "abcdef", "M": 7},
    ]
    assert read(tmp_path, raw, copybook, trim="none", **settings)[1]["T"] == "abc"


def test_a_field_can_hold_the_length_of_its_record(tmp_path):
    copybook = "01 A. 05 L PIC 9(4) COMP. 05 T PIC X(6)."
    raw = b"".join(struct.pack(">H", len(text)) + text.encode("cp037") for text in ("AB", "CDEF", "G"))
    settings = {"record_format": "length_field", "record_length_field": "L", "record_length_adjustment": 2}
    assert [row["T"] for row in read(tmp_path, raw, copybook, **settings)] == ["AB", "CDEF", "G"]


def test_a_kind_can_tell_the_length_of_its_record(tmp_path):
    copybook = "01 A. 05 K PIC X. 05 T PIC X(6)."
    raw = "aAAbBBBBcC".encode("cp037")
    settings = {
        "record_format": "length_field",
        "record_length_field": "k",
        "record_length_map": "a=3,b=5,_=2",
    }
    assert [row["T"] for row in read(tmp_path, raw, copybook, **settings)] == ["AA", "BBBB", "C"]


NESTED = """01 R. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N.
   10 M PIC 9. 10 V PIC X OCCURS 0 TO 2 DEPENDING ON M. 10 E PIC X. 05 Z PIC XX."""


def nested(*elements):
    inside = "".join(f"{len(values)}{values}E" for values in elements)
    return f"{len(elements)}{inside}ZZ".encode("cp037")


NESTED_ROWS = [["ab", "", "c"], [], ["d"], ["ef", "gh"]]


def nested_expected():
    return [
        {"N": len(row), "T": [{"M": len(text), "V": list(text), "E": "E"} for text in row], "Z": "ZZ"}
        for row in NESTED_ROWS
    ]


def test_tables_within_tables_move_what_follows_them(tmp_path):
    raw = b"".join(nested(*row) for row in NESTED_ROWS)
    assert read(tmp_path, raw, NESTED, record_format="occurs") == nested_expected()
    framed = b"".join(rdw(nested(*row)) for row in NESTED_ROWS)
    assert read(tmp_path, framed, NESTED, record_format="rdw") == nested_expected()


def test_tables_have_room_for_the_most_elements_in_fixed_records(tmp_path):
    raw = "1A..Z3ABCZ0...Z".encode("cp037")
    copybook = "01 R. 05 N PIC 9. 05 T PIC X OCCURS 3 DEPENDING ON N. 05 Z PIC X."
    found = [(row["T"], row["Z"]) for row in read(tmp_path, raw, copybook)]
    assert found == [(["A"], "Z"), (["A", "B", "C"], "Z"), ([], "Z")]


def test_a_counter_in_another_group_counts_too(tmp_path):
    copybook = "01 R. 05 H. 10 N PIC 9. 05 B. 10 T PIC X OCCURS 3 DEPENDING ON N OF H."
    assert read(tmp_path, "2AB.".encode("cp037"), copybook) == [{"H": {"N": 2}, "B": {"T": ["A", "B"]}}]


def test_a_counter_beyond_its_table_is_refused(tmp_path):
    copybook = "01 R. 05 N PIC 9. 05 T PIC X OCCURS 3 DEPENDING ON N."
    with pytest.raises(BadRecord) as refused:
        read(tmp_path, "2AB.7ABC".encode("cp037"), copybook)
    assert "accounts.dat, record 2, byte 5: T has 7 elements by N, 3 at most." in str(refused.value)


# What is wrong with a file


def test_a_number_that_is_none_is_refused_with_its_place(tmp_path):
    """Byte 27 by hand: one record of 15 bytes, 4 + 8 before the balance of the second."""
    raw = account(1) + account(2, balance="1234FF"[:4] + "99") + account(3)
    with pytest.raises(BadRecord) as refused:
        read(tmp_path, raw)
    told = "accounts.dat, record 2, byte 27: BALANCE (PIC S9(3)V99 packed) holds no such number: 12 34 99."
    assert told in str(refused.value)
    assert refused.value.values == {"file": "accounts.dat", "record": 2, "byte": 27, "field": "BALANCE"}


def test_the_place_is_right_behind_a_table_that_was_moved(tmp_path):
    """Byte 6 by hand: RDW 4, N 1, one element 1, so the packed field begins at 6."""
    copybook = "01 R. 05 N PIC 9. 05 T PIC X OCCURS 0 TO 5 DEPENDING ON N. 05 P PIC 9(3) COMP-3."
    raw = rdw("1A".encode("cp037") + b"\x12\x34") + rdw("0".encode("cp037") + b"\x12\x3c")
    with pytest.raises(BadRecord, match=r"record 1, byte 6: P "):
        read(tmp_path, raw, copybook, record_format="rdw")


def test_numbers_that_are_none_can_be_null_instead_and_are_never_zero(tmp_path):
    raw = account(1) + account(2, balance="123499")
    assert [row["BALANCE"] for row in read(tmp_path, raw, invalid="null")] == [Decimal("123.45"), None]


def test_a_view_that_does_not_hold_is_null_where_bytes_are_redefined(tmp_path):
    copybook = "01 R. 05 A PIC X(3). 05 B REDEFINES A PIC S9(5) COMP-3."
    assert read(tmp_path, "ABC".encode("cp037"), copybook) == [{"A": "ABC", "B": None}]


def test_a_record_of_another_length_is_told_before_anything_is_read(tmp_path):
    with pytest.raises(CopybookDoesNotFit) as refused:
        read(tmp_path, b"".join(accounts())[:-1])
    assert "59 bytes of records are no multiple of the 15 bytes" in str(refused.value)
    assert "14 bytes are left over behind record 3, at byte 45" in str(refused.value)
    assert read(tmp_path, b"".join(accounts())[:-1], partial_record="drop") == EXPECTED[:3]


def test_a_file_with_rdws_read_as_fixed_says_which_settings_would_fit(tmp_path):
    with pytest.raises(CopybookDoesNotFit) as refused:
        read(tmp_path, b"".join(map(rdw, accounts())))
    assert 'record_format = "rdw" would fit (big endian, header counted)' in refused.value.fix


def test_several_records_in_one_copybook_are_pointed_out(tmp_path):
    with pytest.raises(CopybookDoesNotFit) as refused:
        read(tmp_path, b"".join(accounts()), COPYBOOK + "       01  TRAILER PIC X(40).\n")
    assert "(ACCOUNT, TRAILER): set record" in refused.value.fix


def test_a_file_without_rdws_is_not_read_by_them(tmp_path):
    with pytest.raises(CopybookDoesNotFit, match="none of them fits"):
        read(tmp_path, b"".join(accounts()), record_format="rdw")


def test_a_record_that_is_cut_off_is_told_and_those_before_it_are_kept(tmp_path):
    """By hand: a record has 4 + 15 bytes; the fourth begins at 57, and 10 of its 15 bytes are there."""
    file = tmp_path / "cut.dat"
    file.write_bytes(b"".join(map(rdw, accounts()))[:-5])
    settings = {"copybook_text": COPYBOOK, "path": file, "record_format": "rdw", "batch_rows": 2}
    kept = []
    with pytest.raises(BadRecord) as refused:
        kept.extend(read_records(settings))
    assert "cut.dat, byte 57" in str(refused.value)
    assert "it should have 15 bytes and 10 are left (record 4)" in str(refused.value)
    assert [row for batch in kept for row in batch.to_pylist()] == EXPECTED[:3]
    dropped = [len(batch) for batch in read_records(settings | {"partial_record": "drop"})]
    assert dropped == [2, 1]


def test_a_block_that_reaches_behind_the_file_is_told(tmp_path):
    raw = blocks([rdw(one) for one in accounts()])[:-3]
    settings = {"record_format": "vb", "rdw_byte_order": "big", "rdw_includes_header": True}
    with pytest.raises(
        BadRecord, match="byte 61: the BDW 00 17 00 00 gives a block of 19 bytes, 16 are left"
    ):
        read(tmp_path, raw, **settings)


def test_ascii_read_as_ebcdic_is_suspected(tmp_path):
    raw = b"".join(f"{number:04d}{name:<8}".encode() + b"\x12\x34\x5c" for number, name in enumerate(NAMES))
    with pytest.raises(CodePageSuspected, match="perhaps 'ascii'"):
        read(tmp_path, raw)
    assert read(tmp_path, raw, code_page="ascii") == EXPECTED


def test_every_file_of_a_folder_is_looked_at(tmp_path):
    (tmp_path / "a.dat").write_bytes(b"".join(accounts()))
    (tmp_path / "b.dat").write_bytes(b"".join(b"0001Herbert \x12\x34\x5c" for _ in range(5)))
    kept = []
    with pytest.raises(CodePageSuspected, match=r"b\.dat"):
        kept.extend(read_records({"copybook_text": COPYBOOK, "path": tmp_path}))
    assert [row for batch in kept for row in batch.to_pylist()] == EXPECTED


def test_ebcdic_read_as_ascii_is_suspected(tmp_path):
    with pytest.raises(CodePageSuspected, match="perhaps 'cp037'"):
        read(tmp_path, b"".join(accounts()), code_page="ascii")


def test_a_page_of_another_country_is_taken_at_its_word(tmp_path):
    copybook = "01 R PIC X(6)."
    assert read(tmp_path, "Grüße€".encode("cp1141"), copybook, code_page="IBM-1141") == [{"R": "Grüße€"}]
    assert read(tmp_path, "Grüß".encode(), copybook, code_page="utf-8") == [{"R": "Grüß"}]
    assert read(tmp_path, "αβγδεζ".encode("cp875"), copybook, code_page="875") == [{"R": "αβγδεζ"}]


def test_national_text_is_utf_16(tmp_path):
    assert read(tmp_path, "Ωmega  ".encode("utf-16-be"), "01 R PIC N(7).") == [{"R": "Ωmega"}]


# Kinds of records


KINDS = """
       01  REC.
           05  KIND         PIC X.
           05  COMPANY.
               10  TITLE    PIC X(6).
           05  CONTACT REDEFINES COMPANY.
               10  PHONE    PIC 9(6).
"""
KIND_ROWS = "CACME  P123456P654321CBETA  X??????"


def test_a_group_holds_only_for_its_kinds(tmp_path):
    settings = {"segment_field": "KIND", "segments": {"COMPANY": ["C"], "contact": ["P"]}}
    found = read(tmp_path, KIND_ROWS.encode("cp037"), KINDS, **settings)
    assert found[0] == {"KIND": "C", "COMPANY": {"TITLE": "ACME"}, "CONTACT": None}
    assert found[1] == {"KIND": "P", "COMPANY": None, "CONTACT": {"PHONE": 123456}}
    assert found[4] == {"KIND": "X", "COMPANY": None, "CONTACT": None}


def test_a_wrong_number_in_a_group_of_its_kind_is_refused(tmp_path):
    raw = "CACME  P12x456".encode("cp037")
    with pytest.raises(BadRecord, match=r"record 2, byte 8: CONTACT\.PHONE"):
        read(tmp_path, raw, KINDS, segment_field="KIND", segments="COMPANY=C;CONTACT=P")


def test_kinds_can_be_chosen_and_children_know_their_parent(tmp_path):
    settings = {"segment_field": "KIND", "segment_filter": "C,P", "segment_levels": "C,P", "batch_rows": 2}
    found = read(tmp_path, KIND_ROWS.encode("cp037"), KINDS, record_ids=True, **settings)
    ids = [
        (row["record_number"], row["byte_offset"], row["segment_id_0"], row["segment_id_1"]) for row in found
    ]
    assert ids == [
        (0, 0, "0_0", None),
        (1, 7, "0_0", "0_0_L1_1"),
        (2, 14, "0_0", "0_0_L1_2"),
        (3, 21, "0_3", None),
    ]


# Settings and lines


def test_lines_of_json_keep_names_digits_and_nulls(tmp_path):
    copybook = """01 R. 05 A-B PIC S9(3)V99. 05 C COMP-1. 05 T PIC X OCCURS 2.
    05 G. 10 N PIC 9 COMP-3. 05 X PIC X(3)."""
    raw = "0123}".encode("cp037") + bytes.fromhex("40199999") + "XY".encode("cp037") + b"\x40" + b'"\x7f\x41'
    (tmp_path / "r.dat").write_bytes(raw)
    settings = {"copybook_text": copybook, "path": tmp_path / "r.dat", "trim": "none"}
    line = next(json_lines(settings))
    assert line == '{"A-B":-12.30,"C":0.099999964,"T":["X","Y"],"G":{"N":null},"X":" \\"\u00a0"}'
    assert json.loads(line)["A-B"] == -12.3


def test_no_more_lines_are_read_than_are_asked_for(tmp_path):
    file = tmp_path / "accounts.dat"
    file.write_bytes(b"".join(accounts()) + account(9, balance="999999"))
    assert len(list(json_lines({"copybook_text": COPYBOOK, "path": file}, 4))) == 4
    assert list(json_lines({"copybook_text": COPYBOOK, "path": file}, 0)) == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"colour": 1}, "colour"),
        ({"trim": "sideways"}, "trim = 'sideways' is not possible"),
        ({"batch_rows": 0}, "batch_rows = 0"),
        ({"record_ids": "perhaps"}, "record_ids = 'perhaps'"),
        ({"code_page": "cp9"}, "no single-byte code page 'cp9'"),
        ({"code_page": "utf-16"}, "no single-byte code page 'utf-16'"),
        ({"record_format": "length_field"}, "needs record_length_field"),
        ({"record_length_field": "ACCOUNT-ID", "record_format": "vb"}, "needs record_format length_field"),
        ({"segment_filter": "A"}, "segment_filter needs segment_field"),
        ({"path": "a", "data_paths": "b"}, "both set path"),
        ({"line_end": "XY"}, "line_end = 'XY' is not in hex"),
        ({"record_length_map": "A=long", "record_length_field": "ACCOUNT-ID"}, "record_length_map"),
    ],
)
def test_settings_that_cannot_be_are_told_with_what_can(tmp_path, settings, told):
    with pytest.raises(BadSource) as refused:
        read(tmp_path, b"", **settings)
    assert told in str(refused.value)


def test_fields_that_settings_name_have_to_be_there(tmp_path):
    with pytest.raises(BadCopybook, match=r"no field KIND\. It has: ACCOUNT, ACCOUNT-ID"):
        read(tmp_path, b"", segment_field="KIND")


def test_missing_files_are_told(tmp_path):
    with pytest.raises(NothingThere, match="copybook"):
        list(read_records({"copybook": tmp_path / "no.cpy", "path": tmp_path}))
    with pytest.raises(NothingThere, match="no file or folder"):
        list(read_records({"copybook_text": COPYBOOK, "path": tmp_path / "no.dat"}))
    with pytest.raises(NothingThere, match="Nothing matches"):
        list(read_records({"copybook_text": COPYBOOK, "path": tmp_path / "*.dat"}))


def test_an_empty_file_has_no_records(tmp_path):
    for form in ("fixed", "rdw", "vb", "bdw", "line", "occurs"):
        assert read(tmp_path, b"", record_format=form) == []


def test_every_setting_has_a_sentence_and_a_place():
    assert all(option.help.endswith(".") for option in OPTIONS)
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)


@pytest.mark.parametrize("form", ["fixed", "rdw", "vb", "bdw", "line"])
def test_noise_is_refused_in_words(tmp_path, form):
    for seed in range(1, 40):
        noise = bytes((seed * 7 + place * place * 31 + place) % 256 for place in range(120))
        with pytest.raises(FlyballError, match=r"accounts\.dat"):
            read(tmp_path, noise, record_format=form)


def test_a_copybook_is_given_once(tmp_path):
    with pytest.raises(BadSource, match="and has both"):
        list(read_records({"copybook": tmp_path / "a.cpy", "copybook_text": COPYBOOK, "path": tmp_path}))
    with pytest.raises(BadSource, match="and has none"):
        list(read_records({"path": tmp_path}))


def test_lines_and_compressed_files_read_as_fixed_records_are_recognised(tmp_path):
    with pytest.raises(CopybookDoesNotFit) as refused:
        read(tmp_path, b"0001ADA     1\n0002GRACE   2\n")
    assert 'record_format = "line" with code_page = "ascii"' in refused.value.fix
    with pytest.raises(CopybookDoesNotFit) as refused:
        read(tmp_path, b"\x1f\x8b" + bytes(11))
    assert "looks compressed" in refused.value.fix


def test_records_that_are_longer_than_their_copybook_are_counted_in_a_warning(tmp_path, caplog):
    raw = b"".join(rdw(one + b"?" * number) for number, one in enumerate(accounts()))
    assert read(tmp_path, raw, record_format="rdw") == EXPECTED
    assert "3 records are longer than the 15 bytes that the copybook describes" in caplog.text


def test_where_a_chain_of_rdws_breaks_is_told(tmp_path):
    """By hand: two records of 4 + 15 bytes, so the zeros begin at byte 38."""
    raw = b"".join(map(rdw, accounts()[:2])) + bytes(8)
    with pytest.raises(CopybookDoesNotFit, match=r"record 3, byte 38: the RDW 00 00 00 00"):
        read(tmp_path, raw, record_format="rdw")


def test_a_pattern_finds_files_and_all_files_of_folders(tmp_path):
    for number, name in enumerate(["a/one.dat", "b/deep/two.dat", "b/.hidden.dat", "three.dat"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(account(number))
    settings = {"copybook_text": COPYBOOK, "path": f"{tmp_path}/*", "record_ids": True}
    rows = [row for batch in read_records(settings) for row in batch.to_pylist()]
    assert [(row["file"], row["ACCOUNT-ID"]) for row in rows] == [
        ("a/one.dat", 0),
        ("b/deep/two.dat", 1),
        ("three.dat", 3),
    ]


def test_a_counter_that_promises_more_than_its_record_holds_is_refused(tmp_path):
    """By hand: RDW and a counter of one byte, so the table begins at byte 5 and holds one of two elements."""
    copybook = "01 R. 05 N PIC 9. 05 T PIC X(2) OCCURS 0 TO 3 DEPENDING ON N."
    raw = rdw("2ab".encode("cp037"))
    with pytest.raises(
        BadRecord, match=r"record 1, byte 5: T has 2 elements by N, and its record has 2 bytes"
    ):
        read(tmp_path, raw, copybook, record_format="rdw")
    assert read(tmp_path, raw, copybook, record_format="rdw", invalid="null") == [{"N": 2, "T": ["ab"]}]
    half = rdw("2aBc".encode("cp037"))
    assert read(tmp_path, half, copybook, record_format="rdw") == [{"N": 2, "T": ["aB", "c"]}]
