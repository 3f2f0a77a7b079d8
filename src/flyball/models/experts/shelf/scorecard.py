"""A scorecard as an expert: read from the folder where it was saved.

It learns only under a privacy budget, by `flyball.models.experts.scorecard.fit_private`.
"""

from collections.abc import Mapping
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.models.experts.expert import ExpertMaker
from flyball.models.experts.scorecard.model import Scorecard

__all__ = ["scorecard"]


def _load(folder: Path, settings: Mapping[str, object]) -> Scorecard:
    """Read a saved card. It has no settings: what it looks at stands in the card."""
    for strange in sorted(settings):
        raise BadInput(
            f"The expert scorecard has no setting {strange!r}.",
            fix="It has none; train another card to change it.",
            setting=strange,
        )
    return Scorecard.load(folder)


scorecard = ExpertMaker(load=_load, kind="table")
