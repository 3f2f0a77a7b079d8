"""Proposing: from what a turn found to what should be changed, and by whom."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from flyball.core.digests import digest_of, digest_of_bytes, from_json, short
from flyball.core.errors import FlyballError
from flyball.core.text import count
from flyball.core.verdicts import Verdict
from flyball.governance.constitution.principle import load_constitution
from flyball.governance.obligations.catalogue import Catalogue
from flyball.governance.obligations.records import Obligation
from flyball.loop.kit import kit_of_deployment
from flyball.loop.live import LiveEngine, engine_of_release
from flyball.loop.proposals import Proposal
from flyball.loop.releases import Release, read_release
from flyball.loop.stages.obligations import catalogue_of, duties_of, shipped_entries
from flyball.loop.workshop import Workshop
from flyball.models.decisions.findings import known_facts
from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import PLAYBOOK, TRIAGE, Outputs
from flyball.models.experts.expert import EXPERTS, ExpertMaker
from flyball.models.router.thresholds import NEVER, Thresholds

__all__ = ["proposals_of"]

_RULES = "decision_table"
_MISSED = ("release.objectives", "release.no_regression", "release.promise")


def proposals_of(
    workshop: Workshop, release: str, verdict: Verdict, before: str | None
) -> tuple[Proposal, ...]:
    """Return what should be changed, as far as a machine can tell.

    Parameters
    ----------
    workshop : Workshop
    release : str
        Digest of what the turn made.
    verdict : Verdict
        Of the release gate.
    before : str or None
        Digest of what was live before; None for nothing, and then only citations are looked at.

    Returns
    -------
    tuple of Proposal
    """
    found = [*_citations(workshop), *_re_tune(workshop, verdict)]
    if before is None:
        return tuple(found)
    old, new = (read_release(workshop.state, one, workshop.key.verifier).release for one in (before, release))
    found += [*_begun(workshop, old), *_thresholds(workshop, old, new)]
    if old.files.get("flyball.toml") != new.files.get("flyball.toml"):
        found += _re_route(workshop, engine_of_release(workshop, before))
    return tuple(found)


def _citations(workshop: Workshop) -> Iterator[Proposal]:
    """Propose for each citation of a duty that has ended that of what came in its place."""
    catalogue, today = catalogue_of(workshop.deployment), workshop.clock().date()
    apply = {duty.id for duty in duties_of(workshop)}
    for path, outputs in _places(workshop):
        for owner, cites in _cites(path, outputs, workshop).items():
            for cited in cites:
                duty = _ended(catalogue, cited, today)
                if duty is not None:
                    instead = _instead(catalogue, duty, apply)
                    yield _edit(workshop, path, outputs, owner, duty, instead)


def _ended(catalogue: Catalogue, id: str, day: date) -> Obligation | None:
    """Return the last version of a duty that has ended, where no version applies or will; else None."""
    versions = catalogue.versions(id) if id in catalogue.ids else ()
    if any(
        one.withdrawn_on is None and (one.effective_to is None or day < one.effective_to) for one in versions
    ):
        return None
    return versions[-1] if versions else None


def _places(workshop: Workshop) -> list[tuple[Path, Outputs | None]]:
    """Return every file whose rows or principles cite something; None stands for the constitution."""
    kit = kit_of_deployment(workshop.deployment, shipped_entries())
    found: list[tuple[Path, Outputs | None]] = [(path, PLAYBOOK) for path in kit.tables]
    found += [(path, TRIAGE) for expert, path in kit.experts if expert.kind == _RULES and path is not None]
    return [*found, (kit.constitution, None)]


def _cites(path: Path, outputs: Outputs | None, workshop: Workshop) -> dict[str, tuple[str, ...]]:
    """Return what each row of a table, or each principle, cites."""
    if outputs is None:
        return {one.id: one.cites for one in load_constitution(path).principles}
    facts = known_facts(workshop.deployment.fields)
    return {
        rule.id: rule.cites
        for table in load_tables([path], facts=facts, outputs=outputs)
        for rule in table.rules
    }


def _instead(catalogue: Catalogue, duty: Obligation, apply: set[str]) -> tuple[str, ...]:
    """Return what came in the place of a duty and applies to the deployment."""
    ids = dict.fromkeys(key.partition("#")[0] for key in duty.superseded_by)
    return tuple(id for id in ids if id in apply)


def _edit(
    workshop: Workshop,
    path: Path,
    outputs: Outputs | None,
    owner: str,
    duty: Obligation,
    instead: tuple[str, ...],
) -> Proposal:
    what = "rule" if outputs is not None else "principle"
    since = duty.effective_to or duty.withdrawn_on
    cause = f"{duty.id} has not applied since {since}, and {what} {owner} cites it"
    now = f"cite {', '.join(instead)} instead" if instead else "take the citation away"
    name = workshop.deployment.name
    if not path.is_relative_to(workshop.deployment.root):
        where = f"In {path.name}, which is shipped, {what} {owner} should {now}."
        return Proposal(name, "revise", "rule", cause, where)
    file = path.relative_to(workshop.deployment.root).as_posix()
    text = path.read_bytes().decode("utf-8", errors="replace")
    edited = _edited(text, path, outputs, owner, duty.id, instead)
    if edited is None or not _only_that(workshop, path, outputs, owner, edited):
        return Proposal(name, "revise", "rule", cause, f"Edit {file} by hand: {what} {owner} should {now}.")
    pairs = zip(text.splitlines(), edited.splitlines(), strict=True)
    return Proposal(
        name,
        "edit",
        "rule",
        cause,
        f"In {file}, let {what} {owner} {now}.",
        file,
        digest_of_bytes(path.read_bytes()),
        workshop.blobs.put(edited.encode()),
        tuple((old, new) for old, new in pairs if old != new),
    )


def _edited(
    text: str, path: Path, outputs: Outputs | None, owner: str, old: str, instead: tuple[str, ...]
) -> str | None:
    """Return the text with another citation in the one place; None where that place cannot be told."""
    if outputs is None:
        start = re.search(rf'^id\s*=\s*"{re.escape(owner)}"', text, flags=re.M)
        first = -1 if start is None else text.rfind("[[", 0, start.start())
        if start is None or first < 0:
            return None
        last = text.find("\n[[", start.end())
        last = len(text) if last < 0 else last
        block = _replaced(text[first:last], old, instead, quote='"', between=", ")
        return None if block is None else text[:first] + block + text[last:]
    row = re.escape(owner.rpartition(".")[2])
    lines = text.splitlines(keepends=True)
    found = [n for n, line in enumerate(lines) if re.match(rf'"?{row}"?[,;\t]', line)]
    if path.suffix.lower() == ".json" or len(found) != 1:
        return None
    line = _replaced(lines[found[0]], old, instead, quote="", between="; ")
    if line is None:
        return None
    return "".join([*lines[: found[0]], line, *lines[found[0] + 1 :]])


def _replaced(text: str, old: str, instead: tuple[str, ...], *, quote: str, between: str) -> str | None:
    """Return the text with `old` replaced; what stands there already is not said twice."""
    token = rf"(?<![\w.#-]){re.escape(quote + old + quote)}(?![\w.#-])"
    if len(re.findall(token, text)) != 1:
        return None
    there = {id for id in instead if re.search(rf"(?<![\w.#-]){re.escape(id)}(?![\w.#-])", text)}
    new = [f"{quote}{id}{quote}" for id in instead if id not in there]
    if new:
        return re.sub(token, lambda _: between.join(new), text)
    alone = rf"\s*{between.strip()}\s*{token}|{token}\s*{between.strip()}\s*|{token}"
    return re.sub(alone, "", text, count=1)


def _only_that(workshop: Workshop, path: Path, outputs: Outputs | None, owner: str, text: str) -> bool:
    """Return whether the new text can be read, and changes what one rule or principle cites, nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(text.encode())
        try:
            before, after = _cites(path, outputs, workshop), _cites(draft, outputs, workshop)
            same = _but_citations(path, outputs, workshop) == _but_citations(draft, outputs, workshop)
        except FlyballError:
            return False
    return same and {id for id in before | after if before.get(id) != after.get(id)} == {owner}


def _but_citations(path: Path, outputs: Outputs | None, workshop: Workshop) -> str:
    if outputs is None:
        some = load_constitution(path).principles
        return digest_of([(one.id, one.text, one.checker, one.priority, one.when_failed) for one in some])
    facts = known_facts(workshop.deployment.fields)
    tables = load_tables([path], facts=facts, outputs=outputs)
    return digest_of(
        [
            (table.name, table.hit, rule.id, rule.row, rule.conditions, rule.outputs, rule.note)
            for table in tables
            for rule in table.rules
        ]
    )


def _begun(workshop: Workshop, live: Release) -> Iterator[Proposal]:
    """Propose to answer each duty that has begun since the live release was made and that nothing shows."""
    made = workshop.ledger.entry_by_key(f"release/{live.digest}")
    if made is None:
        return
    known = {duty.id for duty in duties_of(workshop, made.at.date())}
    cited = {
        cite
        for path, outputs in _places(workshop)
        for cites in _cites(path, outputs, workshop).values()
        for cite in cites
    }
    for duty in duties_of(workshop):
        if duty.id not in known and not duty.checks and duty.id not in cited:
            yield Proposal(
                workshop.deployment.name,
                "revise",
                "obligation",
                f"{duty.key} applies since {duty.effective_from}; no check, rule or principle here shows it",
                f"Write a rule or a principle that cites {duty.id} ({duty.title}), or sign that it is met by "
                "people outside of Flyball.",
            )


def _thresholds(workshop: Workshop, before: Release, after: Release) -> Iterator[Proposal]:
    """Propose thresholds that the re-test has chosen anew."""
    if before.parts.get("thresholds") == after.parts["thresholds"] or "thresholds" not in before.parts:
        return
    old, new = (from_json(workshop.blobs.get(one.parts["thresholds"]), Thresholds) for one in (before, after))
    for name in sorted(old.experts.keys() | new.experts.keys()):
        if old.experts.get(name) != new.experts.get(name):
            pair = [_sure(one, name) for one in (old, new)]
            yield Proposal(
                workshop.deployment.name,
                "threshold",
                "threshold",
                f"The re-test for {short(after.digest)} chose others than {short(before.digest)} has",
                f"Let {name} decide alone from {pair[1]} on, instead of from {pair[0]}.",
            )


def _sure(thresholds: Thresholds, name: str) -> str:
    one = thresholds.experts.get(name)
    if one is None:
        return "never"
    both = (("yes", one.present), ("no", one.absent))
    words = [f"{what} {least:.3f}" if least < NEVER else f"{what} never" for what, least in both]
    return ", ".join(words) + (f" ({len(one.fields)} fields of their own)" if one.fields else "")


def _re_tune(workshop: Workshop, verdict: Verdict) -> Iterator[Proposal]:
    """Propose to fit or calibrate the experts that learn, where the re-test missed an objective."""
    missed = [check for check in verdict.checks if not check.passed and check.name in _MISSED]
    if not missed:
        return
    learn = [
        one.name for one in workshop.deployment.settings.expert if one.kind != _RULES and _can_learn(one.kind)
    ]
    verbs = ", ".join(f"flyball model fit {name}" for name in learn) or "flyball model list"
    for check in missed:
        yield Proposal(
            workshop.deployment.name,
            "re-tune",
            "threshold",
            f"{check.name} failed: {check.detail}",
            f"Fit or calibrate anew on what has been labelled since ({verbs}), or promise less.",
        )


def _can_learn(kind: str) -> bool:
    maker: ExpertMaker = EXPERTS.load(kind)
    return maker.fit is not None


def _re_route(workshop: Workshop, live: LiveEngine) -> Iterator[Proposal]:
    """Propose who answers instead, where an expert is gone or its vendor has another model."""
    before: Mapping[str, object] = {one.name: one.settings.get("model") for one in live.settings.expert}
    after = {one.name: one.settings.get("model") for one in workshop.deployment.settings.expert}
    cards = {card.name: card for card in live.engine.cards}
    for name, model in before.items():
        if name in after and after[name] == model:
            continue
        fields = cards[name].fields
        others = [
            one for one in after if one != name and one in cards and set(cards[one].fields) & set(fields)
        ]
        instead = ", ".join(others) or "people"
        cause = (
            f"Expert {name} is not in flyball.toml any more"
            if name not in after
            else f"Expert {name} asks {after[name]} instead of {model}"
        )
        yield Proposal(
            workshop.deployment.name,
            "re-route",
            "threshold",
            cause,
            f"Route the {count(len(fields), 'field')} that it answered to {instead}, until whoever answers "
            "is calibrated on your own cases.",
        )
