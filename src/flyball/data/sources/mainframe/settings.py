"""The settings of a mainframe file: a table with a sentence for each, and the record made of them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from flyball.data.sources.errors import BadSource, NothingThere
from flyball.data.sources.mainframe.aliases import ALIASES, our_settings

__all__ = ["OPTIONS", "MainframeSettings", "Option", "RecordFormat", "settings_from"]

RecordFormat = Literal["fixed", "rdw", "bdw", "vb", "fb", "line", "length_field", "occurs"]
ByteOrder = Literal["big", "little"]

_ALSO = {
    "record_format": {
        "f": "fixed",
        "v": "rdw",
        "vb": "vb",
        "d": "line",
        "d2": "line",
        "t": "line",
        "text": "line",
        "delimited": "line",
        "bdw+rdw": "vb",
    },
    "fillers": {"none": "drop", "all": "keep"},
    "float_format": {"ieee754": "ieee"},
}


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: what it is called, what it may be, what it is for.

    Parameters
    ----------
    name : str
    kind : {"text", "number", "flag", "list", "map"}
    help : str
        One sentence for people.
    choices : tuple of str
        All allowed values; () for any.
    default : str
        In words, for people.
    """

    name: str
    kind: Literal["text", "number", "flag", "list", "map"]
    help: str
    choices: tuple[str, ...] = ()
    default: str = ""


OPTIONS: tuple[Option, ...] = (
    Option(
        "copybook",
        "list",
        "File with the COBOL copybook that describes the records; several are views of the same records.",
    ),
    Option("copybook_text", "text", "The text of the copybook itself, instead of a file."),
    Option("copybook_folder", "list", "Where COPY looks for members, behind the folder of the copybook."),
    Option("copybook_format", "text", "Reference format of the copybook.", ("auto", "fixed", "free"), "auto"),
    Option("comments_lbound", "number", "Columns before the code, in the fixed format.", (), "6"),
    Option("comments_ubound", "number", "Last column of the code, in the fixed format.", (), "72"),
    Option("record", "text", "Name of the one 01 level to read, where the copybook has several."),
    Option("header_record", "text", "The 01 level that the file begins with, once."),
    Option("trailer_record", "text", "The 01 level that the file ends with, once."),
    Option("path", "list", "The data: a file, a folder, a pattern with *, or several of them."),
    Option(
        "record_format",
        "text",
        "How records follow each other: fixed length, RDW before each (V), blocks of them (vb), blocks of "
        "fixed records (bdw), FB with or without block descriptors, lines of text, a field with the length, "
        "or lengths by OCCURS DEPENDING ON.",
        ("fixed", "rdw", "vb", "bdw", "fb", "line", "length_field", "occurs"),
        "fixed",
    ),
    Option("record_length", "number", "Bytes of a fixed record.", (), "as the copybook says"),
    Option(
        "rdw_byte_order", "text", "Byte order of an RDW.", ("big", "little"), "the one that fits the file"
    ),
    Option("rdw_includes_header", "flag", "The RDW counts its own 4 bytes.", (), "whichever fits the file"),
    Option("rdw_adjustment", "number", "Added to the length in an RDW."),
    Option("bdw_byte_order", "text", "Byte order of a BDW.", ("big", "little"), "the one that fits the file"),
    Option("bdw_includes_header", "flag", "The BDW counts its own 4 bytes.", (), "whichever fits the file"),
    Option("bdw_adjustment", "number", "Added to the length in a BDW."),
    Option(
        "record_length_field",
        "text",
        "Field that holds the length of its record, or a sum such as HEAD_LEN + BODY_LEN * 2 (with _ for -).",
    ),
    Option("record_length_adjustment", "number", "Added to what that field holds.", (), "0"),
    Option("record_length_map", "map", "Length for each value of that field, where it holds a kind."),
    Option("minimum_record_length", "number", "Records of fewer bytes are passed over.", (), "0"),
    Option("maximum_record_length", "number", "Records of more bytes are passed over.", (), "any"),
    Option("line_end", "text", "The byte that ends a line, in hex.", (), "0A for ascii, 15 for EBCDIC"),
    Option("file_header_bytes", "number", "Bytes before the first record.", (), "0"),
    Option("file_trailer_bytes", "number", "Bytes behind the last record.", (), "0"),
    Option(
        "record_prefix_bytes", "number", "Bytes of each record before what the copybook describes.", (), "0"
    ),
    Option("record_suffix_bytes", "number", "Bytes of each record behind it.", (), "0"),
    Option(
        "variable_occurs",
        "flag",
        "What follows an OCCURS DEPENDING ON moves up when it has fewer elements.",
        (),
        "true if the lengths of all records say so, false for fixed records",
    ),
    Option(
        "occurs_mappings",
        "map",
        'Elements of a table by the text of its counter, as JSON: {"TABLE": {"A": 0, "B": 2}}.',
    ),
    Option(
        "code_page",
        "text",
        "Of the text: cp037, cp273, cp500, cp875, cp1047, cp1140, cp1141, cp1148, ..., ascii, latin-1, "
        "common (the characters that all EBCDIC pages share), or 256 characters, one for each byte.",
        (),
        "cp037",
    ),
    Option("field_code_pages", "map", "Code page -> fields that are in it."),
    Option("trim", "text", "Blanks to take from text.", ("both", "left", "right", "none"), "both"),
    Option(
        "controls",
        "text",
        "Control characters within text: made spaces, kept, or dropped.",
        ("space", "keep", "drop"),
        "space",
    ),
    Option("low_values", "text", "Text of nothing but X'00'.", ("null", "text"), "null"),
    Option("national", "text", "Encoding of PIC N.", ("utf-16-be", "utf-16-le", "hex"), "utf-16-be"),
    Option(
        "float_format",
        "text",
        "Of COMP-1 and COMP-2.",
        ("ibm", "ibm-little", "ieee", "ieee-little"),
        "ibm",
    ),
    Option("native_byte_order", "text", "Of COMP-5 and BINARY-LONG.", ("big", "little"), "big"),
    Option(
        "binary_range",
        "text",
        "What COMP may hold: the digits of its picture, or all that its bytes can (TRUNC(BIN)).",
        ("picture", "full"),
        "picture",
    ),
    Option("display_pic_always_string", "flag", "Numbers in DISPLAY as text, with their zeros.", (), "false"),
    Option("binary_sizes", "text", "Bytes that a binary number may take.", ("2-4-8", "1-2-4-8"), "2-4-8"),
    Option(
        "fillers",
        "text",
        "FILLER: fields dropped and groups kept, all dropped, fields kept and groups dropped, all kept.",
        ("groups", "drop", "fields", "keep"),
        "groups",
    ),
    Option(
        "filler_names",
        "text",
        "What a kept FILLER is called: FILLER_1 (a group) and FILLER_P1 (a field), or FILLER_AFTER_ and "
        "the name before.",
        ("numbers", "previous"),
        "numbers",
    ),
    Option(
        "names",
        "text",
        "Names of columns: as in the copybook, or A_B for A-B.",
        ("copybook", "underscore"),
        "copybook",
    ),
    Option("keep_root", "flag", "Keep the 01 level around its fields.", (), "false"),
    Option("non_terminals", "list", "Groups to be shown as text too, called GROUP_NT."),
    Option("segment_field", "text", "Field that tells the kind of a record."),
    Option("segments", "map", "Group that redefines -> kinds of record that it holds for."),
    Option("segment_filter", "list", "Only records of these kinds."),
    Option(
        "segment_levels",
        "list",
        "Kinds from parent to child; adds segment_id_0, segment_id_1, ... to each row.",
    ),
    Option("segment_prefix", "text", "Put before those ids."),
    Option(
        "segment_children",
        "map",
        "Group -> groups whose records become lists within its own; one row for each root record.",
    ),
    Option("segment_streams", "flag", "A stream of its own for each group of `segments`.", (), "false"),
    Option(
        "record_ids", "flag", "Adds file, record_number (from 0), byte_offset and record_bytes.", (), "false"
    ),
    Option(
        "invalid",
        "text",
        "A number that is none: refuse the file, or give null and count it.",
        ("refuse", "null"),
        "refuse",
    ),
    Option("partial_record", "text", "A last record that is cut off.", ("refuse", "drop"), "refuse"),
    Option("check_code_page", "flag", "Refuse text that looks like another code page.", (), "true"),
    Option("batch_rows", "number", "Rows of a batch.", (), "8192"),
)
"""Every setting of the source, for `flyball.toml` and for the command line."""


@dataclass(frozen=True, slots=True)
class MainframeSettings:
    """The settings of one mainframe source; `OPTIONS` says what each is for.

    `copybooks` are texts; `copybook_folder` holds the folders of their files too.
    """

    copybooks: tuple[str, ...]
    path: tuple[Path, ...] = ()
    copybook_format: Literal["auto", "fixed", "free"] = "auto"
    comments_lbound: int = 6
    comments_ubound: int = 72
    copybook_folder: tuple[str, ...] = ()
    record: str = ""
    header_record: str = ""
    trailer_record: str = ""
    record_format: RecordFormat = "fixed"
    record_length: int = 0
    rdw_byte_order: ByteOrder | None = None
    rdw_includes_header: bool | None = None
    rdw_adjustment: int | None = None
    bdw_byte_order: ByteOrder | None = None
    bdw_includes_header: bool | None = None
    bdw_adjustment: int | None = None
    record_length_field: str = ""
    record_length_adjustment: int = 0
    record_length_map: Mapping[str, int] = field(default_factory=dict)
    minimum_record_length: int = 0
    maximum_record_length: int | None = None
    line_end: str = ""
    file_header_bytes: int = 0
    file_trailer_bytes: int = 0
    record_prefix_bytes: int = 0
    record_suffix_bytes: int = 0
    variable_occurs: bool | None = None
    occurs_mappings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    code_page: str = "cp037"
    field_code_pages: Mapping[str, str] = field(default_factory=dict)
    trim: Literal["both", "left", "right", "none"] = "both"
    controls: Literal["space", "keep", "drop"] = "space"
    low_values: Literal["null", "text"] = "null"
    national: Literal["utf-16-be", "utf-16-le", "hex"] = "utf-16-be"
    float_format: Literal["ibm", "ibm-little", "ieee", "ieee-little"] = "ibm"
    native_byte_order: ByteOrder = "big"
    binary_range: Literal["picture", "full"] = "picture"
    display_pic_always_string: bool = False
    binary_sizes: Literal["2-4-8", "1-2-4-8"] = "2-4-8"
    fillers: Literal["groups", "drop", "fields", "keep"] = "groups"
    filler_names: Literal["numbers", "previous"] = "numbers"
    names: Literal["copybook", "underscore"] = "copybook"
    keep_root: bool = False
    non_terminals: tuple[str, ...] = ()
    segment_field: str = ""
    segments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    segment_filter: tuple[str, ...] = ()
    segment_levels: tuple[str, ...] = ()
    segment_prefix: str = ""
    segment_children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    segment_streams: bool = False
    record_ids: bool = False
    invalid: Literal["refuse", "null"] = "refuse"
    partial_record: Literal["refuse", "drop"] = "refuse"
    check_code_page: bool = True
    batch_rows: int = 8192


def settings_from(name: str, values: Mapping[str, object]) -> MainframeSettings:
    """Check settings of plain values, and read the copybook where a file is named.

    Words that the field uses are understood too: record_format "F", "V", "D"; code_page "037", "IBM-1047".
    Names that other tools have for a setting are in `ALIASES`: `data` is `path`. Lists may be texts with
    commas, maps texts like "A=1,B=2" or JSON.

    Raises
    ------
    BadSource
        An unknown setting, a wrong value, or no copybook; it says what is allowed.
    NothingThere
        The copybook is not where it should be.
    """
    given = our_settings(name, values)
    known = {option.name: option for option in OPTIONS}
    unknown = sorted(set(given) - set(known))
    if unknown:
        near = get_close_matches(unknown[0], [*known, *ALIASES], n=1)
        raise BadSource(
            f"Source {name} has settings that it does not know: {', '.join(unknown)}.",
            fix=f"{f'Perhaps {near[0]}? ' if near else ''}Known: {', '.join(sorted(known))}.",
            source=name,
        )
    read: dict[str, object] = {key: _value(name, known[key], value) for key, value in given.items()}
    if "path" in given:
        read["path"] = tuple(map(Path, _paths(given["path"])))
    copybooks = _paths(given.get("copybook", ()))
    read.pop("copybook", None)
    read["copybooks"] = _copybook_texts(name, copybooks, read.pop("copybook_text", None))
    folders = [str(Path(copybook).parent) for copybook in copybooks]
    read["copybook_folder"] = tuple(dict.fromkeys([*folders, *_paths(given.get("copybook_folder", ()))]))
    for setting, reader in _MAPS.items():
        if setting in read:
            try:
                read[setting] = reader(_mapped(read[setting]))
            except (ValueError, TypeError, AttributeError):
                raise _wrong(name, known[setting], given[setting]) from None
    settings = MainframeSettings(**read)  # type: ignore[arg-type]
    _fit_together(name, settings)
    return settings


def _value(name: str, option: Option, value: object) -> object:
    if option.kind == "flag":
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if isinstance(value, bool):
            return value
    elif option.kind == "number":
        negative = option.name.endswith("adjustment")
        if isinstance(value, str) and value.removeprefix("-" if negative else "").isdigit():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and (negative or value >= 0):
            if option.name == "batch_rows" and value < 1:
                raise _wrong(name, option, value)
            return value
    elif option.kind == "list":
        if isinstance(value, str | Path | list | tuple) and value:
            return _listed(value)
        if isinstance(value, int) and not isinstance(value, bool):  # --segment-filter 1
            return (str(value),)
    elif option.kind == "map":
        if isinstance(value, str | list | tuple | Mapping) and value:
            return value
    elif (
        isinstance(value, str | Path | int) and not isinstance(value, bool) and str(value)
    ):  # --code-page 1140
        text = str(value)
        if not option.choices:
            return text
        lowered = text.lower().replace("_", "-") if "-" in "".join(option.choices) else text.lower()
        lowered = _ALSO.get(option.name, {}).get(lowered, lowered)
        if lowered in option.choices:
            return lowered
    raise _wrong(name, option, value)


def _wrong(name: str, option: Option, value: object) -> BadSource:
    allowed = ", ".join(option.choices) or {
        "flag": "true or false",
        "number": "a whole number",
        "map": "pairs such as A=1,B=2 or NAME => X,Y",
    }.get(option.kind, f"a {option.kind}")
    return BadSource(
        f"Source {name}: {option.name} = {value!r} is not possible.",
        fix=f"{option.help} Allowed: {allowed}.",
        source=name,
        setting=option.name,
    )


def _listed(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    return tuple(str(part).strip() for part in parts)


def _mapped(value: object) -> dict[str, object]:
    """Read {"A": ...}, the same as JSON, "A=1,2;B=3", "A => 1,2", or a list of any of them."""
    if isinstance(value, Mapping):
        return {str(key): one for key, one in value.items()}
    if isinstance(value, list | tuple):
        found: dict[str, object] = {}
        for part in value:
            for key, one in _mapped(part).items():
                found[key] = [*_listed(found[key]), *_listed(one)] if key in found else one
        return found
    text = str(value).strip()
    if text.startswith("{"):
        return dict(json.loads(text))
    parts = text.split(";")
    if len(parts) == 1 and text.count("=") > 1:
        parts = text.split(",")
    pairs = [part.replace("=>", "=").replace(":", "=", "=" not in part).partition("=") for part in parts]
    if not all(key.strip() and one.strip() for key, _, one in pairs):
        raise ValueError(text)
    return {key.strip(): one.strip() for key, _, one in pairs}


def _lists(pairs: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    return {key: _listed(one) for key, one in pairs.items()}


def _numbers(pairs: Mapping[str, object]) -> dict[str, int]:
    return {key: _whole(one) for key, one in pairs.items()}


def _tables(pairs: Mapping[str, object]) -> dict[str, dict[str, int]]:
    return {key.upper(): _numbers(dict(one)) for key, one in pairs.items()}  # type: ignore[call-overload]


def _fields_of_pages(pairs: Mapping[str, object]) -> dict[str, str]:
    return {field: page for page, fields in pairs.items() for field in _listed(fields)}


def _whole(value: object) -> int:
    if not str(value).isdigit():
        raise ValueError(value)
    return int(str(value))


_MAPS: Mapping[str, Callable[[Mapping[str, object]], object]] = {
    "segments": _lists,
    "segment_children": _lists,
    "record_length_map": _numbers,
    "occurs_mappings": _tables,
    "field_code_pages": _fields_of_pages,
}


def _paths(value: object) -> tuple[str, ...]:
    """Read one path, several with commas between them, or a list; a comma may belong to a file's name."""
    if isinstance(value, list | tuple):
        return tuple(path for one in value for path in _paths(one))
    text = str(value).removeprefix("file://")
    if "," not in text or Path(text).exists():
        return (text,)
    return tuple(part.strip().removeprefix("file://") for part in text.split(",") if part.strip())


def _copybook_texts(name: str, paths: tuple[str, ...], text: object) -> tuple[str, ...]:
    if bool(paths) == (text is not None):
        raise BadSource(
            f"Source {name} needs a copybook, as a file or as a text, and has {'both' if paths else 'none'}.",
            fix='For instance: copybook = "accounts.cpy".',
            source=name,
        )
    if text is not None:
        return (str(text),)
    try:
        return tuple(Path(path).read_text(encoding="latin-1") for path in paths)
    except OSError as err:
        raise NothingThere(
            f"The copybook {err.filename} cannot be read: {err.strerror}.", fix="Check its path.", source=name
        ) from err


def _fit_together(name: str, settings: MainframeSettings) -> None:
    by_field = settings.record_format == "length_field"
    missing = ""
    if by_field and not settings.record_length_field:
        missing = "record_format length_field needs record_length_field"
    elif settings.record_length_field and not by_field:
        missing = "record_length_field needs record_format length_field"
    elif re.fullmatch(r"([0-9A-Fa-f]{2})*", settings.line_end) is None:
        missing = f"line_end = {settings.line_end!r} is not in hex"
    elif not settings.segment_field:
        asked = [
            one.name
            for one in fields(settings)
            if one.name.startswith("segment") and one.name != "segment_field"
        ]
        used = [one for one in asked if getattr(settings, one)]
        missing = f"{used[0]} needs segment_field" if used else ""
    elif (settings.segment_streams or settings.segment_children) and not settings.segments:
        missing = f"segment_{'streams' if settings.segment_streams else 'children'} needs segments"
    elif settings.segment_children and (settings.segment_streams or settings.segment_levels):
        missing = "segment_children goes with neither segment_streams nor segment_levels"
    if missing:
        raise BadSource(f"Source {name}: {missing}.", fix="Change one of the settings.", source=name)
