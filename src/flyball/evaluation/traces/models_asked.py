"""How long models of language took and how many tokens they used, counted from spans before any is left out.

Source: OpenTelemetry semantic conventions 1.41.0, "Generative AI client metrics":
`gen_ai.client.operation.duration` and `gen_ai.client.token.usage`, with the ends of their buckets.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flyball.core.tracing import SpanRecord

__all__ = ["DURATION", "TOKENS", "Kind", "ModelsAsked", "Series"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is counted.

    Parameters
    ----------
    name, unit : str
        As OpenTelemetry has them.
    attributes : tuple of str
        By which it is counted.
    ends : tuple of float
        Upper ends of the buckets.
    """

    name: str
    unit: str
    attributes: tuple[str, ...]
    ends: tuple[float, ...]


_OPERATION = "gen_ai.operation.name"
_ABOUT = (_OPERATION, "gen_ai.provider.name", "gen_ai.request.model", "server.address", "server.port")
DURATION = Kind(
    "gen_ai.client.operation.duration",
    "s",
    (*_ABOUT, "error.type"),
    (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
)
TOKENS = Kind(
    "gen_ai.client.token.usage",
    "{token}",
    (*_ABOUT, "gen_ai.token.type"),
    (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864),
)
_TOKENS_OF = (("input", "gen_ai.usage.input_tokens"), ("output", "gen_ai.usage.output_tokens"))

Labels = tuple[str, ...]


@dataclass(slots=True)
class Series:
    """One line of buckets: how many fell into each, the last for all above, and their sum."""

    counts: list[int]
    total: float


class ModelsAsked:
    """What is counted of one deployment. Safe in several threads."""

    def __init__(self) -> None:
        self._series: dict[str, dict[Labels, Series]] = {DURATION.name: {}, TOKENS.name: {}}
        self._lock = threading.Lock()

    def take(self, spans: Iterable[SpanRecord]) -> None:
        """Count every request to a model among spans."""
        for one in spans:
            if _OPERATION not in one.attributes:
                continue
            about = tuple(str(one.attributes.get(name, "")) for name in _ABOUT)
            with self._lock:
                self._add(DURATION, (*about, one.error), (one.end - one.start) / 1e9)
                for kind, name in _TOKENS_OF:
                    used = one.attributes.get(name)
                    if isinstance(used, int):  # what an endpoint does not say is not 0
                        self._add(TOKENS, (*about, kind), used)

    def series(self, kind: Kind) -> Sequence[tuple[Labels, Series]]:
        """Return what was counted of a kind, by the values of its attributes; "" for one that has none."""
        with self._lock:
            found = self._series[kind.name].items()
            return [(labels, Series(list(one.counts), one.total)) for labels, one in found]

    def _add(self, kind: Kind, labels: Labels, value: float) -> None:
        known = self._series[kind.name]
        one = known.get(labels)
        if one is None:
            one = known[labels] = Series([0] * (len(kind.ends) + 1), 0.0)
        one.counts[bisect_left(kind.ends, value)] += 1
        one.total += value
