"""The expert: asks, checks every quote, lets samples vote, and says how far it may be believed."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from flyball.core.digests import canonical_json, digest_of, digest_of_bytes, short
from flyball.core.errors import BadInput
from flyball.core.estimates import Failed
from flyball.core.records import Field
from flyball.models.experts.expert import PREDICTIONS, ExpertCard
from flyball.models.experts.language_model.answers import Said
from flyball.models.experts.language_model.calibration import Calibration, Counts, Given, calibrated
from flyball.models.experts.language_model.endpoint import Endpoint, Replied, Usage
from flyball.models.experts.language_model.examples import Example, Shown, examples_of, write_examples
from flyball.models.experts.language_model.prompt import Part, parts_of
from flyball.models.experts.language_model.settings import ModelSettings
from flyball.models.experts.language_model.upstream import Upstream
from flyball.models.experts.language_model.votes import Vote, merged, voted
from flyball.models.experts.spending import NotPaid, Purse
from flyball.models.router.breaker import CircuitBreaker

__all__ = ["Answers", "CalibratedModel", "Fitted", "LanguageModel"]

_LOG = logging.getLogger(__name__)
_TOKENS_IN, _TOKENS_OUT = 15_000, 2_000
_PROMPT = 2
"""Raised when what the model is told changes: an older calibration then says nothing any more."""
_ID_DIGITS = 8
_TOLD = 600
"""Tokens in which a model is told what is wrong with one answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that came of asking.

    Parameters
    ----------
    predictions : RecordBatch of schema PREDICTIONS
    failures : mapping of case_id to Failed
        Cases of which no part, or not every part, could be asked about in any sample.
    dropped : mapping of case_id to tuple of str
        Fields whose answer was thrown away: no quote that stands in the text, a contradiction, or a tie.
    usages : mapping of case_id to Usage
        Of each case that was asked about.
    given : tuple of Given
        The same answers, with the share of samples behind each.
    not_paid : tuple of case_id
        Those of the failures about which nothing was asked, because no budget could pay for it.
    """

    predictions: pa.RecordBatch
    failures: Mapping[str, Failed]
    dropped: Mapping[str, tuple[str, ...]]
    usages: Mapping[str, Usage]
    given: tuple[Given, ...] = ()
    not_paid: tuple[str, ...] = ()

    @property
    def usage(self) -> Usage:
        """What was used in all."""
        return sum(self.usages.values(), Usage())

    @property
    def costs(self) -> Mapping[str, Decimal]:
        """What asking about each case cost, by the prices in the settings."""
        return {case_id: usage.cost_eur for case_id, usage in self.usages.items()}


@dataclass(frozen=True, slots=True)
class _Question:
    """One case to be asked about."""

    case_id: str
    text: str
    fields: tuple[Field, ...]
    tenant: str


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """An expert over one endpoint.

    Parameters
    ----------
    settings : ModelSettings
    calibration : Calibration
        Empty until it was held against labelled cases: then no answer may leave without a person.
    shown : Shown
        Examples that can be looked up for a question.
    purse : Purse
        Every request reserves from all of its budgets before it leaves.
    breaker : CircuitBreaker
        Leaves the endpoint alone where it keeps failing.
    """

    settings: ModelSettings
    calibration: Calibration = field(default_factory=Calibration)
    shown: Shown = field(default_factory=Shown, compare=False)
    purse: Purse = field(default_factory=Purse, compare=False, repr=False)
    breaker: CircuitBreaker = field(
        default_factory=lambda: CircuitBreaker("the endpoint"), compare=False, repr=False
    )

    @property
    def card(self) -> ExpertCard:
        """What it is; its key is not in it."""
        settings = self.settings
        price = settings.samples * (
            settings.eur_per_million_input_tokens * _TOKENS_IN
            + settings.eur_per_million_output_tokens * _TOKENS_OUT
        ) / 1_000_000  # fmt: skip
        about = self._about() | {
            "examples_known": str(len(self.shown.examples)),
            "price_assumes": f"{settings.samples} x ({_TOKENS_IN} tokens in, {_TOKENS_OUT} out) per case",
        }
        return ExpertCard(
            name=settings.name,
            version=short(digest_of([self.asked_with, self.calibration])),
            kind="language_model",
            fields=tuple(item.key for item in settings.fields),
            summary="A language model that is asked the questions of the fields. Every claim must come with "
            "a quote that stands in the document, or it is thrown away.",
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

    @property
    def asked_with(self) -> str:
        """Digest of everything that decides how it is asked, and so of what a calibration speaks of."""
        fields = [(one.key, one.kind, one.title, one.question, one.choices) for one in self.settings.fields]
        examples = [(one.case_id, one.text, one.answers) for one in self.shown.examples]
        return digest_of([_PROMPT, self._about(), fields, examples])

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
            The column `tenant` says whose cases they are; without it "default".
        wanted : mapping of case_id to keys of fields, optional
            Only these are asked, and cases that are missing are not sent at all. None: all of all.

        Returns
        -------
        Answers
            Never an exception for what an endpoint does: a case that failed is named with its reason.
        """
        asked = self._questions(cases, wanted)
        if not asked:
            return Answers(pa.RecordBatch.from_pylist([], schema=PREDICTIONS), {}, {}, {})
        return self._collect(asked, asyncio.run(self._ask_all(asked)))

    def with_examples(self, cases: pa.Table, labels: pa.Table) -> "LanguageModel":
        """Return the expert with examples from labelled cases, where its settings want any.

        A calibration that was made with others is forgotten.

        Raises
        ------
        NotForTraining
            The cases are labelled so.
        """
        if not self.settings.examples:
            return self
        found = examples_of(cases, labels, self.settings.fields)
        shown = Shown(found, encoder=self.shown.encoder)
        return LanguageModel(self.settings, Calibration(), shown, self.purse, self.breaker)

    def calibrated_on(
        self, cases: pa.RecordBatch, labels: pa.Table, wanted: Mapping[str, Sequence[str]] | None = None
    ) -> "Fitted":
        """Ask about labelled cases and count how often it is right; this costs money.

        What an earlier calibration said is forgotten.

        Parameters
        ----------
        cases : RecordBatch
        labels : Table of schema LABELS
        wanted : mapping of case_id to keys of fields, optional
            As in `answer`.

        Returns
        -------
        Fitted
        """
        bare = LanguageModel(self.settings, Calibration(), self.shown, self.purse, self.breaker)
        answers = bare.answer(cases, wanted=wanted)
        found = calibrated(cases, list(answers.given), labels, asked_with=self.asked_with)
        model = CalibratedModel(self.settings, found, self.shown, self.purse, self.breaker)
        return Fitted(model, answers)

    def most_eur(self, cases: pa.RecordBatch, wanted: Mapping[str, Sequence[str]] | None = None) -> Decimal:
        """Return the most that asking about these cases can cost, every repair and retry counted."""
        settings = self.settings
        upstream = Upstream(settings)
        total = Decimal(0)
        rounds = range(settings.repairs + 1)
        for one in self._questions(cases, wanted):
            # A repair sends the answers before it along, and what is told about each field.
            more = settings.max_output_tokens + _TOLD * (len(one.fields) + 1)
            longer = settings.eur_per_million_input_tokens * more * sum(rounds) / 1_000_000
            for part in parts_of(one.text, settings.characters_per_request):
                call = Endpoint(upstream).first_call(part.text, one.fields, self._examples(one, part))
                total += upstream.most_eur(call) * len(rounds) + longer
        return total * settings.samples * (settings.max_retries + 1)

    def save(self, folder: Path) -> None:
        """Write calibration and examples; settings stay in flyball.toml and the key stays where it is."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "calibration.json").write_bytes(canonical_json(self.calibration))
        if self.shown.examples:
            write_examples(folder, self.shown)

    def _about(self) -> dict[str, str]:
        settings = self.settings
        return {
            "provider": settings.provider,
            "model": settings.model,
            "base_url": settings.base_url,
            "structured": settings.structured,
            "characters_per_request": str(settings.characters_per_request),
            "max_output_tokens": str(settings.max_output_tokens),
            "repairs": str(settings.repairs),
            "samples": str(settings.samples),
            "temperature": "the endpoint's own" if settings.sampling is None else str(settings.sampling),
            "examples": str(settings.examples),
            "examples_by": settings.examples_by,
        }

    def _questions(
        self, cases: pa.RecordBatch, wanted: Mapping[str, Sequence[str]] | None
    ) -> list[_Question]:
        known = {item.key: item for item in self.settings.fields}
        tenants = (
            cases.column("tenant").to_pylist()
            if "tenant" in cases.schema.names
            else ["default"] * cases.num_rows
        )
        rows = zip(
            cases.column("case_id").to_pylist(), cases.column("text").to_pylist(), tenants, strict=True
        )
        asked = []
        for case_id, text, tenant in rows:
            keys = list(known) if wanted is None else list(wanted.get(case_id, ()))
            unknown = [key for key in keys if key not in known]
            if unknown:
                raise BadInput(
                    f"The expert {self.settings.name} is asked about {unknown[0]!r}, which it does not know.",
                    fix=f"Known: {', '.join(known)}.",
                )
            if keys and text.strip():
                asked.append(_Question(case_id, text, tuple(known[key] for key in keys), tenant))
        return asked

    def _examples(self, asked: _Question, part: Part) -> list[Example]:
        return self.shown.find(
            part.text,
            k=self.settings.examples,
            fields=[one.key for one in asked.fields],
            without_case=asked.case_id,
            without_text=digest_of_bytes(asked.text.encode("utf-8", "surrogatepass")),
            tenant=asked.tenant,
        )

    async def _ask_all(self, asked: Sequence[_Question]) -> list["_Told"]:
        upstream = Upstream(self.settings, purse=self.purse)
        upstream.breaker = self.breaker
        slots = asyncio.Semaphore(self.settings.parallel)
        try:
            return await asyncio.gather(*(self._ask_one(Endpoint(upstream), slots, one) for one in asked))
        finally:
            await upstream.close()

    async def _ask_one(self, endpoint: Endpoint, slots: asyncio.Semaphore, asked: _Question) -> "_Told":
        parts = list(parts_of(asked.text, self.settings.characters_per_request))
        examples = [self._examples(asked, part) for part in parts]

        async def one(number: int) -> tuple[Replied | Failed, Usage]:
            async with slots:
                return await endpoint.ask(
                    parts[number].text, asked.fields, examples[number], tenant=asked.tenant
                )

        numbers = [number for _ in range(self.settings.samples) for number in range(len(parts))]
        replies = await asyncio.gather(*(one(number) for number in numbers))
        return _Told(parts, list(replies), tuple(dict.fromkeys(e.case_id for some in examples for e in some)))

    def _collect(self, asked: Sequence[_Question], told: Sequence["_Told"]) -> Answers:
        rows: list[dict[str, object]] = []
        failures: dict[str, Failed] = {}
        dropped: dict[str, tuple[str, ...]] = {}
        given: list[Given] = []
        counts = self.calibration.counts()
        for one, heard in zip(asked, told, strict=True):
            samples: list[dict[str, Said]] = []
            thrown: list[str] = []
            for sample in heard.samples():
                found, lost = merged(sample, one.fields)
                samples.append(found)
                thrown += lost
            votes, tied = voted(samples, one.fields)
            failed = [reply for reply, _ in heard.replies if isinstance(reply, Failed)]
            if failed and len(votes) < len(one.fields):
                failures[one.case_id] = failed[0]
            lost_fields = tuple(dict.fromkeys(key for key in (*thrown, *tied) if key not in votes))
            if lost_fields:
                dropped[one.case_id] = lost_fields
            for key, vote in votes.items():
                rows.append(self._row(one.case_id, key, vote, heard.examples, counts))
                given.append(Given(one.case_id, key, vote.answer, vote.agreement))
        usages = {
            one.case_id: sum((used for _, used in heard.replies), Usage())
            for one, heard in zip(asked, told, strict=True)
        }
        predictions = pa.RecordBatch.from_pylist(rows, schema=PREDICTIONS)
        not_paid = tuple(
            one.case_id
            for one, heard in zip(asked, told, strict=True)
            if all(isinstance(reply, NotPaid) for reply, _ in heard.replies)
        )
        return Answers(predictions, failures, dropped, usages, tuple(given), not_paid)

    def _row(
        self, case_id: str, key: str, vote: Vote, examples: Sequence[str], counts: Counts
    ) -> dict[str, object]:
        confidence, n = counts.confidence(key, vote.answer, vote.agreement)
        how = f"right in {confidence:.0%} of {n} labelled answers like it" if n else "not calibrated"
        if self.settings.samples > 1:
            how = f"{round(vote.agreement * self.settings.samples)} of {self.settings.samples} samples, {how}"
        shown = (
            f" Shown were the cases {', '.join(one[:_ID_DIGITS] for one in examples)}." if examples else ""
        )
        what = "found no such passage" if vote.answer == "false" else "quotes it" if vote.spans else "says so"
        return {
            "case_id": case_id,
            "field": key,
            "answer": vote.answer,
            "confidence": confidence,
            "evidence": [{"start": one.start, "end": one.end, "score": one.score} for one in vote.spans],
            "reason": f"{self.settings.model} {what} ({how}).{shown}",
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
        """Digests of the texts that it was calibrated on, and of those it shows as examples."""
        return frozenset((*self.calibration.texts, *(one.text_digest for one in self.shown.examples)))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A language model that was held against labelled cases, and what asking it brought."""

    expert: CalibratedModel
    answers: Answers

    @property
    def predictions(self) -> pa.RecordBatch:
        """What it answered, before it was calibrated."""
        return self.answers.predictions

    @property
    def failures(self) -> Mapping[str, Failed]:
        """Cases that were not answered, or not wholly."""
        return self.answers.failures

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self.answers.usage.requests

    @property
    def cost_eur(self) -> Decimal:
        """What they cost."""
        return self.answers.usage.cost_eur


@dataclass(frozen=True, slots=True)
class _Told:
    """Every reply about one case: sample by sample, and in each of them part by part."""

    parts: list[Part]
    replies: list[tuple[Replied | Failed, Usage]]
    examples: tuple[str, ...]

    def samples(self) -> list[list[tuple[Part, Replied | Failed]]]:
        """Return for each sample its parts with what came of them."""
        n = len(self.parts)
        return [
            [(part, reply) for part, (reply, _) in zip(self.parts, self.replies[at : at + n], strict=True)]
            for at in range(0, len(self.replies), n)
        ]
