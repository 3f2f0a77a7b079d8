"""Cobrix' own tests 1 to 9: their files, their options in our words, and their records in our form.

Cobrix writes names with "_" for "-", leaves out what is null, and numbers its generated columns. Its options
were read in `spark-cobol/src/test/scala/za/co/absa/cobrix/spark/cobol/source` of AbsaOSS/cobrix.
"""

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from flyball.data.sources.mainframe import json_lines, settings_from
from flyball.data.sources.mainframe.code_pages import code_page
from flyball.data.sources.mainframe.reading import Reader

DATA = Path(__file__).parents[4].parent / "shared" / "data" / "legacy" / "cobrix" / "data"
WHY_NOT = "the Cobrix test data are not here (../shared/data/legacy/cobrix)"

# What Cobrix makes of the controls that all EBCDIC pages share; the others are blanks to it.
_TURNED = {0x0D: "\n", 0x25: "\r"}


# Where its page "common_extended" has a substitute character instead.
_SUBSTITUTED = (0x04, 0x06, 0x08, 0x09, 0x0A, 0x14, 0x15, 0x17, 0x1A, 0x1B)


def cobrix_page(name, *, keep):
    """Return a code page of ours with Cobrix' idea of control characters, as 256 characters."""
    table = list(code_page(name).table)
    bare = code_page("cp037").table
    for byte in (*range(0x40), 0xFF):
        sign = bare[byte]
        table[byte] = _TURNED.get(byte, sign if sign == "\x85" or (keep and ord(sign) < 0x80) else " ")
    if name == "common":
        table[0x07] = table[0x3F] = " "
        for byte in _SUBSTITUTED:
            table[byte] = "\x1a"
    return "".join(table)


def _custom():
    """Return the page of `CustomCodePage.scala`: small letters for capitals, and some signs gone."""
    table = list(code_page("common").table)
    for byte in range(0x40, 256):
        table[byte] = {"'": " ", '"': " ", "\\": " ", "¦": "|"}.get(table[byte], table[byte].swapcase())
    return "".join(table)


@dataclass(frozen=True)
class Case:
    expected: str
    copybook: str
    data: str
    options: dict = field(default_factory=dict)
    order: str = ""
    exact: bool = True

    def __str__(self):
        return self.expected.removesuffix(".txt")


SEGMENT = {"segment_field": "SIGNATURE", "segment_filter": ["S9276511"]}
LEVELS = {
    "record_format": "rdw",
    "record_ids": True,
    "segment_field": "SEGMENT-ID",
    "segment_levels": ["C", "P"],
    "segment_prefix": "A",
}
ROOT = LEVELS | {"segment_levels": ["C"], "segment_prefix": "B"}
FOUR, FIVE = "test4_copybook.cob", "test5_copybook.cob"
MANY = {"trim": "none", "controls": "keep"}
PAGES = {
    "cp037": {"code_page": cobrix_page("cp037", keep=False), "controls": "keep"},
    "cp_custom": MANY | {"code_page": _custom()},
    **{
        name: MANY | {"code_page": cobrix_page(name.removesuffix("_ext"), keep=True)}
        for name in ("cp037_ext", "cp273", "cp500", "cp1140", "cp1141", "cp1148")
    },
}

CASES = [
    Case("test1_expected/test1.txt", "test1_copybook.cob", "test1_data"),
    Case(
        "test1a_expected/test1a.txt",
        "test1a_copybook.cob",
        "test1_data",
        {"record_prefix_bytes": 2, "record_suffix_bytes": 27},
    ),
    Case("test1b_expected/test1b.txt", "test1_copybook.cob", "test1_data", {"record_ids": True}),
    *[
        Case(f"test3_expected/test3{ending}.txt", "test3_copybook.cob", "test3_data", SEGMENT | options)
        for ending, options in [
            ("", {}),
            ("_trim_none", {"trim": "none"}),
            ("_trim_left", {"trim": "left"}),
            ("_trim_right", {"trim": "right"}),
            ("_trim_both", {"trim": "both"}),
        ]
    ],
    Case("test4_expected/test4.txt", FOUR, "test4_data", LEVELS | {"code_page": "ascii", "controls": "drop"}),
    Case(
        "test4_expected/test4a.txt",
        FOUR,
        "test4a_data",
        LEVELS | {"code_page": "latin-1", "controls": "drop", "low_values": "text"},
    ),
    Case(
        "test5_expected/test5.txt", FIVE, "test5_data", LEVELS | {"code_page": "common", "low_values": "text"}
    ),
    Case(
        "test5_expected/test5a.txt", FIVE, "test5_data", ROOT | {"code_page": "common", "low_values": "text"}
    ),
    Case(
        "test5_expected/test5b.txt",
        FIVE,
        "test5b_data",
        LEVELS | {"code_page": "common", "low_values": "text"},
    ),
    Case(
        "test5_expected/test5c.txt",
        FIVE,
        "test5_data",
        ROOT
        | {
            "code_page": "common",
            "low_values": "text",
            "segments": {"STATIC-DETAILS": ["C", "D"], "CONTACTS": ["P"]},
        },
    ),
    Case(
        "test5_expected/test5d.txt",
        "test5d_copybook.cob",
        "test5b_data",
        LEVELS
        | {
            "record_format": "length_field",
            "record_length_field": "RECORD-LENGTH",
            "record_length_adjustment": 4,
            "code_page": "common",
            "low_values": "text",
        },
    ),
    Case(
        "test6_expected/test6.txt", "test6_copybook.cob", "test6_data", {"float_format": "ieee"}, order="ID"
    ),
    *[
        Case(
            f"test7_expected/test7{letter}.txt",
            "test7_fillers.cob",
            "test7_data",
            {"fillers": fillers, "filler_names": names},
            order="AMOUNT",
            exact=False,  # its pretty printer makes 14.0 of 14.00
        )
        for letter, fillers, names in [
            ("", "drop", "numbers"),
            ("a", "groups", "numbers"),
            ("b", "fields", "numbers"),
            ("c", "keep", "numbers"),
            ("d", "keep", "previous"),
        ]
    ],
    Case("test8_expected/test8_printable.txt", "test8_copybook.cob", "test8_data", {"code_page": "common"}),
    Case(
        "test8_expected/test8_non_printable.txt",
        "test8_copybook.cob",
        "test8_data",
        MANY | {"code_page": cobrix_page("common", keep=True), "check_code_page": False},
    ),
    *[
        Case(f"test9_expected/test9_{name}.txt", "test9_copybook.cob", "test9_data", options)
        for name, options in PAGES.items()
    ],
]

_GENERATED = {"record_number": "Record_Id", "record_bytes": "Record_Byte_Length"}


def expected_of(case):
    """Return Cobrix' records, every number as the text that it was written as."""
    text = (DATA / case.expected).read_text(encoding="utf-8")
    read = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, strict=False)
    if text.startswith("["):
        return read.decode(text)
    return [read.decode(line) for line in text.split("\n") if line]


def found_in(case):
    """Return our records in Cobrix' form."""
    settings = {
        "copybook": DATA / case.copybook,
        "path": DATA / case.data,
        "names": "underscore",
        **case.options,
    }
    read = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, strict=False)
    records = [_as_cobrix(read.decode(line)) for line in json_lines(settings)]
    if case.order:
        records.sort(key=lambda record: record[case.order])
    return records


def _as_cobrix(value):
    """Leave out nulls, as Spark's JSON does, and call generated columns what Cobrix calls them."""
    if isinstance(value, list):
        return [_as_cobrix(one) for one in value]
    if not isinstance(value, dict):
        return value
    record = {}
    for name, one in value.items():
        if name == "file":
            record["File_Id"] = Decimal(0)
        elif one is not None and name != "byte_offset":
            name = _GENERATED.get(name, name.replace("segment_id_", "Seg_Id"))
            record[name] = _as_cobrix(one)
    return record


def reader_of(case):
    """Return a reader with the settings of a case."""
    settings = {
        "copybook": DATA / case.copybook,
        "path": DATA / case.data,
        "names": "underscore",
        **case.options,
    }
    return Reader(settings_from("cobrix", settings))


def spark_type(kind):
    """Return an Arrow type as Spark writes it into its schema."""
    if pa.types.is_struct(kind):
        return [(field.name, spark_type(field.type)) for field in kind]
    if pa.types.is_list(kind):
        return ["array", spark_type(kind.value_type)]
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return {"int32": "integer", "int64": "long", "double": "double", "float": "float", "string": "string"}[
        str(kind)
    ]


def expected_schema(name):
    """Return Cobrix' schema in the same form."""

    def plain(kind):
        if isinstance(kind, str):
            return kind
        if kind["type"] == "array":
            return ["array", plain(kind["elementType"])]
        return [(field["name"], plain(field["type"])) for field in kind["fields"]]

    text = (DATA / name).read_text().replace("[redacted]", '"redacted":0')
    return plain(json.loads(text))


def expected_layout(name):
    """Return (depth, first byte, last byte, bytes) of every field."""
    found = []
    for line in (DATA / name).read_text().splitlines()[2:]:
        match = re.match(r"( *)\d+ \S+ .* (\d+) +(\d+) +(\d+)$", line)
        if match:
            found.append((len(match[1]) // 2 + 1, *map(int, match.groups()[1:])))
    return found
