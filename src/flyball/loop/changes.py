"""Changes: one thing that changed or that is asked about, out of words, a file, a day, or what is live."""

import difflib
import tempfile
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, get_args

import msgspec

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput, UnknownName
from flyball.governance.constitution.principle import Constitution, load_constitution
from flyball.governance.obligations.catalogue import Catalogue, load_catalogue
from flyball.governance.obligations.queries import compare
from flyball.governance.obligations.records import Obligation, Upcoming
from flyball.loop.deployment import digest_of_path
from flyball.loop.kit import kit_of_deployment
from flyball.loop.law import changes_ahead, duties_on
from flyball.loop.live import LiveEngine, live_engine
from flyball.loop.patches import patched
from flyball.loop.references import References, tables_that_decide
from flyball.loop.releases import live_release
from flyball.loop.stages.ahead import AHEAD_DAYS
from flyball.loop.stages.obligations import shipped_entries
from flyball.loop.workshop import Workshop
from flyball.models.decisions.findings import known_facts
from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.records import PLAYBOOK, TRIAGE, Table, changed_rules

__all__ = ["KINDS", "Change", "Kind", "changes_asked", "changes_since_live"]

Kind = Literal["rule", "obligation", "principle", "expert", "field", "threshold", "model"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_ALSO: dict[str, Kind] = {"duty": "obligation"}
_TABLES = (".csv", ".tsv", ".json")
_PATCHES = (".diff", ".patch")
_FEW = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed, or that is asked about.

    Parameters
    ----------
    kind : Kind
    id : str
        Of a duty with its version where one version is meant: "eu.ai-act.14#2".
    what : str
        "added", "removed", "changed", "rows before it changed", "begins", "ends", "asked about"; of a duty
        whose day is still to come "begins on 2027-12-02", "moved from 2026-08-02 to 2027-12-02", ...
    arrives : bool
        Whether it is asked what the day of a duty brings when it is there, and not what it changes today.
    """

    kind: Kind
    id: str
    what: str
    arrives: bool = False


@dataclass(frozen=True, slots=True)
class _Law:
    """What the law says as seen on one day: what is in force, and what is ahead."""

    duties: tuple[Obligation, ...]
    ahead: tuple[Upcoming, ...]


def changes_asked(
    words: Sequence[str], workshop: Workshop, here: References
) -> tuple[tuple[Change, ...], References]:
    """Read what is asked about.

    Parameters
    ----------
    words : sequence of str
        "rule:liability.L-02", "obligation:eu.ai-act.14#2", "principle:quoted_span", "expert:credit_model",
        "field:repaid", "threshold:credit_model/repaid", "model:mistral-small", "date:2026-07-21",
        "date:2026-01-01..2026-12-31", a bare name that only one kind of thing bears, or a file: a table of
        rules, a catalogue of duties or a constitution as it is to become, or a diff of them.
    workshop : Workshop
    here : References

    Returns
    -------
    changes : tuple of Change
    references : References
        With what the files bring put into its place.

    Raises
    ------
    BadInput, UnknownName
        Words that name nothing here, a day that is none, a file that cannot be read as one of the three.
    """
    with tempfile.TemporaryDirectory() as drafts:
        return _asked(words, workshop, here, Path(drafts))


def _asked(
    words: Sequence[str], workshop: Workshop, here: References, drafts: Path
) -> tuple[tuple[Change, ...], References]:
    found: list[Change] = []
    for word in words:
        kind, _, rest = word.partition(":")
        if kind == "date":
            found += _of_days(rest, workshop, here)
        elif _is_kind(kind) and rest:
            found.append(_dated(_known(_ALSO.get(kind, kind), rest, here), workshop, here))  # type: ignore[arg-type]
        elif Path(word).is_file():
            changes, here = _of_file(Path(word), workshop, here, drafts)
            found += changes
        elif _as_day(word) is not None:
            found += _of_days(word, workshop, here)
        else:
            found.append(_dated(_named(word, here), workshop, here))
    return tuple(dict.fromkeys(found)), here


def changes_since_live(workshop: Workshop, here: References) -> tuple[Change, ...]:
    """Return what differs between the folder today and the live release on the day on which it was made."""
    live = live_engine(workshop)
    before, after = live.engine, here
    made_on = _made_on(workshop, live)
    today = workshop.clock().date()
    kinds = [card.kind for card in before.cards]
    then = _Law(
        duties_on(before.catalogue, made_on, before.about, before.kit.fields, kinds),
        _ahead(before.catalogue, made_on, before.about, before.kit.fields, kinds),
    )
    found = [
        *_rules(before.playbook.tables, after.playbook),
        *_rules(tables_that_decide(before), after.deciding),
        *_duties(then, _law(here, here.catalogue, today), today),
        *_by_digest(
            "principle",
            _principles(before.constitution),
            _principles(after.constitution),
        ),
        *_experts(workshop, live),
        *_by_digest(
            "field",
            {field.key: digest_of(field) for field in before.kit.fields},
            {field.key: digest_of(field) for field in after.fields},
        ),
    ]
    return tuple(dict.fromkeys(found))


def _made_on(workshop: Workshop, live: LiveEngine) -> date:
    """Return the day whose law the live release was tested with: the last one on which it was made."""
    made = workshop.ledger.entry_by_key(f"release/{live.digest}")
    if made is not None:
        return made.at.date()
    promotion = live_release(workshop.ledger)
    return workshop.clock().date() if promotion is None else date.fromisoformat(promotion.at[:10])


def _law(here: References, catalogue: Catalogue, day: date) -> _Law:
    kinds = [card.kind for card in here.cards]
    return _Law(
        duties_on(catalogue, day, here.about, here.fields, kinds),
        _ahead(catalogue, day, here.about, here.fields, kinds),
    )


def _ahead(catalogue: Catalogue, day: date, *about: object) -> tuple[Upcoming, ...]:
    return changes_ahead(catalogue, day, AHEAD_DAYS, *about, as_known_on=day)  # type: ignore[arg-type]


def _duties(before: _Law, after: _Law, today: date) -> Iterator[Change]:
    """Yield duties that begin, end or change, and days ahead that are new, moved or gone."""
    difference = compare(before.duties, after.duties)
    yield from (Change("obligation", duty.key, "begins") for duty in difference.begins)
    yield from (Change("obligation", duty.key, "ends") for duty in difference.ends)
    yield from (Change("obligation", one.after.key, "changed") for one in difference.changed)
    known = {(one.obligation.id, one.event): one for one in before.ahead}
    told = {(one.obligation.key, one.event, one.day, one.obligation.digest) for one in before.ahead}
    still = {(one.obligation.id, one.event) for one in after.ahead}
    for one in after.ahead:
        earlier = known.get((one.obligation.id, one.event))
        if (one.obligation.key, one.event, one.day, one.obligation.digest) in told:
            continue
        what = f"{one.event} on {one.day}"
        if earlier is not None and earlier.day != one.day:
            what = f"{one.event} on {one.day} and no longer on {earlier.day}"
        yield Change("obligation", one.obligation.key, what)
    for one in before.ahead:
        if (one.obligation.id, one.event) not in still and one.day > today:
            yield Change("obligation", one.obligation.key, f"no longer {one.event} on {one.day}")


def _rules(before: Sequence[Table], after: Sequence[Table]) -> Iterator[Change]:
    yield from (Change("rule", one.rule, one.change) for one in changed_rules(before, after))


def _experts(workshop: Workshop, live: LiveEngine) -> Iterator[Change]:
    kit = kit_of_deployment(workshop.deployment, shipped_entries())
    both = [{one.name: _artefact(one, path) for one, path in some.experts} for some in (live.engine.kit, kit)]
    yield from _by_digest("expert", *both)


def _artefact(settings: object, path: Path | None) -> str:
    """Return the digest of what an expert is: its files, and for a model of a vendor its settings."""
    return digest_of(msgspec.to_builtins(settings)) if path is None else digest_of_path(path)


def _by_digest(kind: Kind, before: dict[str, str], after: dict[str, str]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield Change(kind, name, "added")
        elif name not in after:
            yield Change(kind, name, "removed")
        elif before[name] != after[name]:
            yield Change(kind, name, "changed")


def _is_kind(word: str) -> bool:
    return word in KINDS or word in _ALSO


def _names(here: References) -> dict[Kind, set[str]]:
    experts = {card.name for card in here.cards}
    return {
        "rule": {rule.id for rule in here.rules},
        "obligation": set(here.catalogue.ids) | {duty.key for duty in here.catalogue.obligations},
        "principle": {one.id for one in here.constitution.principles},
        "expert": experts,
        "field": set(here.field_keys),
        "threshold": experts | {f"{card.name}/{key}" for card in here.cards for key in card.fields},
        "model": {model for model, _ in here.models()},
    }


def _known(kind: Kind, id: str, here: References) -> Change:
    """Return a change with the whole name: of a rule its row will do, where one table has it."""
    known = _names(here)[kind]
    rows = sorted(one for one in known if kind == "rule" and one.endswith(f".{id}"))
    if id in known:
        return Change(kind, id, "asked about")
    if len(rows) == 1:
        return Change(kind, rows[0], "asked about")
    raise UnknownName(
        f"No {kind} of {here.about.name} is called {id!r}.", fix=_known_names(id, known, rows), id=id
    )


def _known_names(id: str, known: Collection[str], rows: Sequence[str]) -> str:
    """Return which names there are: versions of a duty, rows so called, all of a few, else the nearest."""
    duty, _, version = id.partition("#")
    if version and duty in known:
        versions = sorted(one for one in known if one.startswith(f"{duty}#"))
        return f"Its versions: {', '.join(versions)}; {duty} alone means all of them."
    listed = rows or sorted(one for one in known if "#" not in one)
    if len(listed) <= _FEW:
        return f"Known: {', '.join(listed) or 'none'}."
    near = difflib.get_close_matches(id, listed, n=5, cutoff=0.4)
    return (
        f"{len(listed)} are known{'; the nearest: ' + ', '.join(near) if near else f', such as {listed[0]}'}."
    )


def _named(word: str, here: References) -> Change:
    """Return what a bare name means, where only one kind of thing bears it."""
    found: list[Change] = []
    for kind in KINDS:
        if kind == "threshold":
            continue
        try:
            found.append(_known(kind, word, here))
        except UnknownName:
            continue
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(
            f"{word!r} is the name of several things.",
            fix=f"Say which: {', '.join(f'{one.kind}:{one.id}' for one in found)}.",
        )
    raise UnknownName(
        f"{word!r} names no change of {here.about.name}: it is no file, no day and no name here.",
        fix=f"Write {', '.join(f'{kind}:NAME' for kind in KINDS)}, date:YYYY-MM-DD, or a file of rules, "
        "duties or principles.",
        change=word,
    )


def _dated(change: Change, workshop: Workshop, here: References) -> Change:
    """Say of a duty that does not apply today since when it will, or that it does not."""
    if change.kind != "obligation":
        return change
    id, _, version = change.id.partition("#")
    today = workshop.clock().date()
    for duty in here.duties:
        if duty.id == id and version in ("", str(duty.version)):
            return replace(change, what=f"{change.what}; in force since {duty.effective_from}")
    events = _law(here, here.catalogue, today).ahead
    for one in events:
        if one.obligation.id == id and version in ("", str(one.obligation.version)):
            return replace(change, what=f"{change.what}; {one.event} on {one.day}")
    return replace(change, what=f"{change.what}; does not apply here on {today}")


def _of_days(text: str, workshop: Workshop, here: References) -> list[Change]:
    """Return what begins, ends or changes when a day arrives, or between two."""
    first, _, last = text.partition("..")
    day, until = _as_day(first), _as_day(last or first)
    if day is None or until is None or until < day:
        raise BadInput(
            f"{text!r} is no day and no span of days.",
            fix="Write date:YYYY-MM-DD, or date:YYYY-MM-DD..YYYY-MM-DD with the earlier day first.",
            day=text,
        )
    eve = day if last else day - timedelta(days=1)
    kinds = [card.kind for card in here.cards]
    both = [duties_on(here.catalogue, one, here.about, here.fields, kinds) for one in (eve, until)]
    difference = compare(*both)
    found = [
        *((duty.key, f"begins on {duty.effective_from}") for duty in difference.begins),
        *((duty.key, f"ends on {duty.effective_to}") for duty in difference.ends),
        *((one.after.key, f"changes on {one.after.effective_from}") for one in difference.changed),
    ]
    arriving = [Change("obligation", key, what, arrives=True) for key, what in found]
    return arriving + _put_off(day, until, bool(last), here)


def _put_off(day: date, until: date, span: bool, here: References) -> list[Change]:
    """Return duties that were once to begin on these days, and were put off or withdrawn before."""
    kinds = [card.kind for card in here.cards]
    found = []
    for duty in here.catalogue.obligations:
        planned = duty.effective_from
        if duty.withdrawn_on is None or not (day < planned if span else day <= planned) or planned > until:
            continue
        alone = Catalogue((replace(duty, withdrawn_on=None),))
        if not duties_on(alone, planned, here.about, here.fields, kinds):
            continue
        later = next((one for one in here.catalogue.versions(duty.id) if one.version > duty.version), None)
        instead = f"; {later.key} begins on {later.effective_from}" if later else ""
        found.append(
            Change(
                "obligation",
                duty.key,
                f"does not begin on {planned}, withdrawn on {duty.withdrawn_on}{instead}",
            )
        )
    return found


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _of_file(
    path: Path, workshop: Workshop, here: References, drafts: Path
) -> tuple[list[Change], References]:
    """Hold a file, as it is to become, or what a diff would make of one, against what stands there now."""
    if path.suffix.lower() in _PATCHES:
        kit = kit_of_deployment(workshop.deployment, shipped_entries())
        files = [*kit.tables, kit.constitution, *kit.catalogue]
        files += [
            file for expert, file in kit.experts if file is not None and expert.kind == "decision_table"
        ]
        found: list[Change] = []
        folder = Path(tempfile.mkdtemp(dir=drafts))
        # Duties first: a rule or principle of the same diff may cite a new one.
        for file, text in sorted(patched(path, files), key=lambda one: "[[obligation]]" not in one[1]):
            draft = folder / file.name
            draft.write_text(text, encoding="utf-8")
            changes, here = _of_file(draft, workshop, here, drafts)
            found += changes
        return found, here
    if path.suffix.lower() in _TABLES:
        return _of_table(path, here)
    if path.suffix.lower() == ".toml":
        try:
            keys = set(tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
            raise BadInput(
                f"{path.name} is not TOML: {err}.", fix="Mend the line it names.", file=path
            ) from err
        if "obligation" in keys:
            return _of_catalogue(path, workshop, here)
        if "principle" in keys:
            return _of_constitution(path, here)
    raise BadInput(
        f"{path.name} is no table of rules, no catalogue of duties and no constitution.",
        fix="Give a .csv or .json table, a .toml file with [[obligation]] or [[principle]], or a .diff.",
        file=path,
    )


def _of_table(path: Path, here: References) -> tuple[list[Change], References]:
    decides = any(table.name == path.stem for table in here.deciding)
    (table,) = load_tables(
        [path],
        facts=known_facts(here.fields),
        cites=None if decides else here.citable,
        outputs=TRIAGE if decides else PLAYBOOK,
    )
    before = [one for one in (*here.deciding, *here.playbook) if one.name == table.name]
    return list(_rules(before, [table])), here.with_table(table)


def _of_catalogue(path: Path, workshop: Workshop, here: References) -> tuple[list[Change], References]:
    """A file of the name of one that is there takes its place; any other is added."""
    files = tuple(path if one.name == path.name else one for one in here.catalogue_files)
    files = files if path in files else (*files, path)
    catalogue = load_catalogue(files, shipped=False)
    today = workshop.clock().date()
    law = _law(here, catalogue, today)
    changes = _duties(_law(here, here.catalogue, today), law, today)
    return list(changes), replace(here, catalogue=catalogue, catalogue_files=files, duties=law.duties)


def _of_constitution(path: Path, here: References) -> tuple[list[Change], References]:
    from_file = load_constitution(path, known=here.citable)
    both = _principles(here.constitution), _principles(from_file)
    return list(_by_digest("principle", *both)), replace(here, constitution=from_file)


def _principles(constitution: Constitution) -> dict[str, str]:
    """Return the digest of each principle with all that changes it in some places."""
    return {
        one.id: digest_of([one, [over for over in constitution.overlays if over.principle == one.id]])
        for one in constitution.principles
    }
