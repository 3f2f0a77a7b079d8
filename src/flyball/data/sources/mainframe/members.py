"""Members: the copybooks that a copybook takes in by COPY."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from flyball.data.sources.mainframe.errors import BadCopybook
from flyball.data.sources.mainframe.reference_format import CopybookFormat, Sentence, Word, sentences

__all__ = ["with_members"]

_INCLUDES = frozenset({"COPY", "REPLACE", "-INC", "++INCLUDE"})
_ENDINGS = ("", ".cpy", ".cob", ".cbl", ".copybook", ".txt")
_DEEPEST = 16


def with_members(
    found: Iterator[Sentence], folders: Sequence[str], copybook_format: CopybookFormat, depth: int = 0
) -> Iterator[Sentence]:
    """Yield sentences, those of a member in the place of each COPY.

    REPLACING changes words, and parts of words between `==:` and `:==`.

    Raises
    ------
    BadCopybook
        The member is in none of the folders, members take in each other, or it is no plain COPY.
    """
    for sentence in found:
        words = [word.text for word in sentence]
        if words[0].upper() not in _INCLUDES:
            yield sentence
            continue
        line = sentence[0].line
        if words[0].upper() not in ("COPY", "++INCLUDE") or len(words) < 2:
            raise BadCopybook(
                f"Line {line} of the copybook says {' '.join(words)[:60]}, which is not read.",
                fix="Put the text that it stands for in its place (compilers list it expanded).",
                line=line,
            )
        name = words[1].strip("\"'")
        if depth >= _DEEPEST:
            raise BadCopybook(
                f"Line {line} of the copybook: COPY {name} takes in itself.", fix="Expand it.", line=line
            )
        text = _member(name, folders, line)
        pairs = _replaced(words, line)
        for inside in with_members(sentences(text, copybook_format), folders, copybook_format, depth + 1):
            yield tuple(Word(_changed(word.text, pairs), line) for word in inside)


def _member(name: str, folders: Sequence[str], line: int) -> str:
    wanted = {f"{name}{ending}".lower() for ending in _ENDINGS}
    for folder in folders:
        for file in sorted(Path(folder or ".").glob("*")):
            if file.name.lower() in wanted and file.is_file():
                return file.read_text(encoding="latin-1")
    looked = ", ".join(folder or "." for folder in folders) or "no folder"
    raise BadCopybook(
        f"Line {line} of the copybook takes in another one: COPY {name}, which is not there "
        f"(looked in {looked}).",
        fix="Set copybook_folder, or put the text of that member in its place.",
        line=line,
        member=name,
    )


def _replaced(words: list[str], line: int) -> list[tuple[str, str]]:
    """Read REPLACING ==A== BY ==B== ... as pairs."""
    upper = [word.upper() for word in words]
    if "REPLACING" not in upper:
        return []
    text = " ".join(words[upper.index("REPLACING") + 1 :])
    part = r"(?:==\s*(.*?)\s*==|(\S+))"
    pairs = re.findall(rf"(?:LEADING\s+|TRAILING\s+)?{part}\s+BY\s+{part}", text, re.IGNORECASE)
    if not pairs:
        raise BadCopybook(
            f"Line {line} of the copybook: REPLACING {text[:40]} is not understood.",
            fix="Write REPLACING ==OLD== BY ==NEW==.",
            line=line,
        )
    return [(old or plain, new if new or not other else other) for old, plain, new, other in pairs]


def _changed(word: str, pairs: list[tuple[str, str]]) -> str:
    for old, new in pairs:
        if word.upper() == old.upper():
            return new
        if not old[:1].isalnum() or not old[-1:].isalnum():  # :TAG: is a part of a word
            word = re.sub(re.escape(old), new.replace("\\", r"\\"), word, flags=re.IGNORECASE)
    return word
