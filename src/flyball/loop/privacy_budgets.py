"""Budgets of differential privacy, as flyball.toml declares them and the ledger has spent them."""

from typing import Any

from flyball.core.errors import Refused, UnknownName
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.inheritance import parents_kept
from flyball.data.datasets.snapshots import find_snapshot, read_snapshot
from flyball.data.privacy.differential.budget import Budget, Declaration, statement
from flyball.data.privacy.differential.private_table import PrivateTable, protect
from flyball.loop.settings import BudgetSettings
from flyball.loop.workshop import Workshop

__all__ = ["budgets_of", "open_budget", "open_private_table"]


def budgets_of(workshop: Workshop) -> dict[str, Any]:
    """Return the state of every declared budget; "ok" is False where one of them cannot be read."""
    declared = [_declaration(one) for one in workshop.deployment.settings.privacy.budget]
    return dict(statement(declared, workshop.ledger))


def open_budget(workshop: Workshop, dataset: str, group: str) -> Budget:
    """Return one budget, to draw on.

    Raises
    ------
    UnknownName
        It is not declared: nothing may be released about this dataset and group.
    """
    declared = workshop.deployment.settings.privacy.budget
    for one in declared:
        if (one.dataset, one.group) == (dataset, group):
            return Budget(_declaration(one), workshop.ledger)
    known = ", ".join(f"{one.dataset}/{one.group}" for one in declared) or "none"
    raise UnknownName(
        f"No privacy budget is declared for {dataset}/{group}.",
        fix=f"Declared in [[privacy.budget]]: {known}.",
        dataset=dataset,
        group=group,
    )


def open_private_table(workshop: Workshop, dataset: str, group: str) -> PrivateTable:
    """Return the current rows of a dataset behind its budget, to be asked with `privacy.differential`.

    Parameters
    ----------
    workshop : Workshop
    dataset, group : str
        As in [[privacy.budget]].

    Raises
    ------
    UnknownName
        No such budget is declared.
    UnknownSnapshot
        No such dataset.
    Refused
        It was made from other datasets: one person may stand behind more of its rows than the budget says,
        and a budget of its own would be paid beside that of the rows it was made from.
    """
    budget = open_budget(workshop, dataset, group)
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        snapshot = find_snapshot(catalogue, dataset)
        others = sorted({one.dataset for one in parents_kept(catalogue, snapshot.parents)} - {dataset})
        if others:
            raise Refused(
                f"{snapshot.id} was made from {', '.join(others)}, and has no privacy budget of its own.",
                fix=f"Declare the budget for {others[0]}, and release from there.",
                dataset=dataset,
            )
        return protect(read_snapshot(catalogue, snapshot), budget)


def _declaration(written: BudgetSettings) -> Declaration:
    return Declaration(
        dataset=written.dataset,
        group=written.group,
        unit=written.unit,
        epsilon=written.epsilon,
        delta=written.delta,
        rows_per_unit_at_most=written.rows_per_unit_at_most,
        unit_column=written.unit_column,
        neighbouring=written.neighbouring,
    )
