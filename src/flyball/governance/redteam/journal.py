"""The journal of a run: one line per attack, on disk before the next one begins."""

import json
import os
from pathlib import Path

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.governance.redteam.records import Plan, Result

__all__ = ["Journal", "find_attack"]


class Journal:
    """A file of results, for its owner only.

    Parameters
    ----------
    path : Path
        Made with its folder where it is not there.
    about : str
        What is attacked: a journal of another release, or another plan, is not gone on with.
    """

    def __init__(self, path: Path, about: str) -> None:
        self._path, self._about = path, about

    def results(self, plan: Plan) -> dict[str, Result]:
        """Return what a run that was killed had tried; begin the file anew where there is none.

        A last line that was cut off is tried again. A run that has ended is not repeated from paper; it
        begins anew.
        """
        head = {"plan": plan.digest, "about": self._about}
        lines = self._path.read_bytes().split(b"\n") if self._path.is_file() else []
        if not lines or _read(lines[0]) != head:
            self._begin(head)
            return {}
        wanted = {one.id for one in plan.attacks}
        found = {}
        whole = [line for line in lines[1:-1] if line]  # the last piece is empty, or a line that was cut off
        for line in whole:
            result = _result(line)
            if result is not None and result.attack.id in wanted:
                found[result.attack.id] = result
        if wanted <= set(found):
            self._begin(head)
            return {}
        if lines[-1]:
            kept = b"\n".join([lines[0], *whole]) + b"\n"
            self._path.unlink()
            self._write(kept.rstrip(b"\n"))
        return found

    def _begin(self, head: dict[str, str]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._write(canonical_json(head))

    def keep(self, result: Result) -> None:
        """Write a result down."""
        self._write(canonical_json(result))

    def _write(self, line: bytes) -> None:
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())


def find_attack(folder: Path, id: str) -> Result:
    """Return a result that a journal in a folder holds, by the id of its attack or the beginning of it.

    Raises
    ------
    BadInput
        None, or several, begin so.
    """
    found: dict[str, Result] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_bytes().split(b"\n")[1:]:
            result = _result(line)
            if result is not None and id and result.attack.id.startswith(id):
                found[result.attack.id] = result
    if len(found) != 1:
        raise BadInput(
            f"{len(found) or 'No'} attacks that were tried here begin with {id!r}.",
            fix="Take an id from flyball redteam run; findings are named there.",
            id=id,
        )
    return next(iter(found.values()))


def _read(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _result(line: bytes) -> Result | None:
    try:
        return msgspec.convert(json.loads(line), Result)
    except (ValueError, msgspec.ValidationError):
        return None
