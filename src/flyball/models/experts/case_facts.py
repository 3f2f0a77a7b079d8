"""What can be said about a case before anyone reads it: its length and its language."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from flyball.data.documents.rows import ROW_MEDIA_TYPE, row_of
from flyball.models.experts.decision_table.records import ROW, FactKind, FactValue

__all__ = ["CASE_FACTS", "case_facts", "language_of"]

CASE_FACTS: Mapping[str, FactKind] = {
    "language": "text",
    "characters": "number",
    "words": "number",
    "media_type": "text",
    "jurisdiction": "text",
    "text": "text",
}
"""Facts of a case that rules may look at. `jurisdiction` is every code of the context, by spaces."""

_READ_FOR_LANGUAGE = 40_000
_FEWEST_WORDS = 20
_SMALLEST_SHARE = 0.12
_LEAD = 1.5

_WORD = re.compile(r"[^\W\d_]+")
_COMMON = {
    "en": "the of and to in or any that by this be shall as for with is not such on an are from will may",
    "de": "der die und den von zu das mit des auf ist im nicht ein eine dem für wird sich oder bei nach",
    "fr": "le de la et les des à du en un une que est dans par pour au sur ne pas ce ou aux sont cette",
    "es": "el de la que y en los del las por con una para se al es lo como no su más o este entre",
    "it": "il di che la e un per del in non una della le dei con da al si sono nel alla gli delle è",
    "nl": "de het een en van in te dat die op voor met zijn is niet aan er om door als bij of wordt deze",
    "pt": "o de a que e do da em um para com não uma os no se na por mais as dos como ao das ou",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _words in _COMMON.items():
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_language)


def case_facts(
    text: str, *, media_type: str | None = None, jurisdictions: tuple[str, ...] = ()
) -> dict[str, FactValue]:
    """Return the facts of `CASE_FACTS` for one case, and of a row its columns.

    Parameters
    ----------
    text : str
    media_type : str or None
        None where it is not known.
    jurisdictions : tuple of str
        Of the context; empty: not known.

    Returns
    -------
    dict of str to FactValue
        `language` is an ISO 639-1 code, or "unclear".
    """
    jurisdiction = " ".join(jurisdictions) or None
    if media_type == ROW_MEDIA_TYPE:
        return _row_facts(text, jurisdiction)
    return {
        "text": text,
        "characters": float(len(text)),
        "words": float(len(text.split())),
        "language": language_of(text),
        "media_type": media_type,
        "jurisdiction": jurisdiction,
    }


def _row_facts(text: str, jurisdiction: str | None) -> dict[str, FactValue]:
    """Return each column as `row.<column>`, in lower case; a row is in no language."""
    return {
        **_columns(text),
        "text": text,
        "characters": float(len(text)),
        "words": None,
        "language": None,
        "media_type": ROW_MEDIA_TYPE,
        "jurisdiction": jurisdiction,
    }


@lru_cache(maxsize=2_048)  # asked for the rows of a batch by triage, then by the playbook
def _columns(text: str) -> dict[str, FactValue]:
    return {_fact_of(column): value for column, value in (row_of(text) or {}).items()}


@lru_cache(maxsize=8_192)
def _fact_of(column: str) -> str:
    return f"{ROW}{column.lower()}"


@lru_cache(maxsize=16)  # asked for the same case by triage and by the playbook
def language_of(text: str) -> str:
    """Return the language that prevails in a text, by its most common short words.

    Parameters
    ----------
    text : str
        Its first 40,000 characters are looked at.

    Returns
    -------
    str
        "en", "de", "fr", "es", "it", "nl" or "pt"; "unclear" for other languages, for fewer than 20
        words, for tables and for texts in two languages.
    """
    words = [word.lower() for word in _WORD.findall(text[:_READ_FOR_LANGUAGE])]
    if len(words) < _FEWEST_WORDS:
        return "unclear"
    counts: Counter[str] = Counter()
    for word in words:
        for language in _LANGUAGES_OF.get(word, ()):
            counts[language] += 1
    ranked = counts.most_common(2)
    if not ranked or ranked[0][1] < _SMALLEST_SHARE * len(words):
        return "unclear"
    if len(ranked) > 1 and ranked[0][1] < _LEAD * ranked[1][1]:
        return "unclear"
    return ranked[0][0]
