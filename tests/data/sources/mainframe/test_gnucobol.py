"""Files that a COBOL compiler wrote, read back: GnuCOBOL's runtime is the oracle, not a decoder of ours."""

import shutil
import subprocess
from decimal import Decimal

import pytest

from flyball.data.sources.mainframe import read_records

COBC = shutil.which("cobc")
pytestmark = pytest.mark.skipif(COBC is None, reason="no COBOL compiler (Debian: apt install gnucobol)")

FIELDS = """
           05  ID-NUMBER    PIC 9(4) COMP.
           05  TINY         PIC S9(2) COMP.
           05  HOLDER       PIC X(10).
           05  BALANCE      PIC S9(5)V99 COMP-3.
           05  SHOWN        PIC S9(5)V99.
           05  LED          PIC S9(3) SIGN LEADING.
           05  APART        PIC S9(3) SIGN TRAILING SEPARATE.
           05  BEFORE-IT    PIC S9(3) SIGN LEADING SEPARATE.
           05  LARGE        PIC S9(18) COMP.
           05  LONGEST      PIC S9(31) COMP-3.
           05  SCALED       PIC S9(3)PPP.
           05  SMALL        PIC SPP9(3).
           05  OWN-ORDER    PIC S9(9) COMP-5.
           05  SINGLE       COMP-1.
           05  TWICE        COMP-2.
           05  EDITED       PIC -Z(4)9.99.
"""

MOVES = """
           MOVE {id} TO ID-NUMBER
           MOVE {tiny} TO TINY
           MOVE "{holder}" TO HOLDER
           MOVE {balance} TO BALANCE SHOWN EDITED
           MOVE {small} TO LED APART BEFORE-IT
           MOVE {large} TO LARGE
           MOVE {longest} TO LONGEST
           MOVE {scaled} TO SCALED
           MOVE {tenth} TO SMALL
           MOVE {large} TO OWN-ORDER
           MOVE {single} TO SINGLE
           MOVE {single} TO TWICE
{more}           WRITE REC
"""

ROWS = [
    {
        "id": 1,
        "tiny": -99,
        "holder": "Aa Zz 19",
        "balance": "-12345.67",
        "small": "-120",
        "large": "-123456789",
        "longest": "-1234567890123456789012345678901",
        "scaled": "-123000",
        "tenth": "-0.00123",
        "single": "-118.625",
    },
    {
        "id": 9999,
        "tiny": 0,
        "holder": "",
        "balance": "0",
        "small": "0",
        "large": "0",
        "longest": "0",
        "scaled": "0",
        "tenth": "0",
        "single": "0.15625",
    },
    {
        "id": 0,
        "tiny": 7,
        "holder": "x",
        "balance": "0.01",
        "small": "7",
        "large": "999999999",
        "longest": "9999999999999999999999999999999",
        "scaled": "999000",
        "tenth": "0.00999",
        "single": "1",
    },
]


def compiled(folder, source, *flags):
    """Compile a program, run it in the folder, and return where it ran."""
    program = folder / "program.cob"
    program.write_text(source)
    built = subprocess.run(
        [COBC, "-x", *flags, "-o", folder / "program", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([folder / "program"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return folder


def fixed_program(more=""):
    moves = "".join(MOVES.format(**row, more=more) for row in ROWS)
    return f"""       IDENTIFICATION DIVISION.
       PROGRAM-ID. WRITER.
       ENVIRONMENT DIVISION.
       CONFIGURATION SECTION.
       SPECIAL-NAMES.
           ALPHABET ASC IS ASCII
           ALPHABET EBC IS EBCDIC.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT OUT-FILE ASSIGN TO "out.dat" ORGANIZATION SEQUENTIAL.
       DATA DIVISION.
       FILE SECTION.
       FD  OUT-FILE.
       01  REC.
{FIELDS}       01  REC-TEXT REDEFINES REC.
           05  FILLER     PIC X(3).
       PROCEDURE DIVISION.
           OPEN OUTPUT OUT-FILE
           INITIALIZE REC
{moves}
           CLOSE OUT-FILE
           STOP RUN.
""".replace("       01  REC-TEXT REDEFINES REC.\n           05  FILLER     PIC X(3).\n", "")


def expected(row):
    return {
        "ID-NUMBER": row["id"],
        "TINY": row["tiny"],
        "HOLDER": row["holder"],
        "BALANCE": Decimal(row["balance"]).quantize(Decimal("0.01")),
        "SHOWN": Decimal(row["balance"]).quantize(Decimal("0.01")),
        "LED": int(row["small"]),
        "APART": int(row["small"]),
        "BEFORE-IT": int(row["small"]),
        "LARGE": int(row["large"]),
        "LONGEST": Decimal(row["longest"]),
        "SCALED": int(row["scaled"]),
        "SMALL": Decimal(row["tenth"]).quantize(Decimal("0.00001")),
        "OWN-ORDER": int(row["large"]),
        "SINGLE": float(row["single"]),
        "TWICE": float(row["single"]),
        "EDITED": Decimal(row["balance"]).quantize(Decimal("0.01")),
    }


def read(folder, copybook, **settings):
    batches = read_records({"copybook_text": copybook, "path": folder / "out.dat", **settings})
    return [row for batch in batches for row in batch.to_pylist()]


HERE = {"float_format": "ieee-little", "native_byte_order": "little"}


def test_a_fixed_file_of_every_usage_comes_back_value_by_value(tmp_path):
    folder = compiled(tmp_path, fixed_program())
    copybook = f"       01  REC.\n{FIELDS}"
    found = read(folder, copybook, code_page="ascii", binary_sizes="1-2-4-8", **HERE)
    assert found == [expected(row) for row in ROWS]


def test_ebcdic_with_ibm_sizes_and_signs_comes_back_value_by_value(tmp_path):
    sizes = {
        "HOLDER": 10,
        "SHOWN": 7,
        "LED": 3,
        "APART": 4,
        "BEFORE-IT": 4,
        "SCALED": 3,
        "SMALL": 3,
        "EDITED": 9,
    }
    fields = FIELDS
    for name, size in sizes.items():  # a view as text: the packed and binary fields stay as they are
        line = next(line for line in FIELDS.splitlines() if f" {name} " in line)
        fields = fields.replace(line, f"{line}\n           05  {name}-X REDEFINES {name} PIC X({size}).")
    more = "".join(f"           INSPECT {name}-X CONVERTING ASC TO EBC\n" for name in sizes)
    folder = compiled(tmp_path, fixed_program(more).replace(FIELDS, fields), "-std=ibm", "-fsign=EBCDIC")
    found = read(folder, f"       01  REC.\n{FIELDS}", code_page="cp037", **HERE)
    assert found == [expected(row) for row in ROWS]


VARIABLE = """
           05  KEY-NUMBER   PIC 9(4).
           05  HOW-MANY     PIC 9(2) COMP.
           05  PART OCCURS 0 TO 5 DEPENDING ON HOW-MANY.
               10  PART-NAME    PIC X(3).
               10  PART-COUNT   PIC S9(3) COMP-3.
"""


def variable_program(fields, tail_moves):
    writes = ""
    for number in (3, 0, 5, 1):
        writes += f"           MOVE {number} TO HOW-MANY KEY-NUMBER\n"
        for part in range(1, number + 1):
            writes += f'           MOVE "P{part}" TO PART-NAME({part})\n'
            writes += f"           MOVE -{part} TO PART-COUNT({part})\n"
        writes += tail_moves
        length = 6 + 5 * number + (4 if tail_moves else 0)
        writes += f"           MOVE {length} TO REC-LENGTH\n           WRITE REC\n"
    return f"""       IDENTIFICATION DIVISION.
       PROGRAM-ID. WRITER.
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT OUT-FILE ASSIGN TO "out.dat" ORGANIZATION SEQUENTIAL.
       DATA DIVISION.
       FILE SECTION.
       FD  OUT-FILE
           RECORD VARYING FROM 6 TO 40 DEPENDING ON REC-LENGTH.
       01  REC.
{fields}       WORKING-STORAGE SECTION.
       01  REC-LENGTH PIC 9(4) COMP-5.
       PROCEDURE DIVISION.
           OPEN OUTPUT OUT-FILE
{writes}
           CLOSE OUT-FILE
           STOP RUN.
"""  # noqa: S608 - COBOL, not SQL


def parts(number):
    return [{"PART-NAME": f"P{part}", "PART-COUNT": -part} for part in range(1, number + 1)]


def test_variable_records_with_a_table_at_the_end(tmp_path):
    folder = compiled(tmp_path, variable_program(VARIABLE, ""), "-std=ibm")
    found = read(folder, f"       01  REC.\n{VARIABLE}", code_page="ascii", record_format="rdw")
    assert found == [
        {"KEY-NUMBER": number, "HOW-MANY": number, "PART": parts(number)} for number in (3, 0, 5, 1)
    ]


def test_what_follows_a_variable_table_is_found_where_the_compiler_put_it(tmp_path):
    fields = VARIABLE + "           05  AFTER-IT PIC X(4).\n"
    folder = compiled(
        tmp_path, variable_program(fields, '           MOVE "TAIL" TO AFTER-IT\n'), "-std=ibm", "-fodoslide"
    )
    found = read(folder, f"       01  REC.\n{fields}", code_page="ascii", record_format="rdw")
    assert found == [
        {"KEY-NUMBER": number, "HOW-MANY": number, "PART": parts(number), "AFTER-IT": "TAIL"}
        for number in (3, 0, 5, 1)
    ]


LINES = """
       01  REC.
           05  ID-N  PIC 9(3).
           05  NM    PIC X(5).
           05  AMT   PIC S9(3)V9.
           05  SEP   PIC S9(3)V99 SIGN TRAILING SEPARATE.
           05  CNT   PIC 9.
           05  T     PIC X(2) OCCURS 0 TO 3 TIMES DEPENDING ON CNT.
"""
OWN = """
       01  OWN.
           05  A1  PIC S9(2) COMP-3 SYNC.
           05  A2  PIC 9(4) COMP SYNC.
           05  A3  PIC S9(9) COMP-5 SYNC.
           05  A4  PIC 9(2) COMP-6.
           05  A5  BINARY-CHAR UNSIGNED.
           05  A6  PIC X.
           05  A7  COMP-1.
           05  A8  COMP-2.
           05  A9  PIC Z,ZZ9.99CR.
           05  A10 PIC S9(3) SIGN LEADING.
"""
TWO_FILES = f"""       IDENTIFICATION DIVISION.
       PROGRAM-ID. WRITER.
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT L ASSIGN TO "lines.dat" ORGANIZATION LINE SEQUENTIAL.
           SELECT OUT-FILE ASSIGN TO "out.dat" ORGANIZATION SEQUENTIAL.
       DATA DIVISION.
       FILE SECTION.
       FD  L.
{LINES}       FD  OUT-FILE.
{OWN}       PROCEDURE DIVISION.
           OPEN OUTPUT L OUT-FILE
           MOVE 7 TO ID-N MOVE "Ann" TO NM MOVE -12.5 TO AMT
           MOVE -3.25 TO SEP
           MOVE 2 TO CNT MOVE "ab" TO T(1) MOVE "cd" TO T(2)
           WRITE REC
           MOVE 8 TO ID-N MOVE 0 TO CNT MOVE 12.5 TO AMT
           WRITE REC
           MOVE -5 TO A1 MOVE 123 TO A2 MOVE -77 TO A3 MOVE 9 TO A4
           MOVE 200 TO A5
           MOVE "z" TO A6 MOVE 1.5 TO A7 MOVE -2.25 TO A8
           MOVE -1234.5 TO A9
           MOVE -42 TO A10
           WRITE OWN
           CLOSE L OUT-FILE
           STOP RUN.
"""


def test_lines_of_ascii_and_the_sizes_of_the_compiler_itself(tmp_path):
    folder = compiled(tmp_path, TWO_FILES)
    settings = {"copybook_text": LINES, "path": folder / "lines.dat", "record_format": "D"}
    lines = [row for batch in read_records(settings) for row in batch.to_pylist()]
    same = {"NM": "Ann", "SEP": Decimal("-3.25")}
    assert lines == [
        {"ID-N": 7, "AMT": Decimal("-12.5"), "CNT": 2, "T": ["ab", "cd"]} | same,
        {"ID-N": 8, "AMT": Decimal("12.5"), "CNT": 0, "T": []} | same,
    ]
    own = read(folder, OWN, code_page="ascii", binary_sizes="1-2-4-8", **HERE)
    assert list(own[0].values()) == [-5, 123, -77, 9, 200, "z", 1.5, -2.25, Decimal("-1234.50"), -42]
