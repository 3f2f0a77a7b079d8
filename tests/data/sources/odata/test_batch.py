"""Several reads in one request."""

from pathlib import Path

import pytest

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.odata.batch import multipart_replies, read_together
from flyball.data.sources.odata.connection import Connection, Limits, Reply
from flyball.data.sources.odata.pages import json_of

SHARED = Path(__file__).parents[5] / "shared" / "data" / "legacy" / "sap_odata_pyodata"
PART = b"Content-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


def reply(body, kind="multipart/mixed; boundary=b"):
    return Reply(200, {"content-type": kind}, body, "https://h/s/$batch?x=1")


@pytest.mark.parametrize("batch", [True, False])
def test_answers_come_in_the_order_of_the_questions(service, doubles, batch):
    service.batch = batch
    for number in range(70):
        service.put("Accounts", doubles.account(number))
    links = [f"Accounts({number})" for number in reversed(range(70))] + ["Accounts(99)"]
    with Connection("bank", service.url, limits=Limits(attempts=1)) as connection:
        found = read_together(connection, links, v2=service.v2)
    bodies = [json_of(one) for one in found[:-1]]
    assert [(one["d"] if service.v2 else one)["ID"] for one in bodies] == list(reversed(range(70)))
    assert found[-1].status == 404
    assert len(service.requests) == (2 if batch else 2 + 71)  # of 50 and 21; or each refused, and then 71


def test_two_parts_are_split_at_their_boundaries_whatever_lengths_they_state():
    first = PART.replace(b"\r\n\r\n{", b"") + b'{"a": 1}'
    second = b"Content-Type: application/http\n\nHTTP/1.1 404 Not Found\nContent-Length: 1\n\n{}"
    body = b"preamble\r\n--b\r\n" + first + b"\r\n--b\r\n" + second + b"\r\n--b--\r\nepilogue"
    found = multipart_replies(reply(body))
    assert [(one.status, one.body) for one in found] == [(200, b'{"a": 1}'), (404, b"{}")]
    assert found[0].content_type == "application/json"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"--b\r\n" + PART + b"{}", r"the batch has no end \(byte"),
        (b"", r"the batch has no end \(byte 0\)"),
        (b"--b\r\nno headers\r\n--b--", r"a part that is no HTTP answer \(byte 5\)"),
        (b"--b\r\nA: b\r\n\r\nHTTP/9 xx\r\n--b--", r"a part that is no HTTP answer \(byte 5\)"),
    ],
)
def test_a_batch_that_is_none_is_refused_with_the_byte(body, why):
    with pytest.raises(BadRecord, match=why):
        multipart_replies(reply(body))


def test_a_batch_of_another_type_is_refused():
    with pytest.raises(BadRecord, match="answers no multipart/mixed"):
        multipart_replies(reply(b"{}", "application/json"))


def test_too_few_answers_are_refused(doubles):
    with doubles.Double(v2=True) as service:
        service.faults.append(
            lambda method, path, query: (
                (200, {"Content-Type": "multipart/mixed; boundary=b"}, b"--b--") if "$batch" in path else None
            )
        )
        with (
            Connection("bank", service.url) as connection,
            pytest.raises(BadRecord, match="answers 0 of 1 reads"),
        ):
            read_together(connection, ["Accounts(1)"], v2=True)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
def test_a_large_answer_of_a_real_gateway_is_split():
    body = (SHARED / "enormous_batch_response").read_bytes()
    boundary = body.split(b"\n", 1)[0].strip().lstrip(b"-").decode()
    (found,) = multipart_replies(reply(body, f"multipart/mixed; boundary={boundary}"))
    assert len(found.body) > int(found.headers["content-length"])  # its own length is stated wrongly
    entities = json_of(found)["d"]["results"]
    assert len(entities) > 1000
    assert {"EntityType", "PropertyName", "RefKey", "Value"} <= entities[-1].keys()
