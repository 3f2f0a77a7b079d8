"""Ahead: which duties begin, end or change on a day to come, as far as is known today.

A date that is moved before it has come changes nothing that is in force, so no case is tested again for it;
but what people plan by is another thing, so it is another release.
"""

from collections.abc import Mapping
from typing import Any

from flyball.core.digests import digest_of
from flyball.governance.obligations.records import Upcoming
from flyball.loop.law import changes_ahead
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.obligations import catalogue_of, kinds_of
from flyball.loop.workshop import Workshop

__all__ = ["AHEAD_DAYS", "ahead", "duties_ahead"]

AHEAD_DAYS = 20 * 366
"""How far a turn looks."""


def ahead() -> Stage:
    """Return the stage that looks ahead."""

    def inputs(workshop: Workshop) -> dict[str, str]:
        return {_name(one): one.obligation.digest for one in duties_ahead(workshop)}

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        del outputs
        found = [
            {
                "day": one.day.isoformat(),
                "event": one.event,
                "id": one.obligation.id,
                "key": one.obligation.key,
                "digest": one.obligation.digest,
                "title": one.obligation.title,
            }
            for one in duties_ahead(workshop)
        ]
        return {"ahead": found, "digest": digest_of(found)}

    return Stage("ahead", "ask which duties begin, end or change on a day to come", (), inputs, run)


def duties_ahead(workshop: Workshop) -> tuple[Upcoming, ...]:
    """Return the days to come, as known today, soonest first."""
    deployment, today = workshop.deployment, workshop.today
    return changes_ahead(
        catalogue_of(deployment),
        today,
        AHEAD_DAYS,
        deployment.settings.deployment,
        deployment.fields,
        kinds_of(deployment),
        as_known_on=today,
    )


def _name(one: Upcoming) -> str:
    return f"duty {one.obligation.key} {one.event} on {one.day}"
