"""Decisions: search them, look at one, take them along as a table."""

from collections.abc import Callable
from dataclasses import dataclass

from flyball.console.asking import Filters, filters_of
from flyball.console.page import Asked, Page, Rows, Shown
from flyball.console.spreadsheet import csv_rows
from flyball.core.errors import BadInput
from flyball.evaluation.history.records import DecisionRow, Wanted
from flyball.gateway.desk import Desk

__all__ = ["decisions", "tells_reports"]

_ON_PAGE = 50
_COUNTED = 10_000
"""Beyond it, only "more than" is told: counting ten million would hold up whoever asks."""
_PIECE = 5_000
_COLUMNS = (
    "id", "entry", "decided_at", "case_id", "case_name", "release", "by", "allowed", "waiting", "for_people",
    "automated", "referred", "refused", "lowest_confidence", "cost_eur", "findings",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Choices:
    """What can be chosen in the filters."""

    releases: list[str]
    fields: list[tuple[str, str]]
    experts: list[str]


def _show(asked: Asked) -> Shown:
    desk = asked.desk
    history = desk.history
    filters = _filters(asked)
    before, after = _entry(asked, "before"), _entry(asked, "after")
    page = history.decisions(filters.wanted, limit=_ON_PAGE + 1, before=before, after=after)
    more = len(page) > _ON_PAGE
    rows = page[:_ON_PAGE]
    if after is not None:
        rows.reverse()
    newest, oldest = (rows[0].entry, rows[-1].entry) if rows else (None, None)
    newer = (more if after is not None else before is not None) and newest is not None
    older = (more if after is None else True) and oldest is not None
    return {
        "rows": rows,
        "given": filters.given,
        "counted": history.count(filters.wanted, at_most=_COUNTED),
        "newer": asked.link("decisions", **filters.given, after=newest) if newer else "",
        "older": asked.link("decisions", **filters.given, before=oldest) if older else "",
        "csv": asked.link("decisions", "decisions.csv", **filters.given),
        "choices": _choices(asked),
        "tells_reports": tells_reports(asked),
    }


def _filters(asked: Asked) -> Filters:
    kinds = {field.key: field.kind for field in asked.desk.served.workshop.deployment.fields}
    filters = filters_of(asked.query, asked.principal.tenant, kinds)
    if filters.wanted.reported is not None and not tells_reports(asked):
        raise BadInput(
            "Whether something was reported about a case is not told to who reviews.",
            fix="A second reader must not know that there was a first. Leave this filter out.",
        )
    return filters


def tells_reports(asked: Asked) -> bool:
    """Whether the caller may learn that others have answered: not who could be asked to read blind."""
    return "*" in asked.principal.scopes or not asked.principal.may("review")


def _choices(asked: Asked) -> _Choices:
    """Return what can be chosen; a name that came up a moment ago may be missing."""
    desk = asked.desk
    titles = {field.key: field.title for field in desk.served.workshop.deployment.fields}

    def known() -> _Choices:
        fields = [(key, titles.get(key, key)) for key in desk.history.known("field")]
        return _Choices(desk.history.known("release"), fields, desk.history.known("expert"))

    name = f"choices/{desk.served.name}"
    found = asked.worked_out({name: known})[name]
    return found if isinstance(found, _Choices) else _Choices([], list(titles.items()), [])


def _table(asked: Asked) -> Rows:
    """Return all that are wanted, oldest first, a few thousand at a time."""
    desk = asked.desk
    wanted = _filters(asked).wanted
    return Rows(
        _pieces(desk, wanted), f"decisions-{_plain(asked.path['deployment'])}.csv", "text/csv; charset=utf-8"
    )


def _pieces(desk: Desk, wanted: Wanted) -> Callable[[], bytes]:
    reached, is_first = -1, True

    def piece() -> bytes:
        nonlocal reached, is_first
        head = [_COLUMNS] if is_first else []
        rows = desk.history.decisions(wanted, limit=_PIECE, after=reached)
        if not rows and not is_first:
            return b""
        is_first = False
        reached = rows[-1].entry if rows else reached
        return csv_rows([*head, *(_cells(desk.served.name, one) for one in rows)])

    return piece


def _cells(deployment: str, one: DecisionRow) -> tuple[str | int | float | bool | None, ...]:
    return (
        f"{deployment}:{one.entry}",
        one.entry,
        one.decided_at.isoformat(),
        one.case_id,
        one.case_name,
        one.release,
        one.actor,
        one.allowed,
        one.waits,
        " ".join(one.for_people),
        one.automated,
        one.referred,
        one.refused,
        one.confidence,
        one.cost_eur,
        one.findings,
    )


def _entry(asked: Asked, name: str) -> int | None:
    text = asked.query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise BadInput(
            f"{name} must be the number of an entry, got {text[:40]!r}.", fix="Begin again at the first page."
        )
    return int(text)


def _plain(name: str) -> str:
    return "".join(one if one.isascii() and one.isalnum() else "-" for one in name)[:80]


decisions = Page(
    "Decisions",
    "/d/{deployment}/decisions",
    _show,
    scope="decisions.read",
    place=20,
    files={"decisions.csv": _table},
)
