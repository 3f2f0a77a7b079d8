"""Boosted table: one yes-or-no question about the row of a table; saved, or learned from labelled rows."""

from collections.abc import Mapping
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.models.experts.boosted_table.fit import fit
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


boosted_table = ExpertMaker(load=_load, fit=fit, kind="table")
