"""Which experts of a deployment may be asked about a case, out of flyball.toml and the circumstances."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from flyball.core.hosts import is_this_machine
from flyball.core.records import Context
from flyball.governance.obligations.jurisdictions import covers
from flyball.loop.settings import DeploymentSettings, ExpertSettings, RouterSettings
from flyball.models.experts.expert import ExpertCard
from flyball.models.router.constraints import Candidate, Circumstances, admit

__all__ = ["passed_over"]

_ADDRESSES = ("base_url", "url", "endpoint")
"""Settings of an expert that say where cases are sent."""


def passed_over(
    experts: Sequence[ExpertSettings],
    cards: Sequence[ExpertCard],
    about: DeploymentSettings,
    router: RouterSettings,
    context: Context,
) -> Mapping[str, str]:
    """Return the experts that may not be asked, each with the constraint and the reason.

    Parameters
    ----------
    experts : sequence of ExpertSettings
    cards : sequence of ExpertCard
        Under the same names.
    about : DeploymentSettings
    router : RouterSettings
    context : Context
        Of the case: its data labels, and the day for which membership of the EU and the like is looked up.

    Returns
    -------
    mapping of str to str
        By name: "residency: the data must stay within EU, and ...".
    """
    kinds = {card.name: card.kind for card in cards}
    candidates = []
    for one in experts:
        host = _host(one)
        timeout = one.settings.get("timeout_seconds")
        known = isinstance(timeout, int | float) and not isinstance(timeout, bool)
        candidates.append(
            Candidate(
                name=one.name,
                kind=kinds.get(one.name, "external"),
                host="" if is_this_machine(host) or not host else host,
                place=one.about.place,
                vendor=one.about.vendor,
                usual_ms=one.about.usual_ms,
                longest_ms=float(timeout) * 1000 if known and timeout is not None else None,
                purposes=one.about.purposes,
                never_sees=one.about.never_sees,
                learns_from_input=one.about.learns_from_input,
                out_of_service=one.about.out_of_service,
            )
        )
    around = Circumstances(
        data_labels=context.data_labels,
        purpose_tags=about.tags,
        vendors=router.vendors,
        latency_ms=router.latency_ms or None,
        covers=lambda area, place: covers(area, place, context.as_of),
    )
    return {one.name: f"{one.constraint}: {one.why}" for one in admit(candidates, around).passed_over}


def _host(one: ExpertSettings) -> str:
    """Return the host that an expert talks to; "" for none. What cannot be read as a URL is no place."""
    for name in _ADDRESSES:
        written = one.settings.get(name)
        if isinstance(written, str) and written:
            return urlsplit(written).hostname or written
    return ""
