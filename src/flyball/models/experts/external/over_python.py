"""A model as a Python function of an installed package, found by the name of its entry point.

Which code runs is decided by who installs packages, never by a file of settings: `flyball.toml` can only name
an entry point of the group `flyball.models.external`, and no module, path or expression.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points

from flyball.core.estimates import Failed
from flyball.models.experts.external.records import Asker, BadExternal, Brought, Question, RawAnswer, Told
from flyball.models.experts.external.settings import ExternalSettings

__all__ = ["GROUP", "over_python"]

GROUP = "flyball.models.external"
_MOST_EVIDENCE = 20


def over_python(settings: ExternalSettings) -> Asker:
    """Return what calls the function.

    It is called with a list of `{"case_id", "text", "row", "fields"}` and returns a list of
    `{"case_id", "field", "answer"}`, with `confidence`, `evidence` and `reason` where it has them.

    Raises
    ------
    BadExternal
        No installed package has an entry point of that name.
    """
    found = list(entry_points(group=GROUP, name=settings.entry_point))
    if len(found) != 1:
        known = ", ".join(sorted({one.name for one in entry_points(group=GROUP)})) or "none"
        what = "No installed package has" if not found else f"{len(found)} installed packages have"
        raise BadExternal(
            f"{what} the entry point {settings.entry_point!r} in {GROUP}.", fix=f"Known: {known}."
        )
    function = found[0].load()

    def ask(questions: Sequence[Question]) -> Brought:
        given = [
            {"case_id": one.case_id, "text": one.text, "row": one.row, "fields": list(one.fields)}
            for one in questions
        ]
        try:
            return Brought(_read(function(given), questions))
        except Exception as err:  # noqa: BLE001 - foreign code may break in any way; it becomes a record
            failed = Failed(f"{settings.name} broke ({type(err).__name__}).")
            return Brought({one.case_id: Told(failed=failed) for one in questions})

    return ask


def _read(rows: Sequence[Mapping[str, object]], questions: Sequence[Question]) -> dict[str, Told]:
    answers: dict[str, list[RawAnswer]] = {one.case_id: [] for one in questions}
    for row in rows:
        evidence = row.get("evidence")
        answers[str(row["case_id"])].append(
            RawAnswer(
                str(row["field"]),
                row["answer"],
                row.get("confidence"),
                tuple(evidence[:_MOST_EVIDENCE]) if isinstance(evidence, list | tuple) else (),
                str(row.get("reason", ""))[:300],
            )
        )
    return {case: Told(tuple(found)) for case, found in answers.items()}
