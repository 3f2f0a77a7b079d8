"""References: what refers to what in a deployment as it stands in its folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from flyball.core.records import Field
from flyball.governance.constitution.principle import Constitution
from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.records import Obligation
from flyball.loop.deployment import Deployment
from flyball.loop.engine import Engine, load_engine
from flyball.loop.kit import kit_of_deployment
from flyball.loop.settings import DeploymentSettings, ExpertSettings
from flyball.loop.stages.obligations import duties_of, shipped_entries
from flyball.loop.workshop import Workshop
from flyball.models.experts.decision_table.records import MadeOfTables, Rule, Table
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.thresholds import Thresholds

__all__ = ["References", "engine_of_folder", "references_of", "tables_that_decide"]


@dataclass(frozen=True, slots=True)
class References:
    """Rules, principles, duties, experts and fields of one deployment, with what they name.

    Parameters
    ----------
    about : DeploymentSettings
    playbook, deciding : tuple of Table
        Tables of the playbook, and those of the experts that are nothing but rules.
    expert_of_table : mapping of str to str
        Which expert a deciding table belongs to.
    constitution : Constitution
    catalogue : Catalogue
    catalogue_files : tuple of Path
        What it was read from.
    duties : tuple of Obligation
        In force today.
    policies : frozenset of str
        Of the company: "policy:liability".
    cards : tuple of ExpertCard
    settings : tuple of ExpertSettings
    fields : tuple of Field
    """

    about: DeploymentSettings
    playbook: tuple[Table, ...]
    deciding: tuple[Table, ...]
    expert_of_table: dict[str, str]
    constitution: Constitution
    catalogue: Catalogue
    catalogue_files: tuple[Path, ...]
    duties: tuple[Obligation, ...]
    policies: frozenset[str]
    cards: tuple[ExpertCard, ...]
    settings: tuple[ExpertSettings, ...]
    fields: tuple[Field, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Rows of every table, the playbook's and those that decide."""
        return tuple(rule for table in (*self.playbook, *self.deciding) for rule in table.rules)

    @property
    def field_keys(self) -> tuple[str, ...]:
        """Names of the fields, in their order."""
        return tuple(field.key for field in self.fields)

    @property
    def citable(self) -> frozenset[str]:
        """What a rule or a principle may cite."""
        return self.catalogue.ids | self.policies

    def cited_by(self) -> dict[str, list[str]]:
        """Return who cites each duty or policy: "rule liability.L-02", "principle quoted_span"."""
        found: dict[str, list[str]] = {}
        for rule in self.rules:
            for cited in rule.cites:
                found.setdefault(cited, []).append(f"rule {rule.id}")
        for principle in self.constitution.principles:
            for cited in principle.cites:
                found.setdefault(cited, []).append(f"principle {principle.id}")
        return found

    def models(self) -> Iterator[tuple[str, ExpertSettings]]:
        """Yield the model of a vendor behind each expert that names one."""
        for expert in self.settings:
            model = expert.settings.get("model")
            if isinstance(model, str) and model:
                yield model, expert

    def with_table(self, table: Table) -> Self:
        """Return the same with a table in the place of the one of its name, or added to the playbook."""
        if any(one.name == table.name for one in self.deciding):
            return replace(self, deciding=_put(self.deciding, table))
        return replace(self, playbook=_put(self.playbook, table))


def references_of(workshop: Workshop) -> References:
    """Read everything as it stands in the working folder."""
    engine = engine_of_folder(workshop.deployment)
    tables = tables_by_expert(engine)
    return References(
        about=engine.about,
        playbook=engine.playbook.tables,
        deciding=tables_that_decide(engine),
        expert_of_table={table.name: name for name, some in tables.items() for table in some},
        constitution=engine.constitution,
        catalogue=engine.catalogue,
        catalogue_files=engine.kit.catalogue,
        duties=duties_of(workshop),
        policies=frozenset(policy.id for policy in engine.playbook.policies),
        cards=engine.cards,
        settings=workshop.deployment.settings.expert,
        fields=workshop.deployment.fields,
    )


def engine_of_folder(deployment: Deployment) -> Engine:
    """Load everything as it stands in the working folder, with no threshold chosen."""
    kit = kit_of_deployment(deployment, shipped_entries())
    return load_engine(kit, Thresholds(), deployment.settings.deployment)


def tables_by_expert(engine: Engine) -> dict[str, tuple[Table, ...]]:
    """Return the tables of each expert that is nothing but rules."""
    return {
        name: tuple(expert.tables)
        for name, expert in engine.experts.items()
        if isinstance(expert, MadeOfTables)
    }


def tables_that_decide(engine: Engine) -> tuple[Table, ...]:
    """Return the tables of the experts that are nothing but rules."""
    return tuple(table for tables in tables_by_expert(engine).values() for table in tables)


def _put(tables: Sequence[Table], table: Table) -> tuple[Table, ...]:
    if all(one.name != table.name for one in tables):
        return (*tables, table)
    return tuple(table if one.name == table.name else one for one in tables)
