"""Redact: the value, or the personal data that is found in a free text, becomes "[PERSON]"."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from flyball.data.privacy.treatment.errors import BadTreatment
from flyball.data.privacy.treatment.text import replace_spans
from flyball.data.privacy.treatment.treatment import Scan, Tools, take_settings

__all__ = ["redact"]


@dataclass(frozen=True, slots=True)
class _Whole:
    """Every value becomes the same word."""

    word: str

    def field(self, field: pa.Field) -> pa.Field | None:
        return pa.field(field.name, pa.string(), field.nullable, field.metadata)

    def treat(self, values: pa.Array) -> pa.Array:
        there = values.is_valid().to_pylist()
        return pa.array([self.word if one else None for one in there], pa.string())


@dataclass(frozen=True, slots=True)
class _Spans:
    """What the detector finds in each text becomes its kind in brackets."""

    column: str
    scan: Scan

    def field(self, field: pa.Field) -> pa.Field | None:
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            raise BadTreatment(
                f"The column {self.column} is {field.type}; only text can be searched for personal data.",
                fix='Leave out find = "personal data", or choose another treatment.',
                column=self.column,
            )
        return field

    def treat(self, values: pa.Array) -> pa.Array:
        texts = [text or "" for text in values.to_pylist()]
        there = values.is_valid().to_pylist()
        found = self.scan(texts)
        new = [
            replace_spans(text, spans, lambda span, _: f"[{span.kind}]").text
            for text, spans in zip(texts, found, strict=True)
        ]
        return pa.array([one if known else None for one, known in zip(new, there, strict=True)], values.type)


def redact(column: str, settings: Mapping[str, object], tools: Tools) -> _Whole | _Spans:
    """Make it. Settings: `find` ("everything" or "personal data"), `word` ("[REDACTED]")."""
    read = take_settings("redact", column, settings, {"find": "everything", "word": "[REDACTED]"})
    if read["find"] == "everything":
        return _Whole(str(read["word"]))
    if read["find"] != "personal data" or tools.scan is None:
        raise BadTreatment(
            f"The column {column}: find is {read['find']!r}"
            + (", and there is no detector." if read["find"] == "personal data" else "."),
            fix='Write find = "everything" or find = "personal data".',
            column=column,
        )
    return _Spans(column, tools.scan)
