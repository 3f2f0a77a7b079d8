"""Poisoning: what labels that were turned round on purpose would do to thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import pyarrow as pa

from flyball.governance.redteam.target import Moved
from flyball.loop.halves import in_tuning_half
from flyball.loop.stages.expert import load_expert
from flyball.loop.stages.snapshot import read_part
from flyball.loop.stages.thresholds import choose, own_answers
from flyball.loop.taught import taught_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.expert import Calibrated, Expert, OnDemand, taken
from flyball.models.router.thresholds import Thresholds

__all__ = ["Poisonable", "poisonable_of"]


@dataclass(frozen=True, slots=True)
class Poisonable:
    """The labelled cases of a release with what every expert says about them; asked once.

    Parameters
    ----------
    workshop : Workshop
    experts : mapping of str to Expert
    given : mapping of str to RecordBatch
    cases, labels : Table
    """

    workshop: Workshop
    experts: Mapping[str, Expert]
    given: Mapping[str, pa.RecordBatch]
    cases: pa.Table
    labels: pa.Table

    def poisoned(self, share: float, field: str, answer: str, draw: int) -> Moved:
        """Turn a share of the labels that thresholds are chosen by, choose them, and compare.

        Parameters
        ----------
        share : float
            Of the labels of the tuning half.
        field : str
            "" for every one.
        answer : str
            What they are turned to; "expert" for what the experts say, which hides their mistakes.
        draw : int
            The same one turns the same labels.
        """
        rows = self.labels.to_pylist()
        mine = [
            place
            for place, row in enumerate(rows)
            if in_tuning_half(row["case_id"]) and (not field or row["field"] == field)
        ]
        said = self._said() if answer == "expert" else {}
        wanted = {
            place: said.get((rows[place]["case_id"], rows[place]["field"]), "") if said else answer
            for place in mine
        }
        able = [place for place in mine if wanted[place] and rows[place]["answer"] != wanted[place]]
        random = Random(draw)  # noqa: S311 - the same attack turns the same labels
        turned = random.sample(able, min(len(able), round(share * len(mine))))
        for place in turned:
            rows[place] = {**rows[place], "answer": wanted[place], "spans": []}
        poisoned = pa.Table.from_pylist(rows, schema=self.labels.schema)
        before, after = (self._leaving(self._chosen(one)) for one in (self.labels, poisoned))
        more = set(after) - set(before)
        truth = {(row["case_id"], row["field"]): row["answer"] for row in self.labels.to_pylist()}
        wrong = sum(truth.get(key[1:], after[key]) != after[key] for key in more)
        return Moved(len(turned), len(mine), len(more), wrong, len(set(before) - set(after)))

    def _said(self) -> dict[tuple[str, str], str]:
        found = {}
        for name, batch in self.given.items():
            if isinstance(self.experts[name], Calibrated):
                for row in batch.to_pylist():
                    found[row["case_id"], row["field"]] = row["answer"]
        return found

    def _chosen(self, labels: pa.Table) -> Thresholds:
        settings = self.workshop.deployment.settings
        taught = {one.name: taught_of(self.workshop.deployment, one) for one in settings.expert}
        own = own_answers(self.experts, self.given, self.cases, labels)
        return choose(self.experts, settings.promise, own, taught=taught)

    def _leaving(self, thresholds: Thresholds) -> dict[tuple[str, str, str], str]:
        """Return the answers to own cases that would leave, by expert, case and field."""
        found = {}
        for name, batch in self.given.items():
            if not isinstance(self.experts[name], Calibrated):
                continue
            by = thresholds.recalibrations.get(name)
            for row in batch.to_pylist():
                answer, confidence = row["answer"], row["confidence"]
                if by is not None:
                    answer, confidence = by.answer(answer, confidence)
                if confidence >= thresholds.least(name, row["field"], answer):
                    found[name, row["case_id"], row["field"]] = answer
        return found


def poisonable_of(workshop: Workshop, parts: Mapping[str, str]) -> Poisonable | None:
    """Return the labelled cases of a release; None where no threshold rests on labels.

    Parameters
    ----------
    workshop : Workshop
        Whose experts answer; the ones that are asked on demand are left out, for asking them may cost.
    parts : mapping of str to str
        Of the release.
    """
    cases, labels = (read_part(workshop, parts, what) for what in ("cases", "labels"))
    settings = workshop.deployment.settings.expert
    loaded = {one.name: load_expert(workshop.deployment, one) for one in settings}
    experts = {name: one for name, one in loaded.items() if not isinstance(one, OnDemand)}
    if not labels.num_rows or not any(isinstance(one, Calibrated) for one in experts.values()):
        return None
    (batch,) = cases.combine_chunks().to_batches()
    given = {name: taken(batch, one.predict(batch), name) for name, one in experts.items()}
    return Poisonable(workshop, experts, given, cases, labels)
