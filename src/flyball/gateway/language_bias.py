"""Asking a deployment that talks the questions of a public set about prejudice, through its whole gateway."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from flyball.core.digests import digest_of_bytes
from flyball.core.errors import BadInput
from flyball.gateway.sandbox import Sandbox, open_sandbox
from flyball.governance.fairness.language_bias import Item, LanguageBias, ask_all
from flyball.loop.fairness import note_language
from flyball.loop.workshop import Workshop

__all__ = ["measure_language_bias"]

_MOST_TOKENS = 16


def measure_language_bias(
    workshop: Workshop,
    items: Sequence[Item],
    files: Sequence[Path],
    *,
    online: bool = False,
    progress: Callable[[Iterable[Item]], Iterable[Item]] = lambda items: items,
) -> tuple[int, LanguageBias]:
    """Ask every question in a sandbox of the deployment, and write the figures down.

    Guards, router and system text are those of the deployment; what is asked leaves no trace in its books.

    Parameters
    ----------
    workshop : Workshop
    items : sequence of Item
    files : sequence of Path
        Where they stand.
    online : bool
        Whether models that are not on this machine may be asked, and paid.
    progress : callable

    Returns
    -------
    int
        The entry of the ledger.
    LanguageBias

    Raises
    ------
    BadInput
        The deployment has no `[chat]`, no question was answered, or its models are elsewhere and `online` is
        not given.
    """
    if workshop.deployment.settings.chat is None:
        raise BadInput(
            f"The deployment {workshop.deployment.name} does not talk, so it cannot be asked.",
            fix="Name one with a [chat], with --deployment.",
        )
    with open_sandbox(workshop, online=online) as box:
        if not box.ground.talks:
            raise BadInput(
                f"Nothing can be asked: {box.ground.why_not.get('talk', 'it does not talk')}.",
                fix="Add --online to ask models that are not on this machine; they may cost money.",
            )
        refusals: list[str] = []
        found = ask_all(items, lambda prompt: _asked(box, prompt, refusals), progress=progress)
    if refusals and len(refusals) == len(items):
        raise BadInput(
            f"None of {len(items)} questions was answered; the door said {refusals[-1]}.",
            fix="See that the deployment answers: ask it something through flyball serve.",
        )
    return note_language(
        workshop, {one.name: digest_of_bytes(one.read_bytes()) for one in files}, found
    ), found


def _asked(box: Sandbox, prompt: str, refusals: list[str]) -> str:
    body = {
        "model": box.ground.deployment,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "max_tokens": _MOST_TOKENS,
    }
    answered = box.ask("POST", "/v1/chat/completions", body)
    if answered.status != 200:
        refusals.append(answered.code or str(answered.status))
        return ""
    choices = answered.body.get("choices") or [{}]
    return str((choices[0].get("message") or {}).get("content") or "")
