"""The stages of a deployment, in the order in which a turn walks them."""

from flyball.core.errors import BadInput
from flyball.loop.settings import ExpertSettings, Settings, talks_only
from flyball.loop.sources import document_sources
from flyball.loop.stage import Stage
from flyball.loop.stages.ahead import ahead
from flyball.loop.stages.asking import asking, is_on_demand
from flyball.loop.stages.constitution import constitution
from flyball.loop.stages.decisions import decisions
from flyball.loop.stages.documents import documents
from flyball.loop.stages.evaluation import evaluation
from flyball.loop.stages.expert import expert
from flyball.loop.stages.obligations import obligations
from flyball.loop.stages.playbook import playbook
from flyball.loop.stages.predictions import predictions
from flyball.loop.stages.release import release
from flyball.loop.stages.snapshot import snapshot
from flyball.loop.stages.thresholds import thresholds

__all__ = ["stages_of"]


def stages_of(settings: Settings) -> tuple[Stage, ...]:
    """Return every stage; each stands after those that it needs.

    Raises
    ------
    BadInput
        The deployment only talks: there is nothing to test and to release.
    """
    if talks_only(settings):
        raise BadInput(
            f"{settings.deployment.name} only talks: it has a [chat], and no [[source]] to decide about.",
            fix="Serve it with flyball serve, or add [[source]] and fields.toml to decide cases as well.",
        )
    return (
        *(documents(source) for source in document_sources(settings.source)),
        snapshot(document_sources(settings.source)),
        *(expert(one) for one in settings.expert),
        *(asking(one, settings) if is_on_demand(one) else predictions(one) for one in _in_order(settings)),
        thresholds(settings),
        decisions(settings),
        evaluation(settings),
        playbook(settings),
        obligations(),
        ahead(),
        constitution(settings),
        release(settings),
    )


def _in_order(settings: Settings) -> list[ExpertSettings]:
    """Return the experts with those on demand last: they are asked what the others are not sure of."""
    return sorted(settings.expert, key=is_on_demand)
