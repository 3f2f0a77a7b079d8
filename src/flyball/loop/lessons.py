"""Lessons of a deployment: every answer that a principle changed, as training data without personal data."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from flyball.core.digests import canonical_json, digest_of_bytes, from_json
from flyball.core.errors import BadInput, FlyballError
from flyball.core.records import Field, Span
from flyball.data.documents.records import Document
from flyball.data.labels.words import NO_TRAINING
from flyball.data.privacy.detection.records import Found
from flyball.data.privacy.personal_data import cover, find_people
from flyball.governance.constitution.principle import Constitution, Principle
from flyball.governance.constitution.talk import ReviewedWords
from flyball.governance.constitution.training import Kind, Lesson, Turn, line_of
from flyball.governance.guardrails.views import found_through, identifies
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.ledger.files import write_whole
from flyball.ledger.records import Entry
from flyball.loop.halves import in_tuning_half
from flyball.loop.principles import constitution_of
from flyball.loop.trails import Trail, read_trail
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision, FieldDecision, Finding
from flyball.models.experts.language_model.wire import ChatMessage, text_of

__all__ = ["Exported", "export_lessons"]

_LONGEST = 20_000
"""Characters of a text that a prompt holds; of a longer one the part around the first quoted passage."""
_ASK = """\
{question}
Answer from the document alone; quote what proves it, and leave to a person what is not sure."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Parameters
    ----------
    lines : int
    digest : str
        Of the file.
    by_principle : mapping of str to int
    left_out : mapping of str to int
        By the reason.
    """

    lines: int
    digest: str
    by_principle: Mapping[str, int]
    left_out: Mapping[str, int]


def export_lessons(workshop: Workshop, out: Path, *, kind: Kind = "preferences", tenant: str) -> Exported:
    """Write what was criticised and revised as lines of JSON, and the digest of the file into the ledger.

    Parameters
    ----------
    workshop : Workshop
    out : Path
        A new file, readable by its owner alone.
    kind : {"preferences", "revisions"}
    tenant : str
        Of no other tenant is anything written.

    Raises
    ------
    BadInput
        The file is there already, or its folder is not.
    """
    if out.exists() or not out.parent.is_dir():
        what = "is there already" if out.exists() else "would stand in a folder that is not there"
        raise BadInput(f"{out.name} {what}; nothing was written.", fix="Name a new file.", file=out)
    left: Counter[str] = Counter()
    lessons: dict[str, Lesson] = {}
    for lesson in _gathered(workshop, tenant, left):
        if lesson.digest in lessons:
            left["the same lesson again"] += 1
        lessons[lesson.digest] = lesson
    data = b"".join(line_of(lesson, kind) + b"\n" for lesson in lessons.values())
    done = Exported(
        lines=len(lessons),
        digest=digest_of_bytes(data),
        by_principle=dict(sorted(Counter(one.principle for one in lessons.values()).items())),
        left_out=dict(sorted(left.items())),
    )
    # First the ledger: a file that is there without an entry would be nobody's.
    workshop.ledger.append(
        kind="constitution.exported",
        actor=workshop.actor,
        body={"kind": kind, "tenant": tenant, "exported": done},
    )
    write_whole(out, data, mode=0o600)
    return done


def _gathered(workshop: Workshop, tenant: str, left: Counter[str]) -> Iterator[Lesson]:
    deployment = workshop.deployment
    fields = {field.key: field for field in deployment.fields}
    if (deployment.root / deployment.settings.deployment.constitution).is_file():
        law = constitution_of(workshop)
        for entry in workshop.ledger.entries("decision"):
            yield from _of_decision(workshop, entry, law, fields, tenant, left)
    for entry in workshop.ledger.entries("completion"):
        yield from _of_conversation(workshop, entry, tenant, left)


def _of_decision(
    workshop: Workshop,
    entry: Entry,
    law: Constitution,
    fields: Mapping[str, Field],
    tenant: str,
    left: Counter[str],
) -> Iterator[Lesson]:
    if len(entry.refs) < 2 or _mapping(entry.body.get("context")).get("tenant") != tenant:
        return
    decision = msgspec.convert(entry.body, Decision)
    if why := _kept_back(decision):
        left[why] += 1
        return
    trail = read_trail(workshop, entry.refs)
    document = _document(workshop, entry.refs[0])
    if trail is None or document is None:
        left["the text was erased"] += 1
        return
    named = {one.id: one for one in law.principles}
    for answer in _changed(decision, trail, fields):
        critics = _critics(trail, answer)
        principle = named.get(critics[0][0]) if critics else None
        if principle is None:
            left["the principle is there no longer" if critics else "changed for another answer's sake"] += 1
            continue
        lesson = _lesson(document, answer, principle, critics[0][1])
        lesson = replace(lesson, provenance=_provenance(entry, decision, trail))
        if lesson.teaches:
            yield lesson
        else:
            left["nothing is left of the difference once personal data is covered"] += 1


@dataclass(frozen=True, slots=True)
class _Changed:
    """An answer that is not what it was at first: to a field, or what a rule of the playbook found."""

    field: str
    rule: str
    question: str
    first: FieldDecision | Finding
    revised: FieldDecision | Finding


def _changed(decision: Decision, trail: Trail, fields: Mapping[str, Field]) -> Iterator[_Changed]:
    before = {one.field: one for one in trail.first.fields}
    for field in decision.fields:
        first = before.get(field.field)
        if first is not None and first != field:
            known = fields.get(field.field)
            yield _Changed(field.field, "", known.question if known else field.field, first, field)
    rules = {one.rule: one for one in trail.first.findings}
    for finding in decision.findings:
        was = rules.get(finding.rule)
        if was is not None and was != finding:
            yield _Changed(
                "", finding.rule, f"Does the rule {finding.rule} match: {was.title}?", was, finding
            )


def _kept_back(decision: Decision) -> str:
    if NO_TRAINING in decision.context.data_labels:
        return "labelled no-training"
    if not in_tuning_half(decision.case_id):
        return "of the half that measures"
    return "" if decision.verdict.allowed else "withheld as a whole"


def _critics(trail: Trail, answer: _Changed) -> list[tuple[str, str]]:
    """Return who complained about an answer at first, and what, highest priority first."""
    for one in trail.rounds:
        found = [
            (critique.principle, critique.complaint.said or critique.complaint.problem)
            for critique in one.critiques
            if (critique.complaint.field, critique.complaint.rule) == (answer.field, answer.rule)
        ]
        if found:
            return found
    return []


def _lesson(document: Document, answer: _Changed, principle: Principle, critique: str) -> Lesson:
    start, spans = 0, answer.first.evidence
    if spans and len(document.text) > _LONGEST:
        start = max(0, min(spans[0].start - _LONGEST // 2, len(document.text) - _LONGEST))
    part = _covered(document.text[start : start + _LONGEST])
    return Lesson(
        principle=principle.id,
        text=principle.text,
        revision=principle.revision,
        critique=_covered(critique),
        prompt=(Turn("user", f"{_ASK.format(question=_covered(answer.question))}\n\nDocument:\n{part}"),),
        first=_answer(document.text, part, answer.first),
        revised=_answer(document.text, part, answer.revised),
        source="decision",
        provenance={},
    )


def _provenance(entry: Entry, decision: Decision, trail: Trail) -> dict[str, str | int]:
    return {
        "entry": entry.index,
        "release": decision.release,
        "constitution": trail.constitution,
        "text": decision.text_digest,
        "first": digest_of_bytes(canonical_json(trail.first)),
        "trail": entry.refs[1],
    }


def _answer(text: str, part: str, answer: FieldDecision | Finding) -> str:
    """Return an answer as JSON; a passage that does not stand in the prompt is not quoted."""
    quotes = [covered for one in answer.evidence if (covered := _passage(text, one)) and covered in part]
    plain: dict[str, object] = {"quotes": quotes}
    if isinstance(answer, Finding):
        plain |= {
            "status": answer.status,
            "title": _covered(answer.title),
            "message": _covered(answer.message),
            "cites": answer.cites,
        }
    else:
        plain |= {
            "outcome": answer.outcome,
            "answer": _covered(answer.answer),
            "value": _covered(answer.value) if isinstance(answer.value, str) else answer.value,
            "reason": _covered(answer.reason),
        }
    return canonical_json(plain).decode()


def _passage(text: str, span: Span) -> str:
    return _covered(text[span.start : span.end]) if 0 <= span.start < span.end <= len(text) else ""


def _of_conversation(workshop: Workshop, entry: Entry, tenant: str, left: Counter[str]) -> Iterator[Lesson]:
    kept = _mapping(entry.body.get("principles"))
    trail = str(kept.get("trail") or "")
    if not trail or entry.body.get("tenant") != tenant:
        return
    if NO_TRAINING in workshop.deployment.settings.deployment.data_labels:
        left["labelled no-training"] += 1
        return
    if kept.get("broken"):
        left["withheld as a whole"] += 1
        return
    asked = str(_mapping(entry.body.get("asked")).get("digest") or "")
    try:
        reviewed = from_json(workshop.blobs.get(trail), list[ReviewedWords])
        messages = from_json(workshop.blobs.get(asked), tuple[list[ChatMessage], Any])[0]
    except (BlobErased, BlobMissing):
        left["the conversation was not kept, or was erased"] += 1
        return
    named = _words_law(workshop)
    prompt = _turns(messages)
    for one in reviewed:
        wrong = one.rounds[0].critiques[0] if one.rounds and one.rounds[0].critiques else None
        principle = named.get(wrong.principle) if wrong is not None else None
        if wrong is None or principle is None:
            left["the principle is there no longer"] += 1
            continue
        lesson = Lesson(
            principle=principle.id,
            text=principle.text,
            revision=principle.revision,
            critique=_covered(wrong.problem),
            prompt=prompt,
            first=_covered(one.first),
            revised=_covered(one.text),
            source="conversation",
            provenance={
                "entry": entry.index,
                "release": str(entry.body.get("release") or ""),
                "constitution": str(kept.get("constitution") or ""),
                "text": asked,
                "first": digest_of_bytes(one.first.encode("utf-8", "surrogatepass")),
                "trail": trail,
            },
        )
        if lesson.teaches:
            yield lesson
        else:
            left["nothing is left of the difference once personal data is covered"] += 1


def _turns(messages: Sequence[ChatMessage]) -> tuple[Turn, ...]:
    """Return the last messages of a conversation, as many as fit; of the first of them its end."""
    left, turns = _LONGEST, list[Turn]()
    for one in reversed(messages):
        if left <= 0:
            break
        text = _covered(text_of(one))[-left:]  # covered first: half a number would be found by nobody
        left -= len(text)
        if text.strip():
            turns.append(Turn(one.role, text))
    return tuple(reversed(turns))


def _words_law(workshop: Workshop) -> dict[str, Principle]:
    """Return the principles of `[chat]`, by id."""
    chat = workshop.deployment.settings.chat
    if chat is None or not chat.constitution:
        return {}
    try:
        law = constitution_of(workshop, chat.constitution)
    except FlyballError:
        return {}
    return {one.id: one for one in law.principles}


def _document(workshop: Workshop, digest: str) -> Document | None:
    try:
        return from_json(workshop.blobs.get(digest), Document)
    except (BlobErased, BlobMissing):
        return None


def _covered(text: str) -> str:
    """Return a text in which every number and address of a person, and every name, is a word in brackets.

    What characters that nobody sees, or other letters, hide is covered too.
    """
    return cover(text, found_through([text], _people, identifies)[0])


def _people(texts: Sequence[str]) -> list[tuple[Found, ...]]:
    return [find_people(text) for text in texts]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
