"""Turn what is wanted into SQL. Values travel beside it, never in it."""

from flyball.core.errors import BadInput
from flyball.evaluation.history.following import microseconds
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.history.schema import OUTCOMES

__all__ = ["conditions"]

_DECIDED_AGAIN = (
    "EXISTS (SELECT 1 FROM decisions AS later WHERE later.case_id = decisions.case_id "
    "AND later.tenant = decisions.tenant AND later.entry > decisions.entry)"
)
_NAME = "(SELECT id FROM names WHERE name = ?)"
_SETS_WITH = "(SELECT sets.id FROM sets, json_each(sets.members) WHERE json_each.value = ?)"


def conditions(wanted: Wanted) -> tuple[str, list[object]]:
    """Return a condition on the rows of `decisions`, and its values.

    Raises
    ------
    BadInput
        A time without its zone, an outcome that there is none of, a period that ends before it begins.
    """
    _check(wanted)
    parts: list[str] = []
    values: list[object] = []

    def must(text: str, *more: object) -> None:
        parts.append(text)
        values.extend(more)

    if wanted.tenant is not None:
        must(f"decisions.tenant = {_NAME}", wanted.tenant)
    if wanted.since is not None:
        must("decisions.decided_at >= ?", microseconds(wanted.since))
    if wanted.until is not None:
        must("decisions.decided_at < ?", microseconds(wanted.until))
    if wanted.release:
        digest = wanted.release if wanted.release.startswith("sha256:") else f"sha256:{wanted.release}"
        must("decisions.release IN (SELECT id FROM names WHERE name >= ? AND name < ?)", digest, f"{digest}~")
    if wanted.case:
        must(
            "(decisions.case_id = ? OR decisions.case_name LIKE ? ESCAPE '\\')",
            wanted.case,
            f"{_literal(wanted.case)}%",
        )
    if wanted.waiting is not None:
        must("decisions.waits = ?", int(wanted.waiting))
    if wanted.allowed is not None:
        must("decisions.allowed = ?", int(wanted.allowed))
    if wanted.alone is not None:
        alone = "(decisions.allowed AND decisions.referred + decisions.refused = 0)"
        must(alone if wanted.alone else f"NOT {alone}")
    if wanted.reported is not None:
        must("decisions.reports > 0" if wanted.reported else "decisions.reports = 0")
    if wanted.touched_since is not None:
        must(
            "decisions.entry IN (SELECT decision FROM reports WHERE entry >= ? "
            "UNION SELECT decision FROM reviews WHERE entry >= ?)",
            wanted.touched_since,
            wanted.touched_since,
        )
    if wanted.newest is not None:
        must(f"{'NOT ' if wanted.newest else ''}{_DECIDED_AGAIN}")
    if wanted.rule:
        must(f"decisions.entry IN (SELECT entry FROM ruled WHERE rule = {_NAME})", wanted.rule)  # noqa: S608
    for column, member in (("obligations", wanted.obligation), ("principles", wanted.principle)):
        if member:
            must(f"decisions.{column} IN {_SETS_WITH}", member)
    about = _about_an_answer(wanted)
    if about is not None:
        text, more = about
        must(f"EXISTS (SELECT 1 FROM answers WHERE answers.entry = decisions.entry{text})", *more)  # noqa: S608
    return (" AND ".join(parts) or "1"), values


def _about_an_answer(wanted: Wanted) -> tuple[str, list[object]] | None:
    text = ""
    values: list[object] = []
    for column, value in (("field", wanted.field), ("expert", wanted.expert)):
        if value:
            text += f" AND answers.{column} = {_NAME}"
            values.append(value)
    if wanted.outcome:
        text += " AND answers.outcome = ?"
        values.append(OUTCOMES.index(wanted.outcome))
    if wanted.answer:
        text += " AND answers.answer = ?"
        values.append(wanted.answer)
    if wanted.confidence_at_most is not None:
        text += " AND answers.confidence <= ?"
        values.append(wanted.confidence_at_most)
    return (text, values) if text else None


def _check(wanted: Wanted) -> None:
    for name, at in (("since", wanted.since), ("until", wanted.until)):
        if at is not None and at.tzinfo is None:
            raise BadInput(f"{name} has no time zone: {at.isoformat()}.", fix="Write 2026-11-30T00:00:00Z.")
    if wanted.since is not None and wanted.until is not None and wanted.until <= wanted.since:
        raise BadInput(
            f"The period ends at {wanted.until.isoformat()}, before it begins at {wanted.since.isoformat()}.",
            fix="Swap them.",
        )
    if wanted.outcome and wanted.outcome not in OUTCOMES:
        raise BadInput(f"No answer can be {wanted.outcome!r}.", fix=f"Known: {', '.join(OUTCOMES)}.")


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
