"""Columns together: relations that changed though no column did, and rows that a model can tell apart."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.evaluation.drift.classifier import told_apart
from flyball.evaluation.drift.kinds import Kind, numbers_of
from flyball.evaluation.drift.two_samples import Test, normal_tail

__all__ = ["Encoded", "encoded", "relations", "rows_apart"]

Matrix = npt.NDArray[np.float64]

_MOST_FEATURES = 256
_MOST_VALUES = 5
_FEWEST_WAVES, _MOST_WAVES = 64, 384
_FEWEST_ROWS = 200
_FEWEST_FLAGS, _SMALLEST_SHARE = 100, 0.05
_NEARLY_ONE = 1 - 1e-9
_GRID = np.linspace(0.0005, 0.9995, 2_000)
_SCORES = np.array([NormalDist().inv_cdf(float(one)) for one in _GRID])


@dataclass(frozen=True, slots=True)
class Encoded:
    """Sampled rows of both sides as numbers.

    Parameters
    ----------
    names : tuple of str
        The column that each feature comes from.
    reference, current : ndarray of shape (n_rows, n_features)
        Normal scores of ranks over both sides, and flags of frequent values; missing is 0, the middle.
    left_out : int
        Features beyond the first 256.
    """

    names: tuple[str, ...]
    reference: Matrix
    current: Matrix
    left_out: int

    @property
    def reason(self) -> str:
        """Why nothing can be said; "" where it can."""
        fewest = min(len(self.reference), len(self.current))
        if fewest < _FEWEST_ROWS:
            return f"too few rows: {fewest}, at least {_FEWEST_ROWS} are needed"
        return "" if len(self.names) > 1 else "it takes two columns of numbers or frequent values"


def encoded(reference: pa.Table, current: pa.Table, kinds: dict[str, Kind]) -> Encoded:
    """Return sampled rows as numbers; every transformation is one for both sides together."""
    names: list[str] = []
    features: list[Matrix] = []
    left_out = 0
    for name, kind in kinds.items():
        sides = [side.column(name).combine_chunks() for side in (reference, current)]
        found = _of_numbers(sides) if kind in ("number", "time") else []
        if kind == "category":
            found = _of_values(sides)
        for feature in found:
            if len(names) < _MOST_FEATURES:
                names.append(name)
                features.append(feature)
            else:
                left_out += 1
    n = reference.num_rows
    matrix = np.column_stack(features) if features else np.empty((n + current.num_rows, 0))
    return Encoded(tuple(names), matrix[:n], matrix[n:], left_out)


def relations(rows: Encoded) -> tuple[Test, tuple[str, str]]:
    """Compare the correlation of every two columns, and return the pair that changed most.

    Returns
    -------
    Test
        p is Bonferroni's over all pairs, of Student's law: a correlation of few rows, or of rare flags, has
        longer tails than a normal value. The effect is by how much the share of rows changes in which both
        columns lie on the same side of their middle, as it would for normal values.
    pair : tuple of str

    Source: the variance of a correlation by its influence function, Devlin, Gnanadesikan and Kettenring
    1975, Biometrika 62(3); its transformation, Fisher 1921, Metron 1; the share of rows, Sheppard 1899; the
    normal value that is as rare as Student's, Wallace 1959, Annals of Mathematical Statistics 30(4).
    """
    ours, theirs = (_standing(side) for side in (rows.reference, rows.current))
    ours, theirs = (side.T @ side / len(side) for side in (ours, theirs))
    apart = np.abs(ours - theirs)
    # The variance is taken over both sides: where nothing changed it is the same, and it is steadier so.
    both = np.concatenate([rows.reference, rows.current])
    n, m = len(rows.reference), len(rows.current)
    spread = np.sqrt(_variance(both) * (1 / n + 1 / m))
    names = np.array(rows.names)
    first, second = np.triu_indices(len(names), 1)
    told = names[first] != names[second]  # flags of one column exclude each other
    first, second = first[told], second[told]
    if not len(first):
        return Test("relations", 0.0, 0.0, 0.0, 1.0, n, m), ("", "")
    z = _distances(ours, theirs, both, spread, (n, m))[first, second]
    best = int(z.argmax())
    i, j = int(first[best]), int(second[best])
    p = min(1.0, 2 * normal_tail(float(z[best])) * len(z))
    ends = [float(apart[i, j] + sign * 1.96 * spread[i, j]) for sign in (-1, 1)]
    middle = float((ours[i, j] + theirs[i, j]) / 2)
    effect, low, high = (_share(middle, max(0.0, value)) for value in (float(apart[i, j]), *ends))
    test = Test("relations", effect, low, high, p, n, m)
    return test, (str(names[i]), str(names[j]))


def rows_apart(rows: Encoded, *, seed: int = 0) -> Test:
    """Let a model over waves of one to three columns tell the sides apart.

    Source: Rahimi and Recht 2007, NIPS, for the waves.
    """
    random = np.random.default_rng([seed, 4])
    d = len(rows.names)
    fewest = min(len(rows.reference), len(rows.current))
    n_waves = min(_MOST_WAVES, max(_FEWEST_WAVES, fewest // 2))  # as many as so few rows can teach
    weights = np.zeros((d, n_waves))
    for wave in range(n_waves):
        size = min(d, 1 + wave % 3)
        chosen = random.choice(d, size, replace=False)
        weights[chosen, wave] = random.normal(size=size) * (0.5, 1.0, 2.0)[wave // 3 % 3] / math.sqrt(size)
    turns = random.uniform(0, 2 * math.pi, n_waves).astype(np.float32)
    weights = weights.astype(np.float32)

    def waves(side: Matrix) -> npt.NDArray[np.float32]:
        plain = side.astype(np.float32)
        return np.hstack([plain, np.cos(plain @ weights + turns)])

    return told_apart("rows", waves(rows.reference), waves(rows.current), seed=seed)


def _distances(ours: Matrix, theirs: Matrix, both: Matrix, spread: Matrix, sizes: tuple[int, int]) -> Matrix:
    """Return how many standard deviations apart two matrices of correlations are, as normal values."""
    n, m = sizes
    z = _standing(both)
    middle = np.clip(z.T @ z / len(z), -_NEARLY_ONE, _NEARLY_ONE)
    turned = [np.arctanh(np.clip(side, -_NEARLY_ONE, _NEARLY_ONE)) for side in (ours, theirs)]
    t = np.abs(turned[0] - turned[1]) * (1 - middle**2) / np.maximum(spread, 1e-9)
    # The degrees of freedom at which Student's law has the kurtosis of the mean of so many products.
    squares = z * z
    kurtosis = (squares * squares).T @ (squares * squares) / len(z)
    kurtosis /= np.maximum(squares.T @ squares / len(z), 1e-9) ** 2
    degrees = 4 + 6 * (1 / n + 1 / m) ** 2 / (1 / n**3 + 1 / m**3) / np.maximum(kurtosis, 1e-9)
    distances: Matrix = (8 * degrees + 1) / (8 * degrees + 3) * np.sqrt(degrees * np.log1p(t * t / degrees))
    return distances


def _standing(side: Matrix) -> Matrix:
    z = side - side.mean(axis=0)
    spread = z.std(axis=0)
    standing: Matrix = z / np.where(spread > 0, spread, 1.0)
    return standing


def _variance(rows: Matrix) -> Matrix:
    """Return the variance that one row gives to the correlation of every two columns."""
    z = _standing(rows)
    n = len(z)
    squares = z * z
    r = z.T @ z / n
    both = squares.T @ squares / n
    threes = (squares * z).T @ z / n
    fours = np.diag(both)
    variance = both - r * (threes + threes.T) + r * r / 4 * (fours[:, None] + fours[None, :] + 2 * both)
    floored: Matrix = np.maximum(variance, 0.0)
    return floored


def _share(middle: float, apart: float) -> float:
    low, high = (min(1.0, max(-1.0, middle + sign * apart / 2)) for sign in (-1, 1))
    return (math.asin(high) - math.asin(low)) / math.pi


def _of_numbers(sides: list[pa.Array]) -> list[Matrix]:
    """Return normal scores, and a flag of what is missing where that is not rare."""
    n = sum(len(side) for side in sides)
    values = np.concatenate([_with_gaps(side) for side in sides])
    known = ~np.isnan(values)
    scores = np.zeros(n)
    _, place, rows = np.unique(values[known], return_inverse=True, return_counts=True)
    if len(rows) < 2:
        found = []
    else:
        middles = (np.cumsum(rows) - rows / 2) / rows.sum()
        scores[known] = np.interp(middles, _GRID, _SCORES)[place]
        found = [_scaled(scores)]
    return found + _flag(~known)


def _of_values(sides: list[pa.Array]) -> list[Matrix]:
    coded = pa.chunked_array(
        [
            side.cast(pa.large_binary(), safe=False)
            if not pa.types.is_boolean(side.type)
            else side.cast(pa.string()).cast(pa.large_binary())
            for side in sides
        ]
    )
    coded = coded.combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    rows = np.bincount(codes[codes >= 0], minlength=1)
    often = np.argsort(-rows, kind="stable")[:_MOST_VALUES]
    found = [flag for one in often for flag in _flag(codes == one)]
    if len(rows) == 2:
        found = found[:1]  # the second flag is the first one turned round
    return found + _flag(codes < 0)


def _flag(is_so: npt.NDArray[np.bool_]) -> list[Matrix]:
    rows = int(is_so.sum())
    seldom = min(rows, len(is_so) - rows)
    enough = seldom >= max(_FEWEST_FLAGS, _SMALLEST_SHARE * len(is_so))
    return [_scaled(is_so.astype(np.float64))] if enough else []


def _scaled(values: Matrix) -> Matrix:
    spread = float(values.std())
    scaled: Matrix = (values - values.mean()) / (spread if spread > 0 else 1.0)
    return scaled


def _with_gaps(side: pa.Array) -> Matrix:
    """Return numbers with NaN where there is none."""
    filled = np.full(len(side), np.nan)
    valid = np.asarray(side.is_valid())
    values = side.filter(pa.array(valid))
    # `numbers_of` drops NaN too: put them back in their places.
    plain, missing = numbers_of(values)
    if missing:
        there = ~np.isnan(values.cast(pa.float64()).to_numpy(zero_copy_only=False))
        filled[np.flatnonzero(valid)[there]] = plain
    else:
        filled[valid] = plain
    return filled
