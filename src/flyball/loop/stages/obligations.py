"""Obligations: which duties are in force today. A date that arrives is a change like any other."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from flyball.core.digests import digest_of
from flyball.governance.obligations.catalogue import SHIPPED, Catalogue, load_catalogue
from flyball.governance.obligations.contradictions import contradictions, require_settled
from flyball.governance.obligations.errors import BadCatalogue
from flyball.governance.obligations.records import Obligation
from flyball.loop.deployment import Deployment
from flyball.loop.law import digest_of_duties, duties_on
from flyball.loop.stage import Outputs, Stage
from flyball.loop.workshop import Workshop
from flyball.models.experts.expert import EXPERTS, ExpertKind, ExpertMaker

__all__ = ["catalogue_of", "duties_of", "kinds_of", "obligations", "shipped_entries"]

_USUAL = "obligations"
"""The folder of a deployment that names none; it may be missing."""


def obligations() -> Stage:
    """Return the stage that asks the catalogue."""

    def inputs(workshop: Workshop) -> dict[str, str]:
        duties = duties_of(workshop)
        rules = catalogue_of(workshop.deployment).precedences
        found = {f"duty {duty.key}": duty.digest for duty in duties} | {"duties": digest_of_duties(duties)}
        return found | ({"precedence": digest_of(rules)} if rules else {})

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        del outputs
        duties = duties_of(workshop)
        rules = catalogue_of(workshop.deployment).precedences
        require_settled(duties, rules)
        return {
            "settled": [msgspec.to_builtins(one) for one in contradictions(duties, rules)],
            "duties": [
                {
                    "id": duty.id,
                    "key": duty.key,
                    "digest": duty.digest,
                    "title": duty.title,
                    "effective_from": duty.effective_from.isoformat(),
                }
                for duty in duties
            ],
            "digest": digest_of_duties(duties),
        }

    return Stage("obligations", "ask which duties are in force today", (), inputs, run)


def catalogue_of(deployment: Deployment) -> Catalogue:
    """Return the shipped catalogue with the deployment's own entries.

    Raises
    ------
    BadCatalogue
        An entry cannot be believed, or the folder that the settings name is not there.
    """
    name = deployment.settings.deployment.obligations
    own = deployment.root / name
    if not own.is_dir() and (own.exists() or name != _USUAL):
        raise BadCatalogue(
            f"deployment.obligations names {name!r}, which is no folder; duties would silently not apply.",
            fix="Make the folder, correct the name, or take the setting away.",
            folder=name,
        )
    return load_catalogue(sorted(own.glob("*.toml")))


def duties_of(workshop: Workshop, day: date | None = None) -> tuple[Obligation, ...]:
    """Return the duties in force for the deployment on a day, by default today in UTC."""
    deployment = workshop.deployment
    return duties_on(
        catalogue_of(deployment),
        day or workshop.today,
        deployment.settings.deployment,
        deployment.fields,
        kinds_of(deployment),
    )


def kinds_of(deployment: Deployment) -> list[ExpertKind]:
    """Return the kinds of the deployment's experts, without loading one."""
    makers: list[ExpertMaker] = [EXPERTS.load(expert.kind) for expert in deployment.settings.expert]
    return [maker.kind for maker in makers]


def shipped_entries() -> tuple[Path, ...]:
    """Return the files of the shipped catalogue."""
    return tuple(sorted(SHIPPED.glob("*.toml")))
