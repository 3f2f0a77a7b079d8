"""`flyball fairness`: whether groups of people are decided about alike, and how sure that is."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from flyball.cli.output import Output
from flyball.cli.session import DeploymentOption, JsonOption, open_workshop
from flyball.core.errors import BadInput
from flyball.core.estimates import NotMeasured
from flyball.core.text import count
from flyball.governance.fairness.alternatives import Found, said_of, search_cases
from flyball.governance.fairness.cases import SMALLEST_GROUP
from flyball.governance.fairness.duties import BESIDE, asked_on, everything
from flyball.governance.fairness.measure import Options, measure, measure_periods
from flyball.governance.fairness.plain import plain_found, plain_period, plain_report, plain_told
from flyball.governance.fairness.proxies import TraitTold, proxies
from flyball.governance.fairness.reading import Named, ReadCases, read_cases
from flyball.governance.fairness.records import Asked, FairnessReport, TraitFound
from flyball.governance.obligations.catalogue import load_catalogue
from flyball.loop.fairness import measure_fairness, plain_field

__all__ = ["command"]

_SHOWN = 10
_MOST_CANDIDATES = 500


def command(
    cases: Annotated[
        Path | None,
        typer.Option("--cases", help="Rows: Parquet, CSV, JSON lines or Excel.", show_default=False),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option("--group", help="Column of groups; may be repeated. Default: group, sex, race, ..."),
    ] = None,
    decision: Annotated[str, typer.Option(help="Column of decisions. Default: decision.")] = "",
    yes: Annotated[str, typer.Option(help="Value of a decision that people want. Default: 1, yes ...")] = "",
    outcome: Annotated[str, typer.Option(help="Column of what turned out. Default: outcome, label.")] = "",
    good: Annotated[str, typer.Option(help="Value of an outcome that is good. Default: 1, yes ...")] = "",
    score: Annotated[str, typer.Option(help="Column of scores; higher speaks for yes.")] = "",
    low_is_good: Annotated[
        bool | None,
        typer.Option(
            "--low-is-good/--high-is-good",
            help="Lower scores speak for yes, as of a risk.",
            show_default=False,
        ),
    ] = None,
    weight: Annotated[str, typer.Option(help="Column of weights of rows.")] = "",
    approve: Annotated[
        float | None, typer.Option(help="Instead of a decision: approve this share, by score.")
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Or approve from this score on.")] = None,
    period: Annotated[str, typer.Option(help="Column by whose values approval is shown one by one.")] = "",
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", help="TRAIT=GROUP that others are compared with; may be repeated."),
    ] = None,
    smallest: Annotated[int, typer.Option(help="Rows below which a group is not compared.")] = SMALLEST_GROUP,
    together: Annotated[int, typer.Option(help="Up to how many traits are combined.")] = 2,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            help="Column that the model looks at: what tells traits is found; may be repeated, * for all.",
        ),
    ] = None,
    search: Annotated[
        str,
        typer.Option(
            "--search", help="Look for models that pass fewer people over, by this trait, at --approve."
        ),
    ] = "",
    candidates: Annotated[int, typer.Option(help="How many models --search fits.")] = 24,
    jurisdiction: Annotated[
        list[str] | None,
        typer.Option("--jurisdiction", help="Measure what the law of this place asks for; may be repeated."),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], help="... on this day. Default: today.", show_default=False
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="... of such a deployment: credit; may be repeated.")
    ] = None,
    measure_all: Annotated[bool, typer.Option("--all", help="... and what no duty asks for.")] = False,
    deployment: DeploymentOption = None,
    json: JsonOption = False,
) -> None:
    """Compare how groups of people are decided about: with intervals, and with approval rates.

    With --cases, rows of a file. Without it, what the deployment decided lately.
    """
    output = Output(json)
    began = time.perf_counter()
    options = Options(smallest, together, references=_references(reference or []))
    if cases is None:
        of_files = {
            "--group": groups, "--decision": decision, "--yes": yes, "--outcome": outcome, "--good": good,
            "--score": score, "--low-is-good": low_is_good is not None, "--weight": weight,
            "--approve": approve, "--threshold": threshold, "--period": period, "--reference": reference,
            "--input": inputs, "--search": search, "--jurisdiction": jurisdiction, "--tag": tag,
        }  # fmt: skip
        _refuse_of_files([name for name, value in of_files.items() if value])
        _measure_served(deployment, on, output, measure_all=measure_all)
        return
    _refuse_search(search, approve, candidates)
    named = Named(
        decision, outcome, score, weight, tuple(groups or ()), yes, good, low_is_good, approve, threshold,
        period,
        ("*",) if inputs and "*" in inputs else tuple(inputs or ()),
        bool(search),
    )  # fmt: skip
    asked = _asked(jurisdiction or [], on, tag or [], measure_all=measure_all)
    read = read_cases(cases, named)
    report = measure(read.cases, options, asked=asked, warnings=read.warnings)
    periods = {} if read.period is None else measure_periods(read.cases, read.period, options)
    told = _proxies(read, report, smallest)
    found = _search(read, search, approve, candidates, smallest, output) if search else None
    if json:
        plain = {"ok": True, "columns": read.columns, "meanings": read.meanings, **plain_report(report)}
        if periods:
            plain["periods"] = {name: plain_period(one) for name, one in periods.items()}
        if told is not None:
            plain["proxies"] = [plain_told(one) for one in told]
        if found is not None:
            plain["alternatives"] = plain_found(found)
        output.json({**plain, "seconds": round(time.perf_counter() - began, 3)})
        return
    output.text(escape(_said_of_meanings(read)))
    _tell(report, output)
    for name, one in periods.items():
        _tell_period(name, one, output)
    for told_of in told or ():
        _tell_told(told_of, output)
    if found is not None:
        _tell_found(found, output)


def _said_of_meanings(read: ReadCases) -> str:
    """Return in one line what was taken for what: whoever sees that it is wrong can say so."""
    said = []
    for what, meaning in read.meanings.items():
        if what == "decision" and what not in read.columns:
            [(rule, number)] = meaning.items()
            said.append(f"approved by {read.columns['score']}, {rule} {number:g}")
        elif what == "score":
            said.append(f"{meaning['speaks_for_yes']} {read.columns['score']} speaks for yes")
        else:
            (name, yes), (other, no) = meaning.items()
            sides = f"{name} is {', '.join(yes) or 'no row'}; {other} is {', '.join(no) or 'no row'}"
            said.append(f"{read.columns[what]}: {sides}")
    return f"Read as: {'. '.join(said)}."


def _refuse_of_files(given: Sequence[str]) -> None:
    if given:
        raise BadInput(
            f"{given[0]} is about rows of a file, and none is named.",
            fix="Add --cases FILE; a deployment is measured as [fairness] of its flyball.toml says.",
        )


def _measure_served(
    deployment: str | None, on: datetime | None, output: Output, *, measure_all: bool
) -> None:
    with open_workshop(deployment, output) as workshop:
        entry, found = measure_fairness(
            workshop, day=None if on is None else on.date(), measure_all=measure_all
        )
    if output.as_json:
        output.json({"ok": True, "entry": entry, "fields": [plain_field(one) for one in found]})
        return
    for one in found:
        output.text(
            escape(f"{one.field}, {one.wanted} is wanted: {count(one.for_people, 'case')} for a person.")
        )
        _tell(one.report, output)
        output.text()
    output.text(f"Written to the ledger as entry {entry}.")


def _refuse_search(search: str, approve: float | None, candidates: int) -> None:
    if search and approve is None:
        raise BadInput(
            "Models are compared at one approval rate, and none is given.", fix="Add --approve 0.8."
        )
    if not 1 <= candidates <= _MOST_CANDIDATES:
        raise BadInput(
            f"--candidates must lie between 1 and {_MOST_CANDIDATES}, got {candidates}.", fix="Write 24."
        )


def _proxies(read: ReadCases, report: FairnessReport, smallest: int) -> list[TraitTold | NotMeasured] | None:
    """Return what inputs tell of each trait; None where none was named or no duty asks for it."""
    on = next(one.on for one in report.asked if one.metric == "proxies")
    if not read.inputs or not on:
        return None
    return [proxies(read.inputs, one, smallest=smallest) for one in read.cases.traits]


def _search(
    read: ReadCases, trait: str, approve: float | None, candidates: int, smallest: int, output: Output
) -> Found | NotMeasured:
    def shown(numbers: Iterator[int]) -> Iterator[int]:
        return output.progress(numbers, "models fitted", candidates)

    return search_cases(
        read.cases,
        read.inputs,
        trait,
        approve=approve or 0.0,
        many=candidates,
        smallest=smallest,
        progress=shown,
    )


def _asked(
    places: list[str], on: datetime | None, tags: list[str], *, measure_all: bool
) -> tuple[Asked, ...]:
    if not places:
        if on is not None or tags:
            raise BadInput(
                "A day or a tag is given, but no place whose law is asked.", fix="Add --jurisdiction US-NJ."
            )
        return everything("No jurisdiction is named, so all of it is measured; no law was looked up.")
    day: date = datetime.now(UTC).date() if on is None else on.date()
    return asked_on(load_catalogue(), day, jurisdictions=places, measure_all=measure_all, tags=tags or None)


def _references(given: list[str]) -> dict[str, str]:
    found = {}
    for one in given:
        trait, equals, group = one.partition("=")
        if not equals or not trait or not group:
            raise BadInput(f"A reference must be TRAIT=GROUP, got {one!r}.", fix="Write sex=male.")
        found[trait] = group
    return found


def _tell(report: FairnessReport, output: Output) -> None:
    rows = count(report.n, "case")
    output.text(escape(f"{rows}; approved: {report.approved}{', weighted' if report.weighted else ''}."))
    for warning in report.warnings:
        output.text(escape(f"Note: {warning}"))
    for one in report.traits:
        output.text()
        _tell_trait(one, output)
    output.text()
    if report.comparisons:
        output.text(
            f"{count(report.comparisons, 'comparison')} with a reference: {report.by_chance:.1f} would show "
            f"p < 0.05 by chance alone; {report.significant} do after Holm's correction. The interval of a "
            "gap holds for all pairs of its groups at once."
        )
    off = [one for one in report.asked if not one.on]
    reasons: dict[str, list[str]] = {}
    for asked in report.asked:
        reasons.setdefault(asked.why, []).append(asked.metric)
    for why, names in reasons.items():
        state = "Off" if off and names[0] in {one.metric for one in off} else "On"
        output.text(escape(f"{state}: {', '.join(names)}. {why}"))
    if any(one.metric not in BESIDE for one in off):
        output.text("--all measures what no duty asks for, too.")


def _tell_trait(one: TraitFound, output: Output) -> None:
    output.table(
        [f"{one.trait}", ">cases", "approved", "turned out well"],
        [[group.group, f"{group.n:,}", str(group.approved), str(group.good)] for group in one.groups],
    )
    if one.too_few or one.not_said:
        output.text(
            f"Not shown: {count(one.too_few_rows, 'case')} in {count(one.too_few, 'group')} of too few, and "
            f"{count(one.not_said, 'case')} whose group is not known."
        )
    if one.metrics:
        output.table(
            [f"by {one.trait}", "gap", "between", "limit", "finding"],
            [
                [
                    found.name + (f" ({found.part})" if found.part else ""),
                    str(found.gap),
                    f"{found.lowest} and {found.highest}" if found.lowest else "",
                    "" if found.limit is None else f"{found.limit:g} ({found.limit_from})",
                    found.finding,
                ]
                for found in one.metrics
            ],
        )


def _tell_period(name: str, report: FairnessReport, output: Output) -> None:
    output.text()
    output.text(escape(f"{name}: {count(report.n, 'case')}; approved: {report.approved}."))
    for one in report.traits:
        for found in one.metrics:
            who = f" ({found.lowest} to {found.highest})" if found.lowest else ""
            output.text(escape(f"  {one.trait}: ratio of approval rates{who}: {found.gap}"))


def _tell_told(told: TraitTold | NotMeasured, output: Output) -> None:
    output.text()
    if isinstance(told, NotMeasured):
        output.text(escape(f"What inputs tell: {told}"))
        return
    rows = [*told.alone[:_SHOWN], *told.pairs[:_SHOWN], *told.all_together[:_SHOWN]]
    output.table(
        [f"inputs that tell {told.trait}", "best told", "area (0.5 tells nothing)", "share of uncertainty"],
        [
            [
                " and ".join(one.inputs) if len(one.inputs) < 3 else f"all {len(one.inputs)} together",
                one.group,
                str(one.area),
                "" if one.information is None else f"{one.information:.1%}",
            ]
            for one in rows
        ],
    )


def _tell_found(found: Found | NotMeasured, output: Output) -> None:
    output.text()
    if isinstance(found, NotMeasured):
        output.text(escape(f"Other models: {found}"))
        return
    output.text(escape(f"{said_of(found)} All at {found.approved:.0%} approved, by {found.trait}."))

    def ratios(report: FairnessReport) -> list[str]:
        return [str(one.metrics[0].gap) for one in report.traits]

    named = [f"ratio of approval rates by {one.trait}" for one in found.first_report.traits]
    output.table(
        ["on rows that did not choose", "area", "area lost", "won", *named],
        [
            ["the model in use", str(found.first_area), "", "", *ratios(found.first_report)],
            *(
                [
                    f"at most {one.at_most:g} lost: {_said_about(one.about)}",
                    str(one.area),
                    str(one.area_lost),
                    str(one.ratio_won),
                    *ratios(one.report),
                ]
                for one in found.choices
            ),
        ],
    )


def _said_about(about: Mapping[str, object]) -> str:
    without = about.get("without")
    left = (
        f"without {', '.join(map(str, without))}" if isinstance(without, list) and without else "all inputs"
    )
    share = about.get("share in a blend with the first")
    return "the same" if about.get("the first") else left + (f", {share:.0%} of a blend" if share else "")
