"""Lineage: from a decision back to the rows that it rests on, and from a row on to the decisions.

Nothing is kept for it: the graph is read out of the ledger, the signed releases and the snapshots, each of
which says what it was made from, by digest. So it cannot be out of date, and each node can be checked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from flyball.core.digests import short
from flyball.core.errors import FlyballError, UnknownName
from flyball.core.text import count
from flyball.data.datasets.catalogue import Catalogue, open_catalogue
from flyball.data.datasets.errors import UnknownSnapshot
from flyball.data.datasets.history import expired_snapshots
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.snapshots import list_datasets, list_snapshots, scan_snapshot
from flyball.data.datasets.tables import existing_table
from flyball.ledger.blobs import BlobStatus
from flyball.ledger.proofs import prove, verify_proof
from flyball.ledger.records import Entry
from flyball.loop.releases import Release, read_release
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

__all__ = [
    "Edge",
    "Lineage",
    "Node",
    "find_decision",
    "lineage_of_decision",
    "lineage_of_digest",
    "lineage_of_row",
]

Verified = Literal["verified", "altered", "missing", "erased", "not checked"]

_SNAPSHOT, _EXPERT = "snapshot ", "expert "


@dataclass(frozen=True, slots=True)
class Node:
    """One thing that a decision rests on, or that rests on it.

    Parameters
    ----------
    id : str
        "KIND:DIGEST" or "KIND:NAME"; unique in the graph.
    kind : str
        "decision", "release", "document", "snapshot", "stream", "expert", "rule", "obligation", "part".
    name : str
        For people.
    digest : str
        "" where it is named by something else.
    verified : str
        Whether its content is what the digest says: "verified", "altered", "missing", "erased" or
        "not checked".
    detail : str
        For people: by whom, how many rows.
    at : datetime, optional
        When it was made, UTC, where a record says so.
    """

    id: str
    kind: str
    name: str
    digest: str = ""
    verified: Verified = "not checked"
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` was made from `source`.

    Parameters
    ----------
    source, target : str
        Ids of nodes.
    how : str
        In a word or two: "decided on", "tested with", "loaded from".
    """

    source: str
    target: str
    how: str


@dataclass(slots=True)
class Lineage:
    """A graph without circles: every edge goes from what was there first to what was made from it.

    Parameters
    ----------
    of : str
        Id of the node that was asked for.
    nodes : dict of str to Node
    edges : list of Edge
    """

    of: str
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    _linked: set[Edge] = field(default_factory=set, repr=False)

    def add(self, node: Node) -> str:
        """Add a node once; return its id."""
        self.nodes.setdefault(node.id, node)
        return node.id

    def link(self, source: str, target: str, how: str) -> None:
        """Add an edge once."""
        edge = Edge(source, target, how)
        if edge not in self._linked:
            self._linked.add(edge)
            self.edges.append(edge)

    @property
    def sound(self) -> bool:
        """False as soon as one node is altered or missing. Erased is no fault: it was asked for."""
        return all(node.verified not in ("altered", "missing") for node in self.nodes.values())


def lineage_of_decision(workshop: Workshop, wanted: str, *, read_data: bool = False) -> Lineage:
    """Return what a decision rests on.

    Parameters
    ----------
    workshop : Workshop
    wanted : str
        Number of its ledger entry, id of its case (or the beginning of it, at least six digits), or the
        name of its file; the latest decision of that case.
    read_data : bool
        Read each snapshot and hold it against its digest; without it only that it is there.

    Returns
    -------
    Lineage

    Raises
    ------
    UnknownName
        No decision, or several cases.
    """
    entry = find_decision(workshop, wanted)
    decision = msgspec.convert(entry.body, Decision)
    with _Reader(workshop, read_data) as reader:
        graph = Lineage(f"decision:{entry.index}")
        graph.add(reader.decision(entry, decision))
        reader.document(graph, decision, entry.refs)
        if decision.release:
            reader.release(graph, decision.release)
            graph.link(f"release:{decision.release}", graph.of, "decided with")
        files = reader.files_of_release(decision.release)
        for expert in sorted({one.route.expert for one in decision.fields if one.route.expert}):
            node = graph.add(Node(f"expert:{expert}", "expert", expert, verified=files))
            graph.link(node, graph.of, "answered by")
        for finding in decision.findings:
            rule = Node(f"rule:{finding.rule}", "rule", finding.rule, "", files, finding.title)
            graph.link(graph.add(rule), graph.of, "found by")
        for duty in decision.obligations:
            node = graph.add(Node(f"obligation:{duty}", "obligation", duty, verified=files))
            graph.link(node, graph.of, "in force")
    return graph


def lineage_of_digest(workshop: Workshop, digest: str) -> Lineage:
    """Return what was made from a document or a snapshot: datasets, releases and decisions.

    Parameters
    ----------
    workshop : Workshop
    digest : str
        Of a document's bytes or of a snapshot, in full or at least the first six digits.

    Raises
    ------
    UnknownName
        Nothing has this digest, or several things begin so.
    """
    with _Reader(workshop, read_data=False) as reader:
        bare = digest.rpartition("@")[2].rpartition(":")[2]

        def named(one: str) -> bool:
            return len(bare) >= 6 and one.rpartition(":")[2].startswith(bare)

        known = [one for one in reader.snapshots.values() if named(one.digest)]
        documents = [
            (entry, msgspec.convert(entry.body, Decision))
            for entry in workshop.ledger.entries("decision")
            if named(str(entry.body["content_digest"]))
        ]
        several = sorted({one.digest for one in known} | {one.content_digest for _, one in documents})
        if len(several) > 1:
            raise UnknownName(
                f"{len(several)} snapshots and documents have the digest {digest!r}.",
                fix=f"Give more digits: {', '.join(several[:10])}.",
                digest=digest,
            )
        if not several:
            raise UnknownName(
                f"No snapshot and no decided document has the digest {digest!r}.",
                fix="flyball snapshot list shows snapshots; a document's digest stands in its decision.",
                digest=digest,
            )
        start = known[0].digest if known else documents[0][1].content_digest
        graph = Lineage("")
        graph.of = graph.add(reader.snapshot_node(start) if known else _document_node(documents[0][1]))
        reader.forward(graph, graph.of, start)
        for entry, decision in documents:
            graph.link(graph.of, graph.add(reader.decision(entry, decision)), "decided on")
    return graph


def lineage_of_row(workshop: Workshop, source: str, key: str) -> Lineage:
    """Return what was made from one row of a source.

    Parameters
    ----------
    workshop : Workshop
    source : str
        Name of a [[source]].
    key : str
        Value of the row's key; several columns with "," between them. For files: the name of the file.

    Raises
    ------
    UnknownName
        No snapshot of the source holds such a row.
    """
    with _Reader(workshop, read_data=False) as reader:
        graph = Lineage(f"row:{source}/{key}")
        graph.add(Node(graph.of, "row", f"{source}: {key}"))
        for found in reader.loaded_with(source, key):
            node = graph.add(reader.snapshot_node(found.digest))
            graph.link(graph.of, node, "loaded")
            reader.forward(graph, node, found.digest)
        for snapshot, content in reader.cases_of(source, key):
            node = graph.add(reader.snapshot_node(snapshot.digest))
            graph.link(graph.of, node, "read")
            reader.forward(graph, node, snapshot.digest)
            for entry, decision in _decisions(workshop, content_digest=content):
                graph.link(graph.of, graph.add(reader.decision(entry, decision)), "decided on")
        if not graph.edges:
            raise UnknownName(
                f"No snapshot of the source {source} holds a row {key!r}.",
                fix="Give the value of its key as flyball source preview shows it, or the name of the file.",
                source=source,
            )
    return graph


def find_decision(workshop: Workshop, wanted: str, *, kinds: tuple[str, ...] = ("decision",)) -> Entry:
    """Return the ledger entry of a decision.

    Parameters
    ----------
    workshop : Workshop
    wanted : str
        Number of its entry, id of its case (or the beginning of it, at least six digits), or the name of
        its file; the latest decision of that case.
    kinds : tuple of str
        Of entries that may be meant by their number.

    Raises
    ------
    UnknownName
        No decision, or several cases.
    """
    if wanted.isdigit() and int(wanted) < workshop.ledger.size():
        entry = workshop.ledger.entry(int(wanted))
        if entry.kind in kinds:
            return entry
    bare = wanted.removeprefix("decision:").removeprefix("sha256:")
    found: dict[str, Entry] = {}
    for entry in workshop.ledger.entries("decision"):
        case, name = str(entry.body["case_id"]), str(entry.body["case_name"])
        content = str(entry.body["content_digest"]).removeprefix("sha256:")
        if name == wanted or entry.key == wanted or (len(bare) >= 6 and content.startswith(bare)):
            found[case] = entry  # the latest of each case
    if len(found) == 1:
        return next(iter(found.values()))
    what = f"{len(found)} cases match" if found else "No decision matches"
    if wanted.isdigit() and not found and int(wanted) < workshop.ledger.size():
        kind = workshop.ledger.entry(int(wanted)).kind
        known = kind == "completion"
        raise UnknownName(
            f"Entry {wanted} is of the kind {kind!r}, and no decision"
            + (": what was said in a conversation cannot be worked out again." if known else "."),
            fix="Name a decision: flyball ledger list --kind decision.",
            decision=wanted,
        )
    raise UnknownName(
        f"{what} {wanted!r}.",
        fix="Give the number of the ledger entry, the case id, or the name of the file; "
        "see flyball ledger list --kind decision.",
        decision=wanted,
    )


def _decisions(workshop: Workshop, **wanted: str) -> Iterator[tuple[Entry, Decision]]:
    """Yield the decisions whose body says so; only those are converted."""
    for entry in workshop.ledger.entries("decision"):
        if all(entry.body[name] == value for name, value in wanted.items()):
            yield entry, msgspec.convert(entry.body, Decision)


def _document_node(decision: Decision, verified: Verified = "not checked") -> Node:
    digest = decision.content_digest
    return Node(f"document:{digest}", "document", decision.case_name, digest, verified)


class _Reader:
    """Reads nodes out of what the deployment keeps, each once."""

    def __init__(self, workshop: Workshop, read_data: bool) -> None:
        self.workshop = workshop
        self.read_data = read_data
        self._files: dict[str, Verified] = {}
        self.catalogue: Catalogue = open_catalogue(workshop.catalogue_url, workshop.state / "warehouse")
        datasets = list_datasets(self.catalogue)
        self.snapshots: dict[str, Snapshot] = {
            one.digest: one for name in datasets for one in list_snapshots(self.catalogue, name)
        }
        self.expired = {
            one.digest for name in datasets for one in expired_snapshots(existing_table(self.catalogue, name))
        }

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *error: object) -> None:
        self.catalogue.close()

    def decision(self, entry: Entry, decision: Decision) -> Node:
        """Return the node of a decision; verified by its proof of inclusion in the ledger."""
        automated = sum(one.outcome == "automated" for one in decision.fields)
        return Node(
            f"decision:{entry.index}",
            "decision",
            decision.case_name,
            entry.key,
            self._in_ledger(entry.index),
            f"ledger entry {entry.index}, by {entry.actor}; "
            f"{automated} of {len(decision.fields)} fields automated",
            entry.at,
        )

    def document(self, graph: Lineage, decision: Decision, refs: Iterable[str]) -> None:
        """Add the document of a decision, its text, and the snapshots that hold it."""
        status: Verified = "not checked"
        for digest in refs:
            status = _blob(self.workshop.blobs.status(digest))
        node = graph.add(_document_node(decision, status))
        graph.link(node, graph.of, "decided on")
        is_row = decision.content_digest == decision.text_digest  # a snapshot names files, but not each row
        for snapshot in self.snapshots.values():
            named = decision.content_digest in snapshot.parents
            if snapshot.dataset != "cases" or not (named or is_row):
                continue
            read = [row for row in self._cases(snapshot) if row["content_digest"] == decision.content_digest]
            if named or read:
                graph.link(node, graph.add(self.snapshot_node(snapshot.digest)), "a case of")
            for row in read:
                name = f"{row['source']}/{row['name']}"
                first = f"row:{name}" not in graph.nodes
                origin = graph.add(Node(f"row:{name}", "row", name))
                graph.link(origin, node, "read from")
                for loaded in self.loaded_with(row["source"], row["name"]) if first else ():
                    self.backward(graph, loaded.digest)
                    graph.link(f"snapshot:{loaded.digest}", origin, "a row of")

    def loaded_with(self, source: str, key: str) -> Iterator[Snapshot]:
        """Yield the snapshots that a row of a source was loaded into, found by its key or its case."""
        settings = {one.name: one for one in self.workshop.deployment.settings.source}.get(source)
        naming = [settings.name_column] if settings is not None and settings.name_column else []
        loads = {
            str(entry.body["snapshot"]): entry.body["key"]
            for entry in self.workshop.ledger.entries("source.synced")
            if entry.body["source"] == source
        }
        for digest, columns in loads.items():
            found = self.snapshots.get(digest)
            if found is not None and (self.holds(found, columns, key) or self.holds(found, naming, key)):
                yield found

    def files_of_release(self, digest: str) -> Verified:
        """Return whether every file of a release is what the signed release says: experts, rules, duties."""
        if digest not in self._files:
            release, verified = self._release(digest) if digest else (None, "not checked")
            statuses = {
                _blob(self.workshop.blobs.status(one)) for one in (release.files if release else {}).values()
            }
            worst = [one for one in ("altered", "missing", "erased") if one in statuses]
            self._files[digest] = worst[0] if worst else verified
        return self._files[digest]

    def release(self, graph: Lineage, digest: str) -> None:
        """Add a release with its parts, and what those were made from."""
        release, verified = self._release(digest)
        node = graph.add(Node(f"release:{digest}", "release", short(digest), digest, verified))
        if release is None:
            return
        for name, part in sorted(release.parts.items()):
            if name.startswith(_SNAPSHOT):
                self.backward(graph, part)
                graph.link(f"snapshot:{part}", node, "tested with")
            elif name.startswith(_EXPERT):
                expert = name.removeprefix(_EXPERT)
                files = self.files_of_release(digest)
                graph.add(Node(f"expert:{expert}", "expert", expert, part, files))
                graph.link(f"expert:{expert}", node, "part of")
            else:
                status: BlobStatus = (
                    self.workshop.blobs.status(part) if part.startswith("sha256:") else "missing"
                )
                # Duties are hashed in place, not kept as a blob.
                checked: Verified = "not checked" if name.startswith("duties") else _blob(status)
                graph.link(graph.add(Node(f"part:{part}", "part", name, part, checked)), node, "part of")

    def backward(self, graph: Lineage, digest: str) -> None:
        """Add a snapshot and everything that it was made from."""
        node = self.snapshot_node(digest)
        if node.id in graph.nodes:
            return
        graph.add(node)
        snapshot = self.snapshots.get(digest)
        for parent in snapshot.parents if snapshot else ():
            if parent in self.snapshots:
                self.backward(graph, parent)
                graph.link(f"snapshot:{parent}", node.id, "derived from")
        for body in self._loads(digest):
            stream = graph.add(
                Node(
                    f"stream:{body['source']}/{body['stream']}@{body['state_digest']}",
                    "stream",
                    f"{body['source']}/{body['stream']}",
                    str(body["state_digest"]),
                    self._in_ledger(int(str(body["entry"]))),
                    f"{body['read']} rows read, {body['removed']} gone",
                )
            )
            graph.link(stream, node.id, "loaded from")

    def forward(self, graph: Lineage, node: str, digest: str) -> None:
        """Add everything that was made from a snapshot or a document."""
        for snapshot in self.snapshots.values():
            if digest in snapshot.parents and snapshot.digest != digest:
                child = self.snapshot_node(snapshot.digest)
                fresh = child.id not in graph.nodes
                graph.link(node, graph.add(child), "derived from")
                if fresh:
                    self.forward(graph, child.id, snapshot.digest)
        for made in self.workshop.ledger.entries("release.made"):
            parts = made.body["parts"]
            if isinstance(parts, Mapping) and digest in parts.values():
                release = str(made.body["release"])
                verified = self._release(release)[1]
                fresh = f"release:{release}" not in graph.nodes
                child_id = graph.add(Node(f"release:{release}", "release", short(release), release, verified))
                graph.link(node, child_id, "tested with")
                if fresh:
                    for entry, decision in _decisions(self.workshop, release=release):
                        graph.link(child_id, graph.add(self.decision(entry, decision)), "decided with")

    def snapshot_node(self, digest: str) -> Node:
        """Return the node of a snapshot."""
        found = self.snapshots.get(digest)
        if found is None:
            gone: Verified = "erased" if digest in self.expired else "missing"
            return Node(f"snapshot:{digest}", "snapshot", short(digest), digest, gone)
        verified: Verified = "not checked"
        if self.read_data:
            try:
                for _ in scan_snapshot(self.catalogue, found):  # in the memory of a few batches
                    pass
                verified = "verified"
            except FlyballError:
                verified = "altered"
        rows = count(found.rows, "row")
        return Node(f"snapshot:{digest}", "snapshot", found.id, digest, verified, rows, found.created_at)

    def holds(self, snapshot: Snapshot, columns: object, key: str) -> bool:
        """Return whether a snapshot has a row with this key."""
        names = [str(one) for one in columns] if isinstance(columns, list | tuple) else []
        if not names:
            return False
        try:
            for batch in scan_snapshot(self.catalogue, snapshot, columns=names):
                # As Python writes a value, not as Arrow does: that is how `source preview` shows it.
                if any(",".join(map(str, row.values())) == key for row in batch.to_pylist()):
                    return True
        except UnknownSnapshot:  # it was loaded without that column
            return False
        return False

    def cases_of(self, source: str, name: str) -> Iterator[tuple[Snapshot, str]]:
        """Yield the snapshots of cases that hold a file of a source, with the digest of its content."""
        for snapshot in self.snapshots.values():
            if snapshot.dataset == "cases":
                for row in self._cases(snapshot):
                    if row["source"] == source and row["name"] == name:
                        yield snapshot, row["content_digest"]

    def _cases(self, snapshot: Snapshot) -> list[dict[str, str]]:
        columns = ["source", "name", "content_digest"]  # not the texts, which are most of it
        return [
            row
            for batch in scan_snapshot(self.catalogue, snapshot, columns=columns)
            for row in batch.to_pylist()
        ]

    def _loads(self, digest: str) -> Iterator[dict[str, object]]:
        for entry in self.workshop.ledger.entries("source.synced"):
            if entry.body.get("snapshot") == digest:
                yield {**entry.body, "entry": entry.index}

    def _release(self, digest: str) -> tuple[Release | None, Verified]:
        try:
            return read_release(self.workshop.state, digest, self.workshop.key.verifier).release, "verified"
        except UnknownName:
            return None, "missing"
        except FlyballError:
            return None, "altered"

    def _in_ledger(self, index: int) -> Verified:
        try:
            verify_proof(prove(self.workshop.ledger, index), self.workshop.key.verifier)
        except FlyballError:
            return "altered"
        return "verified"


def _blob(status: BlobStatus) -> Verified:
    return "verified" if status == "present" else status
