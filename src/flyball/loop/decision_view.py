"""One decision as people look at it: answers, why these, on which words, under which duties, its proof.

Everything is read from the entry, its text and the catalogue of law; nothing is decided or written here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flyball.core.digests import digest_of_bytes
from flyball.core.records import Field, Outcome
from flyball.data.documents.records import Document
from flyball.data.documents.rows import ROW_MEDIA_TYPE
from flyball.evaluation.reports.marked_text import MarkedText
from flyball.evaluation.reports.parts import Cell, Leaf, Quote, Tag
from flyball.evaluation.reports.phrases import answer_words, sureness, value_words
from flyball.evaluation.reports.records import ContractView
from flyball.governance.obligations.records import Obligation
from flyball.ledger.checkpoints import read_unverified
from flyball.ledger.ledger import Ledger
from flyball.ledger.merkle import leaf_hash, verify_inclusion
from flyball.loop.decided import Known, document_of
from flyball.loop.stages.obligations import catalogue_of
from flyball.loop.trails import read_trail
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Considered, Decision, FieldDecision, Finding, PrincipleResult

__all__ = [
    "AnswerView",
    "CritiqueView",
    "DecisionView",
    "DutyView",
    "FindingView",
    "ProofView",
    "RoundView",
    "answers_of",
    "decision_view",
    "proof_of",
]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """The answer to one field.

    Parameters
    ----------
    field, title, question : str
        Its key, and its name and question for people.
    words : str
        The answer, or the best guess where nobody may rely on it.
    value : str
        What was read out of the quoted passage, with its unit; "" for nothing.
    outcome : Outcome
    sure : str
        In words, "" where nothing was said about it.
    expert : str
        Who answered; "" where nobody was sure enough.
    reason, route : str
        Why this answer; why this expert.
    considered : tuple of Considered
        Everybody who could have answered, and why they did or did not.
    quote : Quote or None
        The best passage, and where the others stand.
    """

    field: str
    title: str
    question: str
    words: str
    value: str
    outcome: Outcome
    sure: str
    expert: str
    reason: str
    route: str
    considered: tuple[Considered, ...]
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class FindingView:
    """What the playbook says, with its best passage."""

    finding: Finding
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class DutyView:
    """An obligation in force for the case on its day; without a title where the catalogue has lost it."""

    id: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class CritiqueView:
    """What a principle complained about.

    Parameters
    ----------
    principle : str
    about : str
        Field, or rule of a finding; "" for the whole decision.
    first : str
        What was answered at first, in words; "" for the whole decision.
    problem : str
    said : str
        In the words of the critic, where a language model judged.
    """

    principle: str
    about: str
    first: str
    problem: str
    said: str


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round of critique and revision."""

    number: int
    critiques: tuple[CritiqueView, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofView:
    """Where a decision stands in the ledger, and what covers it.

    Parameters
    ----------
    entry : int
    at : str
        When it was written, RFC 3339.
    by : str
        Who wrote it.
    leaf : str
        Digest of the exact bytes of the entry.
    size : int
        Entries that the last checkpoint covers; 0 where it does not cover this one yet.
    root : str
        Root of the tree of that checkpoint, hexadecimal.
    origin : str
        Name of the ledger in its checkpoints.
    steps : int
        Hashes of the path from the entry to the root.
    holds : bool
        Whether the path leads from these bytes to that root.
    """

    entry: int
    at: str
    by: str
    leaf: str
    size: int
    root: str
    origin: str
    steps: int
    holds: bool


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision with everything that can be said about it.

    Parameters
    ----------
    entry : int
    decision : Decision
    answers : tuple of AnswerView
    findings : tuple of FindingView
        Worst first.
    duties : tuple of DutyView
        In force on the day of the case.
    principles : tuple of PrincipleResult
    rounds : tuple of RoundView
        How principles changed it, round by round; () where all were kept at once, or the trail was erased.
    leaves : tuple of Leaf
        The text, with its passages; () where it was erased or is a row.
    cells : tuple of Cell
        The columns of a row; () for a text.
    erased : bool
        Whether the text is gone.
    notes : tuple of str
        What its reader must know about the text.
    proof : ProofView
    """

    entry: int
    decision: Decision
    answers: tuple[AnswerView, ...]
    findings: tuple[FindingView, ...]
    duties: tuple[DutyView, ...]
    principles: tuple[PrincipleResult, ...]
    rounds: tuple[RoundView, ...]
    leaves: tuple[Leaf, ...]
    cells: tuple[Cell, ...]
    erased: bool
    notes: tuple[str, ...]
    proof: ProofView


def decision_view(workshop: Workshop, known: Known) -> DecisionView:
    """Return a decision as people look at it.

    Parameters
    ----------
    workshop : Workshop
    known : Known
        As `find_decision` gave it to somebody who may see it.
    """
    decision, document = known.issued.decision, document_of(workshop, known)
    marked = _marked(decision, document)
    answers = answers_of(workshop.deployment.fields, decision, marked)
    findings = tuple(
        FindingView(one, marked.quote(one.evidence, Tag(f"finding-{number}", one.title, one.severity)))
        if marked is not None
        else FindingView(one, None)
        for number, one in enumerate(decision.findings)
    )
    is_row = document is not None and document.media_type == ROW_MEDIA_TYPE
    return DecisionView(
        entry=known.issued.entry,
        decision=decision,
        answers=answers,
        findings=findings,
        duties=_duties(workshop, decision),
        principles=decision.principles,
        rounds=_rounds(workshop, known),
        leaves=() if marked is None or is_row else tuple(marked.leaves(whole=True)),
        cells=tuple(marked.cells()) if marked is not None and is_row else (),
        erased=document is None,
        notes=() if document is None else document.notes,
        proof=proof_of(workshop.ledger, known.issued.entry),
    )


def answers_of(
    fields: Sequence[Field], decision: Decision, marked: MarkedText | None
) -> tuple[AnswerView, ...]:
    """Return the answers of a decision in words, with their passages marked in the text."""
    named: Mapping[str, Field] = {field.key: field for field in fields}
    return tuple(_answer(one, named.get(one.field), marked) for one in decision.fields)


def proof_of(ledger: Ledger, entry: int) -> ProofView:
    """Return how an entry is covered; nothing is signed for it.

    Raises
    ------
    NoSuchEntry
    """
    leaf, found = ledger.leaf(entry), ledger.store.last_checkpoint()
    last = read_unverified(found[1]) if found else None
    written = ledger.entry(entry)
    if last is None or last.size <= entry:
        size, root, path, holds = 0, b"", [], False
    else:
        size, root, path = last.size, last.root, ledger.inclusion_proof(entry, last.size)
        holds = verify_inclusion(leaf_hash(leaf), entry, size, path, root)
    return ProofView(
        entry=entry,
        at=written.at.isoformat(),
        by=written.actor,
        leaf=digest_of_bytes(leaf),
        size=size,
        root=root.hex(),
        origin=ledger.origin,
        steps=len(path),
        holds=holds,
    )


def _rounds(workshop: Workshop, known: Known) -> tuple[RoundView, ...]:
    trail = read_trail(workshop, (known.text, known.trail)) if known.trail else None
    if trail is None:
        return ()
    first = {
        one.field: f"{answer_words(one.answer, flag=True)[1]}, {one.outcome}" for one in trail.first.fields
    } | {one.rule: f"{one.title}, {one.status.replace('_', ' ')}" for one in trail.first.findings}
    return tuple(
        RoundView(
            one.number,
            tuple(
                CritiqueView(
                    critique.principle,
                    about := critique.complaint.field or critique.complaint.rule,
                    first.get(about, ""),
                    critique.complaint.problem,
                    critique.complaint.said,
                )
                for critique in one.critiques
            ),
            one.changes,
        )
        for one in trail.rounds
    )


def _marked(decision: Decision, document: Document | None) -> MarkedText | None:
    if document is None:
        return None
    contract = ContractView(
        name=document.name,
        text=document.text,
        media_type=document.media_type,
        decision=decision,
        places=document.every_place(),
    )
    return MarkedText("text", contract)


def _answer(one: FieldDecision, field: Field | None, marked: MarkedText | None) -> AnswerView:
    title = field.title if field is not None else one.field.replace("_", " ")
    flag = field is None or field.kind != "spans"
    look = "plain" if one.outcome == "automated" else "check"
    tag = Tag(f"field-{one.field}", title, look)
    return AnswerView(
        field=one.field,
        title=title,
        question=field.question if field is not None else "",
        words=answer_words(one.answer, flag=flag)[1],
        value=value_words(one.value, one.unit),
        outcome=one.outcome,
        sure=sureness(one.confidence) if one.confidence else "",
        expert=one.route.expert,
        reason=one.reason,
        route=one.route.reason,
        considered=one.route.considered,
        quote=marked.quote(one.evidence, tag) if marked is not None and one.evidence else None,
    )


def _duties(workshop: Workshop, decision: Decision) -> tuple[DutyView, ...]:
    if not decision.obligations:
        return ()
    catalogue = catalogue_of(workshop.deployment)
    known: dict[str, Obligation] = {}
    for one in catalogue.obligations:  # oldest version first: the last that had begun is the one
        if one.effective_from <= decision.context.as_of or one.id not in known:
            known[one.id] = one
    return tuple(
        DutyView(id, known[id].title, f"{known[id].source.law}, {known[id].source.article}")
        if id in known
        else DutyView(id, "", "")
        for id in decision.obligations
    )
