"""A model that a company has already, behind HTTP or MLflow, as ONNX, or as a Python entry point."""

from collections.abc import Mapping
from pathlib import Path

from flyball.core.digests import from_json
from flyball.models.experts.expert import ExpertMaker
from flyball.models.experts.external.expert import CalibratedExternal, ExternalExpert
from flyball.models.experts.external.over_http import over_http
from flyball.models.experts.external.over_onnx import MODEL, over_onnx
from flyball.models.experts.external.over_python import over_python
from flyball.models.experts.external.records import Asker
from flyball.models.experts.external.settings import ExternalSettings, read_settings
from flyball.models.experts.language_model.calibration import Calibration
from flyball.models.experts.spending import open_purse
from flyball.models.router.breaker import CircuitBreaker

__all__ = ["external"]


def _load(folder: Path, settings: Mapping[str, object]) -> ExternalExpert:
    """Read the settings, the model where it is a file, and the calibration; nothing is sent.

    A calibration that was made with another version of the model says nothing and is left aside.
    """
    read = read_settings(settings)
    ask = _asker(read, folder)
    artefact = {MODEL: (folder / MODEL).read_bytes()} if read.via == "onnx" else {}
    bare = ExternalExpert(read, ask, artefact)
    saved = folder / "calibration.json"
    calibration = from_json(saved.read_bytes(), Calibration) if saved.is_file() else Calibration()
    if not calibration.answered or calibration.asked_with != bare.asked_with:
        return bare
    return CalibratedExternal(read, ask, artefact, calibration)


def _asker(settings: ExternalSettings, folder: Path) -> Asker:
    if settings.via == "onnx":
        return over_onnx(settings, folder)
    if settings.via == "python":
        return over_python(settings)
    purse = open_purse(
        settings.state, expert=settings.name, eur_per_day=settings.budget_eur_per_day, limits=settings.limits
    )
    return over_http(settings, purse, CircuitBreaker(settings.name))


external = ExpertMaker(load=_load, kind="external", takes_fields=True, takes_state=True, on_demand=True)
