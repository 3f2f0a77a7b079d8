"""Words of conversations, before they are kept: personal data goes out; what cannot be searched, too."""

import logging
from collections.abc import Callable
from functools import cache

import msgspec

from flyball.core.errors import FlyballError
from flyball.core.tracing import Words

__all__ = ["covered", "said"]

_LOG = logging.getLogger(__name__)
_OUTPUT = "gen_ai.output.messages"
_LONGEST = 20_000
_MINIMUM = 0.4


@cache
def _finder() -> Callable[[str], list[tuple[int, int, str]]]:
    # Here and not above: a tenth of a second for every command, of use only where texts are kept.
    from flyball.data.privacy.detection.detector import default_detector

    detector = default_detector(minimum_score=_MINIMUM)
    return lambda text: [(one.start, one.end, one.kind) for one in detector.scan([text])[0]]


def said(words: Words) -> str | None:
    """Return messages in the form of OpenTelemetry, personal data covered; None where nobody could look.

    Source: OpenTelemetry semantic conventions for generative AI, gen-ai-input-messages.json.
    """
    told = []
    for role, text in words.messages:
        if (safe := covered(text)) is None:
            return None
        message: dict[str, object] = {"role": role, "parts": [{"type": "text", "content": safe}]}
        if words.name == _OUTPUT:  # there it is required
            message["finish_reason"] = words.finish or "unknown"
        told.append(message)
    return msgspec.json.encode(told).decode()


def covered(text: str) -> str | None:
    """Return a text with every finding of personal data as "[KIND]"; None where nobody could look.

    Parameters
    ----------
    text : str
        Only its beginning is kept where it is long.
    """
    text = text[:_LONGEST]
    try:
        found = _finder()(text)
    except FlyballError as err:
        _LOG.warning(
            "Words of a trace were left out: they could not be searched for personal data (%s)", err.code
        )
        return None
    pieces, at = [], 0
    for start, end, kind in found:
        pieces += [text[at:start], f"[{kind}]"]
        at = end
    return "".join([*pieces, text[at:]])
