"""By hand: a path 0 - 1 - 2, and 3 alone. Entity 1 has the neighbours 0 and 2 with values 10 and 30."""

import numpy as np
import pytest

from flyball.core.errors import BadInput
from flyball.models.experts.graph.entities import label_columns, neighbour_columns
from flyball.models.experts.graph.relation import relation_of

PAIRS = np.array([[0, 1], [2, 1], [1, 0], [3, 3]])  # one pair twice, and one entity with itself
VALUES = np.array([[10.0], [20.0], [30.0], [40.0]])


def column(told, name):
    return told.values[:, told.names.index(name)].tolist()


def test_columns_are_those_worked_out_by_hand():
    told = neighbour_columns([relation_of("knows", PAIRS, 4)], VALUES, ["age"])
    assert column(told, "age") == [10, 20, 30, 40]
    assert column(told, "knows.mean.age") == [20, 20, 20, 0]
    assert column(told, "knows.deviation.age") == [0, 10, 0, 0]
    assert column(told, "knows.own_minus_mean.age") == [-10, 0, 10, 40]
    assert column(told, "knows.two_hops.age") == [20, 20, 20, 0]
    assert column(told, "knows.degree") == pytest.approx(np.log1p([1, 2, 1, 0]).tolist())


def test_two_relations_are_not_merged():
    other = relation_of("pays", np.array([[0, 3]]), 4)
    told = neighbour_columns([relation_of("knows", PAIRS, 4), other], VALUES, ["age"])
    assert column(told, "knows.mean.age")[0] == 20
    assert column(told, "pays.mean.age") == [40, 0, 0, 10]


def drawn(n=60):
    draw = np.random.default_rng(3)
    relation = relation_of("knows", draw.integers(0, n, (200, 2)), n)
    return relation, draw.random(n) < 0.4, draw.random(n) < 0.6


def test_no_entity_sees_its_own_label():
    relation, labels, known = drawn()
    first = label_columns([relation], labels, known, folds=len(labels), seed=0).values
    for entity in np.flatnonzero(known)[:10]:
        turned = labels.copy()
        turned[entity] = ~turned[entity]
        again = label_columns([relation], turned, known, folds=len(labels), seed=0).values
        assert np.array_equal(again[entity], first[entity])
        assert not np.array_equal(again, first)


def test_a_label_that_is_not_known_is_not_looked_at():
    relation, labels, known = drawn()
    told = label_columns([relation], labels, known, folds=5, seed=0).values
    turned = label_columns([relation], np.where(known, labels, ~labels), known, folds=5, seed=0).values
    assert np.array_equal(told, turned)


def test_a_pair_outside_is_refused():
    with pytest.raises(BadInput, match=r"The pairs of knows have the shape \(1, 2\) and name up to 4; there"):
        relation_of("knows", np.array([[0, 4]]), 4)
