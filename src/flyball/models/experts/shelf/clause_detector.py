"""Clause detector: which clause types a contract has; saved, or learned from labelled cases."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.models.experts.clause_detector.fit import fit
from flyball.models.experts.clause_detector.model import ClauseDetector
from flyball.models.experts.expert import ExpertMaker

__all__ = ["clause_detector"]


def _load(folder: Path, settings: Mapping[str, object]) -> ClauseDetector:
    if settings:
        raise BadInput(
            f"The clause detector has no settings, got {', '.join(sorted(settings))}.",
            fix="Take them out of [expert.settings].",
        )
    return ClauseDetector.load(folder)


def _fit(cases: pa.Table, labels: pa.Table, seed: int) -> ClauseDetector:
    return fit(cases, labels, seed=seed)


clause_detector = ExpertMaker(load=_load, fit=_fit, kind="text")
