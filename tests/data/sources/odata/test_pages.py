"""What one answer says."""

import json

import pytest

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.odata.connection import Reply
from flyball.data.sources.odata.metadata import EdmType, EntitySet, Property
from flyball.data.sources.odata.pages import Page, read_page

SET = EntitySet(
    "Items", ("a", "b"), (Property("a", EdmType("Edm.String")), Property("b", EdmType("Edm.Int32")))
)


def page(body, *, v2=False, kind="application/json; charset=utf-8"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_page(Reply(200, {"content-type": kind}, content, "https://h/s/Items?x=1"), SET, v2=v2)


def test_v4_and_v2_say_the_same_in_their_own_words():
    rows = [{"a": "x", "b": 1}]
    assert page({"value": rows, "@odata.nextLink": "n", "@odata.deltaLink": "d"}) == Page(rows, [], "n", "d")
    assert page({"value": rows, "@nextLink": "n", "@deltaLink": "d"}) == Page(rows, [], "n", "d")
    assert page({"d": {"results": rows, "__next": "n", "__delta": "d"}}, v2=True) == Page(rows, [], "n", "d")
    assert page({"d": rows}, v2=True) == Page(rows, [])


@pytest.mark.parametrize(
    "gone",
    [
        {"@removed": {"reason": "deleted"}, "a": "x", "b": 1},
        {"@removed": {"reason": "changed"}, "@id": "Items(a='x',b=1)"},
        {"@odata.context": "$metadata#Items/$deletedEntity", "id": "https://h/s/Items(a='x',b=1)"},
        {"@odata.context": "#Items/$deletedEntity", "id": "Items(b=1,a='x')", "reason": "deleted"},
        {"ODQ_CHANGEMODE": "D", "a": "x", "b": 1},
    ],
)
def test_every_way_to_say_that_an_entity_is_gone(gone):
    (removed,) = page({"value": [gone]}).removed
    assert {name: str(value) for name, value in removed.items()} == {"a": "x", "b": "1"}


def test_the_last_word_about_an_entity_counts_and_links_are_left_out():
    gone = {"@removed": {"reason": "deleted"}, "a": "x", "b": 1}
    here = {"a": "x", "b": 1}
    link = {"@odata.context": "$metadata#Items/$deletedLink", "source": "x", "target": "y"}
    assert page({"value": [gone, link, here]}) == Page([here], [])
    assert page({"value": [here, link, gone]}) == Page([], [here])


def test_an_entity_that_is_gone_and_has_no_key_is_an_error():
    with pytest.raises(BadRecord, match="says that an entity is gone and not which one"):
        page({"value": [{"@removed": {"reason": "deleted"}}]})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"error": {}}, "JSON that is no list of entities"),
        ({"value": {"a": 1}}, "JSON that is no list of entities"),
        ({"value": [1]}, "JSON that is no list of entities"),
        ([], "JSON that is no list of entities"),
        ({"value": [], "@odata.nextLink": 5}, "a link that is no text"),
        (b'{"value": [', r"JSON that cannot be read \(byte 11 of 11\)"),
        (b'{"value": nul}', r"JSON that cannot be read \(byte \d+ of 14\)"),
        (b'{"value": ["\xff"]}', "JSON that cannot be read"),
        (b"[" * 100_000, "JSON that cannot be read"),
    ],
)
def test_an_answer_that_is_no_page_is_told(body, why):
    with pytest.raises(BadRecord, match=why):
        page(body)


@pytest.mark.parametrize("body", [b"<a/>", b"not xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'])
def test_atom_that_is_no_feed_is_told(body):
    with pytest.raises(BadRecord, match="XML that is no Atom feed"):
        page(body, v2=True, kind="application/atom+xml;type=feed")
