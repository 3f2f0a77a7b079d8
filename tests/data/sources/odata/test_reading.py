"""Loads against the double, V4 and V2.

By hand: 100 items, ten for each second of change, so a cursor has ten moments; 30 accounts, of which one is
added, one changed and two removed.
"""

import json
import logging
from itertools import pairwise

import pytest

from flyball.data.sources.errors import (
    BadRecord,
    BadSource,
    NothingThere,
    SchemaDrifted,
    SourceGone,
)
from flyball.data.sources.shelf.sap_odata import sap_odata

JSON = {"Content-Type": "application/json"}


def open_source(service, **settings):
    quick = {"batch_rows": 7, "attempts": 2, "wait_seconds": 0.001}
    return sap_odata("bank", {"url": service.url, **quick, **settings})


def rows_of(batches):
    return [row for batch in batches for row in batch.rows.to_pylist()]


def held(loads, *key):
    found = {}
    for batch in loads:
        for row in batch.rows.to_pylist():
            found[tuple(row[name] for name in key)] = row
        for row in batch.removed.to_pylist() if batch.removed is not None else []:
            found.pop(tuple(row[name] for name in key), None)
    return sorted(found.values(), key=lambda row: [row[name] for name in key])


def truth(service, name, *key):
    return sorted(service.held(name), key=lambda row: [row[part] for part in key])


@pytest.fixture
def items(service, doubles):
    for number in range(100):
        service.put("Items", doubles.item(f"A{number % 9}'s", number))
    return service


@pytest.fixture
def accounts(service, doubles):
    for number in range(30):
        service.put("Accounts", doubles.account(number))
    return service


@pytest.mark.parametrize("paging", ["auto", "key", "skip", "server"])
@pytest.mark.parametrize("max_page", [4, 1000])
def test_every_way_of_paging_gives_each_row_once(items, paging, max_page):
    items.max_page = max_page
    found = rows_of(open_source(items, paging=paging).batches("Items"))
    assert sorted(found, key=lambda row: (row["order"], row["pos"])) == truth(items, "Items", "order", "pos")
    assert len(found) == 100


@pytest.mark.parametrize("paging", ["key", "skip", "server"])
def test_a_load_goes_on_behind_every_batch(items, paging):
    items.max_page = 4
    whole = list(open_source(items, paging=paging).batches("Items"))
    for number in (0, 1, 7, len(whole) // 2, len(whole) - 2):
        rest = open_source(items, paging=paging).batches("Items", whole[number].state)
        assert rows_of(rest) == rows_of(whole[number + 1 :])


def test_a_row_removed_in_front_makes_the_load_begin_again_instead_of_missing_one(items):
    load = open_source(items).batches("Items")
    kept = [next(load)]
    items.remove("Items", "A0's", 0)
    kept += list(load)
    there = {(row["order"], row["pos"]) for row in items.held("Items")}
    assert there <= {(row["order"], row["pos"]) for row in rows_of(kept)}


def test_rows_that_never_stand_still_end_the_load(items, doubles):
    def read_and_disturb():
        for number, _ in enumerate(open_source(items).batches("Items")):
            items.put("Items", doubles.item("A", 1000 - number))

    with pytest.raises(SourceGone, match="rows moved while they were read, 4 times"):
        read_and_disturb()


def test_a_cursor_brings_what_changed(items, doubles):
    source = open_source(items, streams={"Items": {"cursor": "changed_at"}})
    first = list(source.batches("Items"))
    assert len(rows_of(first)) == 100
    second = list(source.batches("Items", first[-1].state))
    assert len(rows_of(second)) == 10  # those of the last moment, which may have got company
    third = list(source.batches("Items", second[-1].state))
    assert rows_of(third) == []
    items.put("Items", doubles.item("B", 990))
    items.put("Items", doubles.item("C", 995))
    fourth = list(source.batches("Items", third[-1].state))
    assert [row["order"] for row in rows_of(fourth)] == ["B", "C"]


def test_a_row_of_the_last_moment_that_comes_late_is_found(items, doubles):
    source = open_source(items, streams={"Items": {"cursor": "changed_at"}})
    first = list(source.batches("Items"))
    second = list(source.batches("Items", first[-1].state))
    items.put("Items", doubles.item("A", 99))  # sorts in front of those that were read
    late = rows_of(source.batches("Items", second[-1].state))
    assert ("A", 99) in {(row["order"], row["pos"]) for row in late}


def test_what_changes_while_a_whole_load_runs_is_found_by_the_next(items, doubles):
    source = open_source(items, streams={"Items": {"cursor": "changed_at"}})
    load = source.batches("Items")
    kept = [next(load), next(load)]
    early = rows_of(kept)[0]
    changed = doubles.item(early["order"], early["pos"]) | {
        "changed_at": doubles.item("x", 500)["changed_at"],
        "amount": doubles.Decimal(77),
    }
    items.put("Items", changed)
    items.put("Items", doubles.item("Z", 600))
    kept += list(load)
    kept += list(source.batches("Items", kept[-1].state))
    assert held(kept, "order", "pos") == truth(items, "Items", "order", "pos")


def test_a_cursor_goes_on_behind_every_batch(items):
    source = open_source(items, streams={"Items": {"cursor": "changed_at"}})
    start = json.loads(list(source.batches("Items"))[-1].state)
    start["mark"] = "/Date(1769904002000)/" if items.v2 else "2026-02-01T00:00:02.000Z"
    whole = list(source.batches("Items", json.dumps(start)))
    assert len(rows_of(whole)) == 80  # seconds 2 to 9
    for number in (0, 1, len(whole) // 2, len(whole) - 2):
        assert rows_of(source.batches("Items", whole[number].state)) == rows_of(whole[number + 1 :])


def test_delta_links_bring_changes_and_removals(accounts, doubles):
    source = open_source(accounts, streams={"Accounts": {"cursor": "delta link"}})
    loads = list(source.batches("Accounts"))
    assert held(loads, "ID") == truth(accounts, "Accounts", "ID")
    assert json.loads(loads[-1].state)["step"] == "delta"
    accounts.put("Accounts", doubles.account(100))
    accounts.put("Accounts", doubles.account(3) | {"name": "changed"})
    accounts.remove("Accounts", 4)
    accounts.remove("Accounts", 5)
    accounts.put("Accounts", doubles.account(5))  # back again: the last word counts
    changes = list(source.batches("Accounts", loads[-1].state))
    assert len(rows_of(changes)) == 3
    assert [batch.removed.to_pylist() for batch in changes if batch.removed is not None] == [[{"ID": 4}]]
    assert held(loads + changes, "ID") == truth(accounts, "Accounts", "ID")
    assert rows_of(source.batches("Accounts", changes[-1].state)) == []


def test_a_delta_link_that_has_ended_means_a_whole_load(accounts, caplog):
    source = open_source(accounts, streams={"Accounts": {"cursor": "delta link"}})
    first = list(source.batches("Accounts"))
    accounts.remove("Accounts", 0)
    accounts.dropped = 1000
    with caplog.at_level(logging.WARNING):
        again = list(source.batches("Accounts", first[-1].state))
    assert len(rows_of(again)) == 29
    assert "everything is loaded again" in caplog.text


@pytest.mark.parametrize("batch", [True, False])
def test_changes_that_come_in_part_are_read_in_whole(doubles, batch):
    with doubles.Double(batch=batch) as running:
        for number in range(10):
            running.put("Accounts", doubles.account(number))
        source = open_source(running)
        first = list(source.batches("Accounts"))
        running.partial_deltas, running.csrf = True, "once"
        running.put("Accounts", doubles.account(3) | {"name": "changed"})
        running.put("Accounts", doubles.account(4) | {"name": "changed"})
        before = len(running.requests)
        changes = list(source.batches("Accounts", first[-1].state))
        assert held(first + changes, "ID") == truth(running, "Accounts", "ID")
        asked = [path.rpartition("/")[2] for _, path, _, _ in running.requests[before:]]
        many = ["$batch", "", "$batch"]  # refused without a token, token, read
        single = ["$batch", "Accounts(3)", "Accounts(4)"]
        assert asked == ["$metadata", "Accounts", *(many if batch else single)]


def test_an_unchanged_answer_by_its_etag_brings_nothing(items):
    source = open_source(items, batch_rows=500)
    first = list(source.batches("Items"))
    assert list(source.batches("Items", first[-1].state)) == []
    items.remove("Items", "A0's", 0)
    assert len(rows_of(source.batches("Items", first[-1].state))) == 99


def test_a_load_without_delta_cursor_or_etag_is_whole_each_time(items):
    source = open_source(items)
    first = list(source.batches("Items"))
    assert len(rows_of(source.batches("Items", first[-1].state))) == 100


@pytest.mark.parametrize("state", ["nonsense", "{}", '{"of":"other"}', '{"of":5}'])
def test_a_state_of_something_else_counts_as_none(items, state):
    assert len(rows_of(open_source(items).batches("Items", state))) == 100


def test_a_state_of_another_filter_counts_as_none(items):
    state = list(open_source(items).batches("Items"))[3].state
    found = rows_of(open_source(items, filter={"Items": "pos ge 50"}).batches("Items", state))
    assert sorted(row["pos"] for row in found) == list(range(50, 100))


def test_a_tampered_state_leads_nowhere_else(items):
    source = open_source(items, paging="server")
    state = json.loads(next(source.batches("Items")).state)
    state["link"] = "http://169.254.169.254/latest"
    with pytest.raises(BadRecord, match=r"'169\.254\.169\.254', which is not part of the service"):
        list(source.batches("Items", json.dumps(state)))


def _page(service, link):
    if service.v2:
        return {"d": {"results": [], "__next": link}}
    return {"value": [], "@odata.nextLink": link}


@pytest.mark.parametrize(
    "link",
    [
        "http://evil.example/Items",
        "https://127.0.0.1/Items",
        "//evil.example/Items",
        "../OTHER_SRV/Items",
        "/sap/opu/odata/sap/OTHER_SRV/Items",
        "%2e%2e/OTHER_SRV/Items",
        "http://user@127.0.0.1/Items",
        "\\\\evil.example\\Items",
        "file:///etc/passwd",
        "http://[bad/",
    ],
)
def test_a_link_out_of_the_service_is_never_followed(items, link):
    items.faults.append(
        lambda method, path, query: (
            (200, JSON, json.dumps(_page(items, link)).encode()) if path.endswith("/Items") else None
        )
    )
    with pytest.raises(BadRecord, match="which is not part of the service"):
        list(open_source(items).batches("Items"))


@pytest.mark.parametrize("rows", [[], [{"order": "a", "pos": 1}]])
def test_pages_in_a_circle_end(items, rows):
    page = _page(items, "Items?$skiptoken=1")
    (page["d"] if items.v2 else page)["results" if items.v2 else "value"] = rows
    answer = json.dumps(page).encode()
    asked = []

    def circle(method, path, query):
        asked.append(path)
        return (200, JSON, answer) if "Items" in path else None

    items.faults.append(circle)
    with pytest.raises(BadRecord, match="a page leads to one that was read already"):
        list(open_source(items, paging="server").batches("Items"))
    assert len(asked) == 3  # metadata, the first page, the one that it leads to and that leads to itself


def test_a_page_that_reads_otherwise_than_before_is_handed_out_again(items):
    """A page of 30 is handed out in tens; the first row goes, so the eleventh is now the tenth."""
    items.max_page, items.obeys_page_size = 30, False
    source = open_source(items, paging="server", batch_rows=10)
    first = next(source.batches("Items"))
    items.remove("Items", "A0's", 0)
    rest = rows_of(source.batches("Items", first.state))
    assert sorted(row["pos"] for row in rest) == list(range(1, 100))


def test_a_service_that_ignores_top_is_told(items):
    items.faults.append(lambda method, path, query: query.pop("$top", None) and None)
    with pytest.raises(BadSource, match='set paging = "server"'):
        list(open_source(items).batches("Items"))
    assert len(rows_of(open_source(items, paging="server").batches("Items"))) == 100


def test_a_service_that_ignores_the_key_filter_is_told(accounts):
    accounts.faults.append(lambda method, path, query: query.pop("$filter", None) and None)
    with pytest.raises(BadSource, match='set paging = "skip"'):
        list(open_source(accounts, delta="never").batches("Accounts"))


def test_rows_out_of_the_order_of_the_cursor_are_refused(items):
    source = open_source(items, streams={"Items": {"cursor": "changed_at"}}, batch_rows=25)
    start = json.loads(list(source.batches("Items"))[-1].state)
    start["mark"] = "/Date(1769904000000)/" if items.v2 else "2026-02-01T00:00:00.000Z"
    items.faults.append(lambda method, path, query: query.pop("$orderby", None) and None)
    items.rows["Items"] = dict(reversed(items.rows["Items"].items()))
    with pytest.raises(BadSource, match="answers them in another order"):
        list(source.batches("Items", json.dumps(start)))


def test_a_property_that_the_metadata_does_not_know_is_told(items):
    one = {"order": "a", "pos": 1, "surprise": 1}
    answer = json.dumps({"d": {"results": [one]}} if items.v2 else {"value": [one]}).encode()
    items.faults.append(lambda method, path, query: (200, JSON, answer) if "Items" in path else None)
    with pytest.raises(SchemaDrifted, match="properties that \\$metadata does not: surprise"):
        list(open_source(items).batches("Items"))


def test_a_set_that_is_gone_is_told(items):
    items.faults.append(lambda method, path, query: (404, JSON, b"{}") if "Items" in path else None)
    with pytest.raises(NothingThere, match=r"there is nothing at .*/Items \(404\)"):
        list(open_source(items).batches("Items"))


def test_a_wrong_value_names_set_column_and_row(items):
    items.rows["Items"]["A2's", 20]["pos"] = "many"
    items.faults.append(lambda method, path, query: query.pop("$orderby", None) and None)
    with pytest.raises(BadRecord, match=r"Items: pos of row 20 is no Edm\.Int32"):
        list(open_source(items).batches("Items"))


def test_memory_holds_one_page_at_a_time(items):
    load = open_source(items).batches("Items")
    asked = []
    for _ in load:
        asked.append(sum("Items" in path for _, path, _, _ in items.requests))
    assert all(later - earlier <= 1 for earlier, later in pairwise(asked))
