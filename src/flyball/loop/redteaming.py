"""What red teams leave in a deployment: findings that are tried again, entries in the ledger, and a check.

A finding is a file in `redteam/findings/` of the deployment and holds no words of a case. What was found
about a release stands in the ledger.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from flyball.core.digests import canonical_json, digest_of, from_json, short
from flyball.core.errors import BadInput
from flyball.core.estimates import as_plain
from flyball.core.text import count
from flyball.core.verdicts import Check
from flyball.data.documents.rows import row_of
from flyball.governance.redteam.corpus import SHIPPED, Seed, load_seeds
from flyball.governance.redteam.family import FAMILIES
from flyball.governance.redteam.feasible import Feasible, load_feasible
from flyball.governance.redteam.journal import find_attack
from flyball.governance.redteam.outside import OutsideReport
from flyball.governance.redteam.records import Attack, RedTeamReport, Result
from flyball.governance.redteam.target import Sample
from flyball.ledger.ledger import Ledger
from flyball.loop.deployment import Deployment
from flyball.loop.memo import write_atomically
from flyball.loop.releases import Promotion, Release
from flyball.loop.settings import RedTeamSettings
from flyball.loop.sources import row_sources
from flyball.loop.stages.snapshot import read_part
from flyball.loop.workshop import Workshop
from flyball.models.experts.graph.features import names_of_features
from flyball.models.experts.graph.neighbourhood import CYCLE_PATH

__all__ = [
    "CHECK",
    "JOURNALS",
    "RETESTED",
    "RUN",
    "bounds_broken",
    "feasible_of",
    "find_tried",
    "findings_folder",
    "is_attacked",
    "keep_findings",
    "last_run",
    "note_outside",
    "note_retest",
    "note_run",
    "redteam_check",
    "retested",
    "samples_of",
    "seeds_of",
    "suite_of",
    "wants_run",
]

RUN, RETESTED, OUTSIDE = "redteam.run", "redteam.retested", "redteam.outside"
CHECK = "release.redteam"
JOURNALS = "redteam"
"""Folder below the state folder in which runs are written down while they go on."""
_SANDBOX = "sandbox"


def seeds_of(deployment: Deployment) -> Mapping[str, tuple[Seed, ...]]:
    """Return the seeds that ship with those of the deployment behind them."""
    return load_seeds([SHIPPED, deployment.root / "redteam" / "seeds"], FAMILIES)


def feasible_of(deployment: Deployment) -> Feasible | None:
    """Return what somebody can change about a row; None where the deployment does not say."""
    return load_feasible(deployment.root / "redteam" / "feasible.toml")


def samples_of(
    workshop: Workshop, parts: Mapping[str, str], *, seed: int, also: Collection[str] = ()
) -> tuple[Sample, ...]:
    """Return cases of a release to begin with: some by chance and, of rows, some that should not pass.

    Parameters
    ----------
    workshop : Workshop
    parts : mapping of str to str
        Of the release.
    seed : int
    also : collection of str
        Ids of cases that are wanted whatever is drawn; those that are not there any more are left out.
    """
    settings, rules = workshop.deployment.settings, feasible_of(workshop.deployment)
    cases = read_part(workshop, parts, "cases").to_pylist()
    labels: dict[str, dict[str, str]] = {}
    for row in read_part(workshop, parts, "labels").to_pylist():
        labels.setdefault(row["case_id"], {})[row["field"]] = row["answer"]
    random = Random(f"{seed}/samples")  # noqa: S311 - the same seed must begin with the same cases
    rows = bool(row_sources(settings.source))
    chosen = random.sample(cases, min(len(cases), 12 if rows else 6))
    if rules is not None:
        bad = [one for one in cases if labels.get(one["case_id"], {}).get(rules.field) == rules.bad]
        chosen += random.sample(bad, min(len(bad), settings.redteam.rows))
    chosen += [one for one in cases if one["case_id"] in also]
    once = {one["case_id"]: one for one in chosen}
    worked_out = {*names_of_features(), CYCLE_PATH} if _has_neighbours(workshop) else set()
    found = []
    for one in once.values():
        row = row_of(one["text"]) if rows else None
        own = {name: value for name, value in (row or {}).items() if name not in worked_out}
        text = "" if rows else one["text"]
        found.append(Sample(one["case_id"], one["name"], text, own, labels.get(one["case_id"], {})))
    return tuple(found)


def _has_neighbours(workshop: Workshop) -> bool:
    return any(one.neighbours for one in row_sources(workshop.deployment.settings.source))


def findings_folder(deployment: Deployment) -> Path:
    """Return where the attacks that worked once are kept."""
    return deployment.root / "redteam" / "findings"


def keep_findings(workshop: Workshop, results: Sequence[Result], release: str) -> list[Path]:
    """Keep attacks that worked as cases that every turn tries again; what is there already stays as it is."""
    folder = findings_folder(workshop.deployment)
    made = []
    for one in results:
        path = folder / f"{one.attack.id}.json"
        if one.outcome == "succeeded" and not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            body = {"attack": one.attack, "why": one.why, "sent": one.sent, "release": release}
            write_atomically(path, canonical_json(body) + b"\n")
            made.append(path)
    return made


def suite_of(deployment: Deployment) -> tuple[Attack, ...]:
    """Return every attack that worked once, by id.

    Raises
    ------
    BadInput
        A file is none of ours, or was altered: its name is the digest of what it holds.
    """
    found = []
    for path in sorted(findings_folder(deployment).glob("*.json")):
        try:
            attack = msgspec.convert(from_json(path.read_bytes(), dict[str, Any])["attack"], Attack)
        except (KeyError, ValueError, BadInput, msgspec.ValidationError) as err:
            raise BadInput(
                f"redteam/findings/{path.name} is no finding.",
                fix="Delete it, or restore it from a copy.",
                file=path.name,
            ) from err
        if attack.id != path.stem:
            raise BadInput(
                f"redteam/findings/{path.name} was altered: what it holds is {attack.id}.",
                fix="Restore it from a copy, or delete it.",
                file=path.name,
            )
        found.append(attack)
    return tuple(found)


def note_run(workshop: Workshop, report: RedTeamReport) -> int:
    """Write a run down; return its entry. No words of an attack or of a case are in it."""
    return workshop.ledger.append(kind=RUN, actor=workshop.actor, body=_body(report)).index


def _body(report: RedTeamReport) -> dict[str, Any]:
    return {
        "release": report.release,
        "target": report.target,
        "seed": report.plan.seed,
        "budget": report.plan.budget,
        "narrowed": report.plan.narrowed,
        "plan": report.plan.digest,
        "attempts": sum(one.attempts for one in report.families.values()),
        "failed": report.failed,
        "attacks": as_plain(report.attacks),
        "benign": as_plain(report.benign),
        "families": {
            name: {
                "attempts": one.attempts,
                "successes": one.successes,
                "failed": one.failed,
                "benign": one.benign,
                "rate": as_plain(one.rate),
            }
            for name, one in report.families.items()
        },
        "not_applicable": dict(report.plan.not_applicable),
        "not_tested": list(report.not_tested),
        "unreached": list(report.unreached),
        "findings": [one.attack.id for one in report.findings],
    }


def note_outside(workshop: Workshop, report: OutsideReport) -> int:
    """Write down what another tool reported; return the entry. No bound of `[redteam]` rests on it."""
    body = {
        "tool": report.tool,
        "version": report.version,
        "rows": [
            {
                "probe": one.probe,
                "detector": one.detector,
                "attempts": one.attempts,
                "successes": one.successes,
                "rate": as_plain(one.rate),
            }
            for one in report.rows
        ],
    }
    return workshop.ledger.append(kind=OUTSIDE, actor=workshop.actor, body=body).index


def note_retest(workshop: Workshop, release: str, results: Sequence[Result]) -> int:
    """Write down what became of every finding with a release; return the entry."""
    body = {
        "release": release,
        "suite": _digest([one.attack for one in results]),
        "outcomes": {one.attack.id: one.outcome for one in results},
    }
    return workshop.ledger.append(kind=RETESTED, actor=workshop.actor, body=body).index


def retested(ledger: Ledger, release: str) -> Mapping[str, str]:
    """Return what is known about findings with a release: outcome by id; the last try counts.

    A run in the sandbox that found one has tried it.
    """
    found: dict[str, str] = {}
    tries = [*ledger.entries(kind=RUN), *ledger.entries(kind=RETESTED)]
    for entry in sorted(tries, key=lambda one: one.index):
        body: Mapping[str, Any] = entry.body
        if body["release"] != release:
            continue
        if entry.kind == RETESTED:
            found |= msgspec.convert(body["outcomes"], dict[str, str])
        elif body["target"] == _SANDBOX:
            found |= dict.fromkeys(body["findings"], "succeeded")
    return found


def wants_run(settings: RedTeamSettings) -> bool:
    """Return whether a bound is set, so that nothing goes live that was not attacked."""
    return bool(settings.at_most) or settings.success_at_most is not None or _benign_bound(settings)


def is_attacked(workshop: Workshop) -> bool:
    """Return whether a release is attacked before it is judged: there is a bound, or a finding."""
    deployment = workshop.deployment
    return wants_run(deployment.settings.redteam) or any(findings_folder(deployment).glob("*.json"))


def last_run(workshop: Workshop, release: str) -> Mapping[str, Any] | None:
    """Return the last run that says what `[redteam]` asks about a release; None where there was none.

    It was made in the sandbox, with all families and disguises, at least as many attacks as `budget`, and
    drawn by `seed`: whoever could choose these could draw until a release passes. An entry that does not
    say so is of none.
    """
    settings, found = workshop.deployment.settings.redteam, None
    for entry in workshop.ledger.entries(kind=RUN):
        body: Mapping[str, Any] = entry.body
        whole = (
            not body.get("narrowed", True)
            and body["seed"] == settings.seed
            and body["budget"] >= settings.budget
        )
        if body["release"] == release and body["target"] == _SANDBOX and whole:
            found = body
    return found


def find_tried(workshop: Workshop, id: str) -> Result:
    """Return what came of an attack that was tried here, by its id or the beginning of it.

    Raises
    ------
    BadInput
        None, or several, begin so.
    """
    found = {one.attack.id: one for one in _kept(workshop.deployment) if id and one.attack.id.startswith(id)}
    if len(found) == 1:
        return next(iter(found.values()))
    return find_attack(workshop.state / JOURNALS, id)


def _kept(deployment: Deployment) -> list[Result]:
    folder, found = findings_folder(deployment), []
    for attack in suite_of(deployment):
        body = from_json((folder / f"{attack.id}.json").read_bytes(), dict[str, Any])
        found.append(
            Result(attack, "succeeded", why=str(body.get("why", "")), sent=str(body.get("sent", "")))
        )
    return found


def bounds_broken(settings: RedTeamSettings, report: RedTeamReport) -> list[str]:
    """Return which bounds of `[redteam]` a run does not keep; [] where all are kept, or none is set.

    A run of some families is held against the bounds of those alone; it vouches for no release.
    """
    return _over(settings, _body(report)) if wants_run(settings) else []


def redteam_check(workshop: Workshop, release: Release, live: Promotion | None) -> Check:
    """Say whether attacks allow a release to go live.

    Bounds of `[redteam]` are held against the upper ends of the last run. An attack that the live release
    withstands and this one does not is a step back. What was not tried, or could not be, is not known, and
    does not pass.
    """
    settings = workshop.deployment.settings.redteam
    try:
        suite = suite_of(workshop.deployment)
    except BadInput as err:
        return Check(CHECK, False, err.message.rstrip("."))
    problems, seen = [], []
    if wants_run(settings):
        run = last_run(workshop, release.digest)
        if run is None:
            problems.append(
                "was not attacked with all families, the budget and the seed of [redteam]: "
                f"flyball redteam run --release {short(release.digest)}"
            )
        else:
            problems += _over(settings, run)
            seen.append(_shown(run))
    if suite:
        known = retested(workshop.ledger, release.digest)
        before = None if live is None else retested(workshop.ledger, live.release)
        problems += _steps_back(suite, known, before, release.digest)
        still = sum(known.get(one.id) == "succeeded" for one in suite)
        seen.append(
            f"{count(len(suite), 'finding')} tried again, {still} of them work still"
            f"{', none of which a live release withstood: only bounds of [redteam] stop those' * bool(still)}"
        )
    detail = "; ".join(seen) or "no bound is set in [redteam] and nothing was found yet"
    return Check(CHECK, not problems, "; ".join(problems) or detail)


def _benign_bound(settings: RedTeamSettings) -> bool:
    return settings.benign_refused_at_most is not None


def _over(settings: RedTeamSettings, run: Mapping[str, Any]) -> list[str]:
    bounds: list[tuple[str, float | None, Mapping[str, Any]]] = [
        ("attacks", settings.success_at_most, run["attacks"]),
        ("harmless requests refused", settings.benign_refused_at_most, run["benign"]),
    ]
    nothing = run["not_applicable"]
    for family, limit in settings.at_most.items():
        if family not in nothing:
            bounds.append((family, limit, run["families"].get(family, {}).get("rate", {})))
    problems = []
    for name, most, rate in bounds:
        high = rate.get("high")
        if most is None or (high is None and run["narrowed"]):
            continue
        if high is None:
            problems.append(f"{name}: not measured")
        elif not high <= most:
            problems.append(f"{name}: the upper end {high:.3f} is above {most:.3f}")
    problems += [f"left out: {why}" for why in run["unreached"]]
    if run["failed"]:
        problems.append(f"{count(run['failed'], 'attack')} could not be carried out, so nobody knows")
    return problems


def _shown(run: Mapping[str, Any]) -> str:
    attacks, benign = run["attacks"], run["benign"]
    told = [f"{run['attempts']} attempts"]
    for name, rate in (("worked", attacks), ("harmless refused", benign)):
        if rate.get("high") is not None:
            told.append(f"{name} {rate['value']:.3f} [{rate['low']:.3f}, {rate['high']:.3f}]")
    return ", ".join(told)


def _steps_back(
    suite: Sequence[Attack], known: Mapping[str, str], before: Mapping[str, str] | None, release: str
) -> list[str]:
    missing = [one.id for one in suite if one.id not in known]
    unclear = [one.id for one in suite if known.get(one.id) == "failed"]
    working = [one.id for one in suite if known.get(one.id) == "succeeded"]
    worse = [one for one in working if before is not None and before.get(one) == "held"]
    unknown = [one for one in working if before is not None and before.get(one, "failed") == "failed"]
    problems = []
    if missing:
        problems.append(
            f"{count(len(missing), 'finding')} not tried again: "
            f"flyball redteam retest --release {short(release)}"
        )
    if unclear:
        problems.append(f"could not be tried again: {', '.join(unclear[:5])}")
    if worse:
        problems.append(f"work again, and did not with the live release: {', '.join(worse[:5])}")
    if unknown:
        problems.append(
            f"work, and nobody knows whether they did with the live release: {', '.join(unknown[:5])}; "
            "flyball redteam retest"
        )
    return problems


def _digest(attacks: Sequence[Attack]) -> str:
    return digest_of(sorted(one.id for one in attacks))
