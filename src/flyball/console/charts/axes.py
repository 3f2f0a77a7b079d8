"""Axes: the frame that charts over two scales have in common."""

from collections.abc import Sequence

from flyball.console.charts.ink import label, rule, text_width
from flyball.console.charts.scale import Scale

__all__ = ["bottom_axis", "left_axis", "left_margin", "legend", "side_by_side"]


def left_margin(scale: Scale) -> float:
    """Return the room that the words of a scale of values need."""
    return 10 + max(text_width(words) for _, words in scale.ticks)


def left_axis(scale: Scale, left: float, right: float) -> list[str]:
    """Return lines across the picture at the ticks of values, with their words to the left."""
    parts = []
    for at, words in scale.ticks:
        y = scale(at)
        parts.append(rule(left, y, right, y, "ch-grid"))
        parts.append(label(left - 6, y + 4, words, "ch-tick", anchor="end"))
    return parts


def bottom_axis(scale: Scale, y: float, *, top: float | None = None, edge: float = 0.0) -> list[str]:
    """Return the line at the bottom with its ticks; with `top`, lines up to there, too."""
    parts = [rule(scale.start, y, scale.end, y, "ch-axis")]
    last_end = float("-inf")
    for at, words in scale.ticks:
        x, half = scale(at), text_width(words) / 2
        middle = min(max(x, half), max(edge, scale.end) - half)
        parts.append(rule(x, y if top is None else top, x, y if top is not None else y + 4, "ch-grid"))
        if middle - half < last_end + 6:
            continue
        last_end = middle + half
        parts.append(label(middle, y + 17, words, "ch-tick", anchor="middle"))
    return parts


def legend(names: Sequence[str], looks: Sequence[str], y: float, width: float) -> tuple[list[str], float]:
    """Return the names of series with a sample of each, and the height that they take."""
    parts, x, row = [], 0.0, 0
    for name, look in zip(names, looks, strict=True):
        needed = 26 + text_width(name) + 14
        if x and x + needed > width:
            x, row = 0.0, row + 1
        at = y + 20 * row
        parts.append(rule(x, at, x + 20, at, look))
        parts.append(label(x + 26, at + 4, name))
        x += needed
    return parts, 20.0 * (row + 1)


def side_by_side(n: int) -> list[str]:
    """Return the looks of n series; after six they repeat with another dash."""
    return [f"ch-line ch-s{number % 6 + 1}{' ch-again' if number >= 6 else ''}" for number in range(n)]
