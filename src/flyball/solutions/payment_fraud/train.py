"""Rebuild the shipped graph model.

`python -m flyball.solutions.payment_fraud.train --out FOLDER`. Needs the extra `train`. The same library
versions give the same bytes: the transfers are invented from a seed, and share no account with the sample.
"""

import argparse
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from flyball.core.text import size
from flyball.models.experts.expert import ExpertCard
from flyball.models.experts.graph.features import Limits, learned_columns
from flyball.models.experts.graph.fit import FitOptions, fit
from flyball.models.experts.graph.model import NeighbourExpert
from flyball.models.experts.graph.neighbourhood import Neighbourhood
from flyball.models.experts.graph.transfers import TransferColumns
from flyball.solutions.payment_fraud.generate import World, rows_of

__all__ = ["CARD", "WORLD", "main", "table_of", "trained"]

_LOG = logging.getLogger(__name__)

WORLD = World(people=900, businesses=40, shops=100, marketplaces=8, days=90, schemes=22, seed=11)
FIELD = "suspicious"

CARD = ExpertCard(
    name="graph_model",
    version="",
    kind="graph",
    fields=(FIELD,),
    summary="Says of a transfer how likely it is part of laundering, from what payer, payee and device had "
    "done by then. Boosted trees over counts, sums and shares in each relation, over a day, a week and a "
    "month, two hops.",
    trained_on=("38,408 invented transfers (seed 11), Apache-2.0; no person stands behind them",),
    limits=(
        "It learned from invented transfers: train it on your own before it clears anything.",
        "It sees the latest 32 transfers of an account in each relation, and cycles of up to six transfers.",
        "A way of laundering that its labels do not show it does not know; typologies are there for these.",
        "An account that was never seen before has no neighbours, and its first transfer little to go by.",
    ),
    parameters={"rebuild": "python -m flyball.solutions.payment_fraud.train --out FOLDER"},
)


def table_of(world: World) -> tuple[pa.Table, list[bool]]:
    """Return the transfers of a world, amounts as numbers, and which are suspicious."""
    table = pa.Table.from_pylist(list(rows_of(world)))
    amount = table.column_names.index("amount")
    table = table.set_column(amount, "amount", table.column("amount").cast(pa.float64()))
    return table, [said == "yes" for said in table.column("suspicious").to_pylist()]


def trained(world: World = WORLD, *, seed: int = 0, options: FitOptions | None = None) -> NeighbourExpert:
    """Learn from the transfers of a world, described as they will be when the model is asked."""
    table, said = table_of(world)
    memory = Neighbourhood(TransferColumns(device="device"), Limits(), 14.0)
    told = memory.describe(table, said)
    return fit(
        told.learned(),
        np.array(said),
        ids=table.column("transfer_id").to_pylist(),
        times=[datetime.fromisoformat(one) for one in table.column("time").to_pylist()],
        payers=table.column("payer").to_pylist(),
        columns=learned_columns(),
        field=FIELD,
        seed=seed,
        options=options,
        card=CARD,
        progress=_LOG.info,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write; exit status 0."""
    parser = argparse.ArgumentParser(
        prog="python -m flyball.solutions.payment_fraud.train", description=__doc__
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = trained(seed=given.seed)
    model.save(given.out)
    written = sum(path.stat().st_size for path in given.out.iterdir() if path.is_file())
    _LOG.info("%s written, %s", given.out, size(written))
    for name, figure in model.card.figures.items():
        _LOG.info("%s %s", name, figure)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
