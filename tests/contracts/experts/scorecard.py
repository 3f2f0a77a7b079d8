"""How the suite gets a scorecard: one of two columns that every case of the suite has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from flyball.data.privacy.differential import Categories, Guarantee
from flyball.models.experts.scorecard import Scorecard


@contextmanager
def made(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    guarantee = Guarantee(
        dataset="contracts",
        group="parties",
        unit="one contract",
        neighbouring="add_remove",
        rows_per_unit_at_most=1,
        epsilon=1.0,
        delta=0.0,
        composition="basic",
        loss=1.0,
        mechanism="noisy gradients",
        bounds="two columns",
        entry=0,
    )
    columns = (Categories("name", ("empty", "html")), Categories("text", ("", "x")))
    points = (np.asarray([4096, -2048, 0]), np.asarray([8192, -4096, 1024]))
    Scorecard("scorecard", "is_short", columns, points, "short", guarantee).save(folder / "card")
    yield folder / "card", {}
