"""How the suite gets a decision table: the triage rules of contract review, and one that decides."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TABLE = """rule,if characters,if text,then field,then decide,then reason
T-1,< 200,,*,refer,Too short.
T-2,>= 200,contains none of: insur,insurance,no,The text says nothing of insurance.
"""


@contextmanager
def made(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    path = folder / "triage.csv"
    path.write_text(TABLE)
    yield path, {"fields": ("insurance", "non_compete")}
