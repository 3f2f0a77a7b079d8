"""Release words: what differs between two releases, told by rule, threshold, setting and count."""

import csv
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flyball.core.text import count
from flyball.models.router.thresholds import NEVER

__all__ = ["ChangedWord", "changed_words", "counted_words"]

_ANSWERS = {"present": "yes", "absent": "no"}
_NAMED_BY = ("name", "metric", "key", "id", "dataset", "rule")
"""What names one of several tables in a file, whichever it has first."""
_MOST = 200


@dataclass(frozen=True, slots=True)
class ChangedWord:
    """One thing that differs.

    Parameters
    ----------
    about : str
        A rule, a threshold, a setting: what people call it.
    what : str
        Which part of it; "" for the whole.
    before, after : str
        "" where it is not there.
    """

    about: str
    what: str
    before: str
    after: str


def changed_words(name: str, before: bytes, after: bytes) -> list[ChangedWord] | None:
    """Return what differs between two texts of one file; None where it can only be told line by line.

    Parameters
    ----------
    name : str
        Of the file: its ending says how it is read.
    before, after : bytes
        b"" where there was none.
    """
    tell = _READERS.get(name.rpartition(".")[2])
    if tell is None:
        return None
    try:
        found = list(tell(name, before.decode("utf-8-sig"), after.decode("utf-8-sig")))
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error, RecursionError):
        return None
    return found[:_MOST]


def counted_words(name: str, before: int | None, after: int | None) -> list[ChangedWord]:
    """Return a count where it differs; nothing where one of them is not known."""
    if before is None or after is None or before == after:
        return []
    return [ChangedWord(name, "", f"{before:,}", f"{after:,}")]


def _of_table(name: str, before: str, after: str) -> Iterator[ChangedWord]:
    """Tell a table of rules row by row; its first column names a row."""
    old, new = _rows(before), _rows(after)
    title = name.rpartition("/")[2].removesuffix(".csv")
    for key in dict.fromkeys([*old, *new]):
        was, now = old.get(key), new.get(key)
        about = f"Row {key} of {title}"
        if was is None or now is None:
            yield ChangedWord(about, "", _row_words(was), _row_words(now))
            continue
        for column in dict.fromkeys([*was, *now]):
            if was.get(column, "") != now.get(column, ""):
                yield ChangedWord(about, column, was.get(column, ""), now.get(column, ""))
    kept_old, kept_new = [one for one in old if one in new], [one for one in new if one in old]
    if kept_old != kept_new:
        yield ChangedWord(f"Order of the rows of {title}", "", ", ".join(kept_old), ", ".join(kept_new))


def _rows(text: str) -> dict[str, dict[str, str]]:
    read = list(csv.reader(text.splitlines(), strict=True))
    found: dict[str, dict[str, str]] = {}
    for row in read[1:]:
        if not any(row):
            continue
        if len(row) > len(read[0]) or row[0] in found or not row[0]:
            raise ValueError("no table of named rows")
        found[row[0]] = dict(zip(read[0][1:], row[1:], strict=False))
    return found


def _row_words(row: Mapping[str, str] | None) -> str:
    return "" if row is None else "; ".join(f"{column}: {cell}" for column, cell in row.items() if cell)


def _of_settings(name: str, before: str, after: str) -> Iterator[ChangedWord]:
    old, new = (dict(_flat(tomllib.loads(text))) for text in (before, after))
    for key in dict.fromkeys([*old, *new]):
        was, now = old.get(key, ""), new.get(key, "")
        if was != now:
            yield ChangedWord(name, key, was, now)


def _of_thresholds(name: str, before: str, after: str) -> Iterator[ChangedWord]:
    if name != "thresholds.json":
        raise ValueError("only thresholds are told so")
    old, new = (json.loads(text) if text else {} for text in (before, after))
    experts = [dict(one.get("experts", {})) for one in (old, new)]
    for expert in dict.fromkeys([*experts[0], *experts[1]]):
        was, now = (_levels(one.get(expert)) for one in experts)
        for what in dict.fromkeys([*was, *now]):
            first, second = (one.get(what, "never") for one in (was, now))
            if first != second:
                yield ChangedWord(f"How sure {expert} must be to decide alone", what, first, second)
    promises = [{one["promise"]: one for one in each.get("guarantees", ())} for each in (old, new)]
    for promise in dict.fromkeys([*promises[0], *promises[1]]):
        seen_then, seen_now = (_kept(one.get(promise)) for one in promises)
        if seen_then != seen_now:
            yield ChangedWord("What thresholds were held against", promise, seen_then, seen_now)
    notes = [list(each.get("notes", ())) for each in (old, new)]
    for note in [*notes[0], *notes[1]]:
        gone, come = note not in notes[1], note not in notes[0]
        if gone or come:
            yield ChangedWord("What own labels taught", "", note if gone else "", note if come else "")


def _levels(plain: Mapping[str, object] | None) -> dict[str, str]:
    if plain is None:
        return {}
    found = {word: _level(plain[name]) for name, word in _ANSWERS.items() if name in plain}
    fields = plain.get("fields", {})
    for field, level in fields.items() if isinstance(fields, dict) else ():
        if isinstance(level, dict):
            found |= {
                f"{field}, {word}": _level(level[name]) for name, word in _ANSWERS.items() if name in level
            }
        else:
            found[str(field)] = _level(level)
    return found


def _level(level: object) -> str:
    if not isinstance(level, int | float):
        return json.dumps(level, ensure_ascii=False)
    return "never" if level >= NEVER else f"{100 * level:.1f}\u00a0%"


def _kept(one: Mapping[str, object] | None) -> str:
    if one is None:
        return ""
    seen, n = one.get("observed"), one.get("n")
    told = f"{100 * seen:.2f}\u00a0%" if isinstance(seen, int | float) else "not measured"
    return f"{told} seen in {count(n, 'case')}" if isinstance(n, int) else told


def _flat(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Return every value by its dotted name; tables of a list by what names them."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for name, item in zip(_names(value), value, strict=True):
            yield from _flat(item, f"{prefix} {name}")
    else:
        yield prefix, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _names(tables: Sequence[Mapping[str, object]]) -> list[str]:
    found = [str(next((one[key] for key in _NAMED_BY if key in one), "")) for one in tables]
    numbered = len(set(found)) < len(found) or "" in found
    return [f"{number}" for number in range(1, len(found) + 1)] if numbered else found


_READERS: Mapping[str, Callable[[str, str, str], Iterator[ChangedWord]]] = {
    "csv": _of_table,
    "toml": _of_settings,
    "json": _of_thresholds,
}
