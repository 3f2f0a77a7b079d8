"""Schema: a reply that was asked to be JSON is JSON, and keeps the schema that was asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flyball.data.privacy.detection.records import Found
from flyball.governance.guardrails.guardrail import Guardrail, Inspector, Looked, read_settings
from flyball.governance.guardrails.json_schema import NotJson, problem_of, read_json
from flyball.governance.guardrails.records import Action, Around, Passage

__all__ = ["schema"]


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Schema:
    action: Action = "refuse"
    reach = 0  # only the whole reply says whether it keeps its schema
    quick = True

    def look(self, passages: Sequence[Passage], around: Around) -> list[Looked]:
        wanted = around.schema
        if wanted is None:
            return [Looked() for _ in passages]
        return [_look(one.text, wanted) if one.source == "model" else Looked() for one in passages]


def _look(text: str, wanted: Mapping[str, Any]) -> Looked:
    try:
        problem = problem_of(read_json(text), wanted)
    except NotJson as err:
        problem = f"the answer is not JSON ({err})"
    if not problem:
        return Looked()
    return Looked((Found(0, len(text), "", 1.0, "schema"),), 1.0, f"{problem}.")


def _open(settings: Mapping[str, Any]) -> Inspector:
    read_settings("schema", _Settings, settings)
    return _Schema()


schema = Guardrail(
    summary="Refuses a reply that is not the JSON that was asked for.",
    version=1,
    open=_open,
)
