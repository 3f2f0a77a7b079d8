"""A copybook: the tree of items that a COBOL program would see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from flyball.data.sources.mainframe.errors import BadCopybook
from flyball.data.sources.mainframe.members import with_members
from flyball.data.sources.mainframe.picture import Picture, parse_picture
from flyball.data.sources.mainframe.reference_format import CopybookFormat, Sentence, Word, sentences

__all__ = ["Copybook", "Item", "Usage", "parse_copybook"]

Usage = Literal[
    "display",
    "binary",
    "native",
    "little",
    "packed",
    "unsigned packed",
    "float",
    "double",
    "national",
    "index",
]

_USAGES: dict[str, Usage] = {
    "DISPLAY": "display",
    "DISPLAY-1": "national",
    "NATIONAL": "national",
    "BINARY": "binary",
    "COMP": "binary",
    "COMP-0": "binary",
    "COMP-4": "binary",
    "COMP-5": "native",
    "COMP-X": "binary",
    "COMP-9": "little",
    "COMP-1": "float",
    "COMP-2": "double",
    "FLOAT-SHORT": "float",
    "FLOAT-LONG": "double",
    "COMP-3": "packed",
    "PACKED-DECIMAL": "packed",
    "COMP-6": "unsigned packed",
    "COMP-3U": "unsigned packed",
    "INDEX": "index",
    "POINTER": "index",
}
_CAPACITY: tuple[int, ...] = (0, *(len(str((1 << bits) - 1)) for bits in range(8, 65, 8)))
_BYTES_IN_X: dict[Usage | None, Callable[[Picture], Picture]] = {
    "native": lambda of: replace(of, kind="number", digits=_CAPACITY[min(of.size, 8)]),
    "unsigned packed": lambda of: replace(of, kind="number", digits=of.size * 2),
}
"""What X(n) means for numbers: not digits, but bytes."""

_SYNC = frozenset({"SYNC", "SYNCHRONIZED", "SYNCHRONISED"})
_SIGN = frozenset({"SIGN", "LEADING", "TRAILING"})
_SAYS_NOTHING = frozenset({"EXTERNAL", "GLOBAL", "VOLATILE", "IS"})
_CLAUSES = (
    frozenset({"PIC", "PICTURE", "USAGE", "REDEFINES", "OCCURS", "VALUE", "VALUES", "BLANK"})
    | frozenset({"JUST", "JUSTIFIED", "EXTERNAL", "GLOBAL", "VOLATILE"})
    | _SYNC
    | _SIGN
)
_HEADINGS = frozenset(
    {"FD", "SD", "DATA", "FILE", "WORKING-STORAGE", "LINKAGE", "LOCAL-STORAGE"}
) | frozenset({"IDENTIFICATION", "ID", "PROGRAM-ID", "ENVIRONMENT"})


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a copybook with everything below it.

    Parameters
    ----------
    level : int
        1 to 49, or 77.
    name : str
        As written; "FILLER" where it has none.
    line : int
        Of the copybook, from 1.
    picture : Picture, optional
        None for groups, COMP-1, COMP-2 and INDEX.
    usage : Usage
        Its own, or that of a group around it.
    leading, separate : bool
        Where the sign stands.
    occurs : int
        Most elements; 0 for an item that is no table.
    least : int
        Fewest elements.
    depending_on : str
        Name of the field that counts the elements; "" where their number is fixed.
    redefines : str
        Name of the item whose bytes these are too; "" for bytes of its own.
    synchronized : bool
    children : tuple of Item
    """

    level: int
    name: str
    line: int
    picture: Picture | None = None
    usage: Usage = "display"
    leading: bool = False
    separate: bool = False
    occurs: int = 0
    least: int = 0
    depending_on: str = ""
    redefines: str = ""
    synchronized: bool = False
    children: tuple["Item", ...] = ()

    @property
    def is_filler(self) -> bool:
        """Whether no program can name it."""
        return self.name.upper() == "FILLER"


@dataclass(frozen=True, slots=True)
class Copybook:
    """What `parse_copybook` found: the items at the top, usually one of level 01."""

    items: tuple[Item, ...]


@dataclass(slots=True)
class _Draft:
    item: Item
    usage: Usage | None = None
    sign: tuple[bool, bool] | None = None
    children: list["_Draft"] = field(default_factory=list)


def parse_copybook(
    text: str,
    *,
    copybook_format: CopybookFormat = "auto",
    columns: tuple[int, int] = (6, 72),
    folders: Sequence[str] = (),
) -> Copybook:
    """Read a copybook.

    Comments, VALUE, levels 66 and 88, DCLGEN's EXEC SQL and headings of a program are passed over.

    Parameters
    ----------
    text : str
    copybook_format : {"auto", "fixed", "free"}
    columns : tuple of int
        Columns before the code, and its last column, in the fixed format.
    folders : sequence of str
        Where COPY looks for members.

    Raises
    ------
    BadCopybook
        With the line: an unknown clause, a level that fits nowhere, a member that is not there, nothing.

    Source: IBM Enterprise COBOL for z/OS 6.4, Language Reference, "Data division - data description entry".
    """
    stack: list[_Draft] = []
    roots: list[_Draft] = []
    skipping = False
    for sentence in with_members(sentences(text, copybook_format, columns), folders, copybook_format):
        words = [word.text.upper() for word in sentence]
        if skipping or words[:2] == ["EXEC", "SQL"]:
            skipping = "END-EXEC" not in words
            continue
        if not words[0].isdigit():
            if words[0] in _HEADINGS:
                continue
            raise BadCopybook(
                f"Line {sentence[0].line} of the copybook begins with {sentence[0].text!r}, no level.",
                fix="A sentence begins with 01 to 49, 66, 77 or 88; check copybook_format too.",
                line=sentence[0].line,
            )
        level = int(words[0])
        if level in (66, 88):
            continue
        if not (1 <= level <= 49 or level == 77):
            raise BadCopybook(
                f"Line {sentence[0].line} of the copybook has level {level}.",
                fix="Levels are 01 to 49, 66, 77 and 88.",
                line=sentence[0].line,
            )
        draft = _Entry(sentence).read()
        depth = 1 if level == 77 else level
        while stack and depth <= (1 if stack[-1].item.level == 77 else stack[-1].item.level):
            stack.pop()
        (stack[-1].children if stack else roots).append(draft)
        stack.append(draft)
    if not roots:
        raise BadCopybook(
            "The copybook describes no field.",
            fix="Give the text of a copybook, with level numbers; check copybook_format too.",
        )
    return Copybook(tuple(_settled(draft, "display", (False, False), False) for draft in roots))


def _settled(draft: _Draft, usage: Usage, sign: tuple[bool, bool], synchronized: bool) -> Item:
    """Hand usage, sign and SYNC of a group to what lies below it."""
    usage, sign = draft.usage or usage, draft.sign or sign
    synchronized = synchronized or draft.item.synchronized
    children = tuple(_settled(child, usage, sign, synchronized) for child in draft.children)
    item = draft.item
    if children and item.picture is not None:
        raise _at(
            item, f"{item.name} has a PICTURE and fields below it", "Take the picture away, or the level."
        )
    without = item.picture is None and usage not in ("float", "double", "index")
    if not children and without:
        raise _at(item, f"{item.name} has neither a PICTURE nor fields below it", "Give it one of the two.")
    picture = item.picture
    if picture is not None and picture.kind == "number" and usage == "national":
        raise _at(item, f"{item.name} is a number of national digits", "Such numbers are not read.")
    if picture is not None and picture.kind == "text" and draft.usage in _BYTES_IN_X:
        picture = _BYTES_IN_X[draft.usage](picture)
        item = replace(item, picture=picture)
    if picture is not None and picture.kind != "number" and usage in ("binary", "native", "little", "packed"):
        if draft.usage is not None:
            raise _at(item, f"{item.name} is PICTURE {picture.text} and {usage}", "Only numbers can be that.")
        usage = "display"
    leading, separate = sign if picture is not None and picture.kind == "number" else (False, False)
    return replace(
        item, usage=usage, leading=leading, separate=separate, synchronized=synchronized, children=children
    )


def _at(item: Item, message: str, fix: str) -> BadCopybook:
    return BadCopybook(f"Line {item.line} of the copybook: {message}.", fix=fix, line=item.line)


class _Entry:
    """One sentence, read clause by clause."""

    def __init__(self, sentence: Sentence) -> None:
        self.words = sentence
        self.place = 1
        self.draft = _Draft(Item(int(sentence[0].text), "FILLER", sentence[0].line))

    def read(self) -> _Draft:
        if self.place < len(self.words) and not self._is_clause(self._peek()):
            self._set(name=self._next().text)
        while self.place < len(self.words):
            word = self._next()
            self._clause(word)
        return self.draft

    def _is_clause(self, word: str) -> bool:
        return word in _CLAUSES or _usage(word) is not None

    def _clause(self, word: Word) -> None:
        name = word.text.upper()
        readers: dict[str, Callable[[], None]] = {
            "PIC": self._picture,
            "PICTURE": self._picture,
            "REDEFINES": lambda: self._set(redefines=self._next().text),
            "OCCURS": self._occurs,
            "SIGN": self._sign,
            "BLANK": lambda: self._skip("WHEN", "ZERO", "ZEROS", "ZEROES"),
            "VALUE": self._values,
            "VALUES": self._values,
        }
        if name in readers:
            readers[name]()
        elif name in ("LEADING", "TRAILING"):
            self.place -= 1
            self._sign()
        elif name in _SYNC:
            self._skip("LEFT", "RIGHT")
            self._set(synchronized=True)
        elif name in ("JUST", "JUSTIFIED"):
            self._skip("RIGHT")
        elif name == "USAGE":
            self._skip("IS")
            self._usage(self._next())
        elif _usage(name) is not None:
            self._usage(word)
        elif name not in _SAYS_NOTHING:
            raise BadCopybook(
                f"Line {word.line} of the copybook: {word.text!r} is no clause that is known here.",
                fix="Check the line, and the full stop before it."
                if word.text.isdigit()
                else "Check the line; a name has no blanks; the fixed format ends at column 72.",
                line=word.line,
            )

    def _usage(self, word: Word) -> None:
        found = _usage(word.text.upper())
        if found is None:
            raise BadCopybook(
                f"Line {word.line} of the copybook: usage {word.text!r} is not known.",
                fix=f"Known: {', '.join(sorted(_USAGES))}, BINARY-CHAR, -SHORT, -LONG, -DOUBLE.",
                line=word.line,
            )
        self.draft.usage = found
        if word.text.upper() == "BINARY-CHAR":
            unsigned = self._peek() == "UNSIGNED"
            self._skip("SIGNED", "UNSIGNED")
            self._set(picture=Picture("X", "number", 1, 3, 0, not unsigned))
        sized = {"BINARY-SHORT": "S9(4)", "BINARY-LONG": "S9(9)", "BINARY-DOUBLE": "S9(18)"}
        name = word.text.upper()
        if name in sized:
            unsigned = self._peek() == "UNSIGNED"
            self._skip("SIGNED", "UNSIGNED")
            self._set(picture=parse_picture(sized[name].removeprefix("S") if unsigned else sized[name]))

    def _picture(self) -> None:
        self._skip("IS")
        word = self._next()
        self._set(picture=parse_picture(word.text, word.line))

    def _sign(self) -> None:
        self._skip("IS")
        word = self._next()
        leading = word.text.upper() == "LEADING"
        if not leading and word.text.upper() != "TRAILING":
            raise BadCopybook(
                f"Line {word.line} of the copybook: SIGN {word.text}.", fix="SIGN is LEADING or TRAILING."
            )
        separate = self._peek() == "SEPARATE"
        self._skip("SEPARATE", "CHARACTER")
        self.draft.sign = (leading, separate)

    def _occurs(self) -> None:
        first = self._number()
        most, least = first, first
        if self._peek() == "TO":
            self._next()
            most = self._number()
        self._skip("TIMES")
        depending = ""
        while self.place < len(self.words):
            word = self._peek()
            if word == "DEPENDING":
                self._next()
                self._skip("ON")
                depending = self._next().text
                while self._peek() in ("OF", "IN"):
                    self._next()
                    self._next()
                least = first if most != first else 0
            elif word in ("ASCENDING", "DESCENDING", "INDEXED"):
                self._next()
                self._skip("KEY", "IS", "BY", "ARE")
                while self.place < len(self.words) and not self._ends_names():
                    self._next()
            else:
                break
        if most < 1 or least > most:
            line = self.words[0].line
            raise BadCopybook(
                f"Line {line} of the copybook: OCCURS {first} TO {most}.",
                fix="Write the smaller number first; the larger is at least 1.",
                line=line,
            )
        self._set(occurs=most, least=least if depending else most, depending_on=depending)

    def _ends_names(self) -> bool:
        word = self._peek()
        return self._is_clause(word) or word in ("ASCENDING", "DESCENDING", "INDEXED", "DEPENDING")

    def _values(self) -> None:
        while self.place < len(self.words) and not self._is_clause(self._peek()):
            self._next()

    def _number(self) -> int:
        word = self._next()
        if not word.text.isdigit():
            raise BadCopybook(
                f"Line {word.line} of the copybook: OCCURS {word.text!r} is no number.",
                fix="Write how many elements there are.",
                line=word.line,
            )
        return int(word.text)

    def _peek(self) -> str:
        return self.words[self.place].text.upper() if self.place < len(self.words) else ""

    def _next(self) -> Word:
        if self.place >= len(self.words):
            last = self.words[-1]
            raise BadCopybook(
                f"Line {last.line} of the copybook ends too early, behind {last.text!r}.",
                fix="Complete the clause.",
                line=last.line,
            )
        self.place += 1
        return self.words[self.place - 1]

    def _skip(self, *words: str) -> None:
        while self._peek() in words:
            self.place += 1

    def _set(self, **changes: object) -> None:
        self.draft.item = replace(self.draft.item, **changes)  # type: ignore[arg-type]


def _usage(word: str) -> Usage | None:
    if word.startswith("COMPUTATIONAL"):
        word = "COMP" + word.removeprefix("COMPUTATIONAL")
    if word in ("BINARY-CHAR", "BINARY-SHORT", "BINARY-LONG", "BINARY-DOUBLE"):
        return "native"
    return _USAGES.get(word)
