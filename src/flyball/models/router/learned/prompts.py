"""Prompts with the quality that a strong and a weak model reached: read from files, and kept apart.

CSV, Parquet, JSON lines, or a JSON list. Columns: `prompt`, `strong`, `weak` (a number, or true and false),
and where they are known `costs` (an object with `strong` and `weak`) or `strong_cost` and `weak_cost`, and
`topic`. Other names are given by the caller.
"""

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from flyball.core.errors import BadInput

__all__ = ["Columns", "RoutedPrompts", "overlapping", "read_prompts"]

Floats = npt.NDArray[np.float64]

_LARGEST_BYTES = 2_000_000_000
_LARGEST = 1e9
_WORDS_IN_A_ROW = 8
_FEWEST_WITHIN, _MOST_AROUND = 3, 40
_WORD = re.compile(r"[^\W_]+")
_GAP = frozenset({"", "nan", "null", "none"})
_TRUE, _FALSE = frozenset({"true", "yes"}), frozenset({"false", "no"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns are called.

    Parameters
    ----------
    prompt, strong, weak : tuple of str
        Several names, where files differ: the first that a row has. In rows with `question` and
        `scores: {model: score}`, as LLMRouter writes them, `strong` and `weak` name models.
    """

    prompt: tuple[str, ...] = ("prompt", "question")
    strong: tuple[str, ...] = ("strong",)
    weak: tuple[str, ...] = ("weak",)


@dataclass(frozen=True)
class RoutedPrompts:
    """Columns of equal length, one element per prompt.

    Parameters
    ----------
    prompts : tuple of str
    strong, weak : ndarray of float64
        Quality, higher is better; 0 and 1 for wrong and right.
    strong_cost, weak_cost : ndarray of float64 or None
        In any one currency; None where a file does not say.
    topics : tuple of str
        What belongs together: the column `topic`, or the name of the file.
    """

    prompts: tuple[str, ...]
    strong: Floats
    weak: Floats
    strong_cost: Floats | None
    weak_cost: Floats | None
    topics: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.prompts)

    def where(self, kept: npt.NDArray[np.bool_]) -> "RoutedPrompts":
        """Return the prompts for which `kept` is true."""
        numbers = np.flatnonzero(kept)
        return RoutedPrompts(
            tuple(self.prompts[number] for number in numbers),
            self.strong[numbers],
            self.weak[numbers],
            None if self.strong_cost is None else self.strong_cost[numbers],
            None if self.weak_cost is None else self.weak_cost[numbers],
            tuple(self.topics[number] for number in numbers),
        )


def read_prompts(paths: Sequence[Path], columns: Columns | None = None) -> RoutedPrompts:
    """Read files of prompts.

    Raises
    ------
    BadInput
        A file cannot be read, lacks a column, or holds a quality that is no number. Prompts are not
        repeated in the message.
    """
    columns = columns or Columns()
    rows = [row for path in paths for row in _rows_of(path, columns)]
    if not rows:
        names = ", ".join(path.name for path in paths) or "no file"
        raise BadInput(f"There is no prompt in {names}.", fix="Name a file with rows.")
    return RoutedPrompts(
        tuple(row[0] for row in rows),
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.float64),
        _all_or_none([row[3] for row in rows]),
        _all_or_none([row[4] for row in rows]),
        tuple(row[5] for row in rows),
    )


def overlapping(train: Sequence[str], test: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Say which training prompts are also test prompts, perhaps with words before, behind or between.

    Two prompts overlap when half of the runs of eight words of one of them stand in the other. A prompt of
    three to seven words overlaps when it stands in the other as a whole, with not many words around it (a
    question and its options); a shorter one when the other has the same words.

    Returns
    -------
    ndarray of bool, shape (n_train,)
    """
    asked, tried = [_words(one) for one in train], [_words(one) for one in test]
    known_runs = [_runs(one, _WORDS_IN_A_ROW) for one in tried]
    where: dict[int, list[int]] = {}
    for number, runs in enumerate(known_runs):
        for run in runs:
            where.setdefault(run, []).append(number)
    small_test, small_train = _whole(tried), _whole(asked)
    found = np.zeros(len(train), dtype=bool)
    within = {run for one in tried for run in _short_runs(one) if run in small_train}
    for number, words in enumerate(asked):
        if len(words) < _WORDS_IN_A_ROW and (
            hash(tuple(words)) in small_test or hash(tuple(words)) in within
        ):
            found[number] = True
            continue
        mine = _runs(words, _WORDS_IN_A_ROW)
        shared: dict[int, int] = {}
        for run in mine:
            for other in where.get(run, ()):
                shared[other] = shared.get(other, 0) + 1
        found[number] = any(
            2 * n >= len(mine) or 2 * n >= len(known_runs[other]) for other, n in shared.items()
        ) or not small_test.isdisjoint(_short_runs(words))
    return found


def _words(prompt: str) -> list[str]:
    return _WORD.findall(prompt.lower())


def _whole(prompts: Sequence[Sequence[str]]) -> set[int]:
    """Return the prompts that are too short for a run of eight words."""
    return {hash(tuple(one)) for one in prompts if len(one) < _WORDS_IN_A_ROW}


def _runs(words: Sequence[str], n: int) -> set[int]:
    return {hash(tuple(words[start : start + n])) for start in range(len(words) - n + 1)}


def _short_runs(words: Sequence[str]) -> Iterator[int]:
    """Yield every run that could be a short prompt with not many words around it."""
    for n in range(max(_FEWEST_WITHIN, len(words) - _MOST_AROUND), min(_WORDS_IN_A_ROW, len(words) + 1)):
        yield from _runs(words, n)


def _all_or_none(values: Sequence[float | None]) -> Floats | None:
    known = [one for one in values if one is not None]
    return np.array(known, np.float64) if len(known) == len(values) else None


_Row = tuple[str, float, float, float | None, float | None, str]


def _rows_of(path: Path, columns: Columns) -> Iterator[_Row]:
    if path.suffix.lower() == ".parquet":
        for number, row in enumerate(_of_parquet(path), 1):
            yield _row_of(path, number, row, columns)
        return
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BadInput(f"{path.name} is larger than 2 GB.", fix="Split it, or take a sample.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise BadInput(
            f"{path.name} cannot be read: {err}.", fix="Give CSV or JSON in UTF-8, or Parquet.", file=path
        ) from err
    for number, row in enumerate(_records(path, text), 1):
        yield _row_of(path, number, row, columns)


def _of_parquet(path: Path) -> Iterator[Mapping[str, object]]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as err:
        raise BadInput(
            f"{path.name} cannot be read: {err}.", fix="Give CSV or JSON in UTF-8, or Parquet.", file=path
        ) from err


def _records(path: Path, text: str) -> Iterator[Mapping[str, object]]:
    try:
        if path.suffix.lower() == ".csv":
            csv.field_size_limit(1 << 28)
            rows = csv.DictReader(StringIO(text, newline=""))
            twice = [name for name, n in Counter(rows.fieldnames or ()).items() if n > 1]
            if twice:
                raise ValueError(f"two columns are called {twice[0][:40]!r}")
            yield from rows
            return
        stripped = text.lstrip()
        parsed = json.loads(text) if stripped.startswith("[") else None
        found = (
            parsed if parsed is not None else (json.loads(line) for line in text.split("\n") if line.strip())
        )
        for one in found:
            if not isinstance(one, dict):
                raise TypeError("a row is not an object")
            yield one
    except (csv.Error, ValueError, TypeError, RecursionError) as err:
        raise BadInput(
            f"{path.name} is neither CSV nor lines of JSON: {err}.",
            fix="Write one object per line, or a CSV with a header.",
            file=path,
        ) from err


def _row_of(path: Path, number: int, row: Mapping[str, object], columns: Columns) -> _Row:
    scores = row.get("scores")
    values: Mapping[str, object] = scores if isinstance(scores, dict) else row
    prompt = _first(path, number, row, columns.prompt)
    if not isinstance(prompt, str):
        raise BadInput(f"Row {number} of {path.name} has a prompt that is no text.", fix="Write text.")
    given, topic = _costs_of(row.get("costs")), str(row.get("topic"))
    return (
        prompt,
        _number(path, number, "strong", _first(path, number, values, columns.strong)),
        _number(path, number, "weak", _first(path, number, values, columns.weak)),
        _cost(path, number, ("strong", *columns.strong), row, given),
        _cost(path, number, ("weak", *columns.weak), row, given),
        path.stem if topic.strip().lower() in _GAP else topic,
    )


def _first(path: Path, number: int, row: Mapping[str, object], names: Sequence[str]) -> object:
    for name in names:
        if name in row:
            return row[name]
    known = ", ".join(str(one) for one in row)[:400]
    raise BadInput(
        f"Row {number} of {path.name} has no column {' or '.join(map(repr, names))}. It has: {known}.",
        fix="Say what they are called: --prompt-column, --strong-column, --weak-column.",
        file=path,
        columns=", ".join(names),
    )


def _costs_of(costs: object) -> Mapping[str, object]:
    """Return `costs` as an object, from text as CSV has it, too; {} for what does not name the models."""
    if isinstance(costs, str) and costs.lstrip().startswith("{"):
        try:
            costs = json.loads(costs)
        except (ValueError, RecursionError):
            return {}
    return costs if isinstance(costs, dict) else {}


def _cost(
    path: Path, number: int, names: Sequence[str], row: Mapping[str, object], given: Mapping[str, object]
) -> float | None:
    """Return what the call cost: `strong_cost`, `cost_strong`, or `strong` (or its column) within `costs`."""
    places = [(row, f"{names[0]}_cost"), (row, f"cost_{names[0]}"), *((given, name) for name in names)]
    value = next((place[name] for place, name in places if name in place), None)
    if value is None or str(value).strip().lower() in _GAP:
        return None
    cost = _number(path, number, f"{names[0]}_cost", value)
    if cost < 0.0:
        raise BadInput(f"Row {number} of {path.name}: {names[0]}_cost is {cost}.", fix="A cost is 0 or more.")
    return cost


def _number(path: Path, number: int, name: str, value: object) -> float:
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return float(word in _TRUE)
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not abs(found) <= _LARGEST:
        raise BadInput(
            f"Row {number} of {path.name}: {name} is {_shown(value)}, which is no number up to a billion.",
            fix="Write a number, or true and false.",
            file=path,
            row=number,
        )
    return found


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    return "too large" if isinstance(value, int) else repr(str(value)[:40])
