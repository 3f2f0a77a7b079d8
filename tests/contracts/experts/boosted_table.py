"""How the suite gets a boosted table: learned from 300 drawn rows, and asked about rows of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from flyball.data.datasets.cases import cases_of
from flyball.data.datasets.schemas import LABELS
from flyball.data.documents.rows import document_of_row
from flyball.models.experts.boosted_table import Column, Recipe, fit_cases

COLUMNS = (
    Column("income", monotone=1),
    Column("late", monotone=-1, may_miss=True),
    Column("verified", "flag"),
    Column("purpose", "category", categories=("car", "school")),
)


def drawn(n: int, seed: int) -> list[dict[str, object]]:
    draw = np.random.default_rng(seed)
    return [
        {
            "id": f"{seed}-{number}",
            "income": float(draw.normal(50.0, 10.0)),
            "late": None if draw.random() < 0.2 else int(draw.integers(0, 5)),
            "verified": bool(draw.random() < 0.5),
            "purpose": str(draw.choice(["car", "school", "boat"])),
        }
        for number in range(n)
    ]


def asked() -> dict[str, str]:
    rows = drawn(20, 1)
    rows[0] = {**rows[0], "income": None}
    return {str(row["id"]): document_of_row(row, name="row").text for row in rows}


TEXTS = asked()
"""Cases of the suite that are rows, beside its documents."""


@contextmanager
def made(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    rows = drawn(300, 0)
    cases = cases_of([document_of_row(row, name=str(row["id"])) for row in rows], source="drawn")
    says = ["true" if row["income"] - 8.0 * (row["late"] or 0) > 35.0 else "false" for row in rows]
    labels = [
        {"case_id": case, "field": "repaid", "answer": answer, "spans": []}
        for case, answer in zip(cases.column("case_id").to_pylist(), says, strict=True)
    ]
    model = fit_cases(
        cases,
        pa.Table.from_pylist(labels, schema=LABELS),
        columns=COLUMNS,
        recipe=Recipe(rounds=30, leaves=6, depth=3),
    )
    model.save(folder / "model")
    yield folder / "model", {}
