"""From a decision back to the file it was made on, and from the file on to every decision."""

import shutil
import uuid
from datetime import datetime

import pytest

from flyball.core.errors import UnknownName
from flyball.data.datasets.relocation import relocate
from flyball.data.documents.records import Limits
from flyball.loop.deciding import decide_files
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.lineage import lineage_of_decision, lineage_of_digest, lineage_of_row
from flyball.loop.live import live_engine
from flyball.loop.open_lineage import open_lineage_events
from flyball.loop.releases import read_release
from flyball.loop.workshop import Workshop

FILE = "mutual-nda.txt"


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    root = tmp_path_factory.mktemp("lineage") / "deployment"
    init_deployment("contract-review", root)
    with Workshop(open_deployment(root)) as workshop:
        full_turn(workshop)
        files = [(name, root / "cases" / "contracts" / name) for name in (FILE, "franchise.pdf")]
        list(decide_files(workshop, live_engine(workshop), files, context=workshop.context, limits=Limits()))
    return root


@pytest.fixture
def workshop(turned, tmp_path):
    """A copy, so that a test may damage it."""
    root = tmp_path / "copy"
    shutil.copytree(turned, root)
    with Workshop(open_deployment(root)) as opened:
        relocate(opened.catalogue_url, opened.state / "warehouse")
        yield opened


def kinds(graph):
    return {node.kind for node in graph.nodes.values()}


def one(graph, kind, name=None):
    (found,) = [n for n in graph.nodes.values() if n.kind == kind and name in (None, n.name)]
    return found


def reachable(graph, start, *, forward):
    seen, waiting = set(), [start]
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting += [
                (edge.target if forward else edge.source)
                for edge in graph.edges
                if (edge.source if forward else edge.target) == here
            ]
    return seen


def test_a_decision_leads_back_to_its_file_and_to_every_part_of_its_release(workshop):
    graph = lineage_of_decision(workshop, FILE, read_data=True)
    assert graph.sound
    assert kinds(graph) >= {
        "decision",
        "document",
        "row",
        "release",
        "snapshot",
        "expert",
        "rule",
        "obligation",
    }
    assert one(graph, "row").name == f"contracts/{FILE}"
    assert f"row:contracts/{FILE}" in reachable(graph, graph.of, forward=False)
    assert reachable(graph, graph.of, forward=False) == set(graph.nodes)
    for kind in ("decision", "document", "release", "snapshot", "expert", "rule"):
        assert {node.verified for node in graph.nodes.values() if node.kind == kind} == {"verified"}, kind


@pytest.mark.parametrize("how", ["entry", "case", "digest"])
def test_a_decision_is_found_by_entry_case_or_digest(workshop, how):
    by_name = lineage_of_decision(workshop, FILE)
    index = by_name.of.removeprefix("decision:")
    digest = one(by_name, "document").digest
    wanted = {"entry": index, "case": digest.removeprefix("sha256:")[:16], "digest": digest}[how]
    assert lineage_of_decision(workshop, wanted).of == by_name.of


def test_what_is_unknown_is_said_to_be(workshop):
    with pytest.raises(UnknownName, match=r"No decision matches 'nothing\.pdf'"):
        lineage_of_decision(workshop, "nothing.pdf")
    with pytest.raises(UnknownName, match=r"No snapshot of the source contracts holds a row 'nothing\.pdf'"):
        lineage_of_row(workshop, "contracts", "nothing.pdf")
    labels = next(one for one in lineage_of_decision(workshop, FILE).nodes.values() if "labels@" in one.name)
    for digest in ("sha256:0000000000", labels.digest[10:]):  # a digest is named by its beginning
        with pytest.raises(UnknownName, match="No snapshot and no decided document"):
            lineage_of_digest(workshop, digest)


def test_of_several_things_that_begin_alike_none_is_chosen(workshop):
    graph = lineage_of_decision(workshop, FILE)
    digest = one(graph, "document").digest
    body = workshop.ledger.entry(int(graph.of.removeprefix("decision:"))).body
    alike = digest[:-1] + ("1" if digest[-1] == "0" else "0")
    workshop.ledger.append(kind="decision", actor="test", body={**body, "content_digest": alike})
    with pytest.raises(UnknownName, match="2 snapshots and documents have the digest"):
        lineage_of_digest(workshop, digest[:-1])
    assert lineage_of_digest(workshop, digest).of == f"document:{digest}"


def test_a_row_leads_on_to_every_decision_that_it_played_a_part_in(workshop):
    graph = lineage_of_row(workshop, "contracts", FILE)
    decisions = {node.name for node in graph.nodes.values() if node.kind == "decision"}
    assert {FILE, "franchise.pdf"} <= decisions  # one on it, one by a release that was tested with it
    direct = {edge.target for edge in graph.edges if edge.source == graph.of and edge.how == "decided on"}
    assert {graph.nodes[one].name for one in direct} == {FILE}
    assert reachable(graph, graph.of, forward=True) == set(graph.nodes)


def test_a_document_and_a_snapshot_lead_on_too(workshop):
    back = lineage_of_decision(workshop, FILE)
    document = lineage_of_digest(workshop, one(back, "document").digest)
    assert {"decision", "snapshot", "release"} <= kinds(document)
    cases = next(node for node in back.nodes.values() if node.name.startswith("cases@"))
    snapshot = lineage_of_digest(workshop, cases.name)
    assert snapshot.of == cases.id
    assert {node.kind for node in snapshot.nodes.values()} == {"snapshot", "release", "decision"}


def test_an_altered_document_an_altered_rule_and_a_missing_release_are_seen(workshop):
    sound = lineage_of_decision(workshop, FILE)
    entry = workshop.ledger.entry(int(sound.of.removeprefix("decision:")))
    blob = workshop.blobs.path(entry.refs[0])
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes() + b" ")
    graph = lineage_of_decision(workshop, FILE)
    assert one(graph, "document").verified == "altered"
    assert not graph.sound

    workshop.blobs.erase(entry.refs[0], reason="asked for")
    graph = lineage_of_decision(workshop, FILE)
    assert one(graph, "document").verified == "erased"
    assert graph.sound

    release = one(graph, "release")
    path = workshop.state / "releases" / f"{release.digest.removeprefix('sha256:')}.json"
    path.write_text(path.read_text().replace("contract-review", "contract-revue"))
    assert one(lineage_of_decision(workshop, FILE), "release").verified == "altered"
    path.unlink()
    assert one(lineage_of_decision(workshop, FILE), "release").verified == "missing"


def test_a_missing_file_of_the_release_is_seen_at_its_rules(workshop):
    digest = one(lineage_of_decision(workshop, FILE), "release").digest
    files = read_release(workshop.state, digest, workshop.key.verifier).release.files
    workshop.blobs.path(files["flyball.toml"]).unlink()
    graph = lineage_of_decision(workshop, FILE)
    assert {node.verified for node in graph.nodes.values() if node.kind == "rule"} == {"missing"}
    assert not graph.sound


def test_events_have_what_open_lineage_asks_for(workshop):
    """RunEvent 2-0-2 requires eventTime, producer, schemaURL, run.runId (a UUID), job.namespace and job.name;
    every facet requires _producer and _schemaURL."""
    graph = lineage_of_decision(workshop, FILE)
    events = list(open_lineage_events(workshop, graph))
    assert len(events) == len({edge.target for edge in graph.edges})
    for event in events:
        assert event["schemaURL"].endswith("#/$defs/RunEvent")
        assert event["producer"].startswith("https://")
        uuid.UUID(event["run"]["runId"])
        assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        assert event["job"]["namespace"]
        assert event["job"]["name"]
        for dataset in (*event["inputs"], *event["outputs"]):
            assert dataset["namespace"]
            assert dataset["name"]
            assert all({"_producer", "_schemaURL"} <= set(facet) for facet in dataset["facets"].values())
    assert events == list(open_lineage_events(workshop, graph))
