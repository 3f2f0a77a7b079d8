"""`flyball replay`: decide past decisions again, with the exact components of then, and compare."""

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.digests import short
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.ledger.records import Entry
from flyball.loop.lineage import find_decision
from flyball.loop.replay import REPLAYED_KINDS, Replayed, replay
from flyball.loop.workshop import Workshop

__all__ = ["command"]

_SHOWN = 20
"""Differences of one decision, and decisions with something to say, that are shown to people."""


def command(
    decisions: Annotated[
        list[str] | None,
        typer.Argument(help="Numbers of ledger entries, case ids, or names of files.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every decision in the ledger.")] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Those written since a day or time, UTC: 2026-03-31."),
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes; 0 means one per core.", min=0)] = 0,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Decide past decisions again and hold them against the ledger, bit for bit.

    Exit code 1 where a decision differs that should be the same, or a part of it was altered.
    """
    if bool(decisions) + everything + (since is not None) != 1:
        raise BadInput(
            "Replay is asked of named decisions, of --all, or of those --since a day.",
            fix="For instance: flyball replay 42.",
        )
    output = Output(json)
    with open_workshop(deployment, output) as workshop:
        workshop.workers = workers or workshop.workers
        named = [find_decision(workshop, one, kinds=REPLAYED_KINDS) for one in decisions or []]
        chosen = iter(named) if decisions else _written(workshop, since)
        alone = len(named) == 1
        found = replay(workshop, chosen)
        shown = _Shown(output, alone=alone)
        for one in output.progress(found, "replaying", len(named)):
            shown.take(one)
    shown.finish()
    if not shown.ok or (alone and shown.counted["erased"]):
        raise typer.Exit(1)


def _written(workshop: Workshop, since: str | None) -> Iterator[Entry]:
    """Yield every decision, also those of a challenger in the shadow, oldest first."""
    start = _time(since) if since is not None else None
    kinds = (workshop.ledger.entries(kind) for kind in REPLAYED_KINDS)
    for entry in heapq.merge(*kinds, key=lambda one: one.index):
        if start is None or entry.at >= start:
            yield entry


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as err:
        raise BadInput(
            f"--since must be a day or a time, got {text!r}.", fix="Write 2026-03-31 or 2026-03-31T08:00."
        ) from err
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class _Shown:
    """Shows results as they come and counts them."""

    def __init__(self, output: Output, *, alone: bool) -> None:
        self.output = output
        self.alone = alone
        self.ok = True
        self.counted: Counter[str] = Counter()
        self.cost = Decimal(0)
        self.told = 0
        self.last: Replayed | None = None

    def take(self, one: Replayed) -> None:
        self.ok &= one.ok
        self.counted[one.status] += 1
        self.cost += Decimal(one.cost_eur)
        self.last = one
        if self.output.as_json:
            self.output.json(_as_json(one))
        elif self.alone or (one.status != "same" and self.told < _SHOWN):
            self.told += 1
            _tell(self.output, one)

    def finish(self) -> None:
        if self.alone and self.last is not None:
            return
        total = sum(self.counted.values())
        if self.output.as_json:
            self.output.json(
                {
                    "ok": self.ok,
                    "summary": {
                        "decisions": total,
                        **{name.replace(" ", "_"): self.counted[name] for name in _WORDS},
                        "cost_eur": str(self.cost),
                    },
                }
            )
            return
        if not total:
            self.output.text("There is no decision to replay.")
            return
        hidden = total - self.counted["same"] - self.told
        if hidden > 0:
            self.output.text(f"... and {hidden} more; --json lists all.")
        said = "; ".join(
            f"{self.counted[name]} {word}" for name, word in _WORDS.items() if self.counted[name]
        )
        self.output.text(f"{count(total, 'decision')} replayed: {said}.")
        if self.cost:
            self.output.text(f"Asking models again cost {self.cost} EUR.")


_WORDS = {
    "same": "the same, bit for bit",
    "differs as expected": "with other answers of models, as expected",
    "differs": "[bold red]differ although nothing changed[/]",
    "erased": "erased, so not to be had again",
    "refused": "[bold red]not replayed[/]",
}


def _tell(output: Output, one: Replayed) -> None:
    head = f"Decision {one.entry}, {escape(one.case)}, release {short(one.release)}"
    if one.problem is not None:
        output.text(
            f"[bold]{head}: {one.status}.[/] {escape(str(one.problem['message']))} "
            f"{escape(str(one.problem['fix']))}"
        )
        return
    if one.status == "same":
        output.text(f"{head}: the same, bit for bit ({one.digest_now}).")
        return
    colour = "yellow" if one.ok else "bold red"
    output.text(
        f"[{colour}]{head}: {count(len(one.differences), 'difference')}, "
        f"{'as expected' if one.ok else 'not expected'}.[/]"
    )
    if one.software_then != one.software_now:
        output.text(f"Decided with Flyball {one.software_then}, replayed with {one.software_now}.")
    output.table(
        ["where", "then", "now", "expected", "because"],
        (
            [diff.name, _short(diff.then), _short(diff.now), "yes" if diff.expected else "no", diff.why]
            for diff in sorted(one.differences, key=lambda diff: diff.expected)[:_SHOWN]
        ),
    )
    if len(one.differences) > _SHOWN:
        output.text(f"... and {len(one.differences) - _SHOWN} more; --json lists all.")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _as_json(one: Replayed) -> dict[str, object]:
    return {
        "ok": one.ok and one.status != "erased",
        "decision": one.entry,
        "kind": one.kind,
        "case": one.case,
        "release": one.release,
        "decided_at": one.decided_at,
        "status": one.status.replace(" ", "_"),
        "same": one.status == "same",
        "deterministic": not one.unrepeatable,
        "unrepeatable_experts": list(one.unrepeatable),
        "digest_then": one.digest_then,
        "digest_now": one.digest_now,
        "differences": list(one.differences),
        "software_then": one.software_then,
        "software_now": one.software_now,
        "cost_eur": one.cost_eur,
        "problem": one.problem,
    }
