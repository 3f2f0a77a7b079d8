"""How the suite gets a language model: over a server on this machine that finds one sentence."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flyball.core.records import Field

FAKE = Path(__file__).parents[2] / "models/experts/language_model/fake_endpoint.py"
FIELDS = (Field("governing_law", "Governing Law", "Which law?"), Field("insurance", "Insurance", "Insured?"))


def _model(system: str, message: str) -> list[dict[str, object]]:
    sentence = next((line for line in message.splitlines() if "governed by" in line), "")
    found = {"field": "governing_law", "present": bool(sentence), "quotes": [sentence] if sentence else []}
    return [found, {"field": "insurance", "present": False, "quotes": []}]


@contextmanager
def made(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    spec = importlib.util.spec_from_file_location("fake_endpoint", FAKE)
    assert spec is not None
    assert spec.loader is not None
    fake = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fake)
    with fake.serving(_model) as endpoint:
        yield (
            folder,
            {
                "provider": "openai-compatible",
                "model": "fake-1",
                "base_url": f"{endpoint.url}/v1",
                "api_key": "none",
                "fields": FIELDS,
                "timeout_seconds": 20.0,
            },
        )
