"""`[traces]`: what is kept of traces, for how long, and who else gets them."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from flyball.core.errors import BadInput
from flyball.core.hosts import THIS_MACHINE
from flyball.core.secrets import names_secret

__all__ = ["OtlpSettings", "TraceSettings"]

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\Z|[0-9A-Fa-f:]*:[0-9A-Fa-f:]*\Z")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}\Z")
"""RFC 9110, section 5.6.2."""


class OtlpSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[traces.otlp]`: a collector that gets every kept trace by OTLP over HTTP, as protobuf.

    `url` is the whole address, with its path, such as "https://otel.example.com/v1/traces"; plain http only
    to this machine. `headers` are references to secrets by the name of the header: `{ env = "NAME" }`.
    """

    url: str
    headers: dict[str, Any] = {}
    timeout_seconds: float = 10.0


class TraceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[traces]`: what is kept of how decisions came about. No setting here touches a decision.

    `share` of all traces are kept, and of the others those in which something went wrong or that took
    `slow_ms` or longer; 0 for no such length. They stay `keep_days`, and the oldest go first where all are
    more than `keep_mb`. `keep_texts` keeps what language models are asked and answer, with personal data
    covered. `send_to` names hosts beside this machine that are told to which trace a request belongs, and
    `baggage` what of a caller's baggage they get. `follow_callers` leaves it to a caller's `traceparent`
    whether a trace that goes on here is kept, instead of to the share. `on` switches tracing off as a whole.
    """

    on: bool = True
    share: float = 1.0
    slow_ms: float = 5_000.0
    keep_days: int = 30
    keep_mb: int = 200
    keep_texts: bool = False
    send_to: tuple[str, ...] = ()
    baggage: tuple[str, ...] = ()
    follow_callers: bool = False
    otlp: OtlpSettings | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("share", 0.0, 1.0),
            ("slow_ms", 0.0, 1e9),
            ("keep_days", 1, 3_650),
            ("keep_mb", 1, 1_000_000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise BadInput(
                    f"traces.{name} must lie between {low:g} and {high:g}, got {value:g}.",
                    fix="See docs/traces.md for what it means.",
                    setting=f"traces.{name}",
                    value=value,
                )
        for host in self.send_to:
            if not _HOST.match(host):
                raise BadInput(
                    f"traces.send_to: {host!r} is no name of a host.",
                    fix='Write it without scheme, port and path: send_to = ["llm.example.com"].',
                    setting="traces.send_to",
                )
        for name in self.baggage:
            if not _TOKEN.match(name):
                raise BadInput(
                    f"traces.baggage: {name[:60]!r} is no name of a member of baggage.",
                    fix='Write names alone: baggage = ["team"].',
                    setting="traces.baggage",
                )
        if self.otlp is not None:
            _refuse_bad_collector(self.otlp)


def _refuse_bad_collector(otlp: OtlpSettings) -> None:
    try:
        parts = urlsplit(otlp.url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    plain = parts.scheme == "http" and host in THIS_MACHINE
    if not host or parts.username is not None or not (plain or parts.scheme == "https"):
        raise BadInput(
            "traces.otlp.url must be an https address without a password in it; http only to this machine.",
            fix='Write, for instance, "https://otel.example.com/v1/traces", and the key into headers.',
            setting="traces.otlp.url",
        )
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if names_secret(name.replace("-", "_")):
            raise BadInput(
                f"traces.otlp.url holds a secret: {name[:60]!r}.",
                fix="Write it into headers: { env = ... }. An address is shown and logged, a header is not.",
                setting="traces.otlp.url",
            )
    for name in otlp.headers:
        if not _TOKEN.match(name):
            raise BadInput(
                f"traces.otlp.headers: {name[:60]!r} is no name of a header.",
                fix='Write, for instance, headers = { Authorization = { env = "OTEL_KEY" } }.',
                setting="traces.otlp.headers",
            )
    if not 0 < otlp.timeout_seconds <= 300:
        raise BadInput(
            f"traces.otlp.timeout_seconds must lie above 0 and up to 300, got {otlp.timeout_seconds:g}.",
            fix="10 is usual.",
            setting="traces.otlp.timeout_seconds",
        )
