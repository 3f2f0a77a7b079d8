"""The expert: asks, checks every quote, and says how far it may be believed."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from flyball.core.digests import canonical_json, digest_of, short
from flyball.core.errors import BadInput
from flyball.core.estimates import Failed
from flyball.core.records import Field, Span
from flyball.models.experts.expert import PREDICTIONS, ExpertCard
from flyball.models.experts.language_model.calibration import UNCALIBRATED, Calibration, calibrated
from flyball.models.experts.language_model.endpoint import Endpoint, Reply, Usage, open_endpoint
from flyball.models.experts.language_model.prompt import parts_of
from flyball.models.experts.language_model.quotes import Quotable
from flyball.models.experts.language_model.settings import ModelSettings

__all__ = ["Answers", "CalibratedModel", "LanguageModel"]

_LOG = logging.getLogger(__name__)
_TOKENS_IN, _TOKENS_OUT = 15_000, 2_000
_MOST_QUOTES = 5


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that came of asking.

    Parameters
    ----------
    predictions : RecordBatch of schema PREDICTIONS
    failures : mapping of case_id to Failed
        Cases of which no part, or not every part, could be asked about.
    dropped : mapping of case_id to tuple of str
        Fields whose answer was thrown away: no quote that stands in the text, or a contradiction.
    usage : Usage
    """

    predictions: pa.RecordBatch
    failures: Mapping[str, Failed]
    dropped: Mapping[str, tuple[str, ...]]
    usage: Usage

    @property
    def cost_eur(self) -> Decimal:
        """What the asking cost, by the prices in the settings."""
        return self.usage.cost_eur


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """An expert over one endpoint.

    Parameters
    ----------
    settings : ModelSettings
    calibration : Calibration
        Empty until it was fitted on labelled cases: then no answer may leave without a person.
    """

    settings: ModelSettings
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def card(self) -> ExpertCard:
        """What it is; its key is not in it."""
        settings = self.settings
        price = (
            settings.eur_per_million_input_tokens * _TOKENS_IN
            + settings.eur_per_million_output_tokens * _TOKENS_OUT
        ) / 1_000_000
        about = {
            "provider": settings.provider,
            "model": settings.model,
            "base_url": settings.base_url,
            "structured": settings.structured,
            "characters_per_request": str(settings.characters_per_request),
            "price_assumes": f"{_TOKENS_IN} tokens in, {_TOKENS_OUT} out per case",
        }
        return ExpertCard(
            name=settings.name,
            version=short(digest_of([about, [item.key for item in settings.fields], self.calibration])),
            kind="language_model",
            fields=tuple(item.key for item in settings.fields),
            summary="A language model that is asked which clauses a document contains. Every claim must come "
            "with a quote that stands in the document, or it is thrown away.",
            trained_on=("unknown: see the vendor of the model",),
            limits=(
                "Until it is calibrated on labelled cases it never decides alone.",
                "A document can try to steer the model; quotes are checked, their meaning is not.",
                "The endpoint may change the model behind its name; calibrate again when it does.",
            ),
            licence="LicenseRef-vendor",
            figures=self.calibration.figures(),
            parameters=about,
            price_eur_per_case=format(price.normalize(), "f"),
        )

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer every field of every case; what failed is logged and has no rows. See `answer`."""
        answers = self.answer(cases)
        for case_id, failed in answers.failures.items():
            _LOG.warning("language model gave no answer for case %s: %s", case_id, failed.error)
        return answers.predictions

    def answer(self, cases: pa.RecordBatch, *, wanted: Mapping[str, Sequence[str]] | None = None) -> Answers:
        """Ask about a batch of cases.

        Parameters
        ----------
        cases : RecordBatch with the columns `case_id` and `text`
        wanted : mapping of case_id to keys of fields, optional
            Only these are asked, and cases that are missing are not sent at all. None: all of all.

        Returns
        -------
        Answers
            Never an exception for what an endpoint does: a case that failed is named with its reason.
        """
        known = {item.key: item for item in self.settings.fields}
        asked: list[tuple[str, str, list[Field]]] = []
        rows = zip(cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), strict=True)
        for case_id, text in rows:
            keys = list(known) if wanted is None else list(wanted.get(case_id, ()))
            unknown = [key for key in keys if key not in known]
            if unknown:
                raise BadInput(
                    f"The expert {self.settings.name} is asked about {unknown[0]!r}, which it does not know.",
                    fix=f"Known: {', '.join(known)}.",
                )
            if keys and text.strip():
                asked.append((case_id, text, [known[key] for key in keys]))
        if not asked:
            return Answers(pa.RecordBatch.from_pylist([], schema=PREDICTIONS), {}, {}, Usage())
        return self._collect(asked, asyncio.run(_ask_all(self.settings, asked)))

    def fitted(self, cases: pa.RecordBatch, labels: pa.Table) -> "CalibratedModel":
        """Return the expert with a confidence per field, measured on labelled cases; this costs money.

        Parameters
        ----------
        cases : RecordBatch
        labels : Table of schema LABELS

        Returns
        -------
        CalibratedModel
        """
        bare = LanguageModel(self.settings)
        return CalibratedModel(self.settings, calibrated(cases, bare.answer(cases).predictions, labels))

    def save(self, folder: Path) -> None:
        """Write the calibration; settings stay in flyball.toml and the key stays where it is."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "calibration.json").write_bytes(canonical_json(self.calibration))

    def _collect(self, asked: Sequence[tuple[str, str, list[Field]]], told: Sequence["_Told"]) -> Answers:
        rows: list[dict[str, object]] = []
        failures: dict[str, Failed] = {}
        dropped: dict[str, tuple[str, ...]] = {}
        usage = Usage()
        trust = self.calibration.confidences()
        for (case_id, text, fields), parts in zip(asked, told, strict=True):
            usage = sum((used for _, used in parts), usage)
            failed = [reply for reply, _ in parts if isinstance(reply, Failed)]
            if failed:
                failures[case_id] = failed[0]
            replies = [reply for reply, _ in parts if isinstance(reply, Reply)]
            found, thrown = _merged(replies, fields, text, complete=not failed)
            rows += [self._row(case_id, key, *answer, trust) for key, answer in found.items()]
            if thrown:
                dropped[case_id] = thrown
        return Answers(pa.RecordBatch.from_pylist(rows, schema=PREDICTIONS), failures, dropped, usage)

    def _row(
        self,
        case_id: str,
        key: str,
        present: bool,
        spans: Sequence[Span],
        trust: Mapping[tuple[str, str], float],
    ) -> dict[str, object]:
        answer = "true" if present else "false"
        measured = trust.get((key, answer))
        confidence = UNCALIBRATED if measured is None else measured
        how = "not calibrated" if measured is None else f"right in {measured:.0%} of labelled cases"
        what = "quotes it" if present else "found no such clause"
        return {
            "case_id": case_id,
            "field": key,
            "answer": answer,
            "confidence": confidence,
            "evidence": [{"start": span.start, "end": span.end, "score": span.score} for span in spans],
            "reason": f"{self.settings.model} {what} ({how}).",
        }


@dataclass(frozen=True, slots=True)
class CalibratedModel(LanguageModel):
    """A language model that was held against labelled cases, and so can be given a threshold."""

    @property
    def out_of_fold(self) -> pa.Table:
        """Its answers to the labelled cases, each with the confidence that the others alone give."""
        return self.calibration.out_of_fold()

    @property
    def seen_texts(self) -> frozenset[str]:
        """Digests of the texts that it was calibrated on."""
        return frozenset(self.calibration.texts)


_Told = list[tuple[Reply | Failed, Usage]]


async def _ask_all(settings: ModelSettings, asked: Sequence[tuple[str, str, list[Field]]]) -> list[_Told]:
    endpoint = open_endpoint(settings)
    slots = asyncio.Semaphore(settings.parallel)
    try:
        return await asyncio.gather(*(_ask_case(endpoint, slots, text, fields) for _, text, fields in asked))
    finally:
        await endpoint.close()


async def _ask_case(
    endpoint: Endpoint, slots: asyncio.Semaphore, text: str, fields: Sequence[Field]
) -> _Told:
    async def one(part: str) -> tuple[Reply | Failed, Usage]:
        async with slots:
            return await endpoint.ask(part, fields)

    parts = parts_of(text, endpoint.settings.characters_per_request)
    return list(await asyncio.gather(*(one(part.text) for part in parts)))


def _merged(
    replies: Sequence[Reply], fields: Sequence[Field], text: str, *, complete: bool
) -> tuple[dict[str, tuple[bool, list[Span]]], tuple[str, ...]]:
    """Return the answers that hold for the whole text, and the fields whose answer was thrown away.

    Present: one part says so and its quote stands in the text. Absent: every part says so. A claim
    without a quote that stands there, and parts of which one was not answered, give no answer.
    """
    quotable = Quotable.of(text)
    found: dict[str, tuple[bool, list[Span]]] = {}
    dropped: list[str] = []
    for item in fields:
        said = [[answer for answer in reply.answers if answer.field == item.key] for reply in replies]
        claims = [answer for answers in said for answer in answers if answer.present]
        quotes = dict.fromkeys(quote for answer in claims for quote in answer.quotes)
        spans = list(dict.fromkeys(span for quote in quotes if (span := quotable.find(quote)) is not None))
        contradicted = any(len({answer.present for answer in answers}) > 1 for answers in said)
        if contradicted or (claims and not spans):
            dropped.append(item.key)
        elif spans:
            found[item.key] = (True, spans[:_MOST_QUOTES])
        elif complete and replies and all(said):
            found[item.key] = (False, [])
    return found, tuple(dropped)
