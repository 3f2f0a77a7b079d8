"""The challenger: a network that takes means over neighbours, with weights of its own for each relation.

It needs PyTorch (extra `graph-network`). Which of the two answers is decided by the evaluation, per dataset;
docs/benchmarks.md says which won where.

Source: Hamilton, Ying and Leskovec 2017, GraphSAGE, arXiv:1706.02216, mean aggregator; skip connections and
weights per relation as in Platonov et al. 2023, arXiv:2302.11640, appendix B.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from flyball.core.errors import BadInput
from flyball.core.extras import optional_import
from flyball.models.experts.boosted_table.figures import area_with_variance
from flyball.models.experts.graph.relation import Relation

__all__ = ["NetworkOptions", "network_chances"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How to learn.

    Parameters
    ----------
    width, layers : int
    dropout, rate, decay : float
    rounds, patience : int
        Passes over all entities; so many without a better score on the held back ones end it.
    threads : int
    """

    width: int = 64
    layers: int = 3
    dropout: float = 0.2
    rate: float = 0.003
    decay: float = 0.0
    rounds: int = 400
    patience: int = 60
    threads: int = 1


def network_chances(
    relations: Sequence[Relation],
    values: Floats,
    labels: Flags,
    *,
    learn: Flags,
    hold_back: Flags,
    seed: int,
    options: NetworkOptions | None = None,
) -> Floats:
    """Learn from some entities; return the chance of every one.

    Parameters
    ----------
    relations : sequence of Relation
    values : ndarray of float64, shape (n, width)
    labels : ndarray of bool, shape (n,)
        Looked at only under `learn` and `hold_back`.
    learn, hold_back : ndarray of bool, shape (n,)
        To learn from, and to say when to stop. They share no entity.
    seed : int
    options : NetworkOptions, optional

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    BadInput
        An entity stands on both sides.
    MissingExtra
        PyTorch is not installed.
    """
    if (learn & hold_back).any():
        raise BadInput(
            f"{int((learn & hold_back).sum())} entities are both learned from and held back.",
            fix="Split them: flyball.data.datasets.splits.",
        )
    torch = optional_import("torch", extra="graph-network")
    options = options or NetworkOptions()
    torch.set_num_threads(options.threads)
    torch.manual_seed(seed)
    network = _network(torch, relations, values.shape[1], options)
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rows = torch.tensor(scaled, dtype=torch.float32)
    truth = torch.tensor(labels.astype(np.float32))
    trained, held = torch.tensor(learn), torch.tensor(hold_back)
    optimiser = torch.optim.Adam(network.parameters(), lr=options.rate, weight_decay=options.decay)
    loss = torch.nn.BCEWithLogitsLoss()
    best, waited, kept = -1.0, 0, np.full(len(values), 0.5)
    for _ in range(options.rounds):
        network.train()
        optimiser.zero_grad()
        loss(network(rows)[trained], truth[trained]).backward()
        optimiser.step()
        network.eval()
        with torch.no_grad():
            chances = torch.sigmoid(network(rows))
        reached, _ = area_with_variance(chances[held].numpy().astype(np.float64), labels[hold_back])
        waited += 1
        if reached > best:
            best, waited, kept = reached, 0, chances.numpy().astype(np.float64)
        if waited >= options.patience:
            break
    return kept


def _network(torch: Any, relations: Sequence[Relation], width: int, options: NetworkOptions) -> Any:
    nn = torch.nn
    means = [_mean_over(torch, relation) for relation in relations]

    class Layer(nn.Module):  # type: ignore[misc, name-defined]
        """Own weights for itself and for each relation, a skip around it."""

        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(options.width)
            self.mix = nn.Linear(options.width * (1 + len(means)), options.width)
            self.out = nn.Linear(options.width, options.width)
            self.drop = nn.Dropout(options.dropout)

        def forward(self, rows: Any) -> Any:
            own = self.norm(rows)
            seen = torch.cat([own, *(mean(own) for mean in means)], dim=1)
            return rows + self.drop(self.out(self.drop(nn.functional.gelu(self.mix(seen)))))

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        """From columns to log odds."""

        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(width, options.width)
            self.layers = nn.ModuleList([Layer() for _ in range(options.layers)])
            self.norm = nn.LayerNorm(options.width)
            self.last = nn.Linear(options.width, 1)

        def forward(self, rows: Any) -> Any:
            at = nn.functional.gelu(self.first(rows))
            for layer in self.layers:
                at = layer(at)
            return self.last(self.norm(at)).squeeze(1)

    return Network()


def _mean_over(torch: Any, relation: Relation) -> Any:
    """Return a function that takes means over neighbours, with its gradient."""
    starts, ends = torch.tensor(relation.starts), torch.tensor(relation.ends)
    weight = np.repeat(1.0 / np.maximum(relation.degree, 1.0), np.diff(relation.starts)).astype(np.float32)
    back = (1.0 / np.maximum(relation.degree, 1.0)).astype(np.float32)[relation.ends]
    size = (relation.n, relation.n)
    # The relation is symmetric, so its transpose has the same pattern with the weights of the other end.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it is in beta, PyTorch says
        forth, return_ = (
            torch.sparse_csr_tensor(starts, ends, torch.tensor(one), size=size, check_invariants=True)
            for one in (weight, back)
        )

    class Mean(torch.autograd.Function):  # type: ignore[misc]
        """Sparse times dense; the gradient by the transpose."""

        @staticmethod
        def forward(context: Any, rows: Any) -> Any:
            del context
            return forth @ rows

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            del context
            return return_ @ gradient

    return Mean.apply
