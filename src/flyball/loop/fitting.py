"""Fitting an expert on labelled cases of the deployment, and on what reviewers answered.

Of the labelled cases the half that tunes is taken, the other half measures.
"""

from dataclasses import dataclass
from pathlib import Path

from flyball.core.errors import BadInput
from flyball.core.estimates import as_plain
from flyball.data.labels.columns import require_learnable
from flyball.loop.calibrating import cases_to_learn_from
from flyball.loop.deployment import digest_of_path
from flyball.loop.engine import make_expert
from flyball.loop.keeping import drafted, take_place
from flyball.loop.settings import ExpertSettings
from flyball.loop.taught import keep_taught
from flyball.loop.versions import expert_of, folder_of
from flyball.loop.workshop import Workshop
from flyball.models.experts.expert import EXPERTS, Expert, ExpertMaker

__all__ = ["FittedExpert", "fit_expert"]


@dataclass(frozen=True, slots=True)
class FittedExpert:
    """An expert that was fitted, where it is kept, on how many cases and answers of reviewers."""

    expert: Expert
    folder: Path
    cases: int
    labels_of_reviewers: int


def fit_expert(workshop: Workshop, name: str, *, seed: int = 0) -> FittedExpert:
    """Fit an expert, write it down, and keep it in its folder; until then the one before stays.

    Parameters
    ----------
    workshop : Workshop
    name : str
    seed : int
        The same seed and cases give the same expert.

    Raises
    ------
    BadInput
        Experts of that kind do not learn, or there are too few labelled cases.
    NotForTraining
        The cases are labelled so.
    """
    settings = expert_of(workshop.deployment, name)
    maker: ExpertMaker = EXPERTS.load(settings.kind)
    if maker.fit is None:
        raise BadInput(
            f"An expert of the kind {settings.kind} does not learn from cases.",
            fix="One that is asked on demand is calibrated: flyball model calibrate."
            if maker.on_demand
            else "",
            expert=name,
        )
    cases, labels, taught = cases_to_learn_from(workshop)
    require_learnable(cases, labels)
    folder = folder_of(workshop.deployment, settings)
    if maker.refit is not None and folder.is_dir():
        fitted = maker.refit(folder, cases, labels, seed)
    else:
        fitted = maker.fit(cases, labels, seed)
    with drafted(folder) as draft:
        fitted.save(draft)
        keep_taught(draft, taught)
        _refuse_unusable(workshop, settings, draft)
        workshop.ledger.append(
            kind="expert.fitted",
            actor=workshop.actor,
            body={
                "name": name,
                "version": fitted.card.version,
                "artefact": digest_of_path(draft),
                "cases": cases.num_rows,
                "labels_of_reviewers": len(taught),
                "seed": seed,
                "figures": {key: as_plain(figure) for key, figure in fitted.card.figures.items()},
            },
        )
        take_place(draft, folder)
    return FittedExpert(fitted, folder, cases.num_rows, len(taught))


def _refuse_unusable(workshop: Workshop, settings: ExpertSettings, draft: Path) -> None:
    """Refuse what could not be loaded beside the files that people keep there; the one before stays."""
    deployment = workshop.deployment
    try:
        make_expert(settings, draft, deployment.fields, deployment.state, deployment.settings.budget)
    except BadInput as err:
        raise BadInput(
            f"What {settings.name} has learned does not fit the files beside it, so the expert from before "
            f"stays: {err.message}",
            fix=f"{err.fix} Then run flyball model fit {settings.name} again.",
            expert=settings.name,
        ) from err
