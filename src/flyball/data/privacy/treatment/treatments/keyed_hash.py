"""Keyed hash: values can be compared and joined, and nobody can have them back, not even with the key.

A hash without a key is not offered: whoever has a list of all phone numbers undoes it in seconds.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from flyball.data.privacy.treatment.errors import BadTreatment
from flyball.data.privacy.treatment.treatment import Tools, take_settings

__all__ = ["keyed_hash"]

_DIGITS = 32


@dataclass(frozen=True, slots=True, repr=False)
class _KeyedHash:
    key: bytes

    def field(self, field: pa.Field) -> pa.Field | None:
        return pa.field(field.name, pa.string(), field.nullable, field.metadata)

    def treat(self, values: pa.Array) -> pa.Array:
        texts = values.cast(pa.string()).dictionary_encode()
        hashed = [
            hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]
            for text in texts.dictionary.to_pylist()
        ]
        return pa.DictionaryArray.from_arrays(texts.indices, pa.array(hashed, pa.string())).cast(pa.string())


def keyed_hash(column: str, settings: Mapping[str, object], tools: Tools) -> _KeyedHash:
    """Make it. Setting: `domain` (the column's name); equal values of one domain have equal hashes."""
    read = take_settings("keyed_hash", column, settings, {"domain": column})
    if tools.keys is None:
        raise BadTreatment(
            f"The column {column} needs a key, and [privacy.keys] names none.",
            fix='Make one with `openssl rand -hex 32` and write k1 = { env = "PSEUDONYM_KEY" }.',
            column=column,
        )
    return _KeyedHash(tools.keys.derive(str(read["domain"]), "hash", 32))
