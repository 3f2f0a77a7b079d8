"""How the suite gets a model from elsewhere: over HTTP, from a server of this test that finds one phrase."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flyball.core.records import Field

SERVER = Path(__file__).parents[2] / "models/experts/external/model_server.py"


def _model(case: dict[str, object]) -> list[dict[str, object]]:
    text = str(case["text"])
    at = text.find("governed by")
    found: dict[str, object] = {"case_id": case["case_id"], "field": "governing_law", "answer": at >= 0}
    if at >= 0:
        found["evidence"] = [{"start": at, "end": at + len("governed by")}]
    return [found]


@contextmanager
def made(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    spec = importlib.util.spec_from_file_location("model_server", SERVER)
    assert spec is not None
    assert spec.loader is not None
    server = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(server)
    with server.serving(_model) as model:
        fields = (Field("governing_law", "Governing Law", "Which law?"),)
        yield folder, {"via": "http", "base_url": model.url, "fields": fields, "timeout_seconds": 20.0}
