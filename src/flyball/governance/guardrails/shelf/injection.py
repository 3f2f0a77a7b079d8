"""Injection: texts that try to take a model away from its task, by a small classifier that ships.

It is the second line. The first is that a document cannot instruct: see `docs/guardrails.md`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flyball.data.privacy.detection.records import Found
from flyball.governance.guardrails.errors import BadGuardrail
from flyball.governance.guardrails.guardrail import Guardrail, Inspector, Looked, read_settings
from flyball.governance.guardrails.prompt_injection.model import Model, Scored, load_model
from flyball.governance.guardrails.records import Action, Around, Passage

__all__ = ["injection"]

_HIDDEN = {
    "encoded": "in a code",
    "invisible": "with invisible characters",
    "look-alike": "with letters of other scripts",
    "spaced": "with gaps in its words",
    "substituted": "with digits for letters",
}


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    action: Action = "refuse"
    threshold: float = 0.5


class _Injection:
    reach = 256
    quick = True

    def __init__(self, action: Action, threshold: float, model: Model) -> None:
        self.action = action
        self._threshold = threshold
        self._model = model

    def look(self, passages: Sequence[Passage], around: Around) -> list[Looked]:
        seen = [Looked() for _ in passages]
        for as_document in (False, True):
            # The deployment's owner may instruct, so what the system says is not asked about.
            here = [
                at
                for at, one in enumerate(passages)
                if one.source != "system" and (one.source == "document") is as_document
            ]
            scored = self._model.score([passages[at].text for at in here], as_document=as_document)
            for at, one in zip(here, scored, strict=True):
                seen[at] = self._looked(passages[at], one, as_document=as_document)
        return seen

    def _looked(self, passage: Passage, scored: Scored, *, as_document: bool) -> Looked:
        if scored.score < self._threshold:
            return Looked(score=scored.score)
        what = (
            "it asks something of the system that reads it, which a document may not"
            if as_document
            else "it reads like an attempt to take the model away from its task"
        )
        hidden = " and ".join(_HIDDEN[one] for one in scored.undone)
        reason = f"{what}{f', written {hidden}' if hidden else ''} (score {scored.score:.2f})."
        start, end = scored.start, min(scored.end, len(passage.text))
        return Looked((Found(start, end, "", scored.score, "classifier"),), scored.score, reason)


def _open(settings: Mapping[str, Any]) -> Inspector:
    read = read_settings("injection", _Settings, settings)
    if not 0.0 < read.threshold <= 1.0:
        raise BadGuardrail(
            f"The threshold of injection must be above 0 and at most 1, got {read.threshold}.",
            fix="Lower finds more and flags more harmless texts; 0.5 is where it was measured.",
        )
    return _Injection(read.action, read.threshold, load_model())


injection = Guardrail(
    summary="Finds attempts to take a model away from its task, also in documents.",
    version=2,
    open=_open,
)
