"""Counters, gauges and histograms, and how Prometheus reads them.

Source: Prometheus, "Exposition formats", text format 0.0.4.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

__all__ = ["SECONDS", "Counted", "Counter", "Gauge", "Histogram", "Registry"]

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper ends of the buckets of a histogram of durations."""

_MOST_SERIES = 2_000
_OTHER = "other"
Labels = tuple[str, ...]
Buckets = tuple[Labels, Sequence[int], float]
"""Labels of a series, how many fell into each bucket and above all of them, and the sum."""
Shown = Callable[[Sequence[str], Labels], bool]
"""Whether a series is shown, by the names of its labels and their values."""


def _everything(names: Sequence[str], labels: Labels) -> bool:
    del names, labels
    return True


class Counter:
    """A figure that only grows. Counted on one thread.

    Parameters
    ----------
    name, help : str
    labels : sequence of str
        Names of its labels. Beyond 2,000 different values, further ones are counted together as "other".
    """

    kind = "counter"

    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:
        self.name, self.help, self.labels = name, help, tuple(labels)
        self._values: dict[Labels, float] = {} if labels else {(): 0.0}

    def add(self, *labels: str, by: float = 1.0) -> None:
        """Count."""
        known = _known(self._values, labels)
        self._values[known] = self._values.get(known, 0.0) + by

    def lines(self, shown: Shown = _everything) -> Iterable[str]:
        """Yield its lines."""
        for labels, value in list(self._values.items()):
            if not shown(self.labels, labels):
                continue
            yield f"{self.name}{_written(self.labels, labels)} {_number(value)}"


class Gauge:
    """A figure that is read when it is asked for.

    Parameters
    ----------
    name, help : str
    labels : sequence of str
    read : callable
        Returns (labels, value) for each series. What cannot be read is left out.
    kind : {"gauge", "counter"}
        "counter" where somebody else counts, and the figure only grows.
    """

    def __init__(
        self,
        name: str,
        help: str,
        labels: Sequence[str],
        read: Callable[[], Iterable[tuple[Labels, float]]],
        *,
        kind: Literal["gauge", "counter"] = "gauge",
    ) -> None:
        self.name, self.help, self.labels, self._read = name, help, tuple(labels), read
        self.kind = kind

    def lines(self, shown: Shown = _everything) -> Iterable[str]:
        """Yield its lines."""
        for labels, value in self._read():
            if not shown(self.labels, labels):
                continue
            yield f"{self.name}{_written(self.labels, labels)} {_number(value)}"


class Histogram:
    """How often something took how long.

    Parameters
    ----------
    name, help : str
    labels : sequence of str
    ends : sequence of float
        Upper ends of the buckets, growing.
    """

    kind = "histogram"

    def __init__(
        self, name: str, help: str, labels: Sequence[str] = (), ends: Sequence[float] = SECONDS
    ) -> None:
        self.name, self.help, self.labels, self._ends = name, help, tuple(labels), tuple(ends)
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, value: float, *labels: str) -> None:
        """Count one value."""
        known = _known(self._counts, labels)
        counts = self._counts.get(known)
        if counts is None:
            counts = self._counts[known] = [0] * (len(self._ends) + 1)
            self._sums[known] = 0.0
        counts[bisect_left(self._ends, value)] += 1
        self._sums[known] += value

    def lines(self, shown: Shown = _everything) -> Iterable[str]:
        """Yield its lines."""
        series = ((labels, counts, self._sums[labels]) for labels, counts in list(self._counts.items()))
        return _buckets(self.name, self.labels, self._ends, series, shown)


class Counted:
    """A histogram that is counted elsewhere, and read when it is asked for.

    Parameters
    ----------
    name, help : str
    labels : sequence of str
    ends : sequence of float
    read : callable
        Returns (labels, counts of the buckets, sum) for each series.
    """

    kind = "histogram"

    def __init__(
        self,
        name: str,
        help: str,
        labels: Sequence[str],
        ends: Sequence[float],
        read: Callable[[], Iterable[Buckets]],
    ) -> None:
        self.name, self.help, self.labels, self._ends, self._read = name, help, tuple(labels), ends, read

    def lines(self, shown: Shown = _everything) -> Iterable[str]:
        """Yield its lines."""
        return _buckets(self.name, self.labels, self._ends, self._read(), shown)


def _buckets(
    name: str, names: Labels, ends: Sequence[float], series: Iterable[Buckets], shown: Shown
) -> Iterator[str]:
    """Yield the lines of a histogram: buckets hold all that is not above their end."""
    for labels, counts, total in series:
        if not shown(names, labels):
            continue
        so_far = 0
        for end, count in zip((*map(str, ends), "+Inf"), counts, strict=True):
            so_far += count
            yield f"{name}_bucket{_written((*names, 'le'), (*labels, end))} {so_far}"
        yield f"{name}_sum{_written(names, labels)} {_number(total)}"
        yield f"{name}_count{_written(names, labels)} {so_far}"


class Registry:
    """All figures of one gateway.

    Parameters
    ----------
    figures : sequence of Counter, Gauge, Histogram and Counted
    """

    def __init__(self, figures: Sequence[Counter | Gauge | Histogram | Counted]) -> None:
        self._figures = tuple(figures)

    def text(self, shown: Shown = _everything) -> str:
        """Return in the format that Prometheus reads what may be shown."""
        lines: list[str] = []
        for one in self._figures:
            lines += [f"# HELP {one.name} {one.help}", f"# TYPE {one.name} {one.kind}", *one.lines(shown)]
        return "\n".join(lines) + "\n"


def _known(series: Mapping[Labels, object], labels: Labels) -> Labels:
    return labels if labels in series or len(series) < _MOST_SERIES else (_OTHER,) * len(labels)


def _written(names: Sequence[str], values: Sequence[str]) -> str:
    if not names:
        return ""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
