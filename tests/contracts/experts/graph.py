"""How the suite gets a graph expert: learned from a small generated town, and asked about another."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from flyball.data.datasets.cases import cases_of
from flyball.data.datasets.schemas import LABELS
from flyball.data.documents.rows import document_of_row
from flyball.models.experts.graph.fit import FitOptions, fit_cases
from flyball.models.experts.graph.neighbourhood import neighbourhood_of
from flyball.solutions.payment_fraud.generate import World, rows_of


def town(seed: int, people: int) -> tuple[pa.Table, list[bool]]:
    """Return transfers with their neighbours, and which are suspicious."""
    rows = list(rows_of(World(seed=seed, people=people, businesses=3, shops=8, days=60, schemes=3)))
    said = [row["suspicious"] == "yes" for row in rows]
    table = pa.Table.from_pylist(rows).drop_columns(["suspicious", "typology"])
    return neighbourhood_of({"id": "transfer_id", "device": "device"}).tell(table, said), said


def documents(table: pa.Table) -> list:
    return [document_of_row(row, name=row["transfer_id"]) for row in table.to_pylist()]


def asked() -> dict[str, str]:
    table, said = town(2, 30)
    some = [*range(10), *[place for place, yes in enumerate(said) if yes][-10:]]
    return {one.name: one.text for one in documents(table.take(some))}


TEXTS = asked()
"""Cases of the suite that are rows, beside its documents."""


@contextmanager
def made(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    table, said = town(1, 40)
    cases = cases_of(documents(table), source="town")
    labels = [
        {"case_id": case, "field": "suspicious", "answer": "true" if yes else "false", "spans": []}
        for case, yes in zip(cases.column("case_id").to_pylist(), said, strict=True)
    ]
    quick = FitOptions(trees=15, blocks=3, folds=2)
    fit_cases(cases, pa.Table.from_pylist(labels, schema=LABELS), 0, options=quick).save(folder / "model")
    yield folder / "model", {}
