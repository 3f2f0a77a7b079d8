"""`flyball obligation`: what applies on a day, what changes, what is out of date, what shows a control."""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.text import count
from flyball.governance.evidence.controls import controls_shown
from flyball.governance.evidence.pack import ControlShown
from flyball.governance.frameworks.load import framework, load_frameworks
from flyball.governance.obligations.catalogue import Catalogue, load_catalogue
from flyball.governance.obligations.contradictions import contradictions
from flyball.governance.obligations.queries import compare, dated
from flyball.governance.obligations.records import Contradiction, Obligation, ObligationDiff, Stale
from flyball.governance.obligations.stale import stale_entries
from flyball.loop.deployment import find_deployment
from flyball.loop.law import changes_between, duties_beyond, duties_on
from flyball.loop.law_check import check_law
from flyball.loop.pack_records import controls_now
from flyball.loop.stages.obligations import catalogue_of, kinds_of

__all__ = ["command"]

command = typer.Typer()

_SHOWING = {
    "supported": "supported",
    "measured": "measured",
    "exception": "exception",
    "incomplete": "incomplete",
    "not_tested": "not tested",
}
_WHOLE = "No deployment here and none named: the whole catalogue, whatever place and whoever it concerns."


@command.command("list")
def list_obligations(
    on: Annotated[
        str | None, typer.Option(help="Day as YYYY-MM-DD; default today in UTC.", show_default=False)
    ] = None,
    as_known_on: Annotated[
        str | None,
        typer.Option(help="Answer with what could be known on this day.", show_default=False),
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """List the duties in force on a day, for a deployment or in the whole catalogue."""
    output = Output(json)
    known = _day(as_known_on) if as_known_on is not None else None
    beyond: dict[str, tuple[str, ...]] = {}
    if _whole(deployment):
        output.say(_WHOLE)
        catalogue, day = load_catalogue(), _day(on) if on is not None else _today()
        duties = dated(catalogue, day, as_known_on=known)
    else:
        with open_workshop(deployment, output) as workshop:
            catalogue, day = catalogue_of(workshop.deployment), _day(on) if on is not None else workshop.today
            here = workshop.deployment
            about = here.settings.deployment
            kinds = kinds_of(here)
            duties = duties_on(catalogue, day, about, here.fields, kinds, as_known_on=known)
            beyond = duties_beyond(catalogue, day, about, here.fields, kinds, as_known_on=known)
    against = contradictions(duties, catalogue.precedences)
    if json:
        output.json(
            {
                "ok": True,
                "on": day,
                "as_known_on": known,
                "obligations": duties,
                "contradictions": against,
                "with_one_more_tag": beyond,
            }
        )
        return
    output.table(["id", "what", "since", "until"], (_row(duty) for duty in duties))
    output.text()
    _show_contradictions(output, against)
    output.text(
        f"{count(len(duties), 'duty', 'duties')} of the catalogue apply on {day}; confirm each with counsel. "
        "What is out of date: flyball obligation check."
    )
    if beyond:
        more = ", ".join(f"{tag} ({len(ids)})" for tag, ids in beyond.items())
        output.text(escape(f"With one more tag of the deployment more would apply: {more}."))


@command.command("show")
def show_obligation(
    id: Annotated[str, typer.Argument(help="For instance eu.gdpr.28.3.")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show every version of one duty."""
    output = Output(json)
    catalogue = _catalogue(deployment, output)
    versions = catalogue.versions(id)
    if json:
        output.json({"ok": True, "versions": versions})
        return
    for duty in versions:
        until = f" until {duty.effective_to}" if duty.effective_to else ""
        output.text(f"[bold]{escape(duty.key)}[/]  {escape(duty.title)}")
        output.text(f"  {escape(duty.text)}")
        output.text(f"  {escape(duty.source.law)}, {escape(duty.source.article)}; {duty.jurisdiction}")
        output.text(f"  from {duty.effective_from}{until}, known from {duty.known_from}")
        if duty.withdrawn_on:
            output.text(f"  withdrawn on {duty.withdrawn_on}, before it began to apply")
        if duty.superseded_by:
            output.text(f"  replaced by: {', '.join(duty.superseded_by)}")
        output.text(f"  read: {escape(duty.read_at)}")
        if duty.review_due and (duty.review_by or not (duty.effective_to or duty.withdrawn_on)):
            output.text(f"  to be read again by {duty.review_due}")
        if duty.gaps:
            output.text(f"  not read or not settled: {escape(duty.gaps)}")
        for demand in duty.demands:
            output.text(f"  asks: {escape(demand.in_words)}")
        if duty.override_reason:
            output.text(f"  replaces the shipped entry: {escape(duty.override_reason)}")
        output.text(
            "  confirm with counsel" if duty.confirm_with_counsel else f"  {escape(duty.confirmed_by)}"
        )
        part = " (part of the duty)" if duty.covers == "part" else ""
        output.text(f"  shown by: {', '.join(duty.checks) + part if duty.checks else 'no check'}")


@command.command("diff")
def diff_obligations(
    first: Annotated[str, typer.Argument(help="Day as YYYY-MM-DD.")],
    second: Annotated[str, typer.Argument(help="Day as YYYY-MM-DD.")],
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show which duties begin, end or change from one day to another."""
    output = Output(json)
    days = _day(first), _day(second)
    if _whole(deployment):
        output.say(_WHOLE)
        catalogue = load_catalogue()
        found = compare(*(dated(catalogue, day) for day in days))
    else:
        with open_workshop(deployment, output) as workshop:
            here = workshop.deployment
            about = here.settings.deployment
            found = changes_between(catalogue_of(here), *days, about, here.fields, kinds_of(here))
    if json:
        output.json({"ok": True, "from": days[0], "to": days[1], "difference": found})
        return
    rows = _changes(found)
    if rows:
        output.table(["", "id", "what", "since", "until"], rows)
    else:
        where = "in the catalogue" if _whole(deployment) else "for this deployment"
        output.text(f"Nothing changes {where} between {first} and {second}.")


@command.command("check")
def check_obligations(
    on: Annotated[
        str | None, typer.Option(help="Day as YYYY-MM-DD; default today in UTC.", show_default=False)
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Find entries that are out of date, citations of law that ended, and duties that contradict each other.

    Ends with 1 where something was found.
    """
    output = Output(json)
    stale: tuple[Stale, ...]
    now: tuple[Contradiction, ...] = ()
    ahead: Sequence[tuple[date, Contradiction]] = ()
    if _whole(deployment):
        output.say(_WHOLE)
        day = _day(on) if on is not None else _today()
        stale = stale_entries(load_catalogue(), day)
    else:
        with open_workshop(deployment, output) as workshop:
            found = check_law(workshop, _day(on) if on is not None else None)
        day, stale, now = found.on, found.stale, found.contradictions
        ahead = [(one.day, one.contradiction) for one in found.ahead]
    old = [one for one in load_frameworks() if one.review_by <= day]
    wrong = bool(stale or old or ahead or [one for one in now if one.settled is None])
    if json:
        output.json(
            {
                "ok": not wrong,
                "on": day,
                "stale": stale,
                "frameworks": [{"id": one.id, "review_by": one.review_by} for one in old],
                "contradictions": now,
                "ahead": [{"day": when, "contradiction": one} for when, one in ahead],
            }
        )
    else:
        _show_contradictions(output, now)
        for when, one in ahead:
            output.text(
                f"[bold]from {when}[/] {escape(one.first)} and {escape(one.second)}: {escape(one.said)}."
            )
        for line in stale:
            output.text(f"[bold]{line.kind}[/] {escape(line.said)} {escape(line.fix)}")
        for control in old:
            output.text(
                f"[bold]review due[/] framework {control.id} was to be read again by {control.review_by}."
            )
        if not wrong:
            output.text(f"On {day} nothing is out of date, cited wrongly, or contradicts itself.")
    if wrong:
        sys.exit(1)


@command.command("frameworks")
def show_frameworks(
    name: Annotated[
        str | None, typer.Argument(help="For instance soc-2; default: list them.", show_default=False)
    ] = None,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Show control frameworks (SOC 2, ISO, NIST): which checks give evidence for which control.

    With a deployment, also what shows each control: of its live release, and of the last 365 days.
    """
    output = Output(json)
    if name is None:
        _list_frameworks(output, json)
        return
    shown = framework(name)
    if _whole(deployment):
        release, stand = "", controls_shown(shown.controls, ())
    else:
        with open_workshop(deployment, output) as workshop:
            release, stand = controls_now(workshop, shown)
    if json:
        output.json({"ok": True, "framework": shown, "release": release, "controls": stand})
        return
    output.text(f"[bold]{escape(shown.title)}[/], {escape(shown.version)}; {escape(shown.licence)}.")
    output.text(f"Read: {escape(shown.read_at)} Left out: {escape(shown.gaps)}")
    rows = ([one.id, one.title, _SHOWING[one.showing], _checks(one)] for one in stand)
    output.table(["control", "what", "live release" if release else "no release", "checks"], rows)
    counted = [_SHOWING[one.showing] for one in stand]
    output.text()
    output.text(
        f"{count(len(stand), 'control')}: "
        + ", ".join(f"{counted.count(word)} {word}" for word in dict.fromkeys(counted))
        + ". Evidence, not certification: only an auditor attests."
    )


def _list_frameworks(output: Output, json: bool) -> None:
    found = load_frameworks()
    if json:
        rows = [
            {
                "id": one.id,
                "title": one.title,
                "version": one.version,
                "controls": len(one.controls),
                "with_checks": sum(bool(control.checks) for control in one.controls),
                "read_at": one.read_at,
                "review_by": one.review_by,
            }
            for one in found
        ]
        output.json({"ok": True, "frameworks": rows})
        return
    output.table(
        ["id", "what", "controls", "with checks"],
        (
            [one.id, one.title, str(len(one.controls)), str(sum(bool(each.checks) for each in one.controls))]
            for one in found
        ),
    )


def _checks(control: ControlShown) -> str:
    """Return the names of its checks, those that were not made in brackets."""
    return ", ".join(f"({one})" if one in control.missing else one for one in control.checks)


def _catalogue(deployment: str | None, output: Output) -> Catalogue:
    if _whole(deployment):
        return load_catalogue()
    with open_workshop(deployment, output) as workshop:
        return catalogue_of(workshop.deployment)


def _whole(deployment: str | None) -> bool:
    """Say whether nobody named a deployment and none is here: then the catalogue itself is asked."""
    here = Path.cwd()
    return deployment is None and find_deployment(None, here) is None and not any(here.glob("*/flyball.toml"))


def _show_contradictions(output: Output, found: Sequence[Contradiction]) -> None:
    for one in found:
        if one.settled is None:
            open_until = "No release is made until a [[precedence]] settles it."
            output.text(f"[bold]contradiction[/] {escape(f'{one.said}. {open_until}')}")
        else:
            rule = one.settled
            output.text(
                f"[bold]settled[/] {escape(f'{rule.duty} goes before {rule.over}: {rule.why}')} "
                f"({escape(rule.decided_by)})"
            )


def _changes(found: ObligationDiff) -> list[list[str]]:
    rows = [["begins", *_row(duty)] for duty in found.begins]
    rows += [["ends", *_row(duty)] for duty in found.ends]
    return rows + [["changes", *_row(change.after)] for change in found.changed]


def _row(duty: Obligation) -> list[str]:
    return [duty.id, duty.title, str(duty.effective_from), str(duty.effective_to or "")]


def _today() -> date:
    return datetime.now(UTC).date()


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # Python also takes 20261130 and 2026-W49-1
        raise BadInput(f"{text!r} is not a day.", fix="Write it as YYYY-MM-DD.", day=text)
    return day
