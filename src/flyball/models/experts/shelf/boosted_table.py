"""Boosted table: one yes-or-no question about the row of a table; saved, or learned from labelled rows."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.models.experts.boosted_table.artefact import BadArtefact, load
from flyball.models.experts.boosted_table.fit import fit, fit_like
from flyball.models.experts.boosted_table.model import BoostedTable
from flyball.models.experts.expert import ExpertMaker

__all__ = ["boosted_table"]


def _load(folder: Path, settings: Mapping[str, object]) -> BoostedTable:
    if settings:
        raise BadInput(
            f"The boosted table has no settings, got {', '.join(sorted(settings))}.",
            fix="Take them out of [expert.settings]; what it may tell stands in reasons.csv beside it.",
        )
    return BoostedTable.load(folder)


def _refit(folder: Path, cases: pa.Table, labels: pa.Table, seed: int) -> BoostedTable:
    if not (folder / "card.json").is_file():  # only what people wrote, such as reasons.csv
        return fit(cases, labels, seed)
    try:
        before = load(folder)
    except BadArtefact as err:
        raise BadArtefact(
            f"Which columns the table looked at cannot be read: {err.message}",
            fix="Restore it: flyball model rollback. Without its card.json it learns from every column, in "
            "any direction.",
            folder=folder,
        ) from err
    return fit_like(before, cases, labels, seed)


boosted_table = ExpertMaker(load=_load, fit=fit, refit=_refit, kind="table")
