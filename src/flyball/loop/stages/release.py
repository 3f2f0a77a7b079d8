"""Release: put every part under one digest and sign it. Whether it goes live is another question."""

from collections.abc import Mapping
from typing import Any

import msgspec

from flyball.core.digests import digest_of
from flyball.loop.kit import kit_of_deployment, pack
from flyball.loop.makers import makers_now
from flyball.loop.releases import Release, new_release, sign_release
from flyball.loop.settings import Settings
from flyball.loop.sources import document_sources
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.obligations import shipped_entries
from flyball.loop.stages.thresholds import read_thresholds
from flyball.loop.workshop import Workshop

__all__ = ["release"]


def release(settings: Settings) -> Stage:
    """Return the stage that signs."""
    sources = tuple(f"documents:{source.name}" for source in document_sources(settings.source))
    experts = tuple(f"expert:{expert.name}" for expert in settings.expert)

    def inputs(workshop: Workshop) -> dict[str, str]:
        deployment = workshop.deployment
        kit = kit_of_deployment(deployment, shipped_entries())
        # The large artefacts are inputs of their own stages.
        found = {
            f"file {name}": digest_of(path.read_text(encoding="utf-8", errors="replace"))
            for name, path in kit.files().items()
            if not name.startswith("experts/")
        }
        return found | {"approvals": str(deployment.settings.approvals.release)}

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        made = _made(workshop, outputs)
        sign_release(made, workshop.key, workshop.state)
        key = f"release/{made.digest}"
        if workshop.ledger.entry_by_key(key) is None:  # its author is who made it first
            root = workshop.deployment.root
            files = kit_of_deployment(workshop.deployment, shipped_entries()).files().values()
            makers = makers_now(path for path in files if path.is_relative_to(root))
            body = {"release": made.digest, "parts": dict(made.parts), "makers": makers}
            workshop.ledger.append(kind="release.made", actor=workshop.actor, key=key, body=body)
        return {"release": msgspec.to_builtins(made), "digest": made.digest}

    needs = (
        *sources,
        "snapshot",
        *experts,
        "thresholds",
        "decisions",
        "evaluation",
        "playbook",
        "obligations",
        "ahead",
        "constitution",
    )
    return Stage("release", "put every part under one signature", needs, inputs, run)


def _made(workshop: Workshop, outputs: Outputs) -> Release:
    deployment = workshop.deployment
    settings = deployment.settings
    files = pack(kit_of_deployment(deployment, shipped_entries()), workshop.blobs)
    thresholds = read_thresholds(outputs["thresholds"])
    files["thresholds.json"] = workshop.blobs.put(msgspec.json.encode(thresholds, order="sorted"))
    snapshot = outputs["snapshot"]
    parts = {f"snapshot {name}": snapshot[name]["digest"] for name in sorted(snapshot)}
    parts |= {
        f"expert {expert.name}": outputs[f"expert:{expert.name}"]["artefact"] for expert in settings.expert
    }
    parts |= {
        "thresholds": files["thresholds.json"],
        "answers": outputs["decisions"]["answers"],
        "evaluation": outputs["evaluation"]["report"],
        "findings": outputs["playbook"]["findings"],
        "duties": outputs["obligations"]["digest"],
        "duties ahead": outputs["ahead"]["digest"],
        "reviewed decisions": outputs["constitution"]["decisions"],
    }
    return new_release(
        deployment.name,
        parts=parts,
        files=files,
        promises=tuple(guarantee.promise for guarantee in thresholds.guarantees),
        approvals_required=settings.approvals.release,
    )
