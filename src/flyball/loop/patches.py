"""Patches: files as a unified diff would leave them, each hunk held to the lines that it was made for."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from flyball.core.errors import BadInput

__all__ = ["patched"]

_NOTHING = "/dev/null"
"""What a diff names in place of a file that is not there before, or after."""
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


def patched(patch: Path, files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield every file that a diff changes or adds, with its text as it is to become. Nothing is written.

    Parameters
    ----------
    patch : Path
        As `git diff` and `diff -u` write it.
    files : sequence of Path
        Files that it may be about; one is meant when its path ends as the diff names it.

    Raises
    ------
    BadInput
        It is no unified diff, deletes a file, changes one that is none of these, or was made for other lines.
    """
    lines = patch.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if line.startswith("+++ ")]
    if not any(line.strip() for line in lines):  # git diff where nothing differs
        return
    if not starts:
        raise BadInput(
            f"{patch.name} is no unified diff.", fix="Make it with git diff or diff -u.", file=patch
        )
    ends = [one - 1 for one in starts[1:]]  # before the "---" of the next file
    for start, end in zip(starts, [*ends, len(lines)], strict=True):
        before, after = (_name(lines[at]) for at in (start - 1, start))
        if after == _NOTHING:
            raise BadInput(
                f"{patch.name} deletes {before}; what goes with a whole file is not worked out.",
                fix="Ask about each of its rows, duties or principles: rule:ID, obligation:ID, principle:ID.",
                file=before,
            )
        hunks = lines[start + 1 : end]
        if before == _NOTHING:
            yield Path(after), "".join(line[1:] for line in hunks if line.startswith("+"))
            continue
        path = _meant(after, files, patch)
        yield path, _applied(path, hunks, patch)


def _name(line: str) -> str:
    return line[4:].split("\t")[0].strip()


def _meant(name: str, files: Sequence[Path], patch: Path) -> Path:
    parts = Path(name).parts
    for skipped in range(len(parts)):  # "b/lending/rules/x.csv": the most of it that fits
        found = [one for one in files if one.parts[-len(parts) + skipped :] == parts[skipped:]]
        if len(found) == 1:
            return found[0]
    raise BadInput(
        f"{patch.name} changes {name}, which is no table, catalogue or constitution here.",
        fix=f"Known: {', '.join(sorted(one.name for one in files))}.",
        file=name,
    )


def _applied(path: Path, lines: Sequence[str], patch: Path) -> str:
    before = path.read_text(encoding="utf-8").splitlines(keepends=True)
    after: list[str] = []
    at = 0
    for line in lines:
        hunk = _HUNK.match(line)
        if hunk:
            first = max(int(hunk[1]) - 1, 0)
            after += before[at:first]
            at = first
        elif line[:1] in (" ", "-"):
            if at >= len(before) or before[at].rstrip("\r\n") != line[1:].rstrip("\r\n"):
                raise BadInput(
                    f"{patch.name} was made for other lines of {path.name}: line {at + 1} differs.",
                    fix="Make the diff anew from the file as it stands here.",
                    file=path.name,
                )
            after += [before[at]] if line[0] == " " else []
            at += 1
        elif line[:1] == "+":
            after.append(line[1:])
        elif line.startswith(("diff ", "index ")):
            break
    return "".join([*after, *before[at:]])
