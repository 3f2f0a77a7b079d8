"""The challenger: what it needs, what it refuses, and that it learns what only neighbours tell."""

import importlib.util

import numpy as np
import pytest

from flyball.core.errors import BadInput, MissingExtra
from flyball.models.experts.graph.network import NetworkOptions, network_chances
from flyball.models.experts.graph.relation import relation_of

HAS_TORCH = importlib.util.find_spec("torch") is not None


def drawn(n=300):
    """Return a graph in which an entity is true where the mean of its neighbours is high."""
    draw = np.random.default_rng(0)
    relation = relation_of("knows", draw.integers(0, n, (900, 2)), n)
    values = draw.normal(size=(n, 2))
    labels = relation.means(values)[:, 0] > 0
    part = np.arange(n) % 3
    return relation, values, labels, part == 0, part == 1, part == 2


@pytest.mark.skipif(HAS_TORCH, reason="PyTorch is installed here")
def test_without_pytorch_the_extra_is_named():
    relation, values, labels, learn, held, _ = drawn()
    with pytest.raises(MissingExtra) as caught:
        network_chances([relation], values, labels, learn=learn, hold_back=held, seed=0)
    assert "graph-network" in str(caught.value)


def test_an_entity_on_both_sides_is_refused():
    relation, values, labels, learn, _, _ = drawn()
    with pytest.raises(BadInput, match="100 entities are both learned from and held back"):
        network_chances([relation], values, labels, learn=learn, hold_back=learn, seed=0)


@pytest.mark.skipif(not HAS_TORCH, reason="needs PyTorch: pip install flyball[graph-network]")
def test_it_learns_what_the_neighbours_tell():
    relation, values, labels, learn, held, rest = drawn()
    options = NetworkOptions(width=16, rounds=150, dropout=0.0, rate=0.01)
    told = network_chances([relation], values, labels, learn=learn, hold_back=held, seed=0, options=options)
    assert ((told > 0.5) == labels)[rest].mean() > 0.8
