"""A graph expert: saved, or learned from transfers and what their neighbours say."""

from collections.abc import Mapping
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.models.experts.expert import ExpertMaker
from flyball.models.experts.graph.fit import fit_cases
from flyball.models.experts.graph.model import NeighbourExpert

__all__ = ["graph"]


def _load(folder: Path, settings: Mapping[str, object]) -> NeighbourExpert:
    """Read a saved one. It has no settings: what it looks at stands on its card."""
    for strange in sorted(settings):
        raise BadInput(
            f"The expert graph has no setting {strange!r}.",
            fix="It has none; columns of transfers are named in [source.neighbours].",
            setting=strange,
        )
    return NeighbourExpert.load(folder)


graph = ExpertMaker(load=_load, fit=fit_cases, kind="graph")
