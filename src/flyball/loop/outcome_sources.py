"""Outcomes that a source brings: rows of its newest snapshot, told as rows of a file of outcomes are."""

from collections.abc import Iterator

from flyball.core.errors import UnknownName
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import find_snapshot, scan_snapshot
from flyball.evaluation.outcomes.claim import BadOutcome
from flyball.evaluation.outcomes.files import Row
from flyball.evaluation.outcomes.settings import OutcomeSourceSettings
from flyball.loop.workshop import Workshop

__all__ = ["outcomes_of_source"]


def outcomes_of_source(workshop: Workshop, name: str) -> Iterator[Row]:
    """Yield what a declared table of outcomes says, row by row.

    Raises
    ------
    UnknownName
        None is called so.
    UnknownSnapshot
        It was never synced.
    BadOutcome
        The table lacks a column.
    """
    known = {one.name: one for one in workshop.deployment.settings.outcome_source}
    if name not in known:
        raise UnknownName(
            f"There is no [[outcome_source]] {name[:80]!r}.",
            fix=f"Known: {', '.join(known) or 'none; declare one in flyball.toml'}.",
            source=name[:80],
        )
    one = known[name]
    columns = {"case": one.case, "observed_at": one.observed_at, "minutes": one.minutes, "by": one.by}
    columns = {wanted: column for wanted, column in columns.items() if column}
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        batches = scan_snapshot(catalogue, find_snapshot(catalogue, one.dataset))
        number = 0
        for batch in batches:
            _check(one, [*columns.values(), *one.outcomes.values()], batch.schema.names)
            for row in batch.to_pylist():
                number += 1
                told = {wanted: row[column] for wanted, column in columns.items()}
                told["case"] = "" if told["case"] is None else str(told["case"])
                for outcome, column in one.outcomes.items():
                    yield (
                        number,
                        {
                            **told,
                            "name": outcome,
                            "answer": row[column],
                            "unit": one.units.get(outcome, ""),
                        },
                    )


def _check(one: OutcomeSourceSettings, wanted: list[str], found: list[str]) -> None:
    missing = [column for column in wanted if column not in found]
    if missing:
        raise BadOutcome(
            f"The dataset {one.dataset} of [[outcome_source]] {one.name} has no column {missing[0]!r}.",
            fix=f"There are: {', '.join(found)}.",
            column=missing[0],
        )
