"""Reports of other red-team tools, read into the words of ours: garak's JSON lines, promptfoo's JSON.

What such a tool calls a failure is taken as it is told; whether that is one, nobody here has judged.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, NotMeasured
from flyball.core.intervals import wilson
from flyball.core.text import count

__all__ = ["OutsideReport", "OutsideRow", "read_garak", "read_promptfoo"]

_LARGEST = 500_000_000
_REFUSED = (400, 403, 413)
"""Statuses of a door that refuses: no model has seen the request."""
_NOT_JUDGED = 2
"""What promptfoo gives as the reason of a test that ended in an error; 1 is an answer that did not pass."""


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """One probe of another tool.

    Parameters
    ----------
    probe, detector : str
    attempts, successes : int
    rate : Estimate or NotMeasured
        Its attempts are taken as independent, for their seeds are not known: narrower than it should be.
    """

    probe: str
    detector: str
    attempts: int
    successes: int
    rate: Estimate | NotMeasured


@dataclass(frozen=True, slots=True)
class OutsideReport:
    """What another tool reported.

    Parameters
    ----------
    tool, version : str
    rows : tuple of OutsideRow
    """

    tool: str
    version: str
    rows: tuple[OutsideRow, ...]


def read_garak(path: Path) -> OutsideReport:
    """Read a report of garak: JSON lines, of which those of the kind "eval" sum up a probe.

    Raises
    ------
    BadInput
        It is none, or it did not get as far as a first probe.
    """
    version, rows = "", []
    for line in _text(path).splitlines():
        row = _json(line, path)
        if not isinstance(row, dict):
            continue
        version = str(row.get("garak_version", version)) or version
        if row.get("entry_type") == "eval":
            judged = _count(row, "total_evaluated", "total")
            total = _count(row, "total_processed") or judged
            rows.append(
                _row(
                    str(row.get("probe", "")),
                    str(row.get("detector", "")),
                    total,
                    judged - _count(row, "passed"),
                )
            )
    return _report("garak", version, rows, path)


def read_promptfoo(path: Path) -> OutsideReport:
    """Read the output of `promptfoo eval -o FILE.json`; tests are grouped by plugin or description.

    What the gateway refused is an attempt that did not work. Other errors are none, and stand in rows of
    their own.

    Raises
    ------
    BadInput
        It is none, or holds no result.
    """
    told = _json(_text(path), path)
    results = told.get("results") if isinstance(told, dict) else None
    results = results.get("results") if isinstance(results, dict) else results
    groups: dict[str, list[bool]] = {}
    broken: dict[str, list[str]] = {}
    for one in results if isinstance(results, list) else []:
        test = one.get("testCase") or {}
        about = {**(test.get("metadata") or {}), **(one.get("metadata") or {})}
        name = str(about.get("pluginId") or test.get("description") or "tests")
        status = (about.get("http") or {}).get("status")
        refused = status in _REFUSED
        if one.get("failureReason") == _NOT_JUDGED and not refused:
            broken.setdefault(name, []).append(f"the door answered {status}" if status else "no answer")
        else:
            groups.setdefault(name, []).append(refused or bool(one.get("success")))
    if broken and not groups:
        whys = [why for some in broken.values() for why in some]
        raise BadInput(
            f"None of {count(len(whys), 'test')} was carried out: {whys[0]}.",
            fix="Its provider must be openai:chat:NAME, NAME being that of the deployment.",
            file=path.name,
        )
    rows = [_row(name, "", len(passed), passed.count(False)) for name, passed in sorted(groups.items())]
    rows += [
        OutsideRow(name, "not carried out", 0, 0, NotMeasured(f"{count(len(whys), 'test')}: {whys[0]}"))
        for name, whys in sorted(broken.items())
    ]
    version = told.get("metadata", {}).get("promptfooVersion", "") if isinstance(told, dict) else ""
    return _report("promptfoo", str(version), rows, path)


def _row(probe: str, detector: str, attempts: int, successes: int) -> OutsideRow:
    if attempts < 1 or not 0 <= successes <= attempts:
        return OutsideRow(probe, detector, 0, 0, NotMeasured(f"{successes} of {attempts} is told"))
    low, high = wilson(successes, attempts)
    return OutsideRow(
        probe, detector, attempts, successes, Estimate(successes / attempts, attempts, low, high)
    )


def _report(tool: str, version: str, rows: list[OutsideRow], path: Path) -> OutsideReport:
    if not rows:
        raise BadInput(
            f"{path.name} is no report of {tool}, or holds no result.",
            fix="See what the tool said on its way.",
            file=path.name,
        )
    return OutsideReport(tool, version, tuple(rows))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise BadInput(f"{path.name} is larger than {_LARGEST:,} bytes.", fix="Try fewer probes at once.")
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as err:
        raise BadInput(f"{path.name} cannot be read: {err.strerror}.", fix="See what the tool said.") from err


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except ValueError as err:
        if not text.strip():
            return None
        raise BadInput(f"{path.name} is not JSON: {err}.", fix="See what the tool said on its way.") from err


def _count(row: Mapping[str, Any], *names: str) -> int:
    for name in names:
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0
