"""Tables for tests of drift: rows in memory, summed up as files are."""

import numpy as np
import pyarrow as pa

from flyball.evaluation.drift.compare import compare
from flyball.evaluation.drift.over_time import sketch_table
from flyball.evaluation.drift.records import Options

__all__ = ["column", "look", "rows"]


def rows(n, *, seed, mean=0.0, tie=0.7, kinds=(0.5, 0.3, 0.2)):
    """Return two correlated columns of numbers, one of kinds."""
    draw = np.random.default_rng(seed)
    a = draw.normal(size=n)
    b = tie * a + (1 - tie**2) ** 0.5 * draw.normal(size=n)
    kind = draw.choice(len(kinds), n, p=kinds)
    return pa.table({"a": a + mean, "b": b, "kind": pa.array([f"kind {one}" for one in kind])})


def look(reference, current, **options):
    """Compare two tables."""
    chosen = Options(**options)
    return compare(sketch_table("then", reference, chosen), sketch_table("now", current, chosen), chosen)


def column(report, name):
    """Return one column of a report."""
    return next(one for one in report.columns if one.name == name)
