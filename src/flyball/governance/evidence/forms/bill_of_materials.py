"""The bill of materials of a release: its models and data with their digests, as CycloneDX 1.6.

Source: https://cyclonedx.org/docs/1.6/json/ (machine-learning bill of materials).
"""

import json
import uuid
from typing import Any

from flyball.governance.evidence.form import Files, form
from flyball.governance.evidence.pack import Dataset, Figure, Model, Pack

__all__ = ["bill_of_materials"]

_SPACE = uuid.UUID("6f1c0c1e-52d9-5a5b-9f0e-3d6a5b7a9c12")


@form(title="Bill of materials of models and data", source="CycloneDX 1.6 (ECMA-424)")
def bill_of_materials(pack: Pack) -> Files:
    """Write `bom.cdx.json`."""
    name, _, version = pack.software.partition(" ")
    models = [_model(pack, one) for one in pack.models]
    datasets = [_dataset(one) for one in pack.datasets]
    parts = [
        _part(part, digest)
        for part, digest in sorted(pack.parts.items())
        if not part.startswith(("expert ", "snapshot "))
    ]
    components = [*models, *datasets, *parts]
    number = uuid.uuid5(_SPACE, f"{pack.release}/{pack.made_at.isoformat()}/{pack.ledger.root}")
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {
            "timestamp": pack.made_at.isoformat(),
            "tools": {"components": [{"type": "application", "name": name, "version": version}]},
            "component": {
                "type": "application",
                "bom-ref": f"release/{pack.release}",
                "name": pack.deployment,
                "version": pack.release or "none",
                "description": pack.purpose,
            },
        },
        "components": components,
        "dependencies": [
            {
                "ref": f"release/{pack.release}",
                "dependsOn": sorted(str(one["bom-ref"]) for one in components),
            }
        ],
    }
    return {"bom.cdx.json": json.dumps(bom, indent=2, ensure_ascii=False).encode() + b"\n"}


def _hashes(digest: str) -> dict[str, Any]:
    content = digest.removeprefix("sha256:")
    return {"hashes": [{"alg": "SHA-256", "content": content}]} if len(content) == 64 else {}


def _part(name: str, digest: str) -> dict[str, Any]:
    return {"type": "file", "bom-ref": f"part/{name}", "name": name, **_hashes(digest)}


def _model(pack: Pack, one: Model) -> dict[str, Any]:
    card: dict[str, Any] = {
        "bom-ref": f"card/{one.name}",
        "modelParameters": {
            "modelArchitecture": one.kind,
            "datasets": [
                {"type": "dataset", "name": trained, "description": "Trained on"}
                for trained in one.trained_on
            ],
        },
        "considerations": {
            "useCases": [pack.purpose],
            "technicalLimitations": [*one.limits] or ["No limit is on record."],
        },
    }
    metrics = [
        _metric(name, figure) for name, figure in sorted(one.figures.items()) if figure.value is not None
    ]
    metrics += [
        _metric(record.title, record.figure, slice_="all experts of the release together")
        for record in pack.records
        if record.check.startswith(("evaluation.", "release.objectives")) and record.figure.value is not None
    ]
    if metrics:
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    return {
        "type": "machine-learning-model",
        "bom-ref": f"expert/{one.name}",
        "name": one.name,
        "version": one.version,
        "description": one.summary,
        "licenses": [{"license": {"name": one.licence}}] if one.licence else [],
        **_hashes(one.digest),
        "modelCard": card,
    }


def _metric(name: str, figure: Figure, slice_: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"type": name, "value": f"{figure.value:.6g}"}
    if slice_:
        found["slice"] = f"{slice_}, n = {figure.n}"
    if figure.low is not None and figure.high is not None:
        found["confidenceInterval"] = {"lowerBound": f"{figure.low:.6g}", "upperBound": f"{figure.high:.6g}"}
    return found


def _dataset(one: Dataset) -> dict[str, Any]:
    return {
        "type": "data",
        "bom-ref": f"snapshot/{one.name}",
        "name": one.name,
        "version": one.digest,
        **_hashes(one.digest),
        "data": [
            {
                "type": "dataset",
                "name": one.name,
                "description": one.card.get("what", "Nothing is on record."),
                "sensitiveData": [one.card.get("personal_data", "unknown")],
            }
        ],
    }
