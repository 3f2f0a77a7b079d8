"""Batch: several reads in one request, `$batch` of V2 (multipart) and V4 (JSON)."""

import re
import secrets
from collections.abc import Sequence

import msgspec

from flyball.data.sources.errors import BadRecord, BadSource
from flyball.data.sources.odata.connection import Connection, Reply
from flyball.data.sources.odata.pages import json_of, json_type

__all__ = ["multipart_replies", "read_together"]

_TOGETHER = 50  # reads in one request; services allow about 100
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")


def read_together(connection: Connection, links: Sequence[str], *, v2: bool) -> list[Reply]:
    """Read several addresses of the service, some dozens in each request.

    A service without `$batch` is asked one by one.

    Parameters
    ----------
    connection : Connection
    links : sequence of str
        Relative to the service, percent-encoded.
    v2 : bool

    Returns
    -------
    list of Reply
        One per link, in their order, also for those that failed.

    Raises
    ------
    BadRecord
        The answer does not have one part per read.
    """
    replies: list[Reply] = []
    for start in range(0, len(links), _TOGETHER):
        part = links[start : start + _TOGETHER]
        try:
            found = _multipart(connection, part) if v2 else _json(connection, part)
        except BadSource:
            found = None
        if found is None:
            accept = json_type(v2=v2)
            replies += [connection.get(link, accept=accept) for link in part]
        else:
            replies += found
    return replies


def _json(connection: Connection, links: Sequence[str]) -> list[Reply] | None:
    """Source: OData JSON Format 4.01, section 19."""
    headers = {"accept": json_type(v2=False)}
    requests = [
        {"id": str(number), "method": "GET", "url": link, "headers": headers}
        for number, link in enumerate(links)
    ]
    reply = connection.post(
        "$batch",
        msgspec.json.encode({"requests": requests}),
        accept="application/json",
        content_type="application/json",
    )
    if reply.status >= 300:
        return None
    body = json_of(reply)
    parts = body.get("responses") if isinstance(body, dict) else None
    by_id = {str(one.get("id")): one for one in parts or () if isinstance(one, dict)}
    if set(by_id) != {str(number) for number in range(len(links))}:
        raise _uneven(reply, len(links), len(by_id))
    return [_part_of(by_id[str(number)], connection.address(link)) for number, link in enumerate(links)]


def _part_of(one: dict[str, object], url: str) -> Reply:
    headers, body, status = one.get("headers"), one.get("body"), one.get("status")
    content = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    found = (
        {str(name).lower(): str(value) for name, value in headers.items()}
        if isinstance(headers, dict)
        else {}
    )
    if not isinstance(body, str):
        found["content-type"] = "application/json"
    return Reply(int(str(status)) if str(status).isdigit() else 500, found, content, url)


def _multipart(connection: Connection, links: Sequence[str]) -> list[Reply] | None:
    """Source: OData V2 "Batch Processing", sections 2.1 and 2.2."""
    boundary = f"batch_{secrets.token_hex(16)}"
    part = (
        "--{}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "GET {} HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n"
    )
    body = "".join(part.format(boundary, link) for link in links) + f"--{boundary}--\r\n"
    reply = connection.post(
        "$batch",
        body.encode("ascii"),
        accept="multipart/mixed",
        content_type=f"multipart/mixed; boundary={boundary}",
    )
    if reply.status >= 300:
        return None
    found = multipart_replies(reply)
    if len(found) != len(links):
        raise _uneven(reply, len(links), len(found))
    return [
        Reply(one.status, one.headers, one.body, connection.address(link))
        for one, link in zip(found, links, strict=True)
    ]


def _uneven(reply: Reply, asked: int, found: int) -> BadRecord:
    where = reply.url.partition("?")[0]
    return BadRecord(
        f"{where} answers {found} of {asked} reads.", fix="Try again; else the service is broken.", url=where
    )


def multipart_replies(reply: Reply) -> list[Reply]:
    """Return the answers in a multipart/mixed body.

    Raises
    ------
    BadRecord
        It is not multipart, its end is missing, or a part is no HTTP answer; the byte is named.

    Source: RFC 2046, section 5.1; RFC 9112, section 4.
    """
    kind = reply.headers.get("content-type", "")
    named = re.search(r'boundary="?([^";,\s]{1,70})', kind)
    where = reply.url.partition("?")[0]
    if reply.content_type != "multipart/mixed" or named is None:
        raise BadRecord(f"{where} answers no multipart/mixed.", fix="Check the service.", url=where)
    line = re.compile(rb"(?:^|\r?\n)--" + re.escape(named[1].encode("latin-1")) + rb"(--)?[ \t]*(?:\r?\n|$)")
    replies: list[Reply] = []
    begin: int | None = None
    for mark in line.finditer(reply.body):
        if begin is not None:
            replies.append(_http_part(reply.body[begin : mark.start()], begin, where))
        begin = mark.end()
        if mark[1]:
            return replies
    at = len(reply.body)
    raise BadRecord(
        f"{where} breaks off: the batch has no end (byte {at}).", fix="Try again.", url=where, byte=at
    )


def _http_part(part: bytes, begin: int, where: str) -> Reply:
    outer, inner = _headers(part)
    status = _STATUS.match(part, inner) if outer is not None else None
    if status is None:
        raise BadRecord(
            f"{where} holds a part that is no HTTP answer (byte {begin}).",
            fix="Check the service.",
            url=where,
            byte=begin,
        )
    found, body = _headers(part[status.end() :])
    content = part[status.end() + body :]  # up to the boundary: Content-Length is wrong in practice
    return Reply(int(status[1]), found or {}, content, where)


def _headers(text: bytes) -> tuple[dict[str, str] | None, int]:
    """Return the header lines at the beginning, and where what follows them begins."""
    end = re.search(rb"(?:^|\r?\n)\r?\n", text)
    if end is None:
        return None, len(text)
    found = {}
    for raw in text[: end.start()].decode("latin-1").splitlines():
        name, colon, value = raw.partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found, end.end()
