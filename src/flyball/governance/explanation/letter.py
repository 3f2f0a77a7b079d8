"""Letters: a template whose every sentence names the records that it rests on, filled from those records.

A template is a text file, one sentence on a line:

| line | what it is |
| --- | --- |
| `[decision] We decided on {decision.day}.` | a sentence; it rests on this record, and may use its values |
| `[decision, reason+] - {reason.words}` | once for each record `reason`; there must be one at least |
| `[change*] - {change.words}` | once for each, where there are any |
| `[report?] We used a report.` | only where there is such a record |
| `# Heading` | a heading; left out where nothing follows it |
| `// ...` | for colleagues; not printed |

A sentence whose record is missing is never printed: the letter is refused, or, where the template allows it
(`?`, `*`), the sentence is left out. A value can come only from a record that the sentence names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar, Literal

from flyball.core.digests import digest_of, digest_of_bytes
from flyball.core.errors import BadInput, FlyballError
from flyball.governance.explanation.words import Said, Words

__all__ = [
    "DUTY",
    "BadLetter",
    "Fact",
    "Facts",
    "Letter",
    "Line",
    "NoRecord",
    "Template",
    "read_template",
    "write_letter",
]

_LINE = re.compile(r"\[([^\]]+)\] +(.+)")
_VALUE = re.compile(r"\{([a-z_]+)\.([a-z_]+)\}")
DUTY = "duty "
"""Before the id of an obligation: the name of the record that it applies."""
_MOST_LINES = 400
_MOST_BYTES = 200_000
_MOST_HEADING = 100
Need = Literal["one", "some", "any", "maybe"]
_NEEDS: Mapping[str, Need] = {"+": "some", "*": "any", "?": "maybe"}


class BadLetter(BadInput):
    """A template cannot be used."""

    code = "explanation.bad_letter"


class NoRecord(FlyballError):
    """A sentence has no record behind it, so the letter is not written."""

    code = "explanation.no_record"
    status: ClassVar[int] = 422
    exit_code = 1


@dataclass(frozen=True, slots=True)
class Fact:
    """One record, as letters use it.

    Parameters
    ----------
    id : str
        "ledger:622", "rule:policy.P-08", "obligation:us.reg-b.1002.9#1", "setting:explanation.sender".
    where : str
        How to look at it.
    values : mapping of str to Said
    """

    id: str
    where: str
    values: Mapping[str, Said] = field(default_factory=dict)


Facts = Mapping[str, Sequence[Fact]]
"""Records by the name under which templates know them."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    number: int
    text: str
    needs: tuple[tuple[str, Need], ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read.

    Parameters
    ----------
    name : str
        Of its file.
    digest : str
    lines : tuple of str, tuple or None
        A heading, a sentence, or an empty line.
    """

    name: str
    digest: str
    lines: tuple["_Sentence | str | None", ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a letter.

    Parameters
    ----------
    kind : {"heading", "sentence", "point", "empty"}
    text : str
    records : tuple of str
        Ids of the records that it rests on; () only for headings and empty lines.
    """

    kind: Literal["heading", "sentence", "point", "empty"]
    text: str
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that may be checked sentence by sentence.

    Parameters
    ----------
    kind, language : str
    template : str
        Digest of the template.
    lines : tuple of Line
    records : mapping of id to where to look at it
    """

    kind: str
    language: str
    template: str
    lines: tuple[Line, ...]
    records: Mapping[str, str]

    @property
    def text(self) -> str:
        """The letter as plain text."""
        told = [f"- {one.text}" if one.kind == "point" else one.text for one in self.lines]
        return "\n".join(told).strip() + "\n"

    @property
    def digest(self) -> str:
        """Of its text and the records behind it."""
        return digest_of([self.kind, self.language, self.template, self.lines])


def read_template(path: Path) -> Template:
    """Read a template.

    Raises
    ------
    BadLetter
        A line without records, a value of a record that it does not name, or a heading that claims something.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data[:_MOST_BYTES].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise BadLetter(f"{path.name} cannot be read: {err}.", fix="Save it as plain text, UTF-8.") from err
    lines = text.splitlines()
    if len(data) > _MOST_BYTES:
        raise BadLetter(f"{path.name} is longer than {_MOST_BYTES:,} bytes.", fix="A letter is a few pages.")
    if len(lines) > _MOST_LINES:
        raise BadLetter(f"{path.name} has {len(lines)} lines.", fix=f"A letter has at most {_MOST_LINES}.")
    found: list[_Sentence | str | None] = []
    for number, line in enumerate(lines, start=1):
        bare = line.strip()
        if bare.startswith("//"):
            continue
        if not bare:
            found.append(None)
        elif bare.startswith("# "):
            found.append(_heading(path, number, bare[2:].strip()))
        else:
            found.append(_sentence(path, number, bare))
    return Template(path.name, digest_of_bytes(data), tuple(found))


def _heading(path: Path, number: int, text: str) -> str:
    if len(text) > _MOST_HEADING or text.endswith((".", "!", "?")) or "{" in text:
        raise BadLetter(
            f"{path.name}, line {number}: {text[:60]!r} is no heading.",
            fix="A heading claims nothing: a few words without a full stop. A sentence names its records "
            "first: [decision] ...",
            line=number,
        )
    return text


def _sentence(path: Path, number: int, line: str) -> _Sentence:
    form = _LINE.fullmatch(line)
    if form is None:
        raise BadLetter(
            f"{path.name}, line {number}: {line[:60]!r} does not say on which records it rests.",
            fix="Begin it with their names: [decision] We decided on {decision.day}.",
            line=number,
        )
    needs: list[tuple[str, Need]] = []
    for word in form.group(1).split(","):
        name = word.strip()
        need = _NEEDS.get(name[-1:], "one")
        needs.append((name.rstrip("+*?").strip(), need))
    repeated = [name for name, need in needs if need in ("some", "any")]
    if not all(name for name, _ in needs) or len(repeated) > 1:
        raise BadLetter(
            f"{path.name}, line {number}: the records [{form.group(1)}] cannot be used.",
            fix="Name records, separated by commas; at most one of them is repeated with + or *.",
            line=number,
        )
    known = {name.split()[0] for name, _ in needs}
    for name, key in _VALUE.findall(form.group(2)):
        if name not in known:
            raise BadLetter(
                f"{path.name}, line {number}: {{{name}.{key}}} is of a record that it does not name.",
                fix=f"Add it to the brackets: [{form.group(1)}, {name}].",
                line=number,
            )
    if "{" in _VALUE.sub("", form.group(2)) or "}" in _VALUE.sub("", form.group(2)):
        raise BadLetter(
            f"{path.name}, line {number}: something in braces is no value of a record.",
            fix="Write {name.value}, such as {decision.day}.",
            line=number,
        )
    return _Sentence(number, form.group(2), tuple(needs))


def write_letter(
    template: Template, facts: Facts, words: Words, *, kind: str, known: Sequence[str]
) -> Letter:
    """Fill a template from records.

    Parameters
    ----------
    template : Template
    facts : mapping of name to records
    words : Words
    kind : str
    known : sequence of str
        Every name that a record can have, each duty with its id, so that a typing slip is no silent
        omission.

    Raises
    ------
    NoRecord
        A sentence needs a record that is not there, or a value that is empty.
    BadLetter
        No record can have such a name, or value.
    NoWords
    """
    lines: list[Line] = []
    used: dict[str, str] = {}
    for one in template.lines:
        if one is None:
            lines.append(Line("empty", ""))
        elif isinstance(one, str):
            lines.append(Line("heading", one))
        else:
            for line, behind in _told(template, one, facts, words, known):
                lines.append(line)
                used |= {fact.id: fact.where for fact in behind}
    return Letter(kind, words.language, template.digest, tuple(_tidy(lines)), used)


def _told(
    template: Template, one: _Sentence, facts: Facts, words: Words, known: Sequence[str]
) -> list[tuple[Line, tuple[Fact, ...]]]:
    chosen: list[tuple[str, Sequence[Fact]]] = []
    for name, need in one.needs:
        if name not in known:
            raise BadLetter(
                f"{template.name}, line {one.number}: there are no records {name!r}.",
                fix=_known_names(name, known),
                line=one.number,
            )
        there = facts.get(name, ())
        if not there and need in ("any", "maybe"):
            return []
        if not there:
            raise NoRecord(
                f"{template.name}, line {one.number}, rests on the record {name!r}, and there is none.",
                fix="The letter was not written. Look at the explanation with --json; where the sentence may "
                f"be left out, write [{name}?] in the template.",
                template=template.name,
                line=one.number,
                record=name,
            )
        chosen.append((name, there if need in ("some", "any") else there[:1]))
    times = max(len(there) for _, there in chosen)
    found = []
    for place in range(times):
        behind = tuple(there[place] if len(there) > 1 else there[0] for _, there in chosen)
        by_name = {name.split()[0]: fact for (name, _), fact in zip(chosen, behind, strict=True)}
        text = _filled(template, one, by_name, words)
        kind: Literal["point", "sentence"] = "point" if text.startswith("- ") else "sentence"
        ids = tuple(dict.fromkeys(fact.id for fact in behind))
        found.append((Line(kind, text.removeprefix("- "), ids), behind))
    return found


def _known_names(name: str, known: Sequence[str]) -> str:
    if not name.startswith(DUTY):
        return f"Known: {', '.join(each for each in known if not each.startswith(DUTY))}."
    near = get_close_matches(name, [each for each in known if each.startswith(DUTY)], 5, 0.8)
    return (
        f"Near to it: {', '.join(near)}."
        if near
        else "The ids of duties are told by: flyball obligation list."
    )


def _filled(template: Template, one: _Sentence, by_name: Mapping[str, Fact], words: Words) -> str:
    def value(found: re.Match[str]) -> str:
        fact, key = by_name[found.group(1)], found.group(2)
        if key not in fact.values:
            raise BadLetter(
                f"{template.name}, line {one.number}: the record {found.group(1)} has no value {key!r}.",
                fix=f"It has: {', '.join(fact.values)}.",
                line=one.number,
            )
        text = words.of(fact.values[key])
        if not text.strip():
            raise NoRecord(
                f"{template.name}, line {one.number}: {found.group(0)} is empty in {fact.id}.",
                fix=f"Fill it in: {fact.where}.",
                template=template.name,
                line=one.number,
                record=fact.id,
            )
        return " ".join("".join(one if one.isprintable() else " " for one in text).split())

    return _VALUE.sub(value, one.text)


def _tidy(lines: Sequence[Line]) -> list[Line]:
    """Leave out headings under which nothing stands, and empty lines that follow one another."""
    kept: list[Line] = []
    for place, line in enumerate(lines):
        if line.kind == "heading":
            below = next((one for one in lines[place + 1 :] if one.kind != "empty"), None)
            if below is None or below.kind == "heading":
                continue
        if line.kind == "empty" and (not kept or kept[-1].kind == "empty"):
            continue
        kept.append(line)
    return kept
