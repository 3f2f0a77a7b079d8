"""What reviewers answered, as labels from which experts learn; and the turn that is asked for then.

People look at what the machine was not sure of, so these cases are no fair sample of all. Each label keeps
how its case came to be looked at, and with which chance. Experts may learn from them; thresholds,
recalibration and figures of a release take nothing from them (decision 0021).
"""

from dataclasses import dataclass

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.digests import digest_of, from_json
from flyball.core.text import count
from flyball.data.datasets.cases import cases_of
from flyball.data.datasets.schemas import LABELS
from flyball.data.documents.records import Document
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.evaluation.outcomes.standing import standings
from flyball.ledger.errors import BlobErased, BlobMissing
from flyball.loop.asked_turns import ask_for_turn
from flyball.loop.decided import Known, find_decision
from flyball.loop.halves import in_tuning_half
from flyball.loop.review_state import Review, ReviewBook
from flyball.loop.workshop import Workshop
from flyball.models.experts.expert import EXPERTS

__all__ = [
    "REVIEWED",
    "ToLearn",
    "ask_when_enough",
    "reviewed_decisions",
    "reviewed_digest",
    "reviewed_labels",
    "to_learn",
    "with_reviewed",
]

REVIEWED = pa.schema(
    [
        *LABELS,
        pa.field("decision", pa.int64(), nullable=False),  # entry in the ledger
        pa.field("text_of", pa.string(), nullable=False),  # digest of the blob with the document
        pa.field("readers", pa.int32(), nullable=False),  # who answered, who settled it included
        pa.field("how", pa.string(), nullable=False),  # "referred", "teaches" or "drawn"
        pa.field("chance", pa.float64()),  # with which it was chosen; null where a rule referred it
    ]
)
"""One row per case and field that reviewers have answered, and agree about or have settled."""

_SOURCES = ("review", "settled")


@dataclass(frozen=True, slots=True)
class ToLearn:
    """What people answered and no expert has learned from.

    Parameters
    ----------
    cases : int
    experts : tuple of str
        Names of those that learn from cases.
    """

    cases: int
    experts: tuple[str, ...]

    @property
    def words(self) -> str:
        """What to do about it, for people; "" where there is nothing."""
        if not self.cases or not self.experts:
            return ""
        since = (
            f"{count(self.cases, 'case')} reviewed since an expert last learned, so no answer is better yet."
        )
        return f"{since} Let one learn, then run a turn: flyball model fit {self.experts[0]}"


def reviewed_decisions(workshop: Workshop) -> int:
    """Return about how many decisions reviewers have answered and nobody has to look at any more."""
    return _reviewed(workshop, after=-1)


def to_learn(workshop: Workshop) -> ToLearn:
    """Return how many cases were reviewed since an expert last learned, and which experts can learn."""
    last = max((one.index for one in workshop.ledger.entries("expert.fitted")), default=-1)
    cases = _reviewed(workshop, after=last)
    if not cases:
        return ToLearn(0, ())
    experts = workshop.deployment.settings.expert
    return ToLearn(cases, tuple(one.name for one in experts if EXPERTS.load(one.kind).fit is not None))


def reviewed_digest(workshop: Workshop) -> str:
    """Return a digest that changes when another review is settled."""
    return digest_of(_reports(workshop)["entry"].to_pylist())


def reviewed_labels(workshop: Workshop) -> pa.Table:
    """Return what reviewers have answered, for tenants whose cases may teach (`review.teach`).

    Of a case that was decided and reviewed several times, the last decision counts. Cases whose text was
    erased are left out.

    Returns
    -------
    Table of schema REVIEWED
        By decision, then by field as the deployment has them.
    """
    reviews = ReviewBook(workshop)
    found: dict[tuple[str, str], dict[str, object]] = {}
    for decision, entries in sorted(_by_decision(workshop).items()):
        told = [msgspec.convert(workshop.ledger.entry(entry).body, ReportedOutcome) for entry in entries]
        known = find_decision(workshop, decision, told[0].tenant)
        if known.text and workshop.blobs.tombstone(known.text) is None:
            review = reviews.of(known)
            for row in _rows(known, review, told) if review.state == "settled" else ():
                found[str(row["case_id"]), str(row["field"])] = row
    order = {field.key: at for at, field in enumerate(workshop.deployment.fields)}
    rows = [row for (_, field), row in found.items() if field in order]
    rows.sort(key=lambda row: (row["decision"], order[str(row["field"])]))
    return pa.Table.from_pylist(rows, schema=REVIEWED)


def with_reviewed(
    workshop: Workshop, cases: pa.Table, labels: pa.Table, every: pa.Table, reviewed: pa.Table
) -> tuple[pa.Table, pa.Table, list[tuple[str, str]]]:
    """Return cases and labels to learn from, with what reviewers answered.

    A case of a source is added only where it belongs to the half that may teach, and never a field that its
    source labels. A case that no source holds is read from its text beside the ledger.

    Parameters
    ----------
    workshop : Workshop
    cases, labels : Table
        To learn from already.
    every : Table of schema CASES
        All cases of the sources.
    reviewed : Table of schema REVIEWED

    Returns
    -------
    cases, labels : Table
    taught : list of (case id, field)
        That come from reviewers.
    """
    labelled = set(zip(labels.column("case_id").to_pylist(), labels.column("field").to_pylist(), strict=True))
    there = set(cases.column("case_id").to_pylist())
    sources = {case: at for at, case in enumerate(every.column("case_id").to_pylist())}
    more: list[int] = []
    documents: dict[str, Document] = {}
    keep = []
    for number, row in enumerate(reviewed.select(["case_id", "field", "text_of"]).to_pylist()):
        case = row["case_id"]
        if (case, row["field"]) in labelled or (case in sources and not in_tuning_half(case)):
            continue
        if case not in there and case not in documents:
            if case in sources:
                more.append(sources[case])
                there.add(case)
            elif (document := _document(workshop, row["text_of"])) is not None:
                documents[case] = document
            else:
                continue
        keep.append(number)
    added = [cases, every.take(pa.array(more, pa.int64())).cast(cases.schema)]
    added.append(cases_of(documents.values(), source="reviewed").cast(cases.schema))
    taught = reviewed.select(LABELS.names).take(pa.array(keep, pa.int64())).cast(labels.schema)
    pairs = list(zip(taught.column("case_id").to_pylist(), taught.column("field").to_pylist(), strict=True))
    return pa.concat_tables(added), pa.concat_tables([labels, taught]), pairs


def ask_when_enough(workshop: Workshop) -> bool:
    """Ask for a turn where enough cases were reviewed since the last one that took them up.

    Returns
    -------
    bool
        Whether one is asked for; the same cases ask once.
    """
    wanted = workshop.deployment.settings.review.turn_after_labels
    if not wanted:
        return False
    last = workshop.memo.last("snapshot")
    held = last.output.get("reviewed") if last is not None else None
    reviewed_before = int(held["decisions"]) if held else 0
    fresh = reviewed_decisions(workshop) - reviewed_before
    if fresh < wanted:
        return False
    ask_for_turn(
        workshop.ledger,
        by="review",
        why=f"{count(fresh, 'case')} reviewed since the last turn; {wanted} were waited for.",
        key=f"review/{reviewed_before}",
    )
    return True


def _reviewed(workshop: Workshop, *, after: int) -> int:
    return sum(
        workshop.history.reviewed(Wanted(tenant=tenant, waiting=False), after=after)
        for tenant in workshop.deployment.settings.review.teach
    )


def _reports(workshop: Workshop) -> pa.Table:
    """Return the reports of reviewers about decisions that nobody has to look at any more."""
    found = []
    for tenant in workshop.deployment.settings.review.teach:
        table = workshop.history.reports_table(Wanted(tenant=tenant, waiting=False, reported=True))
        kept = pc.is_in(pc.cast(table["source"], pa.string()), value_set=pa.array(_SOURCES, pa.string()))
        found.append(table.filter(kept).select(["entry", "decision"]))
    return pa.concat_tables(found)


def _by_decision(workshop: Workshop) -> dict[int, list[int]]:
    table = _reports(workshop)
    found: dict[int, list[int]] = {}
    for entry, decision in zip(table["entry"].to_pylist(), table["decision"].to_pylist(), strict=True):
        found.setdefault(decision, []).append(entry)
    return found


def _rows(known: Known, review: Review, told: list[ReportedOutcome]) -> list[dict[str, object]]:
    decision = known.issued.decision
    spans: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for one in told:
        passages = {(span.start, span.end) for span in one.evidence}
        spans.setdefault((one.name, one.answer), set()).update(passages)
    return [
        {
            "case_id": decision.case_id,
            "field": one.name,
            "answer": one.answer,
            "spans": [{"start": s, "end": e} for s, e in sorted(spans.get((one.name, one.answer), ()))],
            "decision": known.issued.entry,
            "text_of": known.text,
            "readers": len(one.voices),
            "how": review.chosen.how if review.chosen else "referred",
            "chance": review.chosen.chance if review.chosen else None,
        }
        for one in standings(told)
        if one.about == "field" and one.state != "disputed"
    ]


def _document(workshop: Workshop, blob: str) -> Document | None:
    try:
        return from_json(workshop.blobs.get(blob), Document)
    except (BlobErased, BlobMissing):
        return None
