"""The figures of a gateway."""

import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from flyball import __version__
from flyball.core.errors import FlyballError
from flyball.evaluation.traces.models_asked import DURATION, TOKENS, Kind
from flyball.gateway.house import House
from flyball.gateway.metrics.registry import Buckets, Counted, Counter, Gauge, Histogram, Registry
from flyball.loop.money import spending_of
from flyball.loop.watched import last_look

__all__ = ["Figures"]

Series = Iterable[tuple[tuple[str, ...], float]]


class Figures:
    """Everything that is counted.

    Parameters
    ----------
    house : House
        Whose ledgers, queues and budgets are read when somebody asks.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self.counting = house.counting
        self.under_way = 0
        self.requests = Counter(
            "flyball_requests_total", "Requests that ended.", ("door", "method", "status")
        )
        self.seconds = Histogram("flyball_request_seconds", "From first byte in to last byte out.", ("door",))
        self.cases = Counter(
            "flyball_decided_cases_total",
            "Cases decided over HTTP: by machine alone, with something for a person, refused as a whole.",
            ("deployment", "outcome"),
        )
        self.registry = Registry(
            [
                Gauge("flyball_info", "Which version runs.", ("version",), lambda: [((__version__,), 1.0)]),
                self.requests,
                self.seconds,
                Gauge("flyball_requests_under_way", "Requests being answered.", (), self._under_way),
                self.cases,
                Gauge(
                    "flyball_ledger_entries", "Entries of the ledger.", ("deployment",), self._ledger_entries
                ),
                Gauge(
                    "flyball_ledger_waiting",
                    "Entries that wait to be written.",
                    ("deployment",),
                    self._ledger_waiting,
                ),
                Gauge(
                    "flyball_shadow_behind_seconds",
                    "Age of the oldest decision that the challenger in the shadow has still to decide.",
                    ("deployment",),
                    self._shadows,
                ),
                Gauge(
                    "flyball_watch_age_seconds",
                    "How long ago a watcher last looked; no line where none ever did.",
                    ("deployment",),
                    self._watchers,
                ),
                Gauge(
                    "flyball_chat_differs",
                    "1 where conversations are answered with other files than this one has.",
                    ("deployment", "from"),
                    self._chats,
                ),
                Gauge(
                    "flyball_budget_limit_eur",
                    "Euros that may be spent in a day, by budget and tenant.",
                    ("deployment", "budget", "tenant"),
                    lambda: self._budgets(lambda limit, taken: limit),
                ),
                Gauge(
                    "flyball_budget_taken_eur",
                    "Euros spent or set aside today.",
                    ("deployment", "budget", "tenant"),
                    lambda: self._budgets(lambda limit, taken: taken),
                ),
                *(
                    Counted(
                        _prometheus_name(one),
                        f"OpenTelemetry's {one.name}, of requests to models.",
                        ("deployment", *(name.replace(".", "_") for name in one.attributes)),
                        one.ends,
                        partial(self._models, one),
                    )
                    for one in (DURATION, TOKENS)
                ),
                Gauge(
                    "flyball_traces_lost_total",
                    "Traces that were to be kept or sent and could not be.",
                    ("deployment", "where"),
                    self._traces_lost,
                    kind="counter",
                ),
                Gauge("process_cpu_seconds_total", "Computing time.", (), _computing, kind="counter"),
                Gauge("process_resident_memory_bytes", "Memory in use.", (), lambda: [((), _memory())]),
            ]
        )

    def text(self, may_use: Callable[[str], bool]) -> str:
        """Return every figure but those of deployments that the caller may not use."""

        def shown(names: Sequence[str], labels: tuple[str, ...]) -> bool:
            pairs = zip(names, labels, strict=True)
            return all(name != "deployment" or may_use(label) for name, label in pairs)

        return self.registry.text(shown)

    def decided(self, deployment: str, *, refused: bool, for_people: bool) -> None:
        """Count one decided case."""
        self.cases.add(deployment, "refused" if refused else "referred" if for_people else "automated")

    def _under_way(self) -> Series:
        return [((), self.under_way)]

    def _ledger_entries(self) -> Series:
        for one in self._house.everything():
            try:
                yield (one.name,), one.workshop.ledger.size()
            except FlyballError:  # unknown is never zero: without its line an alert on absence fires
                continue

    def _ledger_waiting(self) -> Series:
        return [((one.name,), one.scribe.waiting) for one in self._house.everything()]

    def _shadows(self) -> Series:
        for one in self._house.everything():
            try:
                seconds = None if one.decider is None else one.decider.seconds_behind
            except FlyballError:
                continue
            if seconds is not None:
                yield (one.name,), seconds

    def _watchers(self) -> Series:
        for one in self._house.everything():
            if (look := last_look(one.workshop)) is not None:
                yield (one.name,), look.seconds

    def _models(self, kind: Kind) -> Iterable[Buckets]:
        for one in self._house.everything():
            for labels, seen in one.workshop.traces.models.series(kind):
                yield (one.name, *labels), seen.counts, seen.total

    def _traces_lost(self) -> Series:
        for one in self._house.everything():
            traces = one.workshop.traces
            yield (one.name, "file"), traces.lost
            if traces.exporter is not None:
                yield (one.name, "collector"), traces.exporter.lost

    def _chats(self) -> Series:
        for one in self._house.everything():
            if one.chat is not None:
                standing = one.chat.files.look()
                yield (one.name, "folder"), float(standing == "folder changed")
                yield (one.name, "release"), float(standing == "not the live release")

    def _budgets(self, pick: Callable[[float, float], float]) -> Series:
        for one in self._house.everything():
            try:
                found = spending_of(one.workshop)
            except FlyballError:
                continue
            for some in found:
                series = (one.name, some.budget, some.tenant)
                yield series, pick(float(some.limit_eur), float(some.taken_eur))


def _prometheus_name(kind: Kind) -> str:
    """Return the name as OpenTelemetry and Prometheus write it between them: the unit goes to its end.

    Source: OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility".
    """
    return kind.name.replace(".", "_") + ("_seconds" if kind.unit == "s" else "")


def _computing() -> Series:
    return [((), time.process_time())]


def _memory() -> float:
    """Return the memory in use; where the system does not say, the most that ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return float(most if sys.platform == "darwin" else most * 1024)
    return float(pages * resource.getpagesize())
