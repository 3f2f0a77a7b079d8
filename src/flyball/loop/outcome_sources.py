"""Outcomes that a source brings: rows of its newest snapshot, told as rows of a file of outcomes are.

They load by themselves after each sync and each turn; what was loaded once is not written again.
"""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass

from flyball.core.digests import digest_of
from flyball.core.errors import FlyballError, UnknownName
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.errors import UnknownSnapshot
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.snapshots import find_snapshot, scan_snapshot
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.claim import BadOutcome
from flyball.evaluation.outcomes.files import Row
from flyball.evaluation.outcomes.settings import OutcomeSourceSettings
from flyball.loop.outcomes import Loaded, load_outcomes
from flyball.loop.workshop import Workshop

__all__ = ["OUTCOMES_LOADED", "FromSource", "load_due", "outcomes_of_source"]

OUTCOMES_LOADED = "outcomes.loaded"
"""Kind of the ledger entries that say which snapshot was read for outcomes, and what came of it."""


@dataclass(frozen=True, slots=True)
class FromSource:
    """What became of one [[outcome_source]].

    Parameters
    ----------
    source, snapshot : str
        The snapshot by its id.
    loaded : Loaded or None
        None where a row cannot be used: then nothing was written.
    problem : str
        Why, with the row and the fix; "" where all went well.
    """

    source: str
    snapshot: str
    loaded: Loaded | None
    problem: str = ""

    @property
    def in_words(self) -> str:
        """Say what became of it, in one line."""
        if self.loaded is None:
            return f"Outcomes of {self.source} ({self.snapshot}) were not loaded: {self.problem}"
        done = self.loaded
        left_out = f", {done.unknown:,} about no decision left out" if done.unknown else ""
        return (
            f"Outcomes of {self.source} ({self.snapshot}): {done.written:,} written, "
            f"{done.repeated:,} stood there already{left_out}."
        )


def load_due(workshop: Workshop, *, datasets: Collection[str] | None = None) -> tuple[FromSource, ...]:
    """Load every declared table of outcomes that has not been read as it is now.

    Read again is a table of another snapshot, one that is declared in another way, and one of which rows were
    about no decision, once there are newer decisions. Those rows are left out and counted. A table that was
    never synced is passed over.

    Parameters
    ----------
    workshop : Workshop
    datasets : collection of str, optional
        Only tables in these; None for all.
    """
    due = [
        one
        for one in workshop.deployment.settings.outcome_source
        if datasets is None or one.dataset in datasets
    ]
    if not due:
        return ()
    before = {entry.body.get("source"): entry.body for entry in workshop.ledger.entries(OUTCOMES_LOADED)}
    newest = next((one.entry for one in workshop.history.decisions(Wanted(), limit=1)), -1)
    found = []
    for one in due:
        snapshot = _snapshot_of(workshop, one)
        if snapshot is None:
            continue
        about = {"source": one.name, "snapshot": snapshot.digest, "declared": digest_of(one)}
        last = before.get(one.name, {})
        same = all(last.get(name) == value for name, value in about.items())
        if same and (not last.get("unknown") or last.get("newest") == newest):
            continue
        try:
            rows = outcomes_of_source(workshop, one.name)
            by = f"source:{one.name}"
            done = load_outcomes(workshop, rows, by=by, source="source", skip_unknown=True)
        except FlyballError as err:
            found.append(FromSource(one.name, snapshot.id, None, str(err)))
            continue
        body = {**about, "newest": newest, **asdict(done)}
        workshop.ledger.append(kind=OUTCOMES_LOADED, actor=workshop.actor, body=body)
        found.append(FromSource(one.name, snapshot.id, done))
    return tuple(found)


def _snapshot_of(workshop: Workshop, one: OutcomeSourceSettings) -> Snapshot | None:
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        try:
            return find_snapshot(catalogue, one.dataset)
        except UnknownSnapshot:
            return None


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
