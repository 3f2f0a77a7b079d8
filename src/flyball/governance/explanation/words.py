"""Words: how numbers and days are written in a language, and sentences of records in its words.

Records speak English. A table `words.LANGUAGE.csv` with the columns `en` and the language holds the other
words, one line for each sentence, in which {a}, {b} and so on stand for its numbers where it has no names of
its own for them; one in the deployment's folder of letters comes before the shipped one. A sentence that
stands in neither is not told: no machine translates what a person is told.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from flyball.core.errors import BadInput, UnknownName

__all__ = ["LANGUAGES", "BadWords", "NoWords", "Phrase", "Said", "Words", "Written", "load_words"]

SHIPPED = Path(__file__).parent / "letters"

_WRITTEN_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
_TOLD_NUMBER = re.compile(r"(?<![\w:.,])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\w)")
_LETTERS = "abcdefgh"
_VALUE = re.compile(r"\{([a-z][a-z0-9_.]*)\}")
_MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "de": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
}
_MARKS = {"en": (",", "."), "de": (".", ",")}
LANGUAGES = tuple(_MONTHS)


class BadWords(BadInput):
    """A table of words cannot be used."""

    code = "explanation.bad_words"


class NoWords(BadInput):
    """A sentence has no words in the language of a letter."""

    code = "explanation.no_words"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence of a record, in English, with values that are written as the language writes them.

    Parameters
    ----------
    text : str
        With {name} where a value stands.
    values : mapping of str to number or text
        A Decimal is written to its last digit, any other number with four digits that count.
    english : str
        The sentence as it was recorded; "": `text` with the values.
    """

    text: str
    values: Mapping[str, float | Decimal | str] = field(default_factory=dict)
    english: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a file of the deployment: a cell of a decision table, the name of a column, a unit.

    It claims nothing by itself, so where a language has no words for it, it is told as it stands, with its
    numbers as that language writes them.
    """

    text: str


Said = str | float | int | Decimal | date | datetime | Phrase | Written
"""What a record can hold: a text as it is, a number, a day, or words that a language may have."""


@dataclass(frozen=True)
class Words:
    """One language.

    Parameters
    ----------
    language : str
    table : mapping of str to str
        English to this language; empty for English.
    """

    language: str
    table: Mapping[str, str] = field(default_factory=dict)

    def of(self, said: Said) -> str:
        """Return a value as this language writes it.

        Raises
        ------
        NoWords
        """
        if isinstance(said, Phrase):
            return self._phrase(said)
        if isinstance(said, Written):
            return self._written(said.text)
        if isinstance(said, date):
            return self._day(said)
        if isinstance(said, bool):
            return self.of(Phrase("yes" if said else "no"))
        return said if isinstance(said, str) else self._number(said)

    def _phrase(self, said: Phrase) -> str:
        text, values = said.text, said.values
        if self.language != "en":
            if text not in self.table and not values:
                text, values = _numbers_apart(text)
            if text not in self.table:
                raise NoWords(
                    f"There are no words in the language {self.language!r} for: {text!r}.",
                    fix=f"Write them into words.{self.language}.csv in the folder of letters: one line, the "
                    f"English in the column en, yours in the column {self.language}.",
                    language=self.language,
                )
            text = self.table[text]
        elif said.english:
            return said.english

        def value(found: re.Match[str]) -> str:  # in one go: what stands in a value is not filled again
            told = values.get(found.group(1), found.group(0))
            return told if isinstance(told, str) else self._number(told)

        return _VALUE.sub(value, text)

    def _written(self, text: str) -> str:
        if self.language == "en" or text in self.table:
            return self.table.get(text, text)
        head, colon, listed = text.partition(": ")
        if colon and head in self.table:
            return f"{self.table[head]}: {listed}"
        return _WRITTEN_NUMBER.sub(lambda found: self._marked(found.group()), text)

    def _number(self, value: float | Decimal) -> str:
        if value == int(value) and abs(float(value)) < 1e15:
            text = f"{int(value):,}"
        elif isinstance(value, Decimal):
            text = f"{value:,f}"
        else:
            text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        return self._marked(text)

    def _marked(self, number: str) -> str:
        thousands, decimal = _MARKS[self.language]
        return number.translate({ord(","): thousands, ord("."): decimal})

    def _day(self, day: date) -> str:
        month = _MONTHS[self.language][day.month - 1]
        return f"{month} {day.day}, {day.year}" if self.language == "en" else f"{day.day}. {month} {day.year}"


def _numbers_apart(text: str) -> tuple[str, dict[str, Decimal]]:
    """Return a sentence with {a}, {b}, ... where its numbers stand, so that one line serves all of them.

    >>> _numbers_apart("14 accounts paid the payee within 7 days")[0]
    '{a} accounts paid the payee within {b} days'
    """
    values: dict[str, Decimal] = {}

    def named(found: re.Match[str]) -> str:
        if len(values) == len(_LETTERS):
            return found.group()
        name = _LETTERS[len(values)]
        values[name] = Decimal(found.group().replace(",", ""))
        return f"{{{name}}}"

    return _TOLD_NUMBER.sub(named, text), values


def load_words(language: str, folder: Path | None) -> Words:
    """Read the words of a language: the shipped ones, and those of the deployment over them.

    Parameters
    ----------
    language : str
    folder : Path or None
        Of the deployment's letters; it need not be there.

    Raises
    ------
    UnknownName
        Numbers and days are not known in this language.
    BadWords
        A table is none, names a sentence twice, or loses a value: {value} stands in one column only.
    """
    if language not in LANGUAGES:
        raise UnknownName(
            f"Letters are not written in {language!r}.",
            fix=f"Known: {', '.join(LANGUAGES)}.",
            language=language,
        )
    if language == "en":
        return Words("en")
    table: dict[str, str] = {}
    for place in (SHIPPED, folder):
        path = place / f"words.{language}.csv" if place is not None else None
        if path is not None and path.is_file():
            table |= _read(path, language)
    return Words(language, table)


def _read(path: Path, language: str) -> dict[str, str]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise BadWords(f"{path.name} cannot be read: {err}.", fix="Save it as CSV UTF-8.") from err
    if not lines or lines[0] != ["en", language]:
        raise BadWords(
            f"{path.name} has no line with the columns.", fix=f"Its first line must be: en,{language}"
        )
    found: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != 2 or not line[0].strip() or not line[1].strip():
            raise BadWords(
                f"{path.name}, line {number}: two filled columns are expected, got {len(line)}.",
                fix='Put a text with a comma in quotation marks: "like, this".',
            )
        english, other = line[0].strip(), line[1].strip()
        if english in found:
            raise BadWords(f"{path.name}, line {number}: {english!r} stands there twice.", fix="Keep one.")
        if english.count("{") != other.count("{") or english.count("}") != other.count("}"):
            raise BadWords(
                f"{path.name}, line {number}: the values in braces differ between the two columns.",
                fix="What stands in braces, such as {value}, must stand in both.",
            )
        found[english] = other
    return found
