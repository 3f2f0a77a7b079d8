"""Budgets of differential privacy, as flyball.toml declares them and the ledger has spent them."""

from typing import Any

from flyball.core.errors import UnknownName
from flyball.data.privacy.differential.budget import Budget, Declaration, statement
from flyball.loop.settings import BudgetSettings
from flyball.loop.workshop import Workshop

__all__ = ["budgets_of", "open_budget"]


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
