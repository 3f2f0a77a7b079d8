"""Less discriminatory alternatives: models that pass fewer people over, at the same approval rate."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.core.estimates import Estimate, Measurement, NotMeasured
from flyball.core.intervals import Z95
from flyball.core.text import count
from flyball.governance.fairness.approving import approve_share
from flyball.governance.fairness.cases import SMALLEST_GROUP, GroupedCases, Trait
from flyball.governance.fairness.counting import count_groups
from flyball.governance.fairness.measure import Options, measure
from flyball.governance.fairness.proxies import Input, proxies
from flyball.governance.fairness.records import Asked, FairnessReport
from flyball.models.experts.boosted_table.columns import Column
from flyball.models.experts.boosted_table.figures import area_under_curve, area_with_variance
from flyball.models.experts.boosted_table.fit import Recipe, fit_trees

__all__ = [
    "Candidate",
    "Choice",
    "Found",
    "Held",
    "Point",
    "candidates_of",
    "said_of",
    "search",
    "search_cases",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_BLENDS = (0.25, 0.5, 0.75)
_LOSSES = (0.005, 0.01, 0.02)
_RESAMPLES = 200
_SAMPLE = 50_000
_FIRST = Recipe(rounds=250, leaves=31, depth=-1, learning_rate=0.08, smallest_leaf=50)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Rows that no candidate was taught.

    Parameters
    ----------
    good : ndarray of bool, shape (n_rows,)
        What turned out.
    trait : Trait
        The one whose ratio is searched for.
    beside : tuple of Trait
        Others, which choose nothing; their ratios are told with it.
    """

    good: Flags
    trait: Trait
    beside: tuple[Trait, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One model.

    Parameters
    ----------
    about : mapping of str to object
        How it differs, as plain values.
    choosing, testing : ndarray of float64
        Its scores of the rows that choose, and of those that test; higher speaks for yes.
    """

    about: Mapping[str, object]
    choosing: Floats
    testing: Floats


@dataclass(frozen=True, slots=True)
class Point:
    """A candidate where it was chosen.

    Parameters
    ----------
    about : mapping
    area : float
        How well it ranks: the chance that a good case is scored above a bad one.
    ratio : float
        Approval rate of the group that gets least over that of the one that gets most.
    """

    about: Mapping[str, object]
    area: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidate with the best ratio among those that lose no more than so much, on rows that test.

    Parameters
    ----------
    at_most : float
        Area that may be lost where it is chosen.
    about : mapping
    area : Estimate or NotMeasured
    area_lost : Estimate or NotMeasured
        Against the first, on the same rows; interval by drawing rows again.
    ratio_won : Estimate or NotMeasured
        Likewise.
    report : FairnessReport
        Of the approval at the stated rate, first by the trait that was searched for, then by those beside it.
    """

    at_most: float
    about: Mapping[str, object]
    area: Measurement
    area_lost: Measurement
    ratio_won: Measurement
    report: FairnessReport


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Parameters
    ----------
    approved : float
        The approval rate that every candidate is held to.
    tried : int
        Candidates, blends with the first included.
    trait : str
    first : Point
        The model that alternatives are looked for, where they are chosen.
    first_area : Estimate or NotMeasured
    first_report : FairnessReport
        On the rows that test.
    front : tuple of Point
        Candidates of which none is better in both, best ranking first.
    choices : tuple of Choice
    """

    approved: float
    tried: int
    trait: str
    first: Point
    first_area: Measurement
    first_report: FairnessReport
    front: tuple[Point, ...]
    choices: tuple[Choice, ...]


def search(
    candidates: Sequence[Candidate],
    choosing: Held,
    testing: Held,
    *,
    approve: float,
    losses: Sequence[float] = _LOSSES,
    smallest: int = SMALLEST_GROUP,
) -> Found | NotMeasured:
    """Look for a candidate that keeps its ranking and passes fewer people over.

    The first candidate is the model in use; every other is also blended with it. All are compared on the rows
    that choose; the best ratio at each loss goes to the rows that test, once.

    Parameters
    ----------
    candidates : sequence of Candidate
    choosing, testing : Held
    approve : float
        Approval rate, the same for all: an impact ratio moves with the cutoff alone.
    losses : sequence of float
        Areas that may be lost.
    smallest : int
        Rows that a group has to have in both sets.

    Returns
    -------
    Found or NotMeasured
    """
    if not candidates:
        raise BadInput("There is no model to look for alternatives to.", fix="Give one candidate or more.")
    for rows, name in ((choosing, "choose"), (testing, "test")):
        many = np.bincount(rows.trait.codes[rows.trait.codes >= 0], minlength=len(rows.trait.groups))
        if (many >= smallest).sum() < 2:
            return NotMeasured(f"fewer than two groups of {smallest} cases among the rows that {name}")
        if min(rows.good.sum(), (~rows.good).sum()) < 2:
            return NotMeasured(f"all rows that {name} turned out alike")
    pool = [*candidates, *_blends(candidates)]
    points = [
        Point(
            one.about,
            area_with_variance(one.choosing, choosing.good)[0],
            _ratio(one.choosing, choosing.trait, approve, smallest),
        )
        for one in pool
    ]
    choices = []
    for loss in losses:
        allowed = [place for place, one in enumerate(points) if one.area >= points[0].area - loss]
        best = max(allowed, key=lambda place: (points[place].ratio, points[place].area))
        choices.append(_choice(loss, pool[best], pool[0], testing, approve, smallest))
    return Found(
        approved=approve,
        tried=len(pool),
        trait=testing.trait.name,
        first=points[0],
        first_area=area_under_curve(pool[0].testing, testing.good),
        first_report=_report(pool[0].testing, testing, approve, smallest),
        front=_front(points),
        choices=tuple(choices),
    )


def candidates_of(
    matrix: Floats,
    good: Flags,
    columns: Sequence[Column],
    taught: Flags,
    chosen: Flags,
    tested: Flags,
    *,
    first: Floats | None = None,
    suspect: str = "",
    many: int = 24,
    recipe: Recipe = _FIRST,
    seed: int = 1,
    progress: Callable[[Iterator[int]], Iterator[int]] = iter,
) -> list[Candidate]:
    """Fit models that differ in what they look at and in their recipe; the first is what they compete with.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n_rows, n_columns)
    good : ndarray of bool, shape (n_rows,)
    columns : sequence of Column
        With their directions, which every candidate keeps.
    taught, chosen, tested : ndarray of bool, shape (n_rows,)
        Which rows are for what.
    first : ndarray of float64, optional
        Scores of the model in use; None: one is fitted on all columns.
    suspect : str
        The column that tells most about the trait: half of the candidates do without it.
    many : int
        How many are fitted.
    recipe : Recipe
        Of the first; candidates are grown by variants of it.
    seed : int
    progress : callable
        Told of each candidate.

    Raises
    ------
    MissingExtra
        LightGBM is not installed.
    """
    draw = np.random.default_rng(seed)
    names = [one.name for one in columns]
    places = np.flatnonzero(taught)
    if first is None:
        trees = fit_trees(matrix[places], good[places], columns, recipe, seed=0)
        first = trees.sum(matrix)
    found = [Candidate({"the first": True}, first[chosen], first[tested])]
    sample = places[np.random.default_rng(0).permutation(len(places))[:_SAMPLE]]
    for _ in progress(iter(range(many))):
        size = int(draw.integers(0, min(4, len(names))))
        without = {str(one) for one in draw.choice(names, size=size, replace=False)}
        if draw.random() < 0.5 and suspect:
            without.add(suspect)
        if len(without) == len(names):  # a model looks at something
            without.remove(min(without - {suspect} or without))
        one = replace(
            recipe,
            leaves=int(draw.choice([8, 15, 31])),
            rounds=int(draw.choice([120, 250])),
            smallest_leaf=int(draw.choice([50, 200, 800])),
            l2=float(draw.choice([1.0, 5.0, 50.0])),
            learning_rate=0.08,
        )
        kept = [place for place, name in enumerate(names) if name not in without]
        trees = fit_trees(matrix[sample][:, kept], good[sample], [columns[at] for at in kept], one, seed=0)
        about = {"without": sorted(without), "leaves": one.leaves, "rounds": one.rounds}
        scores = trees.sum(matrix[:, kept])
        found.append(Candidate(about, scores[chosen], scores[tested]))
    return found


def search_cases(
    cases: GroupedCases,
    inputs: Sequence[Input],
    trait: str,
    *,
    approve: float,
    many: int = 24,
    smallest: int = SMALLEST_GROUP,
    seed: int = 0,
    progress: Callable[[Iterator[int]], Iterator[int]] = iter,
) -> Found | NotMeasured:
    """Fit candidates on three fifths of the cases, choose on a fifth and test on the last.

    Parameters
    ----------
    cases : GroupedCases
        With outcomes. Scores, where they are there, are those of the model in use.
    inputs : sequence of Input
        What a model may look at.
    trait : str
    approve, many, smallest, seed, progress
        As for `search` and `candidates_of`.

    Raises
    ------
    BadInput
        There is no such trait, no input, no outcome, or rows have weights.
    MissingExtra
        LightGBM is not installed.
    """
    found = next((one for one in cases.traits if one.name == trait), None)
    if found is None:
        known = ", ".join(one.name for one in cases.traits)
        raise BadInput(f"No trait of the cases is called {trait!r}.", fix=f"Known: {known}.")
    if cases.outcome is None or cases.weight is not None or not inputs:
        what = "no outcomes" if cases.outcome is None else "weights" if inputs else "no inputs"
        raise BadInput(
            f"Models cannot be searched for: the cases have {what}.",
            fix="Give outcomes and the columns that a model may look at (--input), and no weights.",
        )
    there = cases.outcome >= 0
    if cases.score is not None:
        there &= np.isfinite(cases.score)
    good = cases.outcome[there] == 1
    part = np.random.default_rng([seed, 3]).permutation(len(good)) % 5
    codes = found.codes[there]
    if min(good[part > 1].sum(), (~good[part > 1]).sum()) < smallest:
        return NotMeasured(f"fewer than {smallest} cases turned out well, or badly, among those that teach")
    only = [replace(one, values=one.values[there]) for one in inputs]
    told = proxies(only, replace(found, codes=codes), smallest=smallest)
    candidates = candidates_of(
        np.column_stack([one.values for one in only]),
        good,
        [Column(one.name, "category" if one.is_text else "number") for one in only],
        part > 1,
        part == 1,
        part == 0,
        first=None if cases.score is None else cases.score[there],
        suspect="" if isinstance(told, NotMeasured) else told.alone[0].inputs[0],
        many=many,
        progress=progress,
    )
    beside = [replace(one, codes=one.codes[there]) for one in cases.traits if one is not found]

    def held(which: int) -> Held:
        kept = part == which
        trait, *others = (
            replace(one, codes=one.codes[kept]) for one in (replace(found, codes=codes), *beside)
        )
        return Held(good[kept], trait, tuple(others))

    choosing, testing = held(1), held(0)
    return search(candidates, choosing, testing, approve=approve, smallest=smallest)


def _blends(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    first = candidates[0]
    for one in candidates[1:]:
        for share in _BLENDS:
            yield Candidate(
                {**one.about, "share in a blend with the first": share},
                share * _scaled(one.choosing) + (1.0 - share) * _scaled(first.choosing),
                share * _scaled(one.testing) + (1.0 - share) * _scaled(first.testing),
            )


def _scaled(scores: Floats) -> Floats:
    spread = float(scores.std())
    found: Floats = (scores - scores.mean()) / (spread if spread > 0.0 else 1.0)
    return found


def _ratio(scores: Floats, trait: Trait, approve: float, smallest: int) -> float:
    """Return the lowest approval rate of a group over the highest; 0 where nobody is approved."""
    table = count_groups(GroupedCases(approve_share(scores, approve), (trait,)), trait).rows[:-1]
    n = table.sum(axis=(1, 2))
    rates = table[n >= smallest, 1].sum(axis=1) / n[n >= smallest]
    return float(rates.min() / rates.max()) if rates.max() > 0.0 else 0.0


def _front(points: Sequence[Point]) -> tuple[Point, ...]:
    found, highest = [], -1.0
    for one in sorted(points, key=lambda point: (-point.area, -point.ratio)):
        if one.ratio > highest:
            highest = one.ratio
            found.append(one)
    return tuple(found)


def _report(scores: Floats, rows: Held, approve: float, smallest: int) -> FairnessReport:
    traits = (rows.trait, *rows.beside)
    cases = GroupedCases(approve_share(scores, approve), traits, rows.good.astype(np.int8))
    asked = (Asked("four_fifths", True, "The search is about it."),)
    return measure(cases, Options(smallest, together=1), asked=asked)


def _choice(
    loss: float, one: Candidate, first: Candidate, rows: Held, approve: float, smallest: int
) -> Choice:
    lost, won = _apart(one.testing, first.testing, rows, approve, smallest)
    return Choice(
        at_most=loss,
        about=one.about,
        area=area_under_curve(one.testing, rows.good),
        area_lost=lost,
        ratio_won=won,
        report=_report(one.testing, rows, approve, smallest),
    )


def _apart(
    scores: Floats, first: Floats, rows: Held, approve: float, smallest: int
) -> tuple[Measurement, Measurement]:
    """Return how much area is lost and how much ratio is won against the first, on the same rows."""
    n = len(scores)

    def both(places: npt.NDArray[np.intp] | slice) -> tuple[float, float] | None:
        good = rows.good[places]
        if min(good.sum(), (~good).sum()) < 2:
            return None
        trait = replace(rows.trait, codes=rows.trait.codes[places])
        areas = [area_with_variance(one[places], good)[0] for one in (scores, first)]
        ratios = [_ratio(one[places], trait, approve, 1) for one in (scores, first)]
        return areas[1] - areas[0], ratios[0] - ratios[1]

    large = np.bincount(rows.trait.codes[rows.trait.codes >= 0], minlength=len(rows.trait.groups)) >= smallest
    kept = np.append(large, False)[rows.trait.codes]
    rows = Held(rows.good, replace(rows.trait, codes=np.where(kept, rows.trait.codes, -1).astype(np.int32)))
    seen = both(slice(None))
    if seen is None:
        nothing = NotMeasured("all rows turned out alike")
        return nothing, nothing
    if np.array_equal(scores, first):
        return Estimate(0.0, n), Estimate(0.0, n)
    draw = np.random.default_rng(0)
    drawn = [both(draw.integers(0, n, n)) for _ in range(_RESAMPLES)]
    table = np.array([one for one in drawn if one is not None])
    spread = table.std(axis=0, ddof=1)
    lost, won = (
        Estimate(value, n, value - Z95 * float(wide), value + Z95 * float(wide))
        for value, wide in zip(seen, spread, strict=True)
    )
    return lost, won


def said_of(found: Found) -> str:
    """Return in one sentence what the search came to."""
    best = max(found.choices, key=lambda one: one.at_most)
    models, won = count(found.tried, "model"), best.ratio_won
    if best.about.get("the first"):
        return f"None of {models} has a better ratio and loses {best.at_most:g} of area or less."
    if isinstance(won, Estimate) and won.low is not None and won.low > 0.0:
        return (
            f"Of {models} one that loses {best.at_most:g} of area or less raises the ratio by {won}, on rows "
            "that did not choose it."
        )
    return f"None of {models} is shown to raise the ratio on rows that did not choose it."
