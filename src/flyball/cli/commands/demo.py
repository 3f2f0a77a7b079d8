"""`flyball demo`: one whole turn of the loop on the sample contracts; or the changed law of 2026, played."""

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.commands.impact import as_json as impact_as_json
from flyball.cli.commands.impact import in_all
from flyball.cli.commands.turn import as_json, show_turn, turn_with_talk
from flyball.cli.output import Output
from flyball.cli.session import JsonOption, open_workshop
from flyball.cli.shown import summary_columns, summary_row
from flyball.core.digests import short
from flyball.core.text import count
from flyball.evaluation.table import render_table
from flyball.loop.init import init_deployment
from flyball.loop.law_demo import CHANGES, Played, days_of, play, set_up
from flyball.loop.stages.evaluation import read_report

__all__ = ["command"]


def command(
    folder: Annotated[
        Path | None, typer.Option("--folder", "-f", help="Where it lives.", show_default=False)
    ] = None,
    law: Annotated[bool, typer.Option("--law", help="Play the three changes of law of 2026.")] = False,
    json: JsonOption = False,
) -> None:
    """Review the shipped sample contracts: one whole turn of the loop, a table, a report."""
    output = Output(json)
    if law:
        _play_law((folder or Path("demo-law")).absolute(), output)
    else:
        _turn((folder or Path("demo")), output)


def _turn(folder: Path, output: Output) -> None:
    if not (folder / "flyball.toml").is_file():
        init_deployment("contract-review", folder.absolute())
        output.say(f"Made {folder} with the sample contracts, rules and constitution.")
    with open_workshop(str(folder.absolute()), output) as workshop:
        done = turn_with_talk(workshop, output)
        report = read_report(workshop, done.turn.outputs["evaluation"])
    if output.as_json:
        output.json(as_json(done))
        sys.exit(0 if done.promoted.live else 1)
    output.text()
    output.table(
        summary_columns("contract"),
        (summary_row(one.decision.case_name, one.decision) for one in done.issued),
    )
    output.text()
    output.out.print(render_table(report), markup=False)
    output.text()
    show_turn(done, output)
    output.text()
    output.text(f"Now edit a rule in {escape(str(folder))}/rules/playbook, then:")
    output.text(f"  .venv/bin/flyball plan -d {escape(str(folder))}")
    output.text(f"  .venv/bin/flyball turn -d {escape(str(folder))}")
    if not done.promoted.live:
        sys.exit(1)


def _play_law(folder: Path, output: Output) -> None:
    """Play each change on both deployments; say what it touches, what ran, what did not, and how long."""
    tell: Callable[[str], None] = output.say if output.as_json else output.text
    eve = days_of(CHANGES[0])[0] - timedelta(days=1)
    output.say(f"Setting up two deployments in {folder}, as on {eve} ...")
    made = set_up(folder, eve, output.say)
    tell(f"Set up on {eve}: credit-risk and contract-review, each turned, signed and live: {made:.1f} s.")
    began = time.perf_counter()
    told: list[tuple[int, Played]] = []
    for number, change in enumerate(CHANGES, start=1):
        tell(f"\n[bold]{number}. {escape(change.title)}[/]")
        for played in play(folder, change):
            told.append((number, played))
            _show_day(tell, played, in_all(played.impact))
    seconds = time.perf_counter() - began
    stages = sum(len(one.ran) + len(one.skipped) for _, one in told)
    ran = sum(len(one.ran) for _, one in told)
    released = sum(one.released for _, one in told)
    tell(
        f"\nAll three changes: {seconds:.1f} s, {count(released, 'release')} re-tested, signed and live; "
        f"{ran} of {stages} stages run, {stages - ran} skipped. Before that, once: {made:.1f} s to set up."
    )
    tell(f"Look: .venv/bin/flyball obligation list -d {escape(str(folder))}/credit-risk")
    tell(f"      .venv/bin/flyball proposal list -d {escape(str(folder))}/credit-risk")
    if output.as_json:
        days: list[dict[str, object]] = [
            {
                "change": number,
                "title": CHANGES[number - 1].title,
                "day": one.day,
                "deployment": one.deployment,
                "impact": impact_as_json([one.impact]),
                "ran": one.ran,
                "skipped": one.skipped,
                "proposals": one.proposals,
                "release": one.release,
                "released": one.released,
                "evidence": one.evidence,
                "seconds": round(one.seconds, 3),
            }
            for number, one in told
        ]
        output.json(
            {"ok": True, "set_up_seconds": round(made, 3), "seconds": round(seconds, 3), "days": days}
        )


def _show_day(tell: Callable[[str], None], played: Played, total: str) -> None:
    tell(f"\n{played.day}  [bold]{escape(played.deployment)}[/]")
    for one in played.impact.changes:
        tell(f"  law       {escape(one.id)} {escape(one.what)}")
    if not played.impact.changes:
        tell("  law       nothing changes for it")
    else:
        tell(f"  touches   {total}")
    for stale in played.impact.out_of_date:
        tell(f"  stale     {escape(stale.said)}")
    for made in played.proposals:
        tell(f"  proposed  {escape(made.proposal.what)} ({made.state})")
    tell(f"  run       {', '.join(played.ran) or 'nothing'}")
    tell(f"  skipped   {len(played.skipped)}: {escape(', '.join(played.skipped))}")
    if played.released:
        name = short(played.release)
        tell(f"  released  {name}, signed by the owner; evidence in ledger entry {played.evidence}")
    else:
        tell(f"  released  nothing; {short(played.release)} stays live")
    tell(f"  took      {played.seconds:.1f} s")
