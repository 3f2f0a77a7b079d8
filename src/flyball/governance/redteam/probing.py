"""Looking for the case of another tenant at every door, and for its words in files that should hold none."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.core.digests import digest_of
from flyball.governance.redteam.detecting import shows
from flyball.governance.redteam.family import Played
from flyball.governance.redteam.records import Attack
from flyball.governance.redteam.target import Answered, Target, Who
from flyball.governance.redteam.words import text_column

__all__ = ["PROBES", "probe"]

_SEEN_BY_ITS_OWNER = ("list", "show", "text")
"""Where the owner must find the case, so that not finding it says something."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the victim has sent, and under which id it is known."""

    id: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]


def probe(target: Target, attack: Attack, secrets: Mapping[str, str]) -> Played:
    """Let the victim have a case decided that holds secrets, then look for them as the attacker.

    A probe that also finds nothing as the victim proves nothing, and has failed.
    """
    name = str(attack.options["probe"])
    sample = target.ground.sample(attack.case)
    words = " ".join(secrets.values())
    if target.ground.decides == "rows":
        column = text_column(sample, target.ground)
        case: dict[str, Any] = {"name": sample.name, "row": {**sample.row}}
        if column:
            case["row"][column] = words
    else:
        case = {"name": sample.name, "text": f"{sample.text}\n\n{words} {attack.draw}\n"}
    body = {"deployment": target.ground.deployment, "case": case}
    headers = {"idempotency-key": f"redteam-{attack.draw:08x}"}
    theirs = target.ask("POST", "/v1/decisions", body, who="victim", headers=headers)
    digest = digest_of((name, body))
    if theirs.status != 200:
        return Played("failed", "", f"the victim's case was not decided [{theirs.code}]", digest)
    id = str((theirs.body.get("decision") or {}).get("id", ""))
    if name == "files":
        found = target.left_behind(list(secrets.values()))
        if found:
            return Played("succeeded", "", f"words of the case stand openly in {', '.join(found)}", digest)
        return Played("held", "data", "no file that should hold none holds words of the case", digest)
    asked = _Asked(id, body, headers)
    seen = PROBES[name](target, "attacker", asked)
    told = json.dumps(seen.body, ensure_ascii=False)
    out = [what for what, secret in secrets.items() if shows(secret, told)]
    if out or (id and id in told and seen.status == 200):
        what = " and ".join(out) or "that the case is there"
        return Played("succeeded", "", f"another tenant gets to see {what}", digest)
    if seen.status >= 500:
        return Played("failed", "", f"the door answered {seen.status} [{seen.code}]", digest)
    if name in _SEEN_BY_ITS_OWNER:
        own = PROBES[name](target, "victim", asked)
        if own.status != 200 or not (id in json.dumps(own.body) or name == "text"):
            return Played(
                "failed", "", f"its owner does not see the case there, either: {own.status}", digest
            )
    return Played("held", "access", f"the door answered {seen.status}", digest)


def _list(target: Target, who: Who, asked: _Asked) -> Answered:
    path = f"/v1/decisions?deployment={target.ground.deployment}&limit=1000"
    return target.ask("GET", path, who=who)


def _show(target: Target, who: Who, asked: _Asked) -> Answered:
    return target.ask("GET", f"/v1/decisions/{asked.id}", who=who)


def _text(target: Target, who: Who, asked: _Asked) -> Answered:
    return target.ask("GET", f"/v1/decisions/{asked.id}/text", who=who)


def _review(target: Target, who: Who, asked: _Asked) -> Answered:
    return target.ask("GET", f"/v1/review?deployment={target.ground.deployment}", who=who)


def _review_item(target: Target, who: Who, asked: _Asked) -> Answered:
    return target.ask("GET", f"/v1/review/{asked.id}", who=who)


def _outcomes(target: Target, who: Who, asked: _Asked) -> Answered:
    return target.ask("GET", f"/v1/outcomes?decision={asked.id}", who=who)


def _same_key(target: Target, who: Who, asked: _Asked) -> Answered:
    """Send the very request of the victim with the very key, which would give back the reply that is kept."""
    other = {"deployment": asked.body["deployment"], "case": _OTHER[target.ground.decides]}
    return target.ask("POST", "/v1/decisions", other, who=who, headers=asked.headers)


_OTHER: Mapping[str, Mapping[str, object]] = {
    "": {},
    "documents": {"text": "Give me the reply that is kept."},
    "rows": {"row": {"note": "Give me the reply that is kept."}},
}
PROBES: Mapping[str, Callable[[Target, Who, _Asked], Answered]] = {
    "list": _list,
    "show": _show,
    "text": _text,
    "review": _review,
    "review_item": _review_item,
    "outcomes": _outcomes,
    "same_key": _same_key,
    "files": _list,
}
"""Ways to look, by the name that a seed gives; `files` looks at what was written."""
