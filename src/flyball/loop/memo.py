"""What stages have already done, by the digest of everything that went in."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flyball
from flyball.core.digests import canonical_json, digest_of, from_json, short
from flyball.core.errors import BadInput

__all__ = ["Memo", "StageResult", "key_of", "write_atomically"]


@dataclass(frozen=True, slots=True)
class StageResult:
    """One run of one stage.

    Parameters
    ----------
    stage : str
    key : str
        Digest of the stage's version, its own inputs, and the outputs of the stages it needs.
    inputs : mapping of str to str
        Name of each input, the stages among them, and its digest.
    output : mapping
        Plain data; large things stand in it as digests of blobs. The same inputs give the same output.
    output_digest : str
    ran_at : str
        RFC 3339, UTC.
    seconds : float
        How long the run took. 0 is only rounding.
    """

    stage: str
    key: str
    inputs: Mapping[str, str]
    output: Mapping[str, Any]
    output_digest: str
    ran_at: str
    seconds: float


def key_of(stage: str, version: int, inputs: Mapping[str, str]) -> str:
    """Return the name under which a run of this stage on these inputs is kept.

    The version of the software is part of it: after an upgrade every stage runs once more, so that no
    result of older code passes for one of the new.
    """
    made_by = {"flyball": flyball.__version__, "stage": stage, "version": version}
    return digest_of(made_by | {"inputs": dict(inputs)})


class Memo:
    """Results of stages as files, written whole or not at all.

    Parameters
    ----------
    folder : Path
        Made when the first result is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, stage: str, key: str) -> StageResult | None:
        """Return the kept result, or None; a damaged one counts as none, and the stage runs again."""
        try:
            result = from_json(self._path(stage, key).read_bytes(), StageResult)
        except (FileNotFoundError, BadInput):
            return None
        if result.key != key or digest_of(result.output) != result.output_digest:
            return None
        return result

    def keep(self, result: StageResult) -> None:
        """Keep a result; it is there after a crash, or not at all."""
        write_atomically(self._path(result.stage, result.key), canonical_json(result))

    def last(self, stage: str) -> StageResult | None:
        """Return the newest result of a stage, to say what has changed since."""
        files = sorted(self._path(stage, "").parent.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in reversed(files):
            try:
                return from_json(file.read_bytes(), StageResult)
            except BadInput:
                continue
        return None

    def _path(self, stage: str, key: str) -> Path:
        return self._folder / stage.replace(":", "-") / f"{short(key)}{key[-8:]}.json"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
