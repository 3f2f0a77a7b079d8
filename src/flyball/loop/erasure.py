"""Erasure: a person, or a document, goes out of all copies, and the ledger holds the proof.

First the ledger says who asked and what will go; then it goes; then everything that is left is searched
again, and the ledger says what the search found. Killed at any point, the same call goes on. Why it is done
so: docs/decisions/0010-erasure.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flyball.core.digests import canonical_json, from_json, short
from flyball.core.errors import BadInput, FlyballError, UnknownName
from flyball.core.text import count
from flyball.data.datasets.catalogue import Catalogue, open_catalogue
from flyball.data.datasets.erasing import Held, erase_rows, held_rows, wanted_values
from flyball.data.datasets.snapshots import list_datasets
from flyball.data.datasets.tables import existing_table
from flyball.data.datasets.wanted import SHORTEST_WORDS, Wanted
from flyball.ledger.erasure import erase as erase_blob
from flyball.loop.erased import BEGUN, left_of, subject_digest
from flyball.loop.holds import Hold, OnHold, open_holds, subject_of
from flyball.loop.permission import signed_request
from flyball.loop.releases import read_release
from flyball.loop.subjects import Subjects, lines_of, subjects_of
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

__all__ = [
    "BEGUN",
    "CACHES",
    "DONE",
    "REFUSED",
    "Erased",
    "Found",
    "erase",
    "find",
    "kept_by",
    "release_files",
]

DONE, REFUSED = "erasure.done", "erasure.refused"

CACHES = ("texts", "memo", "listings", "reports", "history", "traces")
"""Folders of the state that hold nothing of their own, or nothing that must be kept: they may go."""
_CASES = ("cases", "labels", "places", "reviewed")
_SHORTEST_REASON = 8


@dataclass(frozen=True, slots=True)
class Found:
    """Where the person is.

    Parameters
    ----------
    datasets : tuple of Held
        Those that hold something.
    documents : tuple of str
        Digests of the documents whose text names the person.
    cases : tuple of str
        Ids of their cases.
    blobs : tuple of str
        Digests of texts and outputs.
    caches : tuple of str
        Files of the state folder that were made of them: memos, listings, report pages.
    releases : tuple of str
        Digests of releases that were made from snapshots which held the person: to be made again.
    experts : tuple of str
        Experts of releases that say that they were trained on such a dataset: to be trained again.
    stuck : tuple of str
        What holds the person and cannot be erased here, with the reason.
    """

    datasets: tuple[Held, ...] = ()
    documents: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    experts: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing left to erase."""
        return not (self.datasets or self.blobs or self.caches or self.stuck)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased.

    Parameters
    ----------
    entry : int
        Index of the ledger entry that is the proof.
    removed : Found
        What is no longer there, with what earlier runs of the same request removed.
    remaining : tuple of str
        What could not be erased, with the reason; () where all is gone.
    outside : tuple of str
        What no erasure here can reach.
    """

    entry: int
    removed: Found
    remaining: tuple[str, ...]
    outside: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything within reach is gone."""
        return not self.remaining


@dataclass(slots=True)
class _Search:
    """What is looked for, in datasets, in blobs and in caches."""

    words: tuple[str, ...]
    subjects: Subjects
    documents: set[str] = field(default_factory=set)
    cases: set[str] = field(default_factory=set)
    keys: dict[str, dict[tuple[str, ...], frozenset[str]]] = field(default_factory=dict)
    """Dataset -> key columns -> keys of rows that stand in what it was made from."""

    def rows(self, dataset: str) -> Wanted:
        exact = dict(self.subjects.get(dataset, {}))
        if dataset in _CASES and self.cases:
            exact["case_id"] = frozenset(self.cases)
        long = {one for values in exact.values() for one in values if len(one) >= 2 * SHORTEST_WORDS}
        tokens = tuple(sorted(long - self.cases)) if dataset not in _CASES else ()
        return Wanted((*self.words, *tokens), exact, self.keys.get(dataset, {}))

    def texts(self) -> Wanted:
        return Wanted((*self.words, *sorted(self.documents)))


def find(workshop: Workshop, subject: str = "", *, document: str = "", datasets: Iterable[str] = ()) -> Found:
    """Say where a person or a document is; nothing is changed.

    Parameters
    ----------
    workshop : Workshop
    subject : str
        As the source writes the person: the value of the subject column, or a name. From five characters
        on it is looked for in every text too, as whole words.
    document : str
        Instead: digest of a document's bytes, at least six digits.
    datasets : iterable of str
        Only these and what was made from them, and then no blobs and caches; none means all.

    Returns
    -------
    Found

    Raises
    ------
    BadInput
        Neither or both are given, or a file cannot be read.
    UnknownName
        No document has this digest.
    """
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        search = _search(workshop, catalogue, subject, document, _Open())
        return _found(workshop, catalogue, search, tuple(datasets))


def erase(
    workshop: Workshop,
    subject: str = "",
    *,
    document: str = "",
    datasets: Iterable[str] = (),
    person: str,
    reason: str,
) -> Erased:
    """Erase a person or a document everywhere, and prove it.

    Parameters
    ----------
    workshop : Workshop
    subject, document, datasets
        As in `find`.
    person : str
        Who decides it: needs "erase" among their kinds in people.toml, and signs.
    reason : str
        For the ledger, without personal data: "Request 2026-118".

    Returns
    -------
    Erased

    Raises
    ------
    Refused
        The person may not erase. That is written down too.
    OnHold
        A legal hold keeps something of it; nothing was erased. That is written down too.
    BadInput, UnknownName
        As in `find`; or no reason, or one that names the subject.
    """
    if len(reason.strip()) < _SHORTEST_REASON or (subject and subject.casefold() in reason.casefold()):
        raise BadInput(
            "An erasure needs a reason of a few words, in which the subject is not named: it stays for ever.",
            fix='For instance --reason "Request 2026-118".',
        )
    only = tuple(datasets)
    digest = subject_digest(workshop, subject or document)
    request = {"person": person, "reason": reason, "subject": digest, "datasets": list(only)}
    approval = signed_request(workshop, request, kind="erase", person=person, refusal=REFUSED)
    with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
        before = _open_requests(workshop, digest, only)
        search = _search(workshop, catalogue, subject, document, before)
        plan = _found(workshop, catalogue, search, only)
        left = {} if only else _left(workshop, plan.blobs, search)
        _refuse_what_is_held(workshop, request, plan)
        body = {**request, "approval": approval, "plan": plan, "continues": before.entries, "left": left}
        begun = workshop.ledger.append(
            kind=BEGUN, actor=f"person:{person}", body=body, refs=tuple(dict.fromkeys(left.values()))
        ).index
        if not only:
            for one in plan.blobs:
                erase_blob(workshop.ledger, workshop.blobs, one, actor=f"person:{person}", reason=reason)
            for name in plan.caches:
                (workshop.state / name).unlink(missing_ok=True)
        # What was made from a dataset goes first: afterwards nobody could say which of its rows are meant.
        lines, failed, kept = lines_of(catalogue), [], set[str]()
        for held in sorted(plan.datasets, key=lambda one: list(lines).index(one.dataset), reverse=True):
            waits = sorted(one for one in kept if held.dataset in lines[one])
            if waits:
                failed.append(f"dataset {held.dataset}: waits for {waits[0]}, which was made from it")
                kept.add(held.dataset)
                continue
            try:
                there = erase_rows(
                    catalogue,
                    held.dataset,
                    search.rows(held.dataset),
                    facts={"erasure": begun},
                    now=workshop.clock(),
                )
                kept |= {held.dataset} if there else set()
            except FlyballError as err:
                failed.append(f"dataset {held.dataset}: {err.message}")
                kept.add(held.dataset)
        still = _found(workshop, catalogue, search, only)
        removed = _removed([*before.plans, plan], still)
    remaining = (*failed, *_told(still))
    outside = _outside(workshop)
    done = {
        "erasure": begun,
        "begun": [*before.entries, begun],
        "subject": digest,
        "datasets": list(only),
        "removed": removed,
        "remaining": list(remaining),
        "outside": list(outside),
        "complete": not remaining,
    }
    entry = workshop.ledger.append(kind=DONE, actor=f"person:{person}", body=done).index
    workshop.ledger.checkpoint()
    return Erased(entry, removed, remaining, outside)


def kept_by(workshop: Workshop, hold: Hold) -> Found:
    """Return what a hold keeps now: of a person or a document, everything in which they stand.

    Raises
    ------
    BlobMissing, BlobErased
        Whom it is about cannot be read, so nothing may go.
    """
    subject = subject_of(workshop.blobs, hold)
    if subject:
        found = find(workshop, subject)
        # By a short value an erasure would take texts about others; a hold rather keeps those too.
        named = _texts_with(workshop, subject) - {hold.held} if len(subject) < SHORTEST_WORDS else set[str]()
        return replace(found, blobs=tuple(sorted({*found.blobs, *named})))
    found = Found(tuple(Held(name, 0, (), (), {}) for name in hold.datasets), hold.documents)
    for document in hold.documents:
        with suppress(UnknownName):  # it may come later
            one = find(workshop, document=document)
            found = replace(
                found, datasets=(*found.datasets, *one.datasets), blobs=(*found.blobs, *one.blobs)
            )
    return found


def _texts_with(workshop: Workshop, word: str) -> set[str]:
    wanted = Wanted((word,))
    return {one for one in _blobs(workshop) if wanted.stands_in(workshop.blobs.path(one).read_bytes())}


def _refuse_what_is_held(workshop: Workshop, request: Mapping[str, object], plan: Found) -> None:
    """Refuse an erasure that would take something which a hold keeps.

    Erasing rows takes old versions too, and a file of traces goes as a whole.
    """
    traces = [one for one in plan.caches if one.startswith("traces/")]
    for hold in open_holds(workshop.ledger):
        kept = kept_by(workshop, hold)
        shared = {one.dataset for one in kept.datasets} & {one.dataset for one in plan.datasets}
        texts = {*kept.documents, *kept.blobs, hold.held} & {*plan.documents, *plan.blobs}
        met = [*sorted(shared), *sorted(short(one) for one in texts - {hold.held}), *traces]
        if not (hold.everything or shared or texts or traces or hold.subject == request["subject"]):
            continue
        why = f"the hold {hold.name} of {hold.at:%Y-%m-%d} keeps {', '.join(met) or hold.about}"
        workshop.ledger.append(
            kind=REFUSED, actor=workshop.actor, body={**request, "why": why, "hold": hold.entry}
        )
        raise OnHold(
            f"Nothing was erased: {why}.",
            fix="Tell who asked that it is kept for a legal matter. Once that is over: "
            f"flyball hold release {hold.name}",
            hold=hold.name,
        )


@dataclass(frozen=True, slots=True)
class _Open:
    """Earlier requests for the same subject that did not come to their end."""

    entries: tuple[int, ...] = ()
    plans: tuple[Found, ...] = ()


def _open_requests(workshop: Workshop, digest: str, only: tuple[str, ...]) -> _Open:
    done = {
        int(str(index))
        for entry in workshop.ledger.entries(DONE)
        if entry.body["complete"]
        for index in _list(entry.body["begun"])
    }
    begun = [
        entry
        for entry in workshop.ledger.entries(BEGUN)
        if entry.body["subject"] == digest
        and tuple(_list(entry.body["datasets"])) == only  # a part that is done does not end the whole
        and entry.index not in done
    ]
    plans = tuple(from_json(canonical_json(entry.body["plan"]), Found) for entry in begun)
    return _Open(tuple(entry.index for entry in begun), plans)


def _search(workshop: Workshop, catalogue: Catalogue, subject: str, document: str, before: _Open) -> _Search:
    if bool(subject.strip()) == bool(document):
        raise BadInput(
            "Erasing needs either a subject or a document.",
            fix="For instance --subject 4711, or --document sha256:9f3c...",
        )
    search = _Search((), {})
    if document:
        search.documents.add(_document(workshop, catalogue, document, before))
        search.words = tuple(search.documents)
    else:
        search.subjects = subjects_of(workshop, catalogue, subject.strip())
        search.words = (subject.strip(),) if len(subject.strip()) >= SHORTEST_WORDS else ()
    # What an earlier run has erased already cannot be read again: its plan says which documents it was about.
    search.documents |= {one for plan in before.plans for one in plan.documents}
    search.cases |= {one for plan in before.plans for one in plan.cases}
    if search.words and "cases" in list_datasets(catalogue):
        wanted = Wanted(search.words)
        search.documents |= wanted_values(catalogue, "cases", wanted, "content_digest")
        search.cases |= wanted_values(catalogue, "cases", wanted, "case_id")
    for dataset, parents in lines_of(catalogue).items():
        held = search.keys.setdefault(dataset, {})
        for parent, keys in parents.items():
            for key in keys:
                found = wanted_values(catalogue, parent, search.rows(parent), *key)
                held[key] = held.get(key, frozenset()) | found
    return search


def _document(workshop: Workshop, catalogue: Catalogue, document: str, before: _Open) -> str:
    bare = document.removeprefix("sha256:")
    known = {one for plan in before.plans for one in plan.documents}
    known |= {str(entry.body["content_digest"]) for entry in workshop.ledger.entries("decision")}
    if "cases" in list_datasets(catalogue):
        known |= wanted_values(catalogue, "cases", Wanted(("sha256",)), "content_digest")
    found = {one for one in known if len(bare) >= 6 and one.removeprefix("sha256:").startswith(bare)}
    if len(found) != 1:
        raise UnknownName(
            f"{len(found) or 'No'} known documents have the digest {document!r}.",
            fix="Give more digits; a document's digest stands in its decision.",
            document=document,
        )
    return found.pop()


def _found(workshop: Workshop, catalogue: Catalogue, search: _Search, only: tuple[str, ...]) -> Found:
    names = list_datasets(catalogue)
    unknown = sorted(set(only) - set(names))
    if unknown:
        raise UnknownName(f"There is no dataset {unknown[0]!r}.", fix=f"Known: {', '.join(names) or 'none'}.")
    lines = lines_of(catalogue)
    chosen = [name for name in names if not only or name in only or set(only) & set(lines[name])]
    held = [held_rows(catalogue, name, search.rows(name)) for name in chosen]
    datasets = tuple(one for one in held if not one.empty)
    snapshots = {digest for one in datasets for digest in one.snapshots}
    releases, experts = _releases(workshop, snapshots, {one.dataset for one in datasets})
    if only:
        return Found(datasets, releases=releases, experts=experts)
    texts = search.texts()
    kept = release_files(workshop)
    hits = [one for one in _blobs(workshop) if texts.stands_in(workshop.blobs.path(one).read_bytes())]
    stuck = [f"blob {short(one)}: a file of release {kept[one]}" for one in hits if one in kept]
    blobs = tuple(one for one in hits if one not in kept)
    gone = [f"{name}@{short(one)}" for one in snapshots for name in names]
    caches, others = [], []
    about = Wanted((*texts.words, *sorted(search.cases), *sorted(snapshots), *gone, *blobs))
    places = [existing_table(catalogue, name).location() for name in names]
    for path, name in _state_files(workshop, places):
        if name.partition("/")[0] in CACHES:
            if about.stands_in(path.read_bytes()):
                caches.append(name)
        elif Wanted(search.words).stands_in(path.read_bytes()):
            others.append(f"{name}: nothing here may change this file")
    entries = _entries_that_name(workshop, search) if not search.documents.issuperset(search.words) else []
    if entries:
        stuck.append(
            f"ledger: {count(len(entries), 'entry', 'entries')} (first {entries[0]}) "
            "quote it; a ledger cannot be changed"
        )
    return Found(
        datasets,
        tuple(sorted(search.documents)),
        tuple(sorted(search.cases)),
        blobs,
        tuple(caches),
        releases,
        experts,
        (*stuck, *others),
    )


def _left(workshop: Workshop, blobs: Iterable[str], search: _Search) -> dict[str, str]:
    """Keep the re-tests of others: a release is compared with the next one by them.

    Returns
    -------
    dict of str to str
        Digest of decisions that name the person -> digest of the same ones without those.
    """
    texts = search.texts()
    parts = (parts.get("reviewed decisions", "") for parts in _made(workshop).values())
    known = {left_of(workshop, str(one)) for one in parts}
    found = {}
    for digest in known.intersection(blobs):
        if workshop.blobs.status(digest) != "present":
            continue
        decisions = from_json(workshop.blobs.get(digest), list[Decision])
        others = [
            one
            for one in decisions
            if one.content_digest not in search.documents and not texts.stands_in(canonical_json(one))
        ]
        found[digest] = workshop.blobs.put(canonical_json(others))
    return found


def _blobs(workshop: Workshop) -> Iterator[str]:
    """Yield every blob whose bytes are there, also where a crash came between its tombstone and its end."""
    for path in sorted(workshop.blobs.folder.glob("??/*")):
        if path.is_file() and path.suffix == "" and not path.name.startswith("."):
            yield f"sha256:{path.parent.name}{path.name}"


def _state_files(workshop: Workshop, tables: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Yield the files of the state folder that are neither blobs, keys, tables, nor the ledger."""
    skipped = {workshop.state / "blobs", workshop.state / "keys"}
    skipped |= {Path(one.partition("://")[2]) for one in tables}
    for path in sorted(workshop.state.rglob("*")):
        name = path.relative_to(workshop.state).as_posix()
        inside = any(path.is_relative_to(one) for one in skipped)
        if path.is_file() and not inside and not name.startswith("ledger."):
            yield path, name


def _entries_that_name(workshop: Workshop, search: _Search) -> list[int]:
    words = Wanted(search.words)
    return [one.index for one in workshop.ledger.entries() if words.stands_in(canonical_json(one.body))]


def release_files(workshop: Workshop) -> dict[str, str]:
    """Return the digest of each file of a release, and the release."""
    found: dict[str, str] = {}
    for release in _made(workshop):
        try:
            files = read_release(workshop.state, release, workshop.key.verifier).release.files
        except FlyballError:
            continue  # it cannot be run either; what it named counts as any other blob
        found |= dict.fromkeys(files.values(), short(release))
    return found


def _made(workshop: Workshop) -> dict[str, Mapping[str, Any]]:
    entries = workshop.ledger.entries("release.made")
    return {str(one.body["release"]): _mapping(one.body["parts"]) for one in entries}


def _releases(
    workshop: Workshop, snapshots: set[str], datasets: set[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    releases = [name for name, parts in _made(workshop).items() if snapshots & set(parts.values())]
    experts: set[str] = set()
    for release in _made(workshop):
        try:
            files = read_release(workshop.state, release, workshop.key.verifier).release.files
            for name, digest in files.items():
                if name.startswith("experts/") and name.endswith("card.json"):
                    card = from_json(workshop.blobs.get(digest), dict[str, Any])
                    said = " ".join(map(str, _list(card.get("trained_on", []))))
                    if Wanted((*datasets, *snapshots)).stands_in(said.encode()):
                        experts.add(f"{name.split('/')[1]} of {short(release)}")
        except FlyballError:
            experts.add(f"any of {short(release)}: it cannot be read")
    return tuple(releases), tuple(sorted(experts)) if datasets else ()


def _removed(plans: list[Found], left: Found) -> Found:
    """Return what the plans named and is no longer there."""
    still = {one.dataset: one for one in left.datasets}
    held: dict[str, Held] = {}
    for one in (one for plan in plans for one in plan.datasets):
        there = still.get(one.dataset, Held(one.dataset, 0, (), (), {}))
        before = held.get(one.dataset, Held(one.dataset, 0, (), (), {}))
        held[one.dataset] = Held(
            one.dataset,
            max(before.rows, one.rows - there.rows),
            tuple(dict.fromkeys((*before.snapshots, *(set(one.snapshots) - set(there.snapshots))))),
            tuple(dict.fromkeys((*before.tags, *(set(one.tags) - set(there.tags))))),
            {**before.files, **{path: one.files[path] for path in one.files if path not in there.files}},
        )

    def union(name: str) -> tuple[str, ...]:
        gone = {item for plan in plans for item in getattr(plan, name)}
        return tuple(sorted(gone - set(getattr(left, name)) if name in ("blobs", "caches") else gone))

    return Found(
        tuple(held.values()),
        *(union(name) for name in ("documents", "cases", "blobs", "caches", "releases", "experts")),
    )


def _told(left: Found) -> Iterator[str]:
    for held in left.datasets:
        first = next(iter(held.files), "")
        yield f"dataset {held.dataset}: {count(len(held.files), 'file')} left (first {first})"
    for digest in left.blobs:
        yield f"blob {short(digest)}: still there"
    for name in left.caches:
        yield f"{name}: still there"
    yield from left.stuck


def _outside(workshop: Workshop) -> tuple[str, ...]:
    sources = [one.name for one in workshop.deployment.settings.source]
    return (
        *(
            f"source {name}: erase it there too; loads keep the person out by the contract's subject alone"
            for name in sources
        ),
        "backups of this deployment, exports, and copies that people made",
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
