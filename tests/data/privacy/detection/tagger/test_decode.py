"""By hand, in runs of two tokens: what is best is compared with all pairs of labels tried one by one."""

import itertools

import numpy as np

from flyball.data.privacy.detection.tagger.decode import LABELS, allowed_moves, best_labels

MOVES = np.where(allowed_moves(), 0, -np.inf).astype(np.float32)


def best_by_trial(scores):
    def total(labels):
        if labels[0] and labels[0] % 2 == 0:
            return -np.inf
        return sum(row[one] for row, one in zip(scores, labels, strict=True)) + sum(
            MOVES[a, b] for a, b in itertools.pairwise(labels)
        )

    return max(itertools.product(range(len(LABELS)), repeat=len(scores)), key=total)


def test_the_best_sequence_is_found_for_runs_of_different_lengths():
    generator = np.random.default_rng(1)
    lengths = [2, 1, 3, 2, 3]
    scores = generator.normal(size=(sum(lengths), len(LABELS))).astype(np.float32)
    start = np.cumsum([0, *lengths[:-1]])
    found = best_labels(scores, MOVES, start, np.array(lengths))
    wanted = [one for at, n in zip(start, lengths, strict=True) for one in best_by_trial(scores[at : at + n])]
    assert found.tolist() == wanted


def test_a_finding_never_begins_with_inside():
    scores = np.zeros((1, len(LABELS)), np.float32)
    scores[0, LABELS.index("I-PERSON")] = 9
    assert best_labels(scores, MOVES, np.array([0]), np.array([1])).tolist() != [LABELS.index("I-PERSON")]


def test_nothing_gives_nothing():
    none = np.zeros(0, np.int64)
    assert best_labels(np.zeros((0, len(LABELS)), np.float32), MOVES, none, none).tolist() == []
