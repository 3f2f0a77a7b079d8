"""Two sets of values over the same bins: then and now."""

from collections.abc import Sequence

from flyball.console.charts.axes import left_axis, left_margin
from flyball.console.charts.ink import fitted, label, path, rect, rule, text_width
from flyball.console.charts.records import Bins, Chart, Drawing
from flyball.console.charts.scale import number_scale, said
from flyball.core.errors import BadInput

__all__ = ["histograms"]

_WIDE, _NARROW = (720, 230), (340, 210)


def histograms(
    before: Bins, after: Bins, bins: Sequence[str], *, name: str, title: str, description: str
) -> Chart:
    """Draw the shares of two sets: one as filled bars, the other as an outline over them.

    Parameters
    ----------
    before, after : Bins
    bins : sequence of str
        What each bin holds, in words.
    name, title, description
        See `Chart`.

    Returns
    -------
    Chart

    Raises
    ------
    BadInput
        The sets do not have one share for every bin.
    """
    if not len(before.shares) == len(after.shares) == len(bins):
        raise BadInput(
            f"{len(bins)} bins, but {len(before.shares)} and {len(after.shares)} shares.",
            fix="Give one share of each set for every bin.",
        )
    return Chart(
        name=name,
        title=title,
        description=description,
        wide=_drawn(before, after, bins, *_WIDE),
        narrow=_drawn(before, after, bins, *_NARROW),
        columns=("bin", f"share of {before.name}", f"share of {after.name}"),
        rows=tuple(zip(bins, before.shares, after.shares, strict=True)),
        hrefs=("",) * len(bins),
    )


def _drawn(before: Bins, after: Bins, bins: Sequence[str], width: int, height: int) -> Drawing:
    if not bins:
        return Drawing(width, 60, label(width / 2, 34, "Nothing to show yet.", "ch-tick", anchor="middle"))
    first, second = (f"{one.name} (n = {one.n:,})" for one in (before, after))
    stacked = text_width(first) + text_width(second) + 80 > width
    head = [rect(0, 3, 16, 10, "ch-bar ch-s6"), label(22, 12, first)]
    x, y = (0.0, 22.0) if stacked else (text_width(first) + 46, 2.0)
    head += [rule(x, y + 6, x + 16, y + 6, "ch-line ch-s2"), label(x + 22, y + 10, second)]
    top, bottom = (54.0 if stacked else 34.0), height - 24.0
    scale = number_scale(
        [*before.shares, *after.shares], start=bottom, end=top, unit="share", from_zero=True, most=4
    )
    left, right = left_margin(scale), width - 4.0
    each = (right - left) / len(bins)
    parts = [*head, *left_axis(scale, left, right)]
    outline = []
    for number, words in enumerate(bins):
        at = left + number * each
        was, now = before.shares[number], after.shares[number]
        told = f"{words}: {before.name} {said(was, 'share')}, {after.name} {said(now, 'share')}"
        parts.append(rect(at + 1, scale(was), each - 2, bottom - scale(was), "ch-bar ch-s6", said=told))
        outline += [(at, scale(now)), (at + each, scale(now))]
    parts.append(path([(left, bottom), *outline, (right, bottom)], "ch-line ch-s2"))
    parts.append(rule(left, bottom, right, bottom, "ch-axis"))
    every = max(1, -(-int(max(text_width(one) for one in bins) + 10) // max(int(each), 1)))
    every = min(every, max(1, len(bins) // 2)) if each * every > width / 2 else every
    for number in range(0, len(bins), every):
        middle = left + (number + 0.5) * each
        words = fitted(bins[number], each * every - 4)
        half = text_width(words) / 2
        parts.append(
            label(min(max(middle, half), width - half), bottom + 17, words, "ch-tick", anchor="middle")
        )
    return Drawing(width, height, "".join(parts))
