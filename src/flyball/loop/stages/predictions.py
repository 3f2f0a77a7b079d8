"""Predictions: one expert answers every case of the snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flyball.loop.settings import ExpertSettings
from flyball.loop.stage import Outputs, Stage
from flyball.loop.stages.expert import load_expert
from flyball.loop.stages.snapshot import read_cases
from flyball.loop.workshop import Workshop
from flyball.models.experts.expert import PREDICTIONS, taken

__all__ = ["predictions", "read_predictions", "written"]

_CHARACTERS = 400_000
"""Of the texts in one batch, about: eight contracts, or some thousand rows."""
_FEWEST, _MOST = 8, 2_048


def predictions(settings: ExpertSettings) -> Stage:
    """Return the stage in which one expert answers."""

    def run(workshop: Workshop, outputs: Outputs) -> Mapping[str, Any]:
        expert = load_expert(workshop.deployment, settings)
        cases = read_cases(workshop, outputs["snapshot"], "cases").combine_chunks()
        batches = cases.to_batches(max_chunksize=_size_of_batch(cases))
        found = []
        for batch in workshop.progress(batches, f"{settings.name} answers", len(batches)):
            found.append(taken(batch, expert.predict(batch), settings.name))
        return written(workshop, found)

    name = settings.name
    return Stage(
        f"predictions:{name}",
        f"let {name} answer the cases",
        (f"expert:{name}", "snapshot"),
        lambda workshop: {},
        run,
        version=3,  # reasons are worded otherwise: what was kept in the words of before is answered again
    )


def written(workshop: Workshop, found: Sequence[pa.RecordBatch]) -> dict[str, Any]:
    """Keep what an expert answered; `read_predictions` reads it."""
    table = pa.Table.from_batches(found, schema=PREDICTIONS)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, PREDICTIONS) as writer:
        writer.write_table(table.combine_chunks())
    return {"answers": workshop.blobs.put(sink.getvalue().to_pybytes()), "rows": table.num_rows}


def _size_of_batch(cases: pa.Table) -> int:
    characters = int(pc.sum(pc.utf8_length(cases.column("text"))).as_py() or 0)
    rows: int = cases.num_rows
    return max(_FEWEST, min(_MOST, _CHARACTERS * rows // max(characters, 1)))


def read_predictions(workshop: Workshop, output: Mapping[str, Any]) -> pa.RecordBatch:
    """Return what the expert answered, as one batch of schema PREDICTIONS."""
    reader = pa.ipc.open_file(pa.BufferReader(workshop.blobs.get(output["answers"])))
    batches = reader.read_all().combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=PREDICTIONS)
