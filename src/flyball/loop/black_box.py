"""A model that does not explain itself, asked about one case with parts of it left out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flyball.data.documents.records import Document
from flyball.data.documents.rows import Value, document_of_row
from flyball.governance.explanation.kernel import KernelShares, kernel_shares
from flyball.governance.explanation.records import Attribution, Share
from flyball.governance.explanation.settings import ExplanationSettings
from flyball.models.experts.attributed import Stated
from flyball.models.experts.expert import Expert, ExpertCard, OnDemand

__all__ = [
    "BlackBox",
    "attribution_of_row",
    "attribution_of_text",
    "blanked",
    "kernel_of_row",
    "parts_of",
    "why_not_asked",
]

Floats = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Row = Mapping[str, Value]
Outputs = Callable[[Sequence[Row]], Floats]

_MOST_COLUMNS = 60
_MOST_PARTS = 24
_REFERENCES = 8
_END = re.compile(r"(?<=[.!?;:])\s+|\n+")


@dataclass(frozen=True)
class BlackBox:
    """One expert about one field, seen from outside.

    Parameters
    ----------
    name : str
    expert : Expert
    card : ExpertCard
    field, answer : str
    flag : bool
        Whether the field is answered with yes or no: then the chance of yes is taken apart, else how sure the
        expert is of the answer that it gave.
    tenant : str
        Whose case it is, and who pays.
    """

    name: str
    expert: Expert
    card: ExpertCard
    field: str
    answer: str
    flag: bool
    tenant: str = "default"

    @property
    def of(self) -> str:
        """The answer whose chance is taken apart."""
        return "true" if self.flag else self.answer

    def chances(self, documents: Sequence[Document]) -> Floats:
        """Return the chance of `of` for each document, in [0, 1]; NaN where asking failed."""
        texts = {one.text: one for one in documents}
        given = [
            {"case_id": str(number), "text": text, "media_type": one.media_type, "tenant": self.tenant}
            for number, (text, one) in enumerate(texts.items())
        ]
        found = dict(zip(texts, self._asked(pa.RecordBatch.from_pylist(given)), strict=True))
        return np.array([found[one.text] for one in documents], dtype=np.float64)

    def _asked(self, batch: pa.RecordBatch) -> Floats:
        if isinstance(self.expert, Stated):
            return self.expert.stated(batch, self.field, self.of)
        found = np.full(batch.num_rows, np.nan)
        for row in self.expert.predict(batch).to_pylist():
            if row["field"] == self.field:
                sure = float(row["confidence"])
                same = row["answer"] == self.of
                found[int(row["case_id"])] = sure if same else (1.0 - sure if self.flag else 0.0)
        return found


def why_not_asked(box: BlackBox, settings: ExplanationSettings) -> str:
    """Say why a model is not asked from outside; "" where it may be."""
    if box.card.kind == "language_model":
        return (
            f"{box.name} is a language model: the passages that it quoted are its explanation, and it was "
            "not asked again with parts left out."
        )
    remote = box.expert.remote if isinstance(box.expert, Stated) else isinstance(box.expert, OnDemand)
    if remote and not settings.ask_remote:
        return (
            f"{box.name} is run elsewhere, and asking it about the case with parts left out is not allowed: "
            "ask_remote of [explanation]."
        )
    cost = Decimal(box.card.price_eur_per_case) * settings.most_asks
    if cost > Decimal(settings.most_eur):
        return (
            f"Asking {box.name} {settings.most_asks:,} times costs {cost} EUR, and most_eur of [explanation] "
            f"allows {settings.most_eur}."
        )
    return ""


def kernel_of_row(
    outputs: Outputs, row: Row, others: Sequence[Row], columns: Sequence[str], *, most_asks: int, seed: int
) -> tuple[KernelShares, str]:
    """Return the shares of columns of a row, and what stands where one is left out: what other cases hold.

    Parameters
    ----------
    outputs : callable
    row : mapping
    others : sequence of mapping
        At least one.
    columns : sequence of str
    most_asks : int
        Rows that may be asked about; the more columns there are, the fewer other cases stand in for each.
    seed : int
    """
    draw = np.random.default_rng(seed)
    n = min(len(others), _REFERENCES, max(1, most_asks // max(128, 8 * len(columns))))
    references = [others[place] for place in draw.choice(len(others), n, replace=False)]

    def value(masks: Masks) -> Floats:
        rows = [
            {
                **row,
                **{
                    column: other.get(column)
                    for column, there in zip(columns, mask, strict=True)
                    if not there
                },
            }
            for mask in masks
            for other in references
        ]
        found: Floats = outputs(rows).reshape(len(masks), n).mean(axis=1)
        return found

    found = kernel_shares(value, len(columns), most_sets=most_asks // n, seed=seed)
    return found, f"the same column of {n} other cases"


def attribution_of_row(
    box: BlackBox, row: Row, others: Sequence[Row], settings: ExplanationSettings
) -> Attribution:
    """Return what each column of a row did to what a model says."""

    def outputs(rows: Sequence[Row]) -> Floats:
        return box.chances([document_of_row(one, name="case") for one in rows])

    told = box.expert.columns if isinstance(box.expert, Stated) else ()
    columns = [column for column in (told or sorted(row)) if column in row][:_MOST_COLUMNS]
    found, against = kernel_of_row(
        outputs, row, others, columns, most_asks=settings.most_asks, seed=settings.seed
    )
    shares = tuple(
        Share(column, row[column], float(share)) for column, share in zip(columns, found.shares, strict=True)
    )
    return _attribution(box, found, shares, against)


def attribution_of_text(box: BlackBox, document: Document, settings: ExplanationSettings) -> Attribution:
    """Return what each part of a text did to what a model says; a part that is left out is blank."""
    parts = parts_of(document.text)

    def value(masks: Masks) -> Floats:
        return box.chances(
            [
                blanked(document, [part for part, there in zip(parts, mask, strict=True) if not there])
                for mask in masks
            ]
        )

    found = kernel_shares(value, len(parts), most_sets=settings.most_asks, seed=settings.seed)
    shares = tuple(
        Share(f"characters {start} to {end}", f"{start}-{end}", float(share))
        for (start, end), share in zip(parts, found.shares, strict=True)
    )
    return _attribution(box, found, shares, "a blank")


def _attribution(box: BlackBox, found: KernelShares, shares: tuple[Share, ...], against: str) -> Attribution:
    unit = f"chance of {box.of}"
    return Attribution(
        box.name, "kernel_shares", False, unit, found.base, found.output, shares, found.fidelity, against
    )


def parts_of(text: str) -> list[tuple[int, int]]:
    """Return a text in sentences and lines, neighbours together so that there are at most 24."""
    ends = [found.end() for found in _END.finditer(text)] + [len(text)]
    starts = [0, *ends[:-1]]
    pieces = [(start, end) for start, end in zip(starts, ends, strict=True) if text[start:end].strip()]
    if len(pieces) <= _MOST_PARTS:
        return pieces or [(0, len(text))]
    groups = np.array_split(np.arange(len(pieces)), _MOST_PARTS)
    return [(pieces[int(group[0])][0], pieces[int(group[-1])][1]) for group in groups]


def blanked(document: Document, parts: Sequence[tuple[int, int]]) -> Document:
    """Return a document with blanks in these places; offsets stay."""
    text = document.text
    for start, end in parts:
        text = text[:start] + " " * (end - start) + text[end:]
    return replace(document, text=text)
