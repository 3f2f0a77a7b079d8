"""Fairness of a deployment: every metric that the law of the day asks for, over what was really decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from flyball.core.digests import digest_of_bytes
from flyball.core.errors import BadInput
from flyball.core.estimates import as_plain
from flyball.core.text import count
from flyball.governance.fairness.cases import GroupedCases
from flyball.governance.fairness.duties import BESIDE, WHATEVER, asked_on, everything
from flyball.governance.fairness.language_bias import LanguageBias
from flyball.governance.fairness.measure import Options, measure
from flyball.governance.fairness.plain import plain_report
from flyball.governance.fairness.records import Asked, FairnessReport
from flyball.ledger.newest import newest
from flyball.ledger.records import Entry
from flyball.loop.served_cases import PERSON, served_cases, traits_of_names
from flyball.loop.served_groups import declared_groups
from flyball.loop.settings import Settings
from flyball.loop.stages.obligations import catalogue_of
from flyball.loop.workshop import Workshop

__all__ = [
    "LANGUAGE",
    "MEASURED",
    "FieldMeasured",
    "MeasuredView",
    "measure_fairness",
    "measured_view",
    "note_language",
    "plain_field",
]

MEASURED = "fairness.measured"
"""Kind of the ledger entry."""
LANGUAGE = "fairness.language"
"""Kind of the ledger entry about the bias of a language model."""


@dataclass(frozen=True, slots=True)
class FieldMeasured:
    """What was measured about one flag.

    Parameters
    ----------
    field : str
    wanted : str
        The answer that people want: "yes" or "no".
    for_people : int
        Cases that no machine decided; they count as not given what is wanted.
    report : FairnessReport
    """

    field: str
    wanted: str
    for_people: int
    report: FairnessReport


@dataclass(frozen=True, slots=True)
class MeasuredView:
    """The last measurement, as the ledger has it.

    Parameters
    ----------
    entry : int
    at : datetime
    by : str
    since : str
        First day that was looked at.
    day : str
        Whose law was asked.
    fields : tuple of mapping
        As `flyball fairness --json` has them.
    """

    entry: int
    at: datetime
    by: str
    since: str
    day: str
    fields: tuple[Mapping[str, Any], ...]


def measure_fairness(
    workshop: Workshop, *, day: date | None = None, measure_all: bool = False
) -> tuple[int, tuple[FieldMeasured, ...]]:
    """Measure what was decided in the last days by the groups of the declared file, and write it down.

    Parameters
    ----------
    workshop : Workshop
    day : date, optional
        Whose law is asked; default: today.
    measure_all : bool
        Measure also what no duty asks for, whatever `fairness.measure` says.

    Returns
    -------
    int
        The entry of the ledger: figures of groups that are large enough, and no case.
    tuple of FieldMeasured

    Raises
    ------
    BadInput
        There is no file of groups, it names no case that was decided, or nothing is answered yes or no.
    """
    settings = workshop.deployment.settings
    asked_for = settings.fairness
    flags = [field.key for field in workshop.deployment.fields if field.kind == "flag"]
    strange = sorted(set(asked_for.wanted) - set(flags))
    if strange:
        raise BadInput(
            f"fairness.wanted names {strange[0]!r}, which is no field answered yes or no.",
            fix=f"Known: {', '.join(flags) or 'none'}.",
        )
    traits, groups, reason, fix = declared_groups(workshop, flags)
    if reason:
        raise BadInput(f"Nothing is compared by group: {reason}.", fix=fix)
    until = workshop.clock()
    since = until - timedelta(days=asked_for.days)
    options = Options(asked_for.smallest, asked_for.together, limits=dict(asked_for.limits))
    measure_all = measure_all or asked_for.measure == "all"
    asked = _asked(workshop, settings, day or until.date(), flags, measure_all=measure_all)
    found = []
    for flag in flags:
        served = served_cases(workshop, flag, since=since)
        if not len(served):
            raise BadInput(
                f"Nothing was decided in the last {asked_for.days} days.",
                fix="Decide cases, or raise fairness.days.",
            )
        known = traits_of_names(served.names, traits, groups)
        if all((one.codes < 0).all() for one in known):
            raise BadInput(
                f"{asked_for.groups} names none of the {count(len(served), 'case')} of the last "
                f"{asked_for.days} days.",
                fix="Its first column holds names of cases, as the list of decisions shows them.",
            )
        wanted = asked_for.wanted.get(flag, "yes")
        yes = wanted == "yes"
        cases = GroupedCases(
            decision=(served.said == int(yes)).astype(np.int8),
            traits=known,
            outcome=served.stands
            if yes
            else np.where(served.stands < 0, -1, 1 - served.stands).astype(np.int8),
            score=served.chance if yes else 1.0 - served.chance,
        )
        people = int((served.said == PERSON).sum())
        found.append(FieldMeasured(flag, wanted, people, measure(cases, options, asked=asked)))
    entry = workshop.ledger.append(
        kind=MEASURED,
        actor=workshop.actor,
        body={
            "since": since.date().isoformat(),
            "day": (day or until.date()).isoformat(),
            "groups": digest_of_bytes((workshop.deployment.root / asked_for.groups).read_bytes()),
            "fields": [plain_field(one) for one in found],
        },
    )
    return entry.index, tuple(found)


def plain_field(one: FieldMeasured) -> dict[str, Any]:
    """Return the outside form of what was measured about a field."""
    return {
        "field": one.field,
        "wanted": one.wanted,
        "for_people": one.for_people,
        **plain_report(one.report),
    }


def note_language(workshop: Workshop, files: Mapping[str, str], found: LanguageBias) -> int:
    """Write down what a model said to a set of questions: figures, and no words.

    Parameters
    ----------
    workshop : Workshop
    files : mapping of str to str
        Names of the files of questions and their digests.
    found : LanguageBias
    """
    body = {
        "files": dict(files),
        "asked": found.asked,
        "unanswered": found.unanswered,
        "measures": {name: as_plain(value) for name, value in found.measures.items()},
    }
    return workshop.ledger.append(kind=LANGUAGE, actor=workshop.actor, body=body).index


def measured_view(workshop: Workshop) -> MeasuredView | None:
    """Return the last measurement; None where nobody has measured."""
    found = newest(workshop.ledger, MEASURED, 1)
    return _view(found[0]) if found else None


def _view(entry: Entry) -> MeasuredView:
    body: Any = entry.body
    return MeasuredView(
        entry.index, entry.at, entry.actor, str(body["since"]), str(body["day"]), tuple(body["fields"])
    )


def _asked(
    workshop: Workshop, settings: Settings, day: date, flags: list[str], *, measure_all: bool
) -> tuple[Asked, ...]:
    about = settings.deployment
    if not about.jurisdictions:  # pragma: no cover - settings ask for one
        return everything("No jurisdiction is named.")
    asked = asked_on(
        catalogue_of(workshop.deployment),
        day,
        jurisdictions=about.jurisdictions,
        measure_all=measure_all,
        tags=about.tags,
        data_labels=about.data_labels,
        fields=flags,
        decision_kinds=["flag"],
    )
    return tuple(
        Asked(
            one.metric,
            False,
            f"{one.why.removesuffix(WHATEVER)} It needs the inputs of cases: flyball fairness --cases FILE "
            "--input COLUMN.",
            one.duties,
        )
        if one.metric in BESIDE and one.on
        else one
        for one in asked
    )
