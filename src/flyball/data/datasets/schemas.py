"""The columns of cases and labels, as they travel from the data layer to experts and evaluation."""

import pyarrow as pa

__all__ = ["CASES", "DOCUMENTS", "LABELS", "PLACE", "SPAN", "UNREAD"]

SPAN = pa.struct([pa.field("start", pa.int32()), pa.field("end", pa.int32())])

CASES = pa.schema(
    [
        pa.field("case_id", pa.string(), nullable=False),  # digest of the source bytes, shortened
        pa.field("name", pa.string(), nullable=False),  # for people: the file name
        pa.field("source", pa.string(), nullable=False),  # name of the source in flyball.toml
        pa.field("media_type", pa.string(), nullable=False),
        pa.field("content_digest", pa.string(), nullable=False),  # sha256 of the source bytes
        pa.field("text_digest", pa.string(), nullable=False),  # sha256 of the text, UTF-8
        pa.field("text", pa.large_string(), nullable=False),
    ]
)
"""One row per case. Experts may rely on `case_id` and `text`; the rest is for people and records."""

LABELS = pa.schema(
    [
        pa.field("case_id", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("answer", pa.string(), nullable=False),  # JSON: "true", "12", "\"Delaware\""
        pa.field("spans", pa.list_(SPAN), nullable=False),  # [] where the answer is an absence
    ]
)
"""One row per case and field that a person has answered; a missing row is unknown, not absent."""

PLACE = pa.struct(
    [
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("page", pa.int32()),  # null where the format has no pages
        pa.field("label", pa.string()),
        pa.field("box", pa.list_(pa.float64())),  # left, bottom, right, top in points; null for none
    ]
)

UNREAD = pa.struct(
    [pa.field("what", pa.string()), pa.field("reason", pa.string()), pa.field("page", pa.int32())]
)

DOCUMENTS = pa.schema(
    [
        pa.field("case_id", pa.string(), nullable=False),
        pa.field("text_digest", pa.string(), nullable=False),
        pa.field("pages", pa.int32()),  # null where the format has no pages
        pa.field("notes", pa.list_(pa.string()), nullable=False),
        pa.field("unread", pa.list_(UNREAD)),  # null in datasets that are older than this column
        pa.field("places", pa.list_(PLACE), nullable=False),
    ]
)
"""One row per case that came from a document: the map from its text back to pages and places."""
