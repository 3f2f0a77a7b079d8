"""Retention: something should be gone and is not, or could not be taken away."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from flyball.core.text import count
from flyball.loop.alerts.condition import Condition, condition
from flyball.loop.retention import retain_datasets, retention_of
from flyball.loop.text_retention import TextStanding, retain_texts, texts_standing
from flyball.loop.workshop import Workshop

__all__ = ["retention"]

_DAY_SECONDS = 86_400.0
_ACTOR = "system:watch"


def _every(workshop: Workshop) -> float:
    return _DAY_SECONDS if workshop.deployment.settings.retention else -1.0


@condition(_every)
def retention(workshop: Workshop, now: datetime) -> Iterator[Condition]:
    """Take away what is due, where `watch.run_retention` says so; then say what is overdue."""
    rules = workshop.deployment.settings.retention
    if workshop.deployment.settings.watch.run_retention:
        acting = workshop.acting(_ACTOR)
        texts, datasets = retain_texts(acting), retain_datasets(acting, rules)
    else:
        texts, datasets = texts_standing(workshop), retention_of(workshop, rules)
    waits_days = min((one.run_every_days for one in rules if one.records == "texts"), default=0)
    bad = [f"{one.dataset}: {one.problem}" for one in datasets if one.outcome in ("overdue", "failed")]
    bad += _overdue(texts, now - timedelta(days=waits_days))
    yield Condition(
        "retention/overdue",
        bool(bad),
        "ticket",
        "What should be gone is still there",
        "; ".join(bad),
        group="retention",
        runbook="retention",
    )


def _overdue(texts: TextStanding, before: datetime) -> Iterator[str]:
    if texts.left:
        yield f"{count(texts.left, 'file')} with a text that was taken away"
    if texts.due_since is not None and texts.due_since <= before:
        yield f"{count(texts.due, 'text')}, the first since {texts.due_since:%Y-%m-%d}"
