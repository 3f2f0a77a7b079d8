"""Proxies: which inputs tell a trait that no model may look at, alone, in pairs and all together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput, MissingExtra
from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import Z95
from flyball.core.text import count
from flyball.governance.fairness.cases import SMALLEST_GROUP, Trait
from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.figures import area_with_variance
from flyball.models.experts.boosted_table.fit import Recipe, fit_trees

__all__ = ["Input", "Told", "TraitTold", "input_of_numbers", "input_of_texts", "proxies"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_FOLDS = 5
_BINS, _FEW_BINS = 32, 8
_MOST_CATEGORIES = 64
_MOST_PAIRED = 30
_SHOWN_PAIRS = 10
_SAMPLE, _TREE_SAMPLE = 200_000, 30_000
_RECIPE = Recipe(rounds=80, leaves=15, depth=6, learning_rate=0.1, smallest_leaf=50)


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """One input of a model.

    Parameters
    ----------
    name : str
    values : ndarray of float64, shape (n_rows,)
        NaN where there is none; of a text, its rank by frequency.
    is_text : bool
    """

    name: str
    values: Floats
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What some inputs tell about a trait.

    Parameters
    ----------
    inputs : tuple of str
    group : str
        The one that they tell best.
    area : Estimate or NotMeasured
        Chance that a member of it is ranked above a non-member by what other rows say about the inputs: 0.5
        tells nothing, 1 tells all. Cross-fitted, interval at 95 %.
    information : float or None
        Share of the uncertainty about the trait that the inputs take away, 0 to 1.
    """

    inputs: tuple[str, ...]
    group: str
    area: Measurement
    information: float | None


@dataclass(frozen=True, slots=True)
class TraitTold:
    """What the inputs tell about one trait.

    Parameters
    ----------
    trait : str
    rows : int
        Rows that were looked at; a sample where there are very many.
    alone : tuple of Told
        Each input, those that tell most first.
    pairs : tuple of Told
        Pairs that tell more than both of their inputs alone; those that add most first, at most ten.
    all_together : tuple of Told
        All inputs, by group, by boosted trees; one `NotMeasured` where they cannot be fitted.
    """

    trait: str
    rows: int
    alone: tuple[Told, ...]
    pairs: tuple[Told, ...]
    all_together: tuple[Told, ...]


def input_of_numbers(name: str, values: Floats) -> Input:
    """Return an input that is a number."""
    return Input(name, np.asarray(values, dtype=np.float64))


def input_of_texts(name: str, codes: Codes, values: Sequence[str]) -> Input:
    """Return an input that is a text; `codes` are places in `values`, -1 for nothing."""
    known = codes >= 0
    many = np.bincount(codes[known], minlength=max(len(values), 1))
    rank = np.empty(len(many))
    rank[np.argsort(-many, kind="stable")] = np.arange(len(many))
    found = np.full(len(codes), np.nan)
    found[known] = rank[codes[known]]
    return Input(name, found, is_text=True)


def proxies(
    inputs: Sequence[Input], trait: Trait, *, smallest: int = SMALLEST_GROUP, seed: int = 0
) -> TraitTold | NotMeasured:
    """Say which inputs tell a trait.

    Parameters
    ----------
    inputs : sequence of Input
    trait : Trait
    smallest : int
        Rows that a group has to have.
    seed : int
        Of the sample and of the folds.

    Returns
    -------
    TraitTold or NotMeasured
        Not measured where fewer than two groups are large enough.

    Source of the area: DeLong, DeLong and Clarke-Pearson 1988, doi:10.2307/2531595. Of the correction of
    information: Miller 1955, in Information Theory in Psychology, page 95.
    """
    if not inputs:
        raise BadInput("No input is named.", fix="Name the columns that the model looks at: --input income.")
    rows, codes, names = _sampled(trait, smallest, seed)
    if len(names) < 2:
        return NotMeasured(f"{count(len(names), 'group')} of at least {smallest} cases; two are needed")
    folds = np.random.default_rng([seed, 1]).permutation(len(rows)) % _FOLDS
    table = {one.name: _bins(one, one.values[rows], _BINS) for one in inputs}
    alone = [_told((name,), bins, codes, names, folds, smallest) for name, bins in table.items()]
    alone.sort(key=lambda one: -_value(one.area))
    return TraitTold(
        trait=trait.name,
        rows=len(rows),
        alone=tuple(alone),
        pairs=_pairs(inputs, rows, codes, names, folds, smallest, {one.inputs[0]: one for one in alone}),
        all_together=_all(inputs, rows, codes, names, smallest, seed),
    )


def _sampled(trait: Trait, smallest: int, seed: int) -> tuple[Codes, Codes, list[str]]:
    """Return rows of groups that are large enough, the groups' places, and their names."""
    many = np.bincount(trait.codes[trait.codes >= 0], minlength=len(trait.groups))
    large = np.flatnonzero(many >= smallest)
    place = np.full(len(trait.groups) + 1, -1, dtype=np.int64)
    place[large] = np.arange(len(large))
    codes = place[trait.codes]
    rows = np.flatnonzero(codes >= 0)
    if len(rows) > _SAMPLE:
        rows = np.sort(np.random.default_rng([seed, 0]).choice(rows, _SAMPLE, replace=False))
    return rows, codes[rows], [trait.groups[one] for one in large]


def _bins(one: Input, values: Floats, most: int) -> Codes:
    """Return in which bin each value lies; the last is for those without one."""
    known = np.isfinite(values)
    if one.is_text:
        most = min(most * 2, _MOST_CATEGORIES)
        found = np.where(known, np.minimum(np.where(known, values, 0.0), most - 1), most).astype(np.int64)
        return found
    if not known.any():
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(values[known], np.arange(1, most) / most))
    found = np.searchsorted(edges, values, side="right").astype(np.int64)
    found[~known] = len(edges) + 1
    return found


def _told(
    inputs: tuple[str, ...], bins: Codes, codes: Codes, names: Sequence[str], folds: Codes, smallest: int
) -> Told:
    """Work out a figure from one table of counts by fold, bin and group."""
    many, groups = int(bins.max()) + 1, len(names)
    cell = (folds * many + bins) * groups + codes
    flat: Floats = np.bincount(cell, minlength=_FOLDS * many * groups).astype(np.float64)
    counts = flat.reshape(_FOLDS, many, groups)
    best, whose = NotMeasured("too few cases in a fold"), ""
    area: Measurement = best
    for group in range(groups):
        found = _area(counts, group)
        if not isinstance(found, Estimate) or counts[:, :, group].sum() < smallest:
            continue
        if not isinstance(area, Estimate) or found.value > area.value:
            area, whose = found, names[group]
    return Told(inputs, whose, area, _information(counts.sum(axis=0)))


def _area(counts: Floats, group: int) -> Measurement:
    """Return the area under the curve of one group against the rest, each fold ranked by the other folds."""
    total = counts.sum(axis=0)
    prior = total[:, group].sum() / total.sum()
    values, variances = [], []
    for fold in counts:
        rest = total - fold
        score = (rest[:, group] + prior) / (rest.sum(axis=1) + 1.0)
        yes, no = fold[:, group], fold.sum(axis=1) - fold[:, group]
        m, n = yes.sum(), no.sum()
        if m < 2 or n < 2:
            return NotMeasured("too few cases in a fold")
        _, place = np.unique(score, return_inverse=True)
        by_yes, by_no = np.bincount(place, yes), np.bincount(place, no)
        below_no = np.cumsum(by_no) - by_no / 2.0
        below_yes = np.cumsum(by_yes) - by_yes / 2.0
        above, under = below_no / n, 1.0 - below_yes / m
        value = float((by_yes * above).sum() / m)
        spread = (by_yes * (above - value) ** 2).sum() / (m - 1.0) / m
        values.append(value)
        variances.append(float(spread + (by_no * (under - value) ** 2).sum() / (n - 1.0) / n))
    value = float(np.mean(values))
    half = Z95 * math.sqrt(sum(variances)) / len(values)
    return Estimate(value, int(counts.sum()), max(0.0, value - half), min(1.0, value + half))


def _information(table: Floats) -> float | None:
    """Return the mutual information over the entropy of the groups, corrected for chance."""
    n = table.sum()
    joint, by_bin, by_group = table / n, table.sum(axis=1) / n, table.sum(axis=0) / n
    apart = by_bin[:, None] * by_group[None, :]
    seen = joint > 0.0
    known = float((joint[seen] * np.log(joint[seen] / apart[seen])).sum())
    known -= ((by_bin > 0).sum() - 1) * ((by_group > 0).sum() - 1) / (2.0 * n)
    entropy = -float((by_group[by_group > 0] * np.log(by_group[by_group > 0])).sum())
    return max(0.0, min(1.0, known / entropy)) if entropy > 0.0 else None


def _pairs(
    inputs: Sequence[Input],
    rows: Codes,
    codes: Codes,
    names: Sequence[str],
    folds: Codes,
    smallest: int,
    alone: Mapping[str, Told],
) -> tuple[Told, ...]:
    """Return pairs whose interval lies above what the better of the two tells alone."""
    ranked = sorted(inputs, key=lambda one: -_value(alone[one.name].area))[:_MOST_PAIRED]
    coarse = {one.name: _bins(one, one.values[rows], _FEW_BINS) for one in ranked}
    found = []
    for one, other in combinations(ranked, 2):
        bins = coarse[one.name] * (int(coarse[other.name].max()) + 1) + coarse[other.name]
        told = _told((one.name, other.name), bins, codes, names, folds, smallest)
        before = max(_value(alone[one.name].area), _value(alone[other.name].area))
        if isinstance(told.area, Estimate) and (told.area.low or 0.0) > before:
            found.append((told.area.value - before, told))
    found.sort(key=lambda one: -one[0])
    return tuple(told for _, told in found[:_SHOWN_PAIRS])


def _all(
    inputs: Sequence[Input], rows: Codes, codes: Codes, names: Sequence[str], smallest: int, seed: int
) -> tuple[Told, ...]:
    draw = np.random.default_rng([seed, 2])
    order = draw.permutation(len(rows))[:_TREE_SAMPLE]
    matrix = np.column_stack([one.values[rows[order]] for one in inputs])
    for place, one in enumerate(inputs):
        if one.is_text:
            matrix[:, place] = np.minimum(matrix[:, place], _MOST_CATEGORIES - 1)
    columns = [Column(one.name, "category" if one.is_text else "number") for one in inputs]
    everything = tuple(one.name for one in inputs)
    found = []
    for group in range(len(names)) if len(names) > 2 else (0,):
        belongs = codes[order] == group
        if min(belongs.sum(), (~belongs).sum()) < smallest:
            continue
        try:
            area = _area_of_trees(matrix, belongs, columns, seed)
        except MissingExtra as err:
            return (Told(everything, "", NotMeasured(f"{err.message} {err.fix}"), None),)
        found.append(Told(everything, names[group], area, None))
    found.sort(key=lambda one: -_value(one.area))
    return tuple(found)


def _area_of_trees(
    matrix: Floats, belongs: npt.NDArray[np.bool_], columns: Sequence[Column], seed: int
) -> Measurement:
    half = np.arange(len(belongs)) % 2 == 0
    values, variances = [], []
    for taught in (half, ~half):
        trees = fit_trees(matrix[taught], belongs[taught], columns, _RECIPE, seed=seed)
        held = belongs[~taught]
        if min(held.sum(), (~held).sum()) < 2:
            return NotMeasured("too few cases in a fold")
        value, variance = area_with_variance(trees.sum(matrix[~taught]), held)
        values.append(value)
        variances.append(variance)
    value = sum(values) / 2
    wide = Z95 * math.sqrt(sum(variances)) / 2
    return Estimate(value, len(belongs), max(0.0, value - wide), min(1.0, value + wide))


def _value(area: Measurement) -> float:
    return area.value if isinstance(area, Estimate) else 0.0
