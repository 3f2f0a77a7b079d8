"""Cobrix' own tests 1 to 9: their files, their options by their names, and their records in our form.

Cobrix writes names with "_" for "-", leaves out what is null, and numbers its generated columns. Its options
were read in `spark-cobol/src/test/scala/za/co/absa/cobrix/spark/cobol/source` of AbsaOSS/cobrix.
"""

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from typer.testing import CliRunner

from flyball.cli.commands.source import command
from flyball.data.sources.mainframe import settings_from
from flyball.data.sources.mainframe.code_pages import code_page
from flyball.data.sources.mainframe.reading import Reader

DATA = Path(__file__).parents[4].parent / "shared" / "data" / "legacy" / "cobrix" / "data"
WHY_NOT = "the Cobrix test data are not here (../shared/data/legacy/cobrix)"


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


COLLAPSED = {"schema_retention_policy": "collapse_root"}
SEGMENT = COLLAPSED | {"segment_field": "SIGNATURE", "segment_filter": "S9276511"}
IDS = COLLAPSED | {"segment_field": "SEGMENT_ID", "generate_record_id": "true"}
LEVELS = IDS | {"segment_id_level0": "C", "segment_id_level1": "P", "segment_id_prefix": "A"}
ROOT = IDS | {"segment_id_root": "C", "segment_id_prefix": "B", "input_split_records": "100"}
# Cobrix reads EBCDIC as "common" where no page is named, we as cp037: so this one is named.
COMMON = {"ebcdic_code_page": "common"}
VARIABLE = COMMON | {"record_format": "V", "improved_null_detection": "false"}
FOUR, FIVE = "test4_copybook.cob", "test5_copybook.cob"
WHOLE = COLLAPSED | {"string_trimming_policy": "none"}

CASES = [
    Case("test1_expected/test1.txt", "test1_copybook.cob", "test1_data", COLLAPSED),
    Case(
        "test1a_expected/test1a.txt",
        "test1a_copybook.cob",
        "test1_data",
        COLLAPSED | {"record_start_offset": "2", "record_end_offset": "27"},
    ),
    Case(
        "test1b_expected/test1b.txt",
        "test1_copybook.cob",
        "test1_data",
        COLLAPSED | {"generate_record_id": "true"},
    ),
    Case("test3_expected/test3.txt", "test3_copybook.cob", "test3_data", SEGMENT),
    *[
        Case(
            f"test3_expected/test3_trim_{policy}.txt",
            "test3_copybook.cob",
            "test3_data",
            SEGMENT | {"string_trimming_policy": policy},
        )
        for policy in ("none", "left", "right", "both")
    ],
    Case(
        "test4_expected/test4.txt", FOUR, "test4_data", LEVELS | {"encoding": "ascii", "record_format": "V"}
    ),
    Case(
        "test4_expected/test4a.txt",
        FOUR,
        "test4a_data",
        LEVELS
        | {
            "encoding": "ascii",
            "ascii_charset": "ISO-8859-1",
            "record_format": "V",
            "improved_null_detection": "false",
        },
    ),
    Case("test5_expected/test5.txt", FIVE, "test5_data", LEVELS | VARIABLE),
    Case("test5_expected/test5a.txt", FIVE, "test5_data", ROOT | VARIABLE),
    Case("test5_expected/test5b.txt", FIVE, "test5b_data", LEVELS | VARIABLE | {"is_rdw_big_endian": "true"}),
    Case(
        "test5_expected/test5c.txt",
        FIVE,
        "test5_data",
        ROOT
        | COMMON
        | {
            "record_format": "V",
            "redefine_segment_id_map:0": "STATIC-DETAILS => C,D",
            "redefine-segment-id-map:1": "CONTACTS => P",
        },
    ),
    Case(
        "test5_expected/test5d.txt",
        "test5d_copybook.cob",
        "test5b_data",
        LEVELS
        | COMMON
        | {
            "improved_null_detection": "false",
            "record_length_field": "RECORD-LENGTH",
            "rdw_adjustment": "4",
        },
    ),
    Case(
        "test6_expected/test6.txt",
        "test6_copybook.cob",
        "test6_data",
        COLLAPSED
        | {"floating_point_format": "IEEE754", "strict_sign_overpunching": "true", "pedantic": "true"},
        order="ID",
    ),
    *[
        Case(
            f"test7_expected/test7{letter}.txt",
            "test7_fillers.cob",
            "test7_data",
            COLLAPSED
            | {
                "drop_group_fillers": groups,
                "drop_value_fillers": fields,
                "filler_naming_policy": naming,
            },
            order="AMOUNT",
            exact=False,  # its pretty printer makes 14.0 of 14.00
        )
        for letter, groups, fields, naming in [
            ("", "true", "true", "sequence_numbers"),
            ("a", "false", "true", "sequence_numbers"),
            ("b", "true", "false", "sequence_numbers"),
            ("c", "false", "false", "sequence_numbers"),
            ("d", "false", "false", "previous_field_name"),
        ]
    ],
    Case("test8_expected/test8_printable.txt", "test8_copybook.cob", "test8_data", COLLAPSED | COMMON),
    Case(
        "test8_expected/test8_non_printable.txt",
        "test8_copybook.cob",
        "test8_data",
        WHOLE | {"ebcdic_code_page": "common_extended"},
    ),
    Case(
        "test9_expected/test9_cp037.txt",
        "test9_copybook.cob",
        "test9_data",
        COLLAPSED | {"ebcdic_code_page": "cp037"},
    ),
    *[
        Case(
            f"test9_expected/test9_{page.replace('_extended', '_ext')}.txt",
            "test9_copybook.cob",
            "test9_data",
            WHOLE | {"ebcdic_code_page": page},
        )
        for page in ("cp037_extended", "cp273", "cp500", "cp1140", "cp1141", "cp1148")
    ],
    Case(
        "test9_expected/test9_cp_custom.txt",
        "test9_copybook.cob",
        "test9_data",
        WHOLE | {"code_page": _custom(), "controls": "keep"},  # a class of Java there
    ),
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
    """Return the records that the command shows, in Cobrix' form."""
    files = ["--copybook", str(DATA / case.copybook), "--data", str(DATA / case.data)]
    options = [f"--{name}={value}" for name, value in case.options.items()]
    done = CliRunner().invoke(command, ["preview", "mainframe", *files, *options, "--json"])
    assert done.exit_code == 0, done.output
    read = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, strict=False)
    records = [_as_cobrix(read.decode(line)) for line in done.stdout.split("\n") if line]
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
            name = _GENERATED.get(name, name.replace("segment_id_", "Seg_Id")).replace("-", "_")
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
