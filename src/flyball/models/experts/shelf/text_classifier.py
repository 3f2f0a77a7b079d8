"""A classifier of short texts: labels and flags from words, learned from labelled cases."""

from collections.abc import Mapping
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.models.experts.expert import ExpertMaker
from flyball.models.experts.text_classifier.fit import fit
from flyball.models.experts.text_classifier.model import TextClassifier

__all__ = ["text_classifier"]


def _load(folder: Path, settings: Mapping[str, object]) -> TextClassifier:
    """Read a saved classifier; it has no settings."""
    for strange in sorted(settings):
        raise BadInput(
            f"The expert text_classifier has no setting {strange!r}.",
            fix="It has none; fit it again to change it: flyball model fit.",
            setting=strange,
        )
    return TextClassifier.load(folder)


text_classifier = ExpertMaker(load=_load, fit=fit, kind="text")
