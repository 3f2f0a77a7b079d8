"""Personal data, by the detector of the privacy room: covered, or the text is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flyball.data.privacy.detection.detector import Detector, default_detector
from flyball.governance.guardrails.guardrail import Guardrail, Inspector, Looked, read_settings
from flyball.governance.guardrails.records import Action, Around, Passage
from flyball.governance.guardrails.views import found_through, identifies

__all__ = ["personal_data"]


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    action: Action = "redact"
    kinds: tuple[str, ...] | None = None
    minimum_score: float = 0.4


class _PersonalData:
    reach = 192  # a name, a number or an address, with the word behind that explains it
    quick = True

    def __init__(self, action: Action, detector: Detector) -> None:
        self.action = action
        self._detector = detector

    def look(self, passages: Sequence[Passage], around: Around) -> list[Looked]:
        scanned = found_through([passage.text for passage in passages], self._detector.scan, identifies)
        return [
            Looked(
                tuple(found),
                max((one.score for one in found), default=0.0),
                f"it holds personal data: {', '.join(sorted({one.kind for one in found}))}." if found else "",
            )
            for found in scanned
        ]


def _open(settings: Mapping[str, Any]) -> Inspector:
    read = read_settings("personal_data", _Settings, settings)
    return _PersonalData(read.action, default_detector(read.kinds, minimum_score=read.minimum_score))


personal_data = Guardrail(
    summary="Finds names, numbers, addresses and other personal data.",
    version=1,
    open=_open,
)
