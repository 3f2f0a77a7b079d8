"""Pseudonymise: values are replaced so that only the holder of the key can have them back."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from flyball.data.privacy.pseudonyms.formats import ALPHABETS, keep_form
from flyball.data.privacy.pseudonyms.keys import KeyRing
from flyball.data.privacy.pseudonyms.tokens import KIND, tokens_of
from flyball.data.privacy.treatment.errors import BadTreatment
from flyball.data.privacy.treatment.text import replace_spans
from flyball.data.privacy.treatment.treatment import Scan, Tools, take_settings

__all__ = ["INTEGER_DIGITS", "pseudonymise"]

INTEGER_DIGITS = 18
"""Integers are taken as so many digits, with zeros in front: one to one on 0 to 10^18 - 1."""


@dataclass(frozen=True, slots=True, repr=False)
class _Form:
    """Text and integers of the same form."""

    column: str
    domain: str
    alphabet: str
    check_digit: bool
    keys: KeyRing

    def field(self, field: pa.Field) -> pa.Field | None:
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            return field
        if pa.types.is_integer(field.type) and self.alphabet == "digits" and not self.check_digit:
            return pa.field(field.name, pa.int64(), field.nullable, field.metadata)
        raise _bad(self.column, f"it is {field.type}", "Text keeps its form; integers do with digits.")

    def treat(self, values: pa.Array) -> pa.Array:
        integers = pa.types.is_integer(values.type)
        unique = values.cast(pa.string()).dictionary_encode()
        texts = unique.dictionary.to_pylist()
        if integers:
            if any(text.startswith("-") or len(text) > INTEGER_DIGITS for text in texts):
                raise _bad(
                    self.column, "an integer is negative or has more than 18 digits", "Read it as text."
                )
            texts = [text.zfill(INTEGER_DIGITS) for text in texts]
        made = keep_form(
            texts,
            alphabet=self.alphabet,
            key=self.keys.derive(self.domain, "ff1", 32),
            tweak=self.domain.encode(),
            check_digit=self.check_digit,
        )
        column = pa.DictionaryArray.from_arrays(unique.indices, pa.array(made, pa.string()))
        return column.cast(pa.string()).cast(pa.int64() if integers else values.type)


@dataclass(frozen=True, slots=True, repr=False)
class _Token:
    """Text of any length as a token; with a detector, only what it finds in a free text."""

    column: str
    domain: str
    kind: str
    keys: KeyRing
    scan: Scan | None

    def field(self, field: pa.Field) -> pa.Field | None:
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            return field
        if self.scan is None and pa.types.is_integer(field.type):
            return pa.field(field.name, pa.string(), field.nullable, field.metadata)
        raise _bad(self.column, f"it is {field.type}", "Tokens stand for text and integers.")

    def treat(self, values: pa.Array) -> pa.Array:
        kind = values.type if pa.types.is_large_string(values.type) else pa.string()
        if self.scan is not None:
            return pa.array(self._in_text(values, self.scan), kind)
        unique = values.cast(pa.string()).dictionary_encode()
        made = tokens_of(unique.dictionary.to_pylist(), kind=self.kind, domain=self.domain, keys=self.keys)
        return pa.DictionaryArray.from_arrays(unique.indices, pa.array(made, pa.string())).cast(kind)

    def _in_text(self, values: pa.Array, scan: Scan) -> list[str | None]:
        texts, there = values.fill_null("").to_pylist(), values.is_valid().to_pylist()
        return [
            replace_spans(
                text,
                spans,
                lambda span, words: tokens_of([words], kind=span.kind, domain=self.domain, keys=self.keys)[0],
            ).text
            if known
            else None
            for text, spans, known in zip(texts, scan(texts), there, strict=True)
        ]


def pseudonymise(column: str, settings: Mapping[str, object], tools: Tools) -> _Form | _Token:
    """Make it.

    Settings: `alphabet` ("text" for tokens, or "digits", "capitals", "letters" for the same form),
    `domain` (the column's name; equal values of one domain have equal pseudonyms), `kind` (the word in
    front of a token), `check_digit` (the last digit is a Luhn digit), `find` ("everything", or "personal
    data" to replace what is found in a free text).
    """
    defaults: dict[str, object] = {
        "alphabet": "text",
        "domain": column,
        "kind": "VALUE",
        "check_digit": False,
        "find": "everything",
    }
    read = take_settings("pseudonymise", column, settings, defaults)
    if tools.keys is None:
        raise _bad(column, "[privacy.keys] names no key", "Make one with `openssl rand -hex 32`.")
    alphabet, domain, kind = str(read["alphabet"]), str(read["domain"]), str(read["kind"])
    found = read["find"] == "personal data"
    if read["find"] not in ("everything", "personal data") or (found and tools.scan is None):
        raise _bad(column, f"find is {read['find']!r}", 'Write find = "everything" or "personal data".')
    if alphabet == "text":
        if not KIND.fullmatch(kind):
            raise _bad(column, f"kind is {kind!r}", "A kind is a word in capitals, of at most 40 letters.")
        if read["check_digit"]:
            raise _bad(column, "a token has no check digit", 'Write alphabet = "digits".')
        return _Token(column, domain, kind, tools.keys, tools.scan if found else None)
    if alphabet not in ALPHABETS or found:
        raise _bad(column, f"alphabet is {alphabet!r}", f"Known: text, {', '.join(ALPHABETS)}.")
    if read["check_digit"] and alphabet != "digits":
        raise _bad(column, f"{alphabet} have no check digit", 'Write alphabet = "digits".')
    return _Form(column, domain, alphabet, bool(read["check_digit"]), tools.keys)


def _bad(column: str, why: str, fix: str) -> BadTreatment:
    return BadTreatment(f"The column {column} cannot be pseudonymised: {why}.", fix=fix, column=column)
