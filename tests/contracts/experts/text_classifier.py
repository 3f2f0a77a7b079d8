"""How the suite gets a text classifier: one that was fitted on sentences with and without a choice of law."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from flyball.models.experts.text_classifier.fit import fit

YES = "This Agreement shall be governed by the laws of {}."
NO = "Each party shall maintain insurance and pay {} within thirty days."


@contextmanager
def made(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    texts = [(YES if number % 2 else NO).format(f"place {chr(97 + number % 26)}") for number in range(80)]
    ids = [f"{number:04d}" for number in range(80)]
    cases = pa.table({"case_id": ids, "text": texts, "text_digest": ids})
    answers = ["true" if number % 2 else "false" for number in range(80)]
    labels = pa.table({"case_id": ids, "field": ["governing_law"] * 80, "answer": answers})
    fit(cases, labels, 0).save(folder / "classifier")
    yield folder / "classifier", {}
