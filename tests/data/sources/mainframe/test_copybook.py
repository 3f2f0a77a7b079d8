"""What a copybook says, in the forms in which it is written."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.core.errors import FlyballError
from flyball.data.sources.mainframe import layout_of, layout_table, parse_copybook
from flyball.data.sources.mainframe.errors import BadCopybook

FIXED = """
000100* A comment in column 7                                           ABCDE001
000200 01  ACCOUNT.                                                     ABCDE002
000300     05  NUMBER-OF      PIC 9(4).                                 ABCDE003
000400/    05  NOT-THERE      PIC X.                                    ABCDE004
000500     05  TITLE          PIC X(10) VALUE 'A. B, C'.   *> a remark  ABCDE005
000600     05  WORDS          PIC X(5) VALUE 'ab                        ABCDE006
000700-                                      'cd'.                      ABCDE007
"""
FREE = """01 ACCOUNT.
  05 NUMBER-OF pic 9(4). *> a remark
  05 TITLE pic x(10) value "A. B, C".
  05 WORDS pic x(5).
"""


def table(text, **options):
    return [
        (name, first, last)
        for _, name, first, last, _ in layout_table(layout_of(parse_copybook(text), **options))
    ]


def test_fixed_and_free_format_say_the_same():
    expected = [("ACCOUNT", 1, 19), ("NUMBER-OF", 1, 4), ("TITLE", 5, 14), ("WORDS", 15, 19)]
    assert table(FIXED) == expected
    assert table(FREE) == expected


def test_levels_66_and_88_take_no_room():
    text = """
       01  REC.
           05  KIND   PIC X.
               88  OLD VALUE 'O' 'P' THRU 'R'.
               88  YOUNG VALUES ARE 'Y'.
           05  OTHER  PIC X(2).
           66  BOTH   RENAMES KIND THRU OTHER.
    """
    assert table(text) == [("REC", 1, 3), ("KIND", 1, 1), ("OTHER", 2, 3)]


def test_headings_of_a_program_and_an_sql_table_are_passed_over():
    text = """
       WORKING-STORAGE SECTION.
           EXEC SQL DECLARE T TABLE
           ( A CHAR(3) ) END-EXEC.
       01  DCLT.
           10 A   PIC X(3).
       77  ALONE  PIC 9.
    """
    assert table(text) == [("DCLT", 1, 3), ("A", 1, 3), ("ALONE", 4, 4)]


# By hand: 9(4) 2 bytes, 9(5) 4, 9(10) 8, S9(7)V99 packed 9/2+1 = 5, COMP-1 4, COMP-2 8, a sign apart 1 more.
@pytest.mark.parametrize(
    ("clause", "size"),
    [
        ("PIC 9(4) COMP", 2),
        ("PIC 9(5) COMP", 4),
        ("PIC 9(10) USAGE IS BINARY", 8),
        ("PIC 9(18) COMPUTATIONAL-4", 8),
        ("PIC 99 COMP-9", 1),
        ("PIC S9(7)V99 COMP-3", 5),
        ("USAGE COMP-3 PIC S9(8)", 5),
        ("PIC 9(3) COMP-6", 2),
        ("COMP-1", 4),
        ("USAGE IS COMPUTATIONAL-2", 8),
        ("PIC S9(3) SIGN LEADING SEPARATE CHARACTER", 4),
        ("PIC S9(3) SIGN IS TRAILING", 3),
        ("PIC S99 TRAILING SEPARATE", 3),
        ("PIC -Z(4)9.99", 9),
        ("PIC $ZZ,ZZ9.99CR", 12),
        ("PIC 99/99/9999", 10),
        ("PIC SPP9(3)", 3),
        ("PIC 9(3)PPV COMP-3", 2),
        ("PIC N(4)", 8),
        ("PIC N(4) USAGE NATIONAL", 8),
        ("PIC XX/XX", 5),
        ("BINARY-LONG UNSIGNED", 4),
        ("BINARY-DOUBLE", 8),
        ("USAGE INDEX", 4),
        ("PIC A(3)9", 4),
    ],
)
def test_bytes_of_a_field(clause, size):
    assert table(f"01 R. 05 F {clause}.") == [("R", 1, size), ("F", 1, size)]


def test_small_binaries_take_a_byte_where_the_compiler_gives_them_one():
    assert table("01 R. 05 F PIC 99 COMP.", binary_sizes="1-2-4-8")[-1] == ("F", 1, 1)


def test_usage_and_sign_of_a_group_hold_for_its_fields():
    text = "01 R COMP-3 SIGN LEADING SEPARATE. 05 A PIC 9(5). 05 B PIC X(4). 05 C PIC S9(3) DISPLAY."
    assert table(text) == [("R", 1, 11), ("A", 1, 3), ("B", 4, 7), ("C", 8, 11)]


def test_redefinitions_share_the_room_of_the_largest():
    text = "01 R. 05 A PIC X(4). 05 B REDEFINES A PIC 9(6). 05 C REDEFINES B PIC X. 05 D PIC X."
    assert table(text) == [("R", 1, 7), ("A", 1, 4), ("B", 1, 6), ("C", 1, 1), ("D", 7, 7)]


def test_tables_take_the_room_of_all_their_elements():
    text = """01 R. 05 N PIC 99. 05 T OCCURS 1 TO 3 TIMES DEPENDING ON N ASCENDING KEY IS K INDEXED BY I J.
    10 K PIC 99. 10 V PIC X OCCURS 2. 05 Z PIC X."""
    assert table(text) == [("R", 1, 15), ("N", 1, 2), ("T", 3, 14), ("K", 3, 4), ("V", 5, 6), ("Z", 15, 15)]


def test_sync_leaves_slack_bytes_where_ibm_does():
    """By hand: A 1, slack 1, B at 3 to 4, C at 5, slack 3, D at 9 to 16, E at 17; T has 5, so 8."""
    text = """01 R. 05 A PIC X. 05 B PIC 9(4) COMP SYNC. 05 C PIC X. 05 D COMP-2 SYNC.
    05 T OCCURS 2. 10 E PIC 9(9) COMP SYNC. 10 F PIC X."""
    assert table(text)[:5] == [("R", 1, 32), ("A", 1, 1), ("B", 3, 4), ("C", 5, 5), ("D", 9, 16)]
    assert table(text)[5:] == [("T", 17, 32), ("E", 17, 20), ("F", 21, 21)]


def test_several_records_follow_each_other_or_one_is_picked():
    text = "01 A. 05 X PIC X(3). 01 B. 05 Y PIC X(2). 01 C REDEFINES B. 05 Z PIC X."
    assert [row for row in table(text) if row[0] in "ABC"] == [("A", 1, 3), ("B", 4, 5), ("C", 4, 4)]
    assert table(text, record="c") == [("C", 1, 1), ("Z", 1, 1)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "describes no field"),
        ("01 A PIC X", "Line 1 of the copybook begins a sentence without a full stop"),
        ("01 A. COPY OTHER.", "Line 1 of the copybook takes in another one: COPY OTHER"),
        ("01 A PIC X.\n01 B PIC Q(3).", "Line 2 of the copybook: PICTURE Q(3) has 'Q'"),
        ("01 A PIC 9(39).", "38 digits"),
        ("01 A PIC X(99999999).", "16,777,216"),
        ("01 A PIC S9(.", "parentheses"),
        ("01 A PIC 9V9V9.", "at most one V"),
        ("01 A USAGE COMP-7.", "usage 'COMP-7' is not known"),
        ("01 A BLUE PIC X.", "'BLUE' is no clause"),
        ("01 A. 05 B REDEFINES C PIC X.", "B redefines C, which does not stand before it"),
        ("01 A. 05 B PIC X OCCURS 3 DEPENDING ON C.", "B depends on C, which does not stand before it"),
        ("01 A. 05 B.", "B has neither a PICTURE nor fields below it"),
        ("01 A PIC X. 05 B PIC X.", "A has a PICTURE and fields below it"),
        ("01 A PIC X COMP-3.", "A is PICTURE X and packed"),
        ("01 A PIC X OCCURS 5 TO 2.", "OCCURS 5 TO 2"),
        ("01 A PIC X OCCURS MANY.", "OCCURS 'MANY' is no number"),
        ("55 A PIC X.", "level 55"),
        ("       HELLO WORLD.", "begins with 'HELLO', no level"),
        ("01 A PIC.", "ends too early, behind 'PIC'"),
        ("01 A PIC X VALUE 'open.", "opens a quote"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_line(text, told):
    with pytest.raises(BadCopybook) as refused:
        layout_of(parse_copybook(text))
    assert told in str(refused.value)
    assert refused.value.fix


def test_an_unknown_record_lists_the_known_ones():
    with pytest.raises(BadCopybook, match=r"has no record Z. It has: A, B\."):
        layout_of(parse_copybook("01 A PIC X. 01 B PIC X."), record="Z")


@given(st.text(alphabet="01 59ABXV()SP.\n'\"-*PICOURSTO", max_size=80))
def test_no_text_makes_the_parser_fail_in_another_way(text):
    with contextlib.suppress(FlyballError):
        layout_of(parse_copybook(text))
