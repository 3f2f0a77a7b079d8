"""The engine: a kit made ready to decide. Stages and live decisions run through the same functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
import pyarrow as pa

from flyball.core.records import Context, Field
from flyball.core.tracing import span
from flyball.core.verdicts import Check, Verdict
from flyball.data.datasets.cases import case_id_of, cases_of, unread_of
from flyball.data.documents.records import Document
from flyball.governance.constitution.checker import Reading
from flyball.governance.constitution.critic import ModelCritic
from flyball.governance.constitution.principle import Constitution, load_constitution
from flyball.governance.constitution.review import ReviewedDecision, review
from flyball.governance.constitution.scope import cultures_of
from flyball.governance.gates import decision_gate
from flyball.governance.obligations.catalogue import Catalogue, load_catalogue
from flyball.governance.obligations.records import Obligation
from flyball.governance.records import DecisionToLeave
from flyball.loop.candidates import passed_over
from flyball.loop.critics import critic_for, needs_a_critic, open_critic
from flyball.loop.kit import Kit
from flyball.loop.law import duties_on
from flyball.loop.policies import Policy, load_policies
from flyball.loop.settings import DeploymentSettings, ExpertSettings, MoneySettings
from flyball.models.decisions.answer import Reader, answer_fields
from flyball.models.decisions.findings import findings_of_batch, known_facts
from flyball.models.decisions.records import Decision, FieldDecision, Finding
from flyball.models.experts.case_facts import case_facts
from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import Table
from flyball.models.experts.expert import (
    EXPERTS,
    Expert,
    ExpertCard,
    ExpertMaker,
    OnDemand,
    taken,
)
from flyball.models.experts.reader import READERS
from flyball.models.experts.spending import Limits
from flyball.models.router.route import order_of, unsettled
from flyball.models.router.thresholds import Thresholds

__all__ = [
    "Engine",
    "PlaybookRules",
    "limits_of",
    "load_engine",
    "load_playbook",
    "make_expert",
    "promise_check",
]

Given = TypeVar("Given")

SOURCE = "given"
"""Name of the source of documents that are decided without belonging to one."""


@dataclass(frozen=True, slots=True)
class PlaybookRules:
    """The company's rules with what they cite.

    Parameters
    ----------
    tables : tuple of Table
    policies : tuple of Policy
    """

    tables: tuple[Table, ...]
    policies: tuple[Policy, ...]

    def find(
        self,
        documents: Sequence[Document],
        answers: Sequence[tuple[FieldDecision, ...]],
        jurisdictions: tuple[str, ...],
    ) -> list[tuple[Finding, ...]]:
        """Hold the answers for documents against the rules; both in the same order."""
        cases = [
            (fields, case_facts(document.text, media_type=document.media_type, jurisdictions=jurisdictions))
            for fields, document in zip(answers, documents, strict=True)
        ]
        return findings_of_batch(self.tables, cases)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking the experts about a batch of cases.

    Parameters
    ----------
    predictions : dict of expert name to RecordBatch of schema PREDICTIONS
    failures : dict of case_id to dict of expert name to str
    costs : dict of case_id to Decimal
        Euros spent on each case by experts that are asked on demand.
    passed_over : mapping of expert name to str
        Experts that might not be asked, with the constraint that spoke against them.
    not_paid : dict of case_id to dict of expert name to str
        Experts that might not be asked about one case, because no budget could pay for it.
    """

    predictions: dict[str, pa.RecordBatch]
    failures: dict[str, dict[str, str]]
    costs: dict[str, Decimal]
    passed_over: Mapping[str, str] = field(default_factory=dict)
    not_paid: dict[str, dict[str, str]] = field(default_factory=dict)

    def joined(self, more: "Asked") -> "Asked":
        """Return both together."""
        failures = _both(self.failures, more.failures)
        costs = {
            case: self.costs.get(case, Decimal(0)) + more.costs.get(case, Decimal(0))
            for case in self.costs.keys() | more.costs.keys()
        }
        not_paid = _both(self.not_paid, more.not_paid)
        return Asked(self.predictions | more.predictions, failures, costs, self.passed_over, not_paid)


def _both(
    some: Mapping[str, dict[str, str]], more: Mapping[str, dict[str, str]]
) -> dict[str, dict[str, str]]:
    return {case: some.get(case, {}) | more.get(case, {}) for case in some.keys() | more.keys()}


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that is needed to decide.

    Parameters
    ----------
    about : DeploymentSettings
    kit : Kit
    experts : mapping of str to Expert
        By the name that the deployment gives them.
    cards : tuple of ExpertCard
        Under the same names.
    readers : mapping of str to Reader
    thresholds : Thresholds
    playbook : PlaybookRules
    constitution : Constitution
    catalogue : Catalogue
    critic : ModelCritic or None
        Judges by the principles that no program can check; None where there are none.
    """

    about: DeploymentSettings
    kit: Kit
    experts: Mapping[str, Expert]
    cards: tuple[ExpertCard, ...]
    readers: Mapping[str, Reader]
    thresholds: Thresholds
    playbook: PlaybookRules
    constitution: Constitution
    catalogue: Catalogue
    critic: ModelCritic | None = None

    @property
    def cultures(self) -> tuple[str, ...]:
        """For whom the deployment writes."""
        return cultures_of(self.about.tags)

    @property
    def rules(self) -> frozenset[str]:
        """Names of the experts that are rules."""
        return frozenset(card.name for card in self.cards if card.kind == "rules")

    def duties(self, context: Context) -> tuple[Obligation, ...]:
        """Return the duties in force for a case."""
        about = msgspec.structs.replace(self.about, jurisdictions=context.jurisdictions)
        return duties_on(
            self.catalogue, context.as_of, about, self.kit.fields, [card.kind for card in self.cards]
        )

    def predict(self, cases: pa.RecordBatch, context: Context | None = None) -> "Asked":
        """Let the experts answer, in the order of asking.

        Those that cost money or time are asked only about what nobody before them was sure of. What
        breaks the contract of an expert is refused.

        Parameters
        ----------
        cases : RecordBatch
        context : Context, optional
            Constraints are held against it; whoever breaks one is not asked. None: cases that do not leave
            this machine, such as those of a calibration.
        """
        closed = {} if context is None else self._passed_over(context)
        asked = Asked({}, {}, {}, closed)
        for card in order_of(self.cards):
            if card.name in closed:
                continue
            expert = self.experts[card.name]
            with span(f"expert {card.name}") as told:
                told.set("flyball.expert", card.name)
                told.set("flyball.expert.kind", card.kind)
                told.set("flyball.expert.version", card.version)
                told.set("flyball.cases", cases.num_rows)
                if isinstance(expert, OnDemand):
                    asked = asked.joined(self._ask(card, expert, cases, asked))
                    told.set("flyball.cases.failed", sum(card.name in one for one in asked.failures.values()))
                else:
                    asked.predictions[card.name] = taken(cases, expert.predict(cases), card.name)
                told.set("flyball.answers", asked.predictions[card.name].num_rows)
        return asked

    def answer(self, documents: Sequence[Document], asked: "Asked") -> list[tuple[FieldDecision, ...]]:
        """Route every field of every document."""
        ids = [case_id_of(document.content_digest) for document in documents]
        texts = {name: document.text for name, document in zip(ids, documents, strict=True)}
        decided = answer_fields(
            texts,
            self.kit.fields,
            asked.predictions,
            self.cards,
            self.thresholds,
            self.readers,
            asked.failures,
            unread_of(documents),
            asked.passed_over,
            asked.not_paid,
        )
        return [decided[name] for name in ids]

    def _passed_over(self, context: Context) -> Mapping[str, str]:
        experts = [settings for settings, _ in self.kit.experts]
        return passed_over(experts, self.cards, self.about, self.kit.router, context)

    def _ask(self, card: ExpertCard, expert: OnDemand, cases: pa.RecordBatch, before: "Asked") -> "Asked":
        """Ask about what nobody before was sure of; each case knows its own cost."""
        earlier = [one for one in self.cards if one.name in before.predictions]
        ids = cases.column("case_id").to_pylist()
        wanted = unsettled(ids, card.fields, before.predictions, earlier, self.thresholds)
        told = expert.answer(cases, wanted=wanted)
        failures = {case: {card.name: failed.error} for case, failed in told.failures.items()}
        not_paid = {case: {card.name: f"budget: {told.failures[case].error}"} for case in told.not_paid}
        costs = {case: told.costs.get(case, Decimal(0)) for case in ids}
        predictions = taken(cases, told.predictions, card.name)
        return Asked({card.name: predictions}, failures, costs, not_paid=not_paid)

    def review(
        self,
        document: Document,
        fields: tuple[FieldDecision, ...],
        findings: tuple[Finding, ...],
        duties: Sequence[Obligation],
        *,
        context: Context,
        release: str,
        live: frozenset[str],
        at: datetime,
        spent: Decimal | None = None,
    ) -> ReviewedDecision:
        """Put one decision together, hold it against the constitution, and ask the decision gate.

        Parameters
        ----------
        release : str
            "" for a re-test inside a turn, where nothing leaves the house.
        live : frozenset of str
            Releases that may decide now.
        spent : Decimal, optional
            Euros that the asking cost; None: by the price on the cards of those that were asked.
        """
        ids = tuple(dict.fromkeys(duty.id for duty in duties))
        first = Decision(
            case_id=case_id_of(document.content_digest),
            case_name=document.name,
            content_digest=document.content_digest,
            text_digest=document.text_digest,
            deployment=self.about.name,
            release=release,
            context=context,
            fields=fields,
            findings=findings,
            obligations=ids,
            principles=(),
            verdict=Verdict(False, "decision gate: not asked yet"),
            cost_eur=self._cost(fields) if spent is None else str(spent),
            decided_at=at,
        )
        law = self.constitution.for_case(context, self.cultures)
        critic = None if self.critic is None else critic_for(self.critic, self.kit, self.about, context)
        reviewed = review(first, self.reading(document, duties), law, critic)
        verdict = decision_gate()(
            DecisionToLeave(
                decision=reviewed.revised,
                text_length=len(document.text),
                thresholds=self.thresholds,
                rules=self.rules,
                principles=tuple(principle.id for principle in law.principles),
                in_force=ids,
                promise=promise_check(self.thresholds),
                live=live,
                retest=not release,
            )
        )
        revised = replace(reviewed.revised, verdict=verdict)
        if critic is not None and critic.tried:
            revised = replace(revised, cost_eur=str(Decimal(revised.cost_eur) + critic.cost_eur))
        if reviewed.kept_at_once:
            return replace(reviewed, revised=revised)
        return replace(reviewed, revised=revised, constitution=self.constitution.digest)

    def reading(self, document: Document, duties: Sequence[Obligation]) -> Reading:
        """Return what principles may look at beside a decision about a document."""
        return Reading(
            text=document.text,
            fields=tuple(field.key for field in self.kit.fields),
            thresholds=self.thresholds,
            rules=self.rules,
            catalogue=self.catalogue.ids,
            in_force=frozenset(duty.id for duty in duties),
            policies=frozenset(policy.id.removeprefix("policy:") for policy in self.playbook.policies),
            questions={field.key: field.question for field in self.kit.fields},
        )

    def decide(
        self,
        documents: Sequence[Document],
        *,
        context: Context,
        release: str,
        live: frozenset[str],
        at: datetime,
        trails: dict[str, ReviewedDecision] | None = None,
    ) -> list[Decision]:
        """Decide a batch of documents from their texts to the decision gate.

        Parameters
        ----------
        documents : sequence of Document
            Each text once.
        context : Context
        release : str
            Digest of the release that decides; "" for a test.
        live : frozenset of str
            Digests of the releases that may decide, from the ledger.
        at : datetime
            UTC.
        trails : dict of content digest to ReviewedDecision, optional
            Filled with the review of each decision that did not keep every principle at once.

        Returns
        -------
        list of Decision
            In the order of the documents. Nothing is written down here: the caller does, before it
            hands a decision on.
        """
        if not documents:
            return []
        cases = cases_of(documents, source=SOURCE).combine_chunks().to_batches()[0]
        cases = cases.append_column("tenant", pa.array([context.tenant] * cases.num_rows, pa.string()))
        asked = self.predict(cases, context)
        with span("route") as told:
            told.set("flyball.experts.passed_over", tuple(asked.passed_over))
            answers = self.answer(documents, asked)
        with span("rules"):
            findings = self.playbook.find(documents, answers, context.jurisdictions)
        with span("gate"):
            duties = self.duties(context)

            def one(
                given: tuple[Document, tuple[FieldDecision, ...], tuple[Finding, ...]],
            ) -> ReviewedDecision:
                document, fields, found = given
                return self.review(
                    document,
                    fields,
                    found,
                    duties,
                    context=context,
                    release=release,
                    live=live,
                    at=at,
                    spent=asked.costs.get(case_id_of(document.content_digest)),
                )

            reviewed = self.all_reviewed(one, list(zip(documents, answers, findings, strict=True)))
        if trails is not None:
            trails.update(
                {
                    document.content_digest: found
                    for document, found in zip(documents, reviewed, strict=True)
                    if not found.kept_at_once
                }
            )
        return [found.revised for found in reviewed]

    def all_reviewed(
        self, review_one: Callable[[Given], ReviewedDecision], given: Iterable[Given]
    ) -> list[ReviewedDecision]:
        """Review cases one by one, or several at a time where a language model has to be waited for."""
        if self.critic is None:
            return [review_one(one) for one in given]
        with ThreadPoolExecutor(self.critic.settings.parallel) as pool:
            return list(pool.map(review_one, given))

    def _cost(self, fields: Sequence[FieldDecision]) -> str:
        """Add up the prices of the experts that were asked, each once per case."""
        prices = {
            asked.expert: Decimal(asked.price_eur) for field in fields for asked in field.route.considered
        }
        return str(sum(prices.values(), Decimal(0)))


def load_engine(kit: Kit, thresholds: Thresholds, about: DeploymentSettings) -> Engine:
    """Make a kit ready to decide.

    Parameters
    ----------
    kit : Kit
    thresholds : Thresholds
        Already chosen; nothing is calibrated here.
    about : DeploymentSettings

    Returns
    -------
    Engine
    """
    experts = {
        settings.name: make_expert(settings, path or kit.settings.parent, kit.fields, kit.state, kit.budget)
        for settings, path in kit.experts
    }
    catalogue = load_catalogue(kit.catalogue, shipped=False)
    playbook = load_playbook(kit, catalogue)
    known = catalogue.ids | {policy.id for policy in playbook.policies}
    constitution = load_constitution(kit.constitution, known=known)
    return Engine(
        about=about,
        kit=kit,
        experts=experts,
        cards=tuple(replace(expert.card, name=name) for name, expert in experts.items()),
        readers={field.reads: READERS.load(field.reads) for field in kit.fields if field.reads},
        thresholds=thresholds,
        playbook=playbook,
        constitution=constitution,
        catalogue=catalogue,
        critic=open_critic(kit, limits_of(kit.budget)) if needs_a_critic(constitution) else None,
    )


def make_expert(
    settings: ExpertSettings,
    path: Path,
    fields: Sequence[Field],
    state: Path | None = None,
    budget: MoneySettings | None = None,
) -> Expert:
    """Load one expert of a deployment.

    Parameters
    ----------
    settings : ExpertSettings
    path : Path
        Its artefact, or the folder of the deployment where it has none.
    fields : sequence of Field
    state : Path, optional
        Where the deployment remembers what was spent; None where it remembers nothing.
    budget : MoneySettings, optional
        What the deployment may spend.
    """
    maker: ExpertMaker = EXPERTS.load(settings.kind)
    given: dict[str, object] = dict(settings.settings)
    if maker.takes_fields:
        given["fields"] = tuple(fields)
    if maker.takes_state:
        given |= {"name": settings.name, "state": str(state or ""), "limits": limits_of(budget)}
    return maker.load(path, given)


def limits_of(budget: MoneySettings | None) -> Limits:
    """Return `[budget]` as amounts; no limits where there is none."""
    if budget is None:
        return Limits()
    whole = Decimal(budget.eur_per_day) if budget.eur_per_day else None
    return Limits(whole, {tenant: Decimal(amount) for tenant, amount in budget.tenants.items()})


def load_playbook(kit: Kit, catalogue: Catalogue) -> PlaybookRules:
    """Load the company's rules; what they cite must be a known duty or policy."""
    policies = load_policies(kit.policies) if kit.policies is not None else ()
    cites = catalogue.ids | {policy.id for policy in policies}
    return PlaybookRules(load_tables(kit.tables, facts=known_facts(kit.fields), cites=cites), policies)


def promise_check(thresholds: Thresholds) -> Check:
    """Say whether the promise about automated answers is in force."""
    broken = [guarantee.promise for guarantee in thresholds.guarantees if not guarantee.kept]
    if not thresholds.guarantees:
        return Check("promise", False, "nothing is promised about automated answers")
    if broken:
        return Check("promise", True, f"no threshold keeps it, so nothing is automated: {'; '.join(broken)}")
    return Check("promise", True, "; ".join(guarantee.promise for guarantee in thresholds.guarantees))
