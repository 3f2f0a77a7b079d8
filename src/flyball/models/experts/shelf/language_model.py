"""A language model on the shelf: there only when a deployment configures one."""

from collections.abc import Mapping
from pathlib import Path

from flyball.core.digests import from_json
from flyball.models.experts.expert import ExpertMaker
from flyball.models.experts.language_model.calibration import Calibration
from flyball.models.experts.language_model.expert import CalibratedModel, LanguageModel
from flyball.models.experts.language_model.settings import read_settings

__all__ = ["language_model"]


def _load(folder: Path, settings: Mapping[str, object]) -> LanguageModel:
    """Read the settings, and the calibration where `folder` holds one; nothing is sent."""
    read = read_settings(settings)
    saved = folder / "calibration.json"
    if not saved.is_file():
        return LanguageModel(read)
    calibration = from_json(saved.read_bytes(), Calibration)
    return CalibratedModel(read, calibration) if calibration.answered else LanguageModel(read)


language_model = ExpertMaker(load=_load, kind="language_model", takes_fields=True)
