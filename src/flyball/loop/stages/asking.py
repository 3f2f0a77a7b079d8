"""Asking: an expert that costs money answers what nobody before it was sure of, as in a live decision."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput, FlyballError
from flyball.core.text import count
from flyball.loop.settings import ExpertSettings, Settings
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.expert import load_expert
from flyball.loop.stages.predictions import read_predictions, written
from flyball.loop.stages.snapshot import read_cases
from flyball.loop.stages.thresholds import choose, own_answers
from flyball.loop.taught import taught_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.expert import EXPERTS, Calibrated, Expert, OnDemand, taken
from flyball.models.router.route import order_of, unsettled

__all__ = ["AskedInVain", "asked_before", "asking", "calibrated_among", "is_on_demand", "wanted_of"]

_TOGETHER = 16
_FAILED_SHARE = 0.5


class AskedInVain(FlyballError):
    """An expert gave no answer for most of the cases that it was asked about."""

    code = "loop.asked_in_vain"
    retry = True
    exit_code = 3


def is_on_demand(settings: ExpertSettings) -> bool:
    """Return whether an expert is asked only about what others are not sure of."""
    return bool(EXPERTS.load(settings.kind).on_demand)


def asked_before(settings: Settings, name: str) -> tuple[ExpertSettings, ...]:
    """Return the experts that answer before the expert `name` is asked, in the order of flyball.toml.

    All that are asked anyway come first, then those on demand as they are declared.
    """
    place = next(number for number, one in enumerate(settings.expert) if one.name == name)
    return tuple(one for number, one in enumerate(settings.expert) if not is_on_demand(one) or number < place)


def asking(expert_settings: ExpertSettings, settings: Settings) -> Stage:
    """Return the stage in which one expert on demand is asked."""
    name = expert_settings.name
    before = asked_before(settings, name)

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        everybody = {one.name: load_expert(workshop.deployment, one) for one in settings.expert}
        expert, experts = everybody[name], {one.name: everybody[one.name] for one in before}
        if not isinstance(expert, OnDemand):
            raise TypeError(f"the shelf says that {expert_settings.kind} is asked on demand")
        _refuse_other_order(name, expert, experts)
        cases = read_cases(workshop, outputs["snapshot"], "cases").combine_chunks()
        labels = read_cases(workshop, outputs["snapshot"], "labels")
        given = {one.name: read_predictions(workshop, outputs[f"predictions:{one.name}"]) for one in before}
        sharing = calibrated_among(everybody.values())
        wanted = wanted_of(workshop, cases, labels, experts, given, expert.card.fields, sharing=sharing)
        found, failures, cost = [], dict[str, str](), Decimal(0)
        batches = cases.to_batches(max_chunksize=_TOGETHER)
        for batch in workshop.progress(batches, f"{name} is asked", len(batches)):
            told = expert.answer(batch, wanted=wanted)
            found.append(taken(batch, told.predictions, name))
            failures |= {case: failed.error for case, failed in told.failures.items()}
            cost += sum(told.costs.values(), Decimal(0))
        if len(failures) > _FAILED_SHARE * max(len(wanted), 1):
            raise AskedInVain(
                f"{name} gave no answer for {len(failures)} of {count(len(wanted), 'case')}. The first says: "
                f"{next(iter(failures.values()))}",
                fix="Mend what it says, then run `flyball turn` again.",
                expert=name,
            )
        return written(workshop, found) | {
            "asked": len(wanted),
            "fields_asked": sum(len(keys) for keys in wanted.values()),
            "failures": failures,
            "cost_eur": format(cost, "f"),
        }

    needs = (
        "snapshot",
        *(f"expert:{one.name}" for one in settings.expert),
        *(f"predictions:{one.name}" for one in before),
    )

    def inputs(workshop: Workshop) -> dict[str, str]:
        return {"promise": digest_of(workshop.deployment.settings.promise)}

    return Stage(f"predictions:{name}", f"ask {name} what nobody is sure of", needs, inputs, run, version=3)


def calibrated_among(experts: Iterable[Expert]) -> int:
    """Return how many experts share the promise."""
    return sum(isinstance(one, Calibrated) for one in experts)


def wanted_of(
    workshop: Workshop,
    cases: pa.Table,
    labels: pa.Table,
    experts: Mapping[str, Expert],
    given: Mapping[str, pa.RecordBatch],
    fields: Sequence[str],
    *,
    sharing: int,
) -> dict[str, tuple[str, ...]]:
    """Return what somebody else has to be asked about, by the thresholds that these experts will have.

    Parameters
    ----------
    workshop : Workshop
    cases, labels : Table
        Of the snapshot.
    experts : mapping of str to Expert
        Those who have answered.
    given : mapping of str to RecordBatch of schema PREDICTIONS
        What they have answered.
    fields : sequence of str
        What the one who would be asked can answer.
    sharing : int
        How many experts share the promise, those included that have not answered yet: with the share of
        each the thresholds here are those of the release, and asked is what is asked live.
    """
    own = own_answers(experts, given, cases, labels)
    settings = workshop.deployment.settings
    taught = {one.name: taught_of(workshop.deployment, one) for one in settings.expert if one.name in experts}
    thresholds = choose(experts, settings.promise, own, sharing=sharing, taught=taught)
    cards = [replace(one.card, name=name) for name, one in experts.items()]
    return unsettled(cases.column("case_id").to_pylist(), fields, given, cards, thresholds)


def _refuse_other_order(name: str, expert: Expert, before: Mapping[str, Expert]) -> None:
    """Refuse an order in which a dearer expert is asked first: live, the cheaper one is."""
    cards = [replace(one.card, name=other) for other, one in (*before.items(), (name, expert))]
    order = [card.name for card in order_of(cards)]
    for other in _behind(order, name):
        if isinstance(before[other], OnDemand):
            raise BadInput(
                f"{other} is dearer than {name} and stands before it in flyball.toml.",
                fix=f"Move [[expert]] {name} before {other}: the cheaper one is asked first.",
                expert=name,
            )


def _behind(order: Sequence[str], name: str) -> Iterator[str]:
    yield from order[order.index(name) + 1 :]
