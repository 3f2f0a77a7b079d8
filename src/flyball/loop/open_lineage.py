"""Export lineage as OpenLineage run events, for catalogues that read them.

Source: OpenLineage 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json, and its standard facets.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flyball import __version__
from flyball.loop.lineage import Lineage, Node
from flyball.loop.workshop import Workshop

__all__ = ["open_lineage_events"]

_PRODUCER = f"https://pypi.org/project/flyball/{__version__}/"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets"
_NAMESPACE = uuid.UUID("2f7d2b5c-5a8c-5f0e-9a63-6f6c79626c6c")
"""Of the ids of runs: the same graph gives the same events."""
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Where no record says when: the format asks for a time, and now would be a lie."""


def open_lineage_events(workshop: Workshop, graph: Lineage) -> Iterator[dict[str, Any]]:
    """Yield one COMPLETE event for everything in the graph that was made from something.

    Parameters
    ----------
    workshop : Workshop
    graph : Lineage

    Yields
    ------
    dict
        A RunEvent. Every node is a dataset; what made it is a job.
    """
    deployment = workshop.deployment.name
    made: dict[str, list[tuple[str, str]]] = {}
    for edge in graph.edges:
        made.setdefault(edge.target, []).append((edge.source, edge.how))
    for target, sources in made.items():
        node = graph.nodes[target]
        run = uuid.uuid5(_NAMESPACE, f"{deployment}/{target}")
        yield {
            "eventType": "COMPLETE",
            "eventTime": (node.at or _UNDATED).isoformat(),
            "producer": _PRODUCER,
            "schemaURL": _SCHEMA,
            "run": {"runId": str(run), "facets": {}},
            "job": {
                "namespace": f"flyball/{deployment}",
                "name": f"make {node.kind} {node.name}",
                "facets": {
                    "jobType": _facet(
                        "2-0-3/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
                        processingType="BATCH",
                        integration="FLYBALL",
                        jobType=node.kind.upper(),
                    )
                },
            },
            "inputs": [_dataset(deployment, graph.nodes[source]) for source, _ in sources],
            "outputs": [_dataset(deployment, node)],
        }


def _dataset(deployment: str, node: Node) -> dict[str, Any]:
    facets: dict[str, Any] = {
        "documentation": _facet(
            "1-0-1/DocumentationDatasetFacet.json#/$defs/DocumentationDatasetFacet",
            description=f"{node.kind} {node.name}" + (f"; {node.detail}" if node.detail else ""),
        )
    }
    if node.digest:
        facets["version"] = _facet(
            "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
            datasetVersion=node.digest,
        )
    return {"namespace": f"flyball/{deployment}", "name": f"{node.kind}/{node.name}", "facets": facets}


def _facet(schema: str, **values: str) -> dict[str, str]:
    return {"_producer": _PRODUCER, "_schemaURL": f"{_FACETS}/{schema}", **values}
