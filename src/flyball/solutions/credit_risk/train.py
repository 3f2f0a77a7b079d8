"""Rebuild the shipped credit model.

`python -m flyball.solutions.credit_risk.train --out FOLDER`. Needs the extra `train`. The same library
versions give the same bytes: the applications are invented from a seed.
"""

import argparse
import logging
from pathlib import Path

import pyarrow as pa

from flyball.core.text import size
from flyball.data.datasets.cases import cases_of
from flyball.data.datasets.schemas import LABELS
from flyball.data.documents.rows import document_of_row
from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.fit import Recipe, fit_cases
from flyball.models.experts.expert import ExpertCard
from flyball.solutions.credit_risk.generate import PURPOSES, applications

__all__ = ["CARD", "LOOKED_AT", "labelled", "main"]

_LOG = logging.getLogger(__name__)

ROWS = 8_000
SEED = 20_261
FIELD = "repaid"

LOOKED_AT = (
    Column("annual_income", monotone=1),
    Column("debt_to_income", monotone=-1),
    Column("payment_to_income", monotone=-1),
    Column("income_verified", "flag", monotone=1),
    Column("years_in_job", monotone=1, may_miss=True),
    Column("credit_history_years", monotone=1, may_miss=True),
    Column("credit_utilisation", monotone=-1, may_miss=True),
    Column("delinquencies_24m", monotone=-1),
    Column("inquiries_6m", monotone=-1),
    Column("bankruptcy_7y", "flag", monotone=-1),
    Column("purpose", "category", categories=PURPOSES),
)
"""Every column that the model sees, and in which direction it may count. No protected trait is among them."""

CARD = ExpertCard(
    name="credit_model",
    version="1",
    kind="table",
    fields=(FIELD,),
    summary="Says whether a loan would be repaid as agreed, from eleven columns of the application, each of "
    "which counts in one direction only. Boosted trees with exact shares of each column.",
    trained_on=(f"{ROWS:,} invented applications (seed {SEED}), Apache-2.0; no person stands behind them",),
    limits=(
        "It learned from invented applications: for real ones train it on your own, then validate it.",
        "It knows only applications on which a loan was granted; who was always refused is not among them.",
        "It holds no view of the economy: when times change, its chances are wrong until it learns again.",
    ),
    licence="Apache-2.0",
    parameters={"rebuild": "python -m flyball.solutions.credit_risk.train --out FOLDER"},
)

RECIPE = Recipe(rounds=220, leaves=12, depth=4, learning_rate=0.05, smallest_leaf=30)


def labelled(rows: list[dict[str, object]]) -> tuple[pa.Table, pa.Table]:
    """Return invented applications as cases and labels, as the deployment makes them of its file."""
    documents, labels = [], []
    for row in rows:
        if row[FIELD] is None:
            continue  # never granted, so nobody knows
        shown = {name: value for name, value in row.items() if name != FIELD}
        documents.append(document_of_row(shown, name=str(row["application"])))
        labels.append("true" if row[FIELD] else "false")
    cases = cases_of(documents, source="invented")
    answers = [
        {"case_id": case, "field": FIELD, "answer": answer, "spans": []}
        for case, answer in zip(cases.column("case_id").to_pylist(), labels, strict=True)
    ]
    return cases, pa.Table.from_pylist(answers, schema=LABELS)


def main(arguments: list[str] | None = None) -> int:
    """Train and write; exit status 0."""
    parser = argparse.ArgumentParser(
        prog="python -m flyball.solutions.credit_risk.train", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rows, _ = applications(ROWS, seed=SEED, first=500_001)
    cases, labels = labelled(rows)
    model = fit_cases(
        cases, labels, seed=given.seed, columns=LOOKED_AT, recipe=RECIPE, card=CARD, progress=_LOG.info
    )
    model.save(given.out)
    written = sum(path.stat().st_size for path in given.out.iterdir() if path.is_file())
    _LOG.info("%s written, %s", given.out, size(written))
    for name, figure in model.card.figures.items():
        _LOG.info("%s %s", name, figure)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
