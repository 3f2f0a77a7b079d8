"""Answers that reviewers taught: 400 unseen ones that are a fair sample, and others that were chosen."""

import numpy as np
import pyarrow as pa

from flyball.loop.settings import Promise
from flyball.loop.stages.thresholds import choose
from flyball.models.experts.calibration import SCORES
from flyball.models.experts.expert import ExpertCard


class Expert:
    """An expert with out-of-fold answers."""

    def __init__(self, rows):
        self.card = ExpertCard(
            name="model", version="1", kind="table", fields=("cap",), summary="", trained_on=(), limits=()
        )
        self.out_of_fold = rows

    def predict(self, cases):
        raise NotImplementedError

    def save(self, folder):
        raise NotImplementedError


def answers(confidence, right):
    n = len(right)
    return pa.table(
        [
            pa.array([f"{at:016x}" for at in range(n)]),
            pa.array(["cap"] * n),
            pa.array(["true"] * n),
            pa.array(np.full(n, confidence)),
            pa.array(["true" if one else "false" for one in right]),
            pa.array(right),
            pa.nulls(n, pa.bool_()),
            pa.array(np.zeros(n, np.int16)),
        ],
        schema=SCORES,
    )


def thresholds(rows, taught):
    promise = Promise(wrong_share_at_most=0.05)
    return choose({"model": Expert(rows)}, promise, taught={"model": taught}).experts["model"]


def test_no_threshold_rests_on_what_reviewers_taught_neither_looser_nor_tighter():
    honest = answers(0.97, [at % 100 != 0 for at in range(400)])
    easy = answers(0.97, [True] * 800)
    hard = answers(0.97, [False] * 100)
    shifted = {"easy": (easy, 800), "hard": (hard, 100)}
    alone = thresholds(honest, frozenset())
    for more, n in shifted.values():
        renamed = more.set_column(0, SCORES.field(0), pa.array([f"r{at}" for at in range(n)]))
        taught = frozenset((f"r{at}", "cap") for at in range(n))
        both = pa.concat_tables([honest, renamed])
        assert thresholds(both, taught) == alone
    assert thresholds(pa.concat_tables([honest, renamed]), frozenset()) != alone


def test_a_field_of_a_case_is_left_out_and_not_the_case():
    honest = answers(0.97, [at % 100 != 0 for at in range(400)])
    other = frozenset((f"{at:016x}", "another field") for at in range(400))
    assert thresholds(honest, other) == thresholds(honest, frozenset())
