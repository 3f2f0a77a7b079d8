"""Residency: a request goes only where its data labels allow."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flyball.core.clock import utc_now
from flyball.data.labels.words import strictest
from flyball.data.privacy.detection.records import Found
from flyball.governance.guardrails.guardrail import Guardrail, Inspector, Looked, read_settings
from flyball.governance.guardrails.records import Action, Around, Passage
from flyball.governance.records import Destination
from flyball.governance.residency import residency as held_against

__all__ = ["residency"]


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Residency:
    action: Action = "refuse"
    reach = 1  # no word of the text matters
    quick = True

    def look(self, passages: Sequence[Passage], around: Around) -> list[Looked]:
        if around.places is None:
            problem = "nobody said where it would be sent, so it stays home."
        else:
            to = [Destination(name, place) for name, place in around.places.items()]
            problem, _ = held_against(strictest(around.data_labels), to, around.on or utc_now().date())
        if not problem:
            return [Looked() for _ in passages]
        return [Looked((Found(0, len(one.text), "", 1.0, "label"),), 1.0, problem) for one in passages]


def _open(settings: Mapping[str, Any]) -> Inspector:
    read_settings("residency", _Settings, settings)
    return _Residency()


residency = Guardrail(
    summary="Refuses what would be sent to a place that the labels of its data do not allow.",
    version=1,
    open=_open,
)
