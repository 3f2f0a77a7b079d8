"""Hand kept traces on to a collector, from a thread of its own: nobody waits for it."""

import gzip
import http.client
import logging
import random
import ssl
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flyball import __version__
from flyball.core.errors import BadInput, FlyballError
from flyball.core.retry_after import seconds_to_wait
from flyball.core.secrets import secret
from flyball.evaluation.traces.otlp import encoded, rejected_of
from flyball.evaluation.traces.records import unpacked
from flyball.evaluation.traces.settings import OtlpSettings

__all__ = ["Exporter"]

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 32_000_000
"""Bytes of spans; where the collector does not keep up, the oldest traces go."""
_AT_ONCE = 2_000_000
"""Bytes of spans in one message: a collector takes 20 MB by default, and theirs are larger than ours."""
_AGAIN = frozenset({429, 502, 503, 504})
"""OTLP specification 1.9, "Failures": what may be sent again."""
_TRIES = 5
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_TO_SAY_GOODBYE = 5.0
_LARGEST_REPLY = 65_536

Packed = tuple[bytes, bytes]
"""Id of a trace, and its spans as they are kept."""


class Exporter:
    """Sends traces to one collector.

    Parameters
    ----------
    settings : OtlpSettings
    deployment : str

    Attributes
    ----------
    sent, lost : int
        Traces that the collector took, and that it never will.
    """

    def __init__(self, settings: OtlpSettings, deployment: str) -> None:
        self._settings = settings
        self._deployment = deployment
        self._headers = {name: secret(value) for name, value in settings.headers.items()}
        self._waiting: deque[Packed] = deque()
        self._bytes = 0
        self._something = threading.Condition()
        self._ending = 0.0
        self._thread: threading.Thread | None = None
        self._too_many = False
        self.sent = self.lost = 0

    def send(self, traces: Sequence[Packed]) -> None:
        """Put traces into the queue."""
        with self._something:
            self._waiting.extend(traces)
            self._bytes += sum(len(spans) for _, spans in traces)
            if self._bytes > _MOST_WAITING and not self._too_many:
                self._too_many = True
                _LOG.warning(
                    "The collector of traces does not keep up: the oldest of what waits for it is dropped. "
                    "Lower traces.share, or give it more room. No decision is touched"
                )
            while self._bytes > _MOST_WAITING:
                self._next()
                self.lost += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="otlp", daemon=True)
                self._thread.start()
            self._something.notify()

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        with self._something:
            self._ending = time.monotonic() + _TO_SAY_GOODBYE
            self._something.notify()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_TO_SAY_GOODBYE + self._settings.timeout_seconds)

    def _work(self) -> None:
        while True:
            with self._something:
                while not self._waiting:
                    self._too_many = False
                    if self._ending:
                        return
                    self._something.wait()
                batch, size = [self._next()], 0
                while self._waiting and size < _AT_ONCE:
                    batch.append(self._next())
                    size += len(batch[-1][1])
            try:
                why = self._sent(batch)
            except Exception as err:  # noqa: BLE001 - a thread that dies would send nothing any more
                why = f"it failed ({type(err).__name__})"  # not its message: that may hold a header
            if why:
                self.lost += len(batch)
                _LOG.warning("The collector of traces took none of %d: %s", len(batch), why)
            else:
                self.sent += len(batch)

    def _next(self) -> Packed:
        found = self._waiting.popleft()
        self._bytes -= len(found[1])
        return found

    def _sent(self, batch: list[Packed]) -> str:
        """Send, again where that may help; return why it was given up, "" where it was not."""
        traces = ((trace_id, unpacked(spans)) for trace_id, spans in batch)
        body = gzip.compress(encoded(traces, deployment=self._deployment), 5)
        why = ""
        for number in range(_TRIES):
            try:
                status, wait = self._post(body)
            except FlyballError as err:  # a key that is not there, or is none
                return str(err)
            except (OSError, http.client.HTTPException) as err:
                status, wait, why = 0, 0.0, f"it cannot be reached ({type(err).__name__})"
            if 200 <= status < 300:
                return ""
            if status:
                why = f"it answered with HTTP {status}"
                if status not in _AGAIN:
                    return why
            least = min(_FIRST_WAIT * 2**number, _LONGEST_WAIT) * random.uniform(1.0, 1.5)  # noqa: S311
            if number + 1 == _TRIES or not self._rests(max(wait, least)):
                break
        return why

    def _rests(self, seconds: float) -> bool:
        """Wait before the next try; False where it is time to end."""
        until = time.monotonic() + min(seconds, _LONGEST_WAIT)
        with self._something:
            while (left := until - time.monotonic()) > 0:
                if self._ending and until > self._ending:
                    return False
                self._something.wait(left)
        return True

    def _post(self, body: bytes) -> tuple[int, float]:
        """Return status and seconds to wait; no redirect is followed, no proxy of the environment used."""
        parts, seconds = urlsplit(self._settings.url), self._settings.timeout_seconds
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=seconds, context=context
            )
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
        headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "gzip",
            "User-Agent": f"flyball/{__version__}",
            **{name: _sendable(name, value.reveal()) for name, value in self._headers.items()},
        }
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            told = reply.read(_LARGEST_REPLY)
            if reply.status == 200 and (rejected := rejected_of(told)):
                _LOG.warning("The collector of traces threw %d spans away", rejected)
            return reply.status, seconds_to_wait(reply.getheader("Retry-After") or "", datetime.now(UTC))
        finally:
            connection.close()


def _sendable(name: str, value: str) -> str:
    """Return the value of a header; the library would name one that it cannot send in its error."""
    if value.isascii() and value.isprintable():
        return value
    raise BadInput(
        f"The secret for the header {name} of traces.otlp holds a line break or a sign beyond ASCII.",
        fix="Write it down again, in one line.",
        header=name,
    )
