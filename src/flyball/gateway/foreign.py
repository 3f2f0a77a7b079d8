"""A target at an address: the door for conversations of a gateway that is served, or of any that speaks so.

Whoever attacks a served deployment leaves entries in its ledger; the sandbox does not. Nothing can be planted
there, so families that look for what was planted find nothing to attack.
"""

import http.client
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from flyball.core.errors import BadInput
from flyball.core.hosts import is_this_machine
from flyball.governance.redteam.target import Answered, Ground, Moved, Who

__all__ = ["Foreign"]

_LARGEST_REPLY = 20_000_000
_NOT_HERE = "only the sandbox can do that, and this is an address"


class Foreign:
    """The target behind an address.

    Parameters
    ----------
    url : str
        "http://127.0.0.1:8080/v1".
    model : str
        Name of the deployment there.
    key : str
        "" for none; sent in a header, and never told.
    online : bool
        Whether it may be another machine.
    seconds_at_most : float

    Raises
    ------
    BadInput
        No address, one of another machine without `online`, or a key that would go over plain http.
    """

    def __init__(
        self, url: str, model: str, *, key: str = "", online: bool = False, seconds_at_most: float = 10.0
    ) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
            raise BadInput(
                f"{url!r} is no address of a gateway.", fix="Write http://127.0.0.1:8080/v1.", url=url
            )
        here = is_this_machine(host)
        if not here and not online:
            raise BadInput(
                f"{host} is not this machine.",
                fix="Add --online if attacks may go there, and only with the consent of its owner.",
                host=host,
            )
        if not here and parts.scheme == "http":
            raise BadInput(f"{host} would be asked without encryption.", fix="Use https.", host=host)
        self._parts, self._key, self._seconds = parts, key, seconds_at_most
        why = dict.fromkeys(("decide", "learn", "plant"), _NOT_HERE)
        self._ground = Ground(
            deployment=model, talks=True, unbounded=None, seconds_at_most=seconds_at_most, why_not=why
        )

    @property
    def ground(self) -> Ground:
        """What is known about it."""
        return self._ground

    def ask(
        self,
        method: str,
        path: str,
        body: object | bytes | None = None,
        *,
        who: Who = "attacker",
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send one request; a connection that breaks is an answer with the status 599."""
        del who
        data = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {"content-type": "application/json", **(headers or {})}
        if self._key:
            sent["authorization"] = f"Bearer {self._key}"
        began = time.perf_counter()
        connection = self._connection()
        try:
            connection.request(method, self._path(path), data, sent)
            reply = connection.getresponse()
            status, said = reply.status, reply.read(_LARGEST_REPLY)
        except (OSError, http.client.HTTPException) as err:
            status, said = 599, json.dumps({"code": type(err).__name__}).encode()
        finally:
            connection.close()
        seconds = time.perf_counter() - began
        try:
            told = msgspec.json.decode(said)
        except msgspec.DecodeError:
            told = {}
        return Answered(status, told if isinstance(told, dict) else {}, seconds)

    def decide(self, groups: Sequence[Sequence[Mapping[str, Any]]]) -> list[list[Mapping[str, Any]]]:
        """Raise: nothing is decided through an address here."""
        raise BadInput(f"Cases are not decided: {_NOT_HERE}.", fix="Leave --url out.")

    def left_behind(self, words: Sequence[str]) -> list[str]:
        """Raise: files of another process are not looked at."""
        raise BadInput(f"Files are not looked at: {_NOT_HERE}.", fix="Leave --url out.")

    def poisoned(self, share: float, field: str, answer: str, draw: int) -> Moved:
        """Raise: labels of another process are not touched."""
        raise BadInput(f"Labels are not turned: {_NOT_HERE}.", fix="Leave --url out.")

    def learns_from_outcomes(self) -> bool:
        """Raise: no outcome is reported to a deployment in use."""
        raise BadInput(f"Outcomes are not reported: {_NOT_HERE}.", fix="Leave --url out.")

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        limit = self._seconds * 6
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=limit, context=context)
        return http.client.HTTPConnection(host, port, timeout=limit)

    def _path(self, path: str) -> str:
        base = self._parts.path.rstrip("/")
        return f"{base}{path.removeprefix('/v1')}" if base.endswith("/v1") else f"{base}{path}"
