"""Expert: load one, check that it is whole, and name it by the digest of its artefact."""

from collections.abc import Iterable, Mapping
from typing import Any

from flyball.core.digests import digest_of
from flyball.core.estimates import as_plain
from flyball.loop.deployment import Deployment, digest_of_path, expert_path
from flyball.loop.engine import make_expert
from flyball.loop.settings import ExpertSettings
from flyball.loop.stage import Outputs, Stage
from flyball.loop.versions import artefact_here, pins, refuse_unpinned
from flyball.loop.workshop import Workshop
from flyball.models.experts.expert import Expert, Trained

__all__ = ["expert", "load_expert", "seen_texts"]


def expert(settings: ExpertSettings) -> Stage:
    """Return the stage of one expert."""

    def inputs(workshop: Workshop) -> dict[str, str]:
        found = {"settings": repr(sorted(settings.settings.items())), "kind": settings.kind}
        if settings.path:
            found[settings.path] = digest_of_path(expert_path(workshop.deployment, settings))
        fields = [
            (one.key, one.kind, one.title, one.question, one.choices) for one in workshop.deployment.fields
        ]
        pinned = pins(workshop.ledger).get(settings.name)
        return found | {"fields": digest_of(fields)} | ({"pinned": pinned} if pinned else {})

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        del outputs
        here = artefact_here(workshop.deployment, settings)
        refuse_unpinned(settings.name, here.digest, pins(workshop.ledger).get(settings.name, ""))
        card = load_expert(workshop.deployment, settings).card
        artefact = digest_of(inputs(workshop))
        workshop.ledger.append(
            kind="expert.loaded",
            actor="system:turn",
            key=f"expert/{digest_of([card, artefact])}",
            body={"name": settings.name, "version": card.version, "kind": card.kind, "artefact": artefact},
        )
        return {
            "name": settings.name,
            "artefact": artefact,
            "version": card.version,
            "kind": card.kind,
            "summary": card.summary,
            "limits": list(card.limits),
            "price_eur_per_case": card.price_eur_per_case,
            "figures": {name: as_plain(figure) for name, figure in card.figures.items()},
        }

    return Stage(f"expert:{settings.name}", f"check the expert {settings.name}", (), inputs, run)


def load_expert(deployment: Deployment, settings: ExpertSettings) -> Expert:
    """Load an expert of the working folder."""
    path = expert_path(deployment, settings)
    return make_expert(settings, path, deployment.fields, deployment.state, deployment.settings.budget)


def seen_texts(experts: Iterable[Expert]) -> frozenset[str]:
    """Return the digests of all texts that any of the experts was trained on."""
    return frozenset().union(*(one.seen_texts for one in experts if isinstance(one, Trained)))
