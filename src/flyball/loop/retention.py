"""Retention: what is due goes, the ledger says so, and what is overdue is an error until it is gone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flyball.core.errors import BadInput, FlyballError
from flyball.core.text import count
from flyball.data.datasets.catalogue import Catalogue, open_catalogue
from flyball.data.datasets.errors import RetentionOverdue
from flyball.data.datasets.retention import Retained, Retention, retain, retention_status
from flyball.data.datasets.snapshots import list_datasets
from flyball.loop.erasure import kept_by
from flyball.loop.holds import OnHold, open_holds
from flyball.loop.settings import RetentionSettings
from flyball.loop.workshop import Workshop

__all__ = [
    "Standing",
    "held_datasets",
    "require_not_held",
    "require_retained",
    "retain_datasets",
    "retention_of",
]

RETAINED, FAILED, HELD = "retention.kept", "retention.failed", "retention.held"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one dataset stands.

    Parameters
    ----------
    dataset : str
    outcome : {"kept", "due", "overdue", "failed", "held"}
        "due": something is to go, and a run still has time for it. "failed": nobody can say. "held": a legal
        hold keeps everything.
    expired : tuple of str
        Digests of snapshots that went, or that are to go.
    files : int
        Files that were deleted.
    left : int
        Files that should be gone and are not.
    problem : str
        "" where there is none.
    """

    dataset: str
    outcome: Literal["kept", "due", "overdue", "failed", "held"]
    expired: tuple[str, ...] = ()
    files: int = 0
    left: int = 0
    problem: str = ""


def retain_datasets(workshop: Workshop, settings: Iterable[RetentionSettings]) -> tuple[Standing, ...]:
    """Take away what is due in every dataset that has a rule; one that fails does not stop the others.

    Parameters
    ----------
    workshop : Workshop
    settings : iterable of RetentionSettings

    Returns
    -------
    tuple of Standing
        One for each rule, "kept", "held" or "failed"; each is an entry of the ledger. Hand it to
        `require_retained`.

    Raises
    ------
    BadInput
        Two rules for one dataset, or a number that makes no sense. Nothing was done.
    """
    rules = _checked(settings)
    holds, held = open_holds(workshop.ledger), held_datasets(workshop)
    done: list[Standing] = []
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        there = list_datasets(catalogue)
        for rule in rules:
            if (now := open_holds(workshop.ledger)) != holds:  # one was placed meanwhile
                holds, held = now, held_datasets(workshop)
            if rule.dataset in there and rule.dataset in held:
                one = Standing(rule.dataset, "held", problem=held[rule.dataset])
            elif rule.dataset in there:
                one = _retained(workshop, catalogue, rule)
            else:
                one = Standing(rule.dataset, "failed", problem="there is no such dataset")
            kind = {"kept": RETAINED, "held": HELD}.get(one.outcome, FAILED)
            workshop.ledger.append(kind=kind, actor=workshop.actor, body={"rule": rule, "done": one})
            done.append(one)
    return tuple(done)


def retention_of(workshop: Workshop, settings: Iterable[RetentionSettings]) -> tuple[Standing, ...]:
    """Say how every dataset that has a rule stands now; nothing is changed.

    Returns
    -------
    tuple of Standing
        "overdue" where a snapshot should have gone more than `run_every_days` ago, or a file of an expired
        one is still there; "failed" where the dataset cannot be looked at.

    Raises
    ------
    BadInput
        As in `retain_datasets`.
    """
    rules = _checked(settings)
    held = held_datasets(workshop)
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        there = list_datasets(catalogue)
        return tuple(
            Standing(one.dataset, "held", one.expired, 0, one.left, held[one.dataset])
            if one.dataset in held and one.outcome != "failed"
            else one
            for one in _standings(workshop, catalogue, rules, there)
        )


def held_datasets(workshop: Workshop) -> dict[str, str]:
    """Return each dataset that a legal hold keeps, and why.

    Raises
    ------
    BlobMissing, BlobErased
        Whom a hold is about cannot be read, so nothing may go.
    """
    found: dict[str, str] = {}
    for hold in open_holds(workshop.ledger):
        why = f"the hold {hold.name} of {hold.at:%Y-%m-%d} keeps it"
        if hold.everything:
            with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
                names = list_datasets(catalogue)
        else:
            names = [one.dataset for one in kept_by(workshop, hold).datasets]
        found |= {name: found.get(name, why) for name in names}
    return found


def require_not_held(workshop: Workshop, dataset: str) -> None:
    """Refuse what would take something of a dataset away while a legal hold keeps it.

    Raises
    ------
    OnHold
    """
    why = held_datasets(workshop).get(dataset)
    if why:
        raise OnHold(
            f"Nothing of {dataset} is taken away: {why}.",
            fix="Once the matter is over, somebody else releases it: flyball hold release NAME --as PERSON",
            dataset=dataset,
        )


def require_retained(standings: Iterable[Standing]) -> None:
    """Raise `RetentionOverdue` where something should be gone and is not, or nobody can say.

    Raises
    ------
    RetentionOverdue
        Exit code 1; the message names every dataset.
    """
    bad = [one for one in standings if one.outcome in ("overdue", "failed")]
    if bad:
        raise RetentionOverdue(
            f"Retention is not kept in {count(len(bad), 'dataset')}: "
            + "; ".join(f"{one.dataset}: {one.problem}" for one in bad)
            + ".",
            fix="Run retention; where it fails, look at who may delete these files.",
            datasets=", ".join(one.dataset for one in bad),
        )


def _standings(
    workshop: Workshop, catalogue: Catalogue, rules: tuple[RetentionSettings, ...], there: list[str]
) -> Iterator[Standing]:
    for rule in rules:
        if rule.dataset not in there:
            yield Standing(rule.dataset, "failed", problem="there is no such dataset")
            continue
        try:
            now = workshop.clock()
            found = retention_status(catalogue, rule.dataset, _policy(rule), now)
            late = retention_status(
                catalogue, rule.dataset, _policy(rule), now - timedelta(days=rule.run_every_days)
            )
        except FlyballError as err:
            yield Standing(rule.dataset, "failed", problem=err.message)
            continue
        yield _standing(rule, found, late)


def _standing(rule: RetentionSettings, found: Retained, late: Retained) -> Standing:
    gone = tuple(one.digest for one in found.due)
    problem = ""
    if late.due or found.left_behind:
        problem = (
            f"{count(len(late.due), 'snapshot')} and {count(len(found.left_behind), 'file')} should be gone"
        )
    outcome: Literal["kept", "due", "overdue"] = "overdue" if problem else "due" if gone else "kept"
    return Standing(rule.dataset, outcome, gone, 0, len(found.left_behind), problem)


def _retained(workshop: Workshop, catalogue: Catalogue, rule: RetentionSettings) -> Standing:
    try:
        done = retain(catalogue, rule.dataset, _policy(rule), workshop.clock())
    except FlyballError as err:
        return Standing(rule.dataset, "failed", problem=err.message)
    return Standing(rule.dataset, "kept", tuple(one.digest for one in done.due), len(done.deleted))


def _policy(rule: RetentionSettings) -> Retention:
    return Retention(days=rule.keep_days, last=rule.keep_last, tags=rule.keep_tags)


def _checked(settings: Iterable[RetentionSettings]) -> tuple[RetentionSettings, ...]:
    rules = tuple(one for one in settings if one.dataset)  # those of texts: loop.text_retention
    names = [rule.dataset for rule in rules]
    for rule in rules:
        if min(rule.keep_days, rule.run_every_days) < 0 or rule.keep_last < 1:
            raise BadInput(
                f"[[retention]] of {rule.dataset}: keep_days and run_every_days must be 0 or more and "
                f"keep_last 1 or more, got {rule.keep_days}, {rule.run_every_days} and {rule.keep_last}.",
                fix="The current snapshot always stays; to take out a person, use flyball erase.",
            )
        if names.count(rule.dataset) > 1:
            raise BadInput(
                f"Two of [[retention]] are about {rule.dataset}.", fix="Write one rule for each dataset."
            )
    return rules
