"""What is wrong with the law as a deployment keeps it: out of date, cited wrongly, contradicting itself."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from flyball.core.text import count
from flyball.governance.constitution.principle import load_constitution
from flyball.governance.evidence.making import BETWEEN_RELEASES
from flyball.governance.evidence.procedures import GATE_PROCEDURES
from flyball.governance.fairness.duties import BESIDE, PREFIX
from flyball.governance.fairness.metric import FAIRNESS_METRICS
from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.contradictions import contradictions
from flyball.governance.obligations.records import Contradiction, Obligation, Stale
from flyball.governance.obligations.stale import stale_entries
from flyball.loop.engine import make_expert
from flyball.loop.kit import kit_of_deployment
from flyball.loop.law import changes_ahead, duties_on
from flyball.loop.stages.obligations import catalogue_of, kinds_of, shipped_entries
from flyball.loop.stages.playbook import rules_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.decision_table.records import MadeOfTables

__all__ = ["AheadContradiction", "LawCheck", "check_law", "citations_of"]

_AHEAD_DAYS = 3 * 366
_RULES = "decision_table"
_OF_THE_DEPLOYMENT = ("principle.", "rule.")


@dataclass(frozen=True, slots=True)
class AheadContradiction:
    """Two duties that will contradict each other from a day on, and that nobody has settled."""

    day: date
    contradiction: Contradiction


@dataclass(frozen=True, slots=True)
class LawCheck:
    """What was found about the law of one deployment on one day.

    Parameters
    ----------
    on : date
    stale : tuple of Stale
        Of the entries that apply to it on that day or later, and of everything that its rules and
        principles cite.
    contradictions : tuple of Contradiction
        In force on that day, settled or not.
    ahead : tuple of AheadContradiction
        Unsettled ones that begin in the three years after.
    """

    on: date
    stale: tuple[Stale, ...]
    contradictions: tuple[Contradiction, ...]
    ahead: tuple[AheadContradiction, ...]

    @property
    def unsettled(self) -> tuple[Contradiction, ...]:
        """Contradictions in force that no rule of precedence settles: no release is made with them."""
        return tuple(one for one in self.contradictions if one.settled is None)

    @property
    def in_words(self) -> str:
        """One line for people; "" where nothing was found."""
        found = [
            (
                len(self.stale),
                "entry or citation of the law out of date",
                "entries or citations of the law out of date",
            ),
            (len(self.unsettled) + len(self.ahead), "contradiction of duties", "contradictions of duties"),
        ]
        told = " and ".join(count(number, one, more) for number, one, more in found if number)
        return f"{told}: flyball obligation check." if told else ""

    def __bool__(self) -> bool:
        return bool(self.stale or self.unsettled or self.ahead)


def check_law(workshop: Workshop, on: date | None = None) -> LawCheck:
    """Look for what is out of date or contradicts itself, on a day, by default today in UTC.

    Parameters
    ----------
    workshop : Workshop
    on : date, optional

    Returns
    -------
    LawCheck
        False where nothing was found.
    """
    deployment = workshop.deployment
    about, fields, kinds = deployment.settings.deployment, deployment.fields, kinds_of(deployment)
    catalogue = catalogue_of(deployment)
    on = on or workshop.today
    duties = duties_on(catalogue, on, about, fields, kinds)
    coming = changes_ahead(catalogue, on, _AHEAD_DAYS, about, fields, kinds)
    now = contradictions(duties, catalogue.precedences)
    known = {(one.first, one.second) for one in now}
    ahead: list[AheadContradiction] = []
    for day in sorted({one.day for one in coming}):
        later = duties_on(catalogue, day, about, fields, kinds)
        for one in contradictions(later, catalogue.precedences):
            if one.settled is None and (one.first, one.second) not in known:
                known.add((one.first, one.second))
                ahead.append(AheadContradiction(day, one))
    only = {duty.key for duty in duties} | {one.obligation.key for one in coming}
    stale = stale_entries(catalogue, on, cited=citations_of(workshop, catalogue), only=only)
    unmade = [stale for duty in catalogue.obligations if duty.key in only for stale in _unmade(duty)]
    return LawCheck(on, (*stale, *unmade), now, tuple(ahead))


def _unmade(duty: Obligation) -> list[Stale]:
    """Return the checks of a duty that nobody makes in any deployment: it would stay uncovered for ever."""
    made = {
        *GATE_PROCEDURES,
        *BETWEEN_RELEASES,
        *(PREFIX + one for one in (*FAIRNESS_METRICS.names(), *BESIDE)),
    }
    strange = [one for one in duty.checks if one not in made and not one.startswith(_OF_THE_DEPLOYMENT)]
    return [
        Stale(
            "no such check",
            duty.key,
            None,
            f"{duty.key} names the check {name!r}, which nobody makes.",
            f"Correct it; near: {', '.join(near)}."
            if (near := get_close_matches(name, sorted(made), n=3))
            else "Correct it; docs/governance.md names those of the gates.",
        )
        for name in strange
    ]


def citations_of(workshop: Workshop, catalogue: Catalogue) -> dict[str, list[str]]:
    """Return who cites what in the folder of a deployment: its rules, and its principles."""
    deployment = workshop.deployment
    kit = kit_of_deployment(deployment, shipped_entries())
    rules = rules_of(deployment)
    tables = list(rules.tables)
    for settings, path in kit.experts:
        if settings.kind == _RULES:  # others hold models, which cite nothing and take long to load
            expert = make_expert(settings, path or deployment.root, kit.fields)
            tables += expert.tables if isinstance(expert, MadeOfTables) else ()
    known = catalogue.ids | {policy.id for policy in rules.policies}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for table in tables:
        for rule in table.rules:
            for name in rule.cites:
                found[name].append(f"rule {rule.id}")
    for principle in load_constitution(kit.constitution, known=known).principles:
        for name in principle.cites:
            found[name].append(f"principle {principle.id}")
    return dict(found)
