"""Which duties apply to a deployment on a day."""

from collections.abc import Sequence
from datetime import date

from flyball.core.digests import digest_of
from flyball.core.records import Field
from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.queries import compare, in_force, upcoming
from flyball.governance.obligations.records import Obligation, ObligationDiff, Upcoming
from flyball.loop.settings import DeploymentSettings
from flyball.models.experts.expert import ExpertKind

__all__ = ["changes_ahead", "changes_between", "digest_of_duties", "duties_beyond", "duties_on"]

_SECTOR = "sector:"


def duties_on(
    catalogue: Catalogue,
    day: date,
    about: DeploymentSettings,
    fields: Sequence[Field],
    kinds: Sequence[ExpertKind],
    *,
    as_known_on: date | None = None,
) -> tuple[Obligation, ...]:
    """Return the duties in force for a deployment.

    Parameters
    ----------
    catalogue : Catalogue
    day : date
    about : DeploymentSettings
        Jurisdictions, tags and data labels.
    fields : sequence of Field
    kinds : sequence of ExpertKind
        Of its experts; some duties apply to models and not to rules.
    as_known_on : date, optional
        Answer with what could be known on that day; None: with all that the catalogue knows.

    Returns
    -------
    tuple of Obligation
    """
    return in_force(
        catalogue,
        day,
        jurisdictions=about.jurisdictions,
        as_known_on=as_known_on,
        tags=about.tags,
        data_labels=about.data_labels,
        fields=[field.key for field in fields],
        decision_kinds=sorted({field.kind for field in fields}),
        expert_kinds=sorted(set(kinds)),
    )


def duties_beyond(
    catalogue: Catalogue,
    day: date,
    about: DeploymentSettings,
    fields: Sequence[Field],
    kinds: Sequence[ExpertKind],
    *,
    as_known_on: date | None = None,
) -> dict[str, tuple[str, ...]]:
    """Return what would apply with one more tag: one that is missing, or mistyped, takes duties away.

    Parameters
    ----------
    catalogue, day, about, fields, kinds, as_known_on
        As for `duties_on`.

    Returns
    -------
    dict of str to tuple of str
        By tag ("annex-iii", "sector:banking"), sorted: ids of duties that only this one keeps away.
    """
    anyhow = in_force(
        catalogue,
        day,
        jurisdictions=about.jurisdictions,
        as_known_on=as_known_on,
        data_labels=about.data_labels,
        fields=[field.key for field in fields],
        decision_kinds=sorted({field.kind for field in fields}),
        expert_kinds=sorted(set(kinds)),
    )
    counted = {duty.key for duty in duties_on(catalogue, day, about, fields, kinds, as_known_on=as_known_on)}
    found: dict[str, list[str]] = {}
    for duty in anyhow:
        asked = duty.applies_to
        no_tag = bool(asked.tags) and not set(asked.tags) & set(about.tags)
        sectors = {f"{_SECTOR}{one}" for one in asked.sectors}
        no_sector = bool(sectors) and not sectors & set(about.tags)
        if duty.key not in counted and no_tag != no_sector:
            for tag in asked.tags if no_tag else sectors:
                found.setdefault(tag, []).append(duty.id)
    return {tag: tuple(found[tag]) for tag in sorted(found)}


def changes_between(
    catalogue: Catalogue,
    first: date,
    second: date,
    about: DeploymentSettings,
    fields: Sequence[Field],
    kinds: Sequence[ExpertKind],
) -> ObligationDiff:
    """Return the duties of a deployment that begin, end or change between two days."""
    before = duties_on(catalogue, first, about, fields, kinds)
    return compare(before, duties_on(catalogue, second, about, fields, kinds))


def changes_ahead(
    catalogue: Catalogue,
    after: date,
    days: int,
    about: DeploymentSettings,
    fields: Sequence[Field],
    kinds: Sequence[ExpertKind],
    *,
    as_known_on: date | None = None,
) -> tuple[Upcoming, ...]:
    """Return the days ahead on which a duty of a deployment begins, ends or changes, soonest first.

    `as_known_on` answers with what could be known on that day; None: with all that the catalogue knows.
    """
    return upcoming(
        catalogue,
        after,
        min(days, (date.max - after).days),
        jurisdictions=about.jurisdictions,
        as_known_on=as_known_on,
        tags=about.tags,
        data_labels=about.data_labels,
        fields=[field.key for field in fields],
        decision_kinds=sorted({field.kind for field in fields}),
        expert_kinds=sorted(set(kinds)),
    )


def digest_of_duties(duties: Sequence[Obligation]) -> str:
    """Return the digest of a set of duties: it changes when one begins, ends, or is worded anew."""
    return digest_of([(duty.key, duty.digest) for duty in duties])
