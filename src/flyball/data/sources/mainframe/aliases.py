"""Aliases: what other tools call a setting, read as ours."""

import re
from collections.abc import Callable, Mapping

from flyball.data.sources.errors import BadSource

__all__ = ["ALIASES", "NOT_HERE", "NO_EFFECT", "our_settings"]

ALIASES: Mapping[str, str] = {
    "data": "path",
    "data_path": "path",
    "data_paths": "path",
    "paths": "path",
    "file": "path",
    "files": "path",
    "input": "path",
    "copybooks": "copybook",
    "copybook_path": "copybook",
    "copybook_paths": "copybook",
    "copybook_contents": "copybook_text",
    "record_name": "record",
    "recfm": "record_format",
    "lrecl": "record_length",
    "is_record_sequence": "record_format",
    "is_text": "record_format",
    "is_rdw_big_endian": "rdw_byte_order",
    "is_rdw_part_of_record_length": "rdw_includes_header",
    "is_bdw_big_endian": "bdw_byte_order",
    "bdw_part_of_record_length": "bdw_includes_header",
    "file_start_offset": "file_header_bytes",
    "file_end_offset": "file_trailer_bytes",
    "record_start_offset": "record_prefix_bytes",
    "record_end_offset": "record_suffix_bytes",
    "record_header_name": "header_record",
    "record_trailer_name": "trailer_record",
    "encoding": "code_page",
    "ebcdic_code_page": "code_page",
    "codepage": "code_page",
    "charset": "code_page",
    "ascii_charset": "code_page",
    "field_code_page": "field_code_pages",
    "variable_size_occurs": "variable_occurs",
    "occurs_mapping": "occurs_mappings",
    "string_trimming_policy": "trim",
    "improved_null_detection": "low_values",
    "is_utf16_big_endian": "national",
    "floating_point_format": "float_format",
    "schema_retention_policy": "keep_root",
    "drop_group_fillers": "fillers",
    "drop_value_fillers": "fillers",
    "filler_naming_policy": "filler_names",
    "redefine_segment_id_map": "segments",
    "segment_id_level": "segment_levels",
    "segment_id_root": "segment_levels",
    "segment_id_prefix": "segment_prefix",
    "generate_record_id": "record_ids",
    "truncate_comments": "copybook_format",
    "debug_ignore_file_size": "partial_record",
}
"""Other names of settings, most of them those of Cobrix; `redefine_segment_id_map:1` counts as one."""

NO_EFFECT = frozenset(
    {
        "pedantic",
        "enable_indexes",
        "enable_index_cache",
        "enable_self_checks",
        "input_split_records",
        "input_split_size_mb",
        "improve_locality",
        "optimize_allocation",
        "debug_layout_positions",
        "metadata",
        "strict_integral_precision",
        "strict_sign_overpunching",
        "block_length",
        "records_per_block",
    }
)
"""Settings of other tools that change nothing here, or are taken in by others."""

NOT_HERE: Mapping[str, str] = {
    "ebcdic_code_page_class": "code_page takes the 256 characters of the page itself.",
    "record_extractor": "record_format, record_length_field and record_length_map say how records follow.",
    "generate_corrupt_fields": 'invalid = "null" makes such fields null and counts them.',
    "generate_record_bytes": "record_ids gives byte and length of each record.",
    "with_input_file_name_col": "record_ids adds the file of each record.",
}
"""Settings of Cobrix that cannot be had here, and what to do instead."""

_NUMBERED = re.compile(
    r"(redefine_segment_id_map|segment_children|field_code_page|segment_id_level)[:_]?(.*)"
)
_FLOATS = {"ieee754": "ieee", "ieee754_little_endian": "ieee-little", "ibm_little_endian": "ibm-little"}


def our_settings(name: str, values: Mapping[str, object]) -> dict[str, object]:
    """Return settings by our names; unknown ones stay as they are.

    Raises
    ------
    BadSource
        A setting is given twice, by two names, or an alias has a value that its tool does not know.
    """
    reader = _Aliases(name)
    given = {key.replace("-", "_"): value for key, value in values.items() if value is not None}
    for key in sorted(given, key=lambda one: (one in ALIASES, one)):
        reader.take(key, given[key])
    return reader.finished(given)


class _Aliases:
    def __init__(self, name: str) -> None:
        self.name = name
        self.found: dict[str, object] = {}
        self.said: dict[str, str] = {}
        self.maps: dict[str, list[object]] = {}
        self.levels: dict[int, str] = {}

    def take(self, key: str, value: object) -> None:
        numbered = _NUMBERED.fullmatch(key)
        says_less = key in ("is_record_sequence", "is_text") and "record_format" in self.found
        if key in NO_EFFECT or says_less:
            return
        if key in NOT_HERE:
            raise BadSource(
                f"Source {self.name}: {key} is not possible.",
                fix=NOT_HERE[key],
                source=self.name,
                setting=key,
            )
        if numbered and (numbered[2] or numbered[1] == "segment_children"):
            self._take_numbered(numbered[1], numbered[2], value)
            return
        readers: dict[str, Callable[[object], None]] = {
            "is_record_sequence": lambda one: self._set_if(key, one, "record_format", "rdw", None),
            "is_text": lambda one: self._set_if(key, one, "record_format", "text", None),
            "is_rdw_big_endian": lambda one: self._set_if(key, one, "rdw_byte_order", "big", "little"),
            "is_bdw_big_endian": lambda one: self._set_if(key, one, "bdw_byte_order", "big", "little"),
            "is_utf16_big_endian": lambda one: self._set_if(key, one, "national", "utf-16-be", "utf-16-le"),
            "improved_null_detection": lambda one: self._set_if(key, one, "low_values", "null", "text"),
            "truncate_comments": lambda one: self._set_if(key, one, "copybook_format", None, "free"),
            "debug_ignore_file_size": lambda one: self._set_if(key, one, "partial_record", "drop", None),
            "variable_size_occurs": self._occurs,
            "string_trimming_policy": self._trim,
            "schema_retention_policy": lambda one: self._choose(
                key, one, "keep_root", {"collapse_root": False, "keep_original": True}
            ),
            "filler_naming_policy": lambda one: self._choose(
                key, one, "filler_names", {"sequence_numbers": "numbers", "previous_field_name": "previous"}
            ),
            "floating_point_format": lambda one: self._set(
                "float_format", key, _FLOATS.get(str(one).lower(), one)
            ),
            "encoding": self._encoding,
            "ebcdic_code_page": lambda one: self._set("code_page", key, f"cobrix:{one}"),
            "segment_id_root": lambda one: self._take_numbered("segment_id_level", "0", one),
            "drop_group_fillers": lambda one: None,
            "drop_value_fillers": lambda one: None,
        }
        if key in readers:
            readers[key](value)
        else:
            self._set(ALIASES.get(key, key), key, value)

    def finished(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return what was found, after settings that say something only together."""
        found = self.found
        if {"drop_group_fillers", "drop_value_fillers"} & set(given):
            without_groups = self._truth("drop_group_fillers", given.get("drop_group_fillers", False))
            without_fields = self._truth("drop_value_fillers", given.get("drop_value_fillers", True))
            kept = {(False, True): "groups", (True, True): "drop", (True, False): "fields"}
            self._set("fillers", "drop_group_fillers", kept.get((without_groups, without_fields), "keep"))
        for key, parts in self.maps.items():
            self._set(key, key, parts)
        if self.levels:
            self._set("segment_levels", "segment_id_level", [self.levels[one] for one in sorted(self.levels)])
        page = str(found.get("code_page", "")).lower()
        if page.startswith("cobrix:"):  # such a page says itself what becomes of control characters
            found.setdefault("controls", "keep")
        elif str(given.get("encoding", "")).lower() == "ascii":
            found.setdefault("controls", "drop")
        if page.endswith(("_extended", "-extended")):
            found.setdefault("check_code_page", False)
        form = str(found.get("record_format", "fixed")).lower()
        if form == "fb" and {"block_length", "records_per_block"} & set(given):
            found["record_format"] = "fixed"  # blocks of a known length have no words before them
        if form in ("d", "d2", "t", "text"):
            found.setdefault("code_page", "utf-8")
        if "record_length_field" in found and form in ("f", "fixed", "v", "rdw"):
            found["record_format"] = "length_field"
            if "rdw_adjustment" in found:
                found.setdefault("record_length_adjustment", found.pop("rdw_adjustment"))
        sized = "record_length" in found or self.said.get("variable_occurs") != "variable_size_occurs"
        if found.get("variable_occurs") is True and form in ("f", "fixed") and not sized:
            found["record_format"] = "occurs"
        return found

    def _take_numbered(self, kind: str, which: str, value: object) -> None:
        if kind == "segment_id_level":
            if not which.isdigit():
                self._set("segment_levels", kind, value)
            else:
                self.levels[int(which)] = str(value).replace(",", "|")
        elif kind == "field_code_page" and which != "s":
            self.maps.setdefault("field_code_pages", []).append({which: value})
        else:
            key = {"redefine_segment_id_map": "segments", "field_code_page": "field_code_pages"}.get(
                kind, "segment_children"
            )
            parts = value if isinstance(value, list) else [value]
            self.maps.setdefault(key, []).extend(parts)

    def _encoding(self, value: object) -> None:
        if str(value).lower() == "ebcdic":
            return
        if str(value).lower() == "ascii" and "code_page" in self.found:
            return  # ascii_charset says it more exactly
        self._set("code_page", "encoding", value)

    def _occurs(self, value: object) -> None:
        text = str(value).lower()
        if text in ("pad_record",):
            self._set("variable_occurs", "pad_record", True)
        elif text in ("shift_record", "max_size"):
            self._set("variable_occurs", "variable_size_occurs", text == "shift_record")
        else:
            self._set("variable_occurs", "variable_size_occurs", self._truth("variable_size_occurs", value))

    def _trim(self, value: object) -> None:
        if str(value).lower() == "keep_all":
            self._set("trim", "string_trimming_policy", "none")
            self.found.setdefault("controls", "keep")
        else:
            self._set("trim", "string_trimming_policy", value)

    def _set_if(self, key: str, value: object, ours: str, true: str | None, false: str | None) -> None:
        chosen = true if self._truth(key, value) else false
        if chosen is not None:
            self._set(ours, key, chosen)

    def _choose(self, key: str, value: object, ours: str, choices: Mapping[str, object]) -> None:
        if str(value).lower() not in choices:
            raise self._wrong(key, value, ", ".join(choices))
        self._set(ours, key, choices[str(value).lower()])

    def _truth(self, key: str, value: object) -> bool:
        text = str(value).lower()
        if text not in ("true", "false"):
            raise self._wrong(key, value, "true, false")
        return text == "true"

    def _set(self, ours: str, said: str, value: object) -> None:
        if ours in self.found and self.found[ours] != value:
            first = self.said[ours]
            raise BadSource(
                f"Source {self.name}: {first} and {said} both set {ours}, to {self.found[ours]!r} and to "
                f"{value!r}.",
                fix="Give one of them.",
                source=self.name,
                setting=ours,
            )
        self.found[ours] = value
        self.said[ours] = said

    def _wrong(self, key: str, value: object, allowed: str) -> BadSource:
        return BadSource(
            f"Source {self.name}: {key} = {value!r} is not possible.",
            fix=f"Allowed: {allowed}.",
            source=self.name,
            setting=key,
        )
