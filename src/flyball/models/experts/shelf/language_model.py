"""A language model on the shelf: there only when a deployment configures one."""

from collections.abc import Mapping
from pathlib import Path

from flyball.core.digests import from_json
from flyball.models.experts.expert import ExpertMaker
from flyball.models.experts.language_model.calibration import Calibration
from flyball.models.experts.language_model.embedding import read_encoder
from flyball.models.experts.language_model.examples import Shown, read_examples
from flyball.models.experts.language_model.expert import CalibratedModel, LanguageModel
from flyball.models.experts.language_model.settings import read_settings
from flyball.models.experts.spending import open_purse
from flyball.models.router.breaker import CircuitBreaker

__all__ = ["language_model"]


def _load(folder: Path, settings: Mapping[str, object]) -> LanguageModel:
    """Read the settings, and calibration and examples where `folder` holds them; nothing is sent.

    A calibration that was made with other settings, questions or examples says nothing and is left aside.
    """
    read = read_settings(settings)
    encoder = read_encoder(Path(read.encoder)) if read.examples and read.examples_by == "meaning" else None
    shown = read_examples(folder, encoder=encoder) if read.examples else Shown()
    purse = open_purse(read.state, expert=read.name, eur_per_day=read.budget_eur_per_day, limits=read.limits)
    breaker = CircuitBreaker(read.name)
    saved = folder / "calibration.json"
    calibration = from_json(saved.read_bytes(), Calibration) if saved.is_file() else Calibration()
    bare = LanguageModel(read, Calibration(), shown, purse, breaker)
    if not calibration.answered or calibration.asked_with != bare.asked_with:
        return bare
    return CalibratedModel(read, calibration, shown, purse, breaker)


language_model = ExpertMaker(
    load=_load, kind="language_model", takes_fields=True, takes_state=True, on_demand=True
)
