"""The contract of an expert: anything that answers fields of cases, in columns."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import pyarrow as pa

from flyball.core.errors import BadInput
from flyball.core.estimates import Failed, Measurement
from flyball.core.shelves import Shelf
from flyball.models.experts.digits import with_settled_scores

__all__ = [
    "EXPERTS",
    "PREDICTIONS",
    "Answered",
    "Calibrated",
    "Expert",
    "ExpertCard",
    "ExpertKind",
    "ExpertMaker",
    "OnDemand",
    "Trained",
    "check_predictions",
    "taken",
]

EXPERTS = Shelf(kind="expert", package="flyball.models.experts.shelf")

ExpertKind = Literal["rules", "text", "table", "graph", "language_model", "external"]

PREDICTIONS = pa.schema(
    [
        pa.field("case_id", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("answer", pa.string(), nullable=False),  # JSON: "true", "false", "12", "\"Delaware\""
        pa.field("confidence", pa.float64(), nullable=False),  # calibrated P(answer is right)
        pa.field(
            "evidence",
            pa.list_(
                pa.struct(
                    [
                        pa.field("start", pa.int32()),
                        pa.field("end", pa.int32()),
                        pa.field("score", pa.float64()),
                    ]
                )
            ),
            nullable=False,
        ),  # best first, offsets into the text of the case
        pa.field("reason", pa.string(), nullable=False),  # for people: one sentence, or the rule row
    ]
)
"""One row per case and field that the expert answers. No row means "I do not answer this one"."""


@dataclass(frozen=True, slots=True)
class ExpertCard:
    """What an expert is, for people and for the release lock.

    Parameters
    ----------
    name : str
        Name of the expert on its shelf.
    version : str
        Version of its behaviour.
    kind : ExpertKind
        "rules" takes a case out of the model perimeter.
    fields : tuple of str
        Keys of the fields that it can answer.
    summary : str
        What it does, in two sentences.
    trained_on : tuple of str
        Datasets with licence; empty for rules.
    limits : tuple of str
        Where it should not be believed.
    licence : str
        SPDX expression of the artefact.
    figures : mapping of str to Measurement
        What was measured, on data that it did not see.
    parameters : mapping of str to str
        Settings that made it, defaults included.
    price_eur_per_case : str
        Decimal as text; "0" means no marginal price.
    """

    name: str
    version: str
    kind: ExpertKind
    fields: tuple[str, ...]
    summary: str
    trained_on: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    licence: str = "Apache-2.0"
    figures: Mapping[str, Measurement] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    price_eur_per_case: str = "0"


@runtime_checkable
class Expert(Protocol):
    """Anything that answers fields of cases.

    A module on the shelf offers an `ExpertMaker` under its own name, which loads or fits one.
    """

    @property
    def card(self) -> ExpertCard:
        """What it is."""
        ...

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer a batch of cases.

        Parameters
        ----------
        cases : RecordBatch with the columns `case_id` and `text` at least
            May be empty. Rows are independent: their order changes no answer.

        Returns
        -------
        RecordBatch of schema PREDICTIONS
            Zero or more rows per case; confidence in [0, 1]; evidence inside the text.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the artefact as plain files (no pickle), the same bytes for the same expert."""
        ...


@runtime_checkable
class Calibrated(Protocol):
    """An expert that brings answers to cases which it had not seen when it gave them.

    Only such an expert can be given a threshold; the answers of any other go to a person.
    """

    @property
    def out_of_fold(self) -> pa.Table:
        """Columns case_id, field, answer, confidence and right (bool), at least; no text of any case."""
        ...


class Answered(Protocol):
    """What came of asking an expert on demand."""

    @property
    def predictions(self) -> pa.RecordBatch:
        """Answers of schema PREDICTIONS."""
        ...

    @property
    def failures(self) -> Mapping[str, Failed]:
        """Cases that could not be asked about, or not wholly, by `case_id`."""
        ...

    @property
    def not_paid(self) -> Sequence[str]:
        """Those of the failures about which nothing was asked, because no budget could pay for it."""
        ...

    @property
    def costs(self) -> Mapping[str, Decimal]:
        """What asking about each case cost in euros, by `case_id`; 0 means free, or not asked."""
        ...


@runtime_checkable
class OnDemand(Protocol):
    """An expert that costs money or time, and is asked only what cheaper ones are not sure of."""

    def answer(self, cases: pa.RecordBatch, *, wanted: Mapping[str, Sequence[str]] | None = None) -> Answered:
        """Answer the wanted fields of each case; cases that are missing in `wanted` are not sent at all.

        The column `tenant` of the cases, where there is one, says whose they are: "default" without it.
        """
        ...


@runtime_checkable
class Trained(Protocol):
    """An expert that has learned from cases, and says from which."""

    @property
    def seen_texts(self) -> frozenset[str]:
        """Digests ("sha256:...") of the texts that it was trained on."""
        ...


@dataclass(frozen=True, slots=True)
class ExpertMaker:
    """How an expert of one kind comes to be; the object that a module of the shelf offers.

    Parameters
    ----------
    load : callable (folder, settings) -> Expert
        Read a saved artefact, or rules. `settings` are the plain values of `[expert.settings]` in
        flyball.toml, paths made absolute; an unknown key is an error.
    fit : callable (cases, labels, seed) -> Expert, or None
        Learn from a table of schema CASES and one of schema LABELS; None where nothing is learned.
    refit : callable (folder, cases, labels, seed) -> Expert, or None
        The same where an expert is saved in the folder already: what people chose for it (which columns it
        looks at, and in which direction) is kept. None: as `fit`.
    kind : ExpertKind
        The kind on the cards of its experts, known without loading one: which duties apply to a
        deployment depends on it.
    takes_fields : bool
        Whether `load` wants the deployment's fields under the setting `fields`, as a tuple of Field.
    takes_state : bool
        Whether `load` wants the folder of the deployment's memory under the setting `state`, as text:
        where what was spent is remembered.
    on_demand : bool
        Whether its experts are `OnDemand`: asked only what those before them are not sure of.
    """

    load: Callable[[Path, Mapping[str, object]], Expert]
    fit: Callable[[pa.Table, pa.Table, int], Expert] | None = None
    refit: Callable[[Path, pa.Table, pa.Table, int], Expert] | None = None
    kind: ExpertKind = "external"
    takes_fields: bool = False
    takes_state: bool = False
    on_demand: bool = False


def taken(cases: pa.RecordBatch, predictions: pa.RecordBatch, expert: str) -> pa.RecordBatch:
    """Return what an expert answered as everybody uses it: checked, and without its last digits.

    Raises
    ------
    BadInput
        As `check_predictions`.
    """
    check_predictions(cases, predictions, expert)
    return with_settled_scores(predictions)


def check_predictions(cases: pa.RecordBatch, predictions: pa.RecordBatch, expert: str) -> None:
    """Refuse predictions that break the contract, whoever made them.

    Parameters
    ----------
    cases : RecordBatch
        What the expert was asked.
    predictions : RecordBatch
        What it answered.
    expert : str
        Its name, for the message.

    Raises
    ------
    BadInput
        Wrong schema, a confidence outside [0, 1], evidence outside the text or with a score that is no
        number, an unknown case, or two answers for one field of one case.
    """
    fix = f"The expert {expert} is at fault; take it off the route and report it."
    if not predictions.schema.equals(PREDICTIONS):
        raise BadInput(
            f"Expert {expert} returned columns {predictions.schema.names}, expected {PREDICTIONS.names}.",
            fix=fix,
            expert=expert,
        )
    lengths = {
        case_id: len(text)
        for case_id, text in zip(
            cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True
        )
    }
    seen: set[tuple[str, str]] = set()
    for row in predictions.to_pylist():
        key = (row["case_id"], row["field"])
        if row["case_id"] not in lengths:
            raise BadInput(
                f"Expert {expert} answered for case {row['case_id']}, which it was not asked.", fix=fix
            )
        if key in seen:
            raise BadInput(f"Expert {expert} answered {key[1]} of case {key[0]} twice.", fix=fix)
        seen.add(key)
        if not 0.0 <= row["confidence"] <= 1.0:
            raise BadInput(
                f"Expert {expert} gave confidence {row['confidence']} for {key[1]} of case {key[0]}.", fix=fix
            )
        for span in row["evidence"]:
            if not 0 <= span["start"] < span["end"] <= lengths[row["case_id"]]:
                raise BadInput(
                    f"Expert {expert} quoted [{span['start']}, {span['end']}) of case {key[0]}, "
                    f"whose text has {lengths[row['case_id']]} characters.",
                    fix=fix,
                )
            if span["score"] is None or not math.isfinite(span["score"]):
                raise BadInput(
                    f"Expert {expert} gave the score {span['score']} to a passage of case {key[0]}.", fix=fix
                )
