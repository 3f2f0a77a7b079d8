"""Spans as an OTLP message in protobuf: what a collector of OpenTelemetry takes.

Source: opentelemetry-proto 1.10, `collector/trace/v1/trace_service.proto`, `trace/v1/trace.proto`,
`common/v1/common.proto`, `resource/v1/resource.proto`; the wire form: protobuf.dev, "Encoding".
"""

import struct
from collections.abc import Iterable, Mapping

from flyball import __version__
from flyball.core.tracing import SpanRecord, Value

__all__ = ["SCHEMA_URL", "encoded", "rejected_of"]

SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0"
_KINDS = {"internal": 1, "server": 2, "client": 3}
_ERROR = 2


def encoded(traces: Iterable[tuple[bytes, list[SpanRecord]]], *, deployment: str) -> bytes:
    """Return an `ExportTraceServiceRequest`.

    Parameters
    ----------
    traces : iterable of (trace_id, spans)
    deployment : str
    """
    about = {"service.name": "flyball", "service.version": __version__, "flyball.deployment": deployment}
    resource = _message(1, _attributes(1, about))
    scope = _message(1, _text(1, "flyball") + _text(2, __version__))
    spans = b"".join(_message(2, _span(trace_id, one)) for trace_id, some in traces for one in some)
    return _message(1, resource + _message(2, scope + spans + _text(3, SCHEMA_URL)))


def rejected_of(reply: bytes) -> int:
    """Return how many spans a collector says that it threw away; 0 where it says nothing that can be read."""
    try:
        success = dict(_fields(reply)).get(1)
        rejected = dict(_fields(success)).get(1) if isinstance(success, bytes) else 0
    except (ValueError, IndexError):
        return 0
    return rejected if isinstance(rejected, int) else 0


def _span(trace_id: bytes, one: SpanRecord) -> bytes:
    parent = _bytes(4, one.parent.to_bytes(8)) if one.parent else b""
    status = _message(15, _number(3, _ERROR)) if one.error else b""
    attributes: Mapping[str, Value] = (
        one.attributes | {"error.type": one.error} if one.error else one.attributes
    )
    return b"".join(
        (
            _bytes(1, trace_id),
            _bytes(2, one.id.to_bytes(8)),
            parent,
            _text(5, one.name),
            _number(6, _KINDS[one.kind]),
            b"\x39" + struct.pack("<Q", one.start),
            b"\x41" + struct.pack("<Q", one.end),
            _attributes(9, attributes),
            status,
        )
    )


def _attributes(field: int, attributes: Mapping[str, Value]) -> bytes:
    return b"".join(
        _message(field, _text(1, name) + _message(2, _value(value))) for name, value in attributes.items()
    )


def _value(value: Value) -> bytes:
    """Return an `AnyValue`; bool first, for a bool is an int in Python."""
    if isinstance(value, str):
        return _text(1, value)
    if isinstance(value, bool):
        return _number(2, int(value))
    if isinstance(value, int):
        return _number(3, value)
    if isinstance(value, float):
        return b"\x21" + struct.pack("<d", value)
    return _message(5, b"".join(_message(1, _text(1, one)) for one in value))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


_message = _bytes


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode("utf-8", "replace"))


def _fields(data: bytes) -> Iterable[tuple[int, bytes | int]]:
    """Yield the fields of a message that are texts, messages or whole numbers."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        if key & 7 == 0:
            value, at = _read_varint(data, at)
            yield key >> 3, value
        elif key & 7 == 2:
            size, at = _read_varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        else:
            raise ValueError("a field of another form")


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number that is too long")
