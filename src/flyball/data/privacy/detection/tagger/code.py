"""Names of classes and functions, which look like names of people to the tagger."""

import re

import numpy as np

from flyball.data.privacy.detection.tagger.features import Lexicon
from flyball.data.privacy.detection.tagger.tokens import hash_word

__all__ = ["is_code"]

# "ThreadPool", "IOError"; and how people write names.
_INNER_CAPITAL = re.compile(rb"[a-z][A-Z]|[A-Z]{2}[a-z]")
_NAME_OF_PEOPLE = re.compile(
    rb"(?:Mc|Mac|O|D|L|De|Del|Della|Dela|Di|Da|Du|Des|La|Le|Las|Los|Lo|Van|Von|Fitz|St|Saint|San|Al|El|Ab|Ap|Ben|Bin|"
    rb"Jo|Ja|Je|Ka|Ke|Ra|Ro|Sha|She|Ta|Te|Ty)"
    rb"[A-Z][a-z]+|(?:[A-Z][a-z]){2}"  # "LiLo"
)
_BEHIND_NAME = re.compile(rb"\(\)|\([a-z_]+[,=)]|\.[a-z][a-z0-9]*[(_A-Z]|::|_\w|\[\w*\]")
_BEFORE_NAME = re.compile(
    rb"(?:\w_|::|->|\b[a-z_][a-z0-9_]*\.|\bself\.|[({,] ?\*{1,2}|\b(?:class|def|import) )\Z"
)
_PART = re.compile(rb"[A-Z][a-z]+")
_FIRST_OR_LAST = 0b11  # flags of the lexicon
_WORD = re.compile(rb"[A-Za-z0-9]+")
_LOOKED_AT = 32  # bytes on either side


def is_code(data: bytes, start: int, end: int, kind: str, lexicon: Lexicon) -> bool:
    """Return whether a finding of the tagger is rather an identifier: one word, written as programs write it.

    Two words are always left standing, as is what follows "@"; organisations keep their inner capitals
    ("PayPal"), and so do people whose parts are names on the lists ("MaryAnn").

    Parameters
    ----------
    data : bytes
    start, end : int
        Where the finding lies.
    kind : str
    lexicon : Lexicon
    """
    found = data[start:end]
    if b" " in found or b"\n" in found or b"@" in data[max(0, start - 1) : end] or kind == "ADDRESS":
        return False
    if _BEHIND_NAME.match(data, end, end + _LOOKED_AT):
        return True
    before = data[max(0, start - _LOOKED_AT) : start].rpartition(b"\0")[2]
    if found[:1].isupper() and _BEFORE_NAME.search(before) and not _sentence_end(before):
        return True
    if kind != "PERSON":
        return False
    return any(
        _INNER_CAPITAL.search(word)
        and not _NAME_OF_PEOPLE.fullmatch(word)
        and not _made_of_names(word, lexicon)
        for word in _WORD.findall(found)
    )


def _made_of_names(word: bytes, lexicon: Lexicon) -> bool:
    parts = _PART.findall(word)
    if b"".join(parts) != word:
        return False
    flags = lexicon.look_up(np.array([hash_word(part.decode()) for part in parts], np.uint64))
    return bool(((flags & _FIRST_OR_LAST) > 0).all())


def _sentence_end(before: bytes) -> bool:
    """Return whether the stop before a name may end a sentence whose blank was forgotten."""
    return before.endswith(b".") and b" " in before and not re.search(rb"[_(`\"']\w*\.\Z", before)
