"""EML: one mail with its header, its body and what is attached to it."""

import codecs
import email
import email.policy
from dataclasses import replace
from email.message import MIMEPart

from flyball.data.documents.assembly import Assembly
from flyball.data.documents.errors import DocumentError, Empty, TooDeep, TooLong
from flyball.data.documents.format import Format
from flyball.data.documents.reading import format_of, read_bytes
from flyball.data.documents.records import Document, Limits

__all__ = ["eml"]

_HEADER = ("From", "To", "Cc", "Date", "Subject")


def _read(data: bytes, name: str, limits: Limits) -> Document:
    if (parts := data.count(b"\n--")) > limits.parts:
        raise TooDeep(
            f"{name} has up to {parts:,} parts; at most {limits.parts:,} are read.",
            fix="Save the attachments as files of their own and give those.",
            name=name,
            limit=limits.parts,
        )
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
    except RecursionError as err:
        raise _too_deep(name, limits) from err
    assembly = Assembly(name, limits)
    _add_message(assembly, message, limits, "", 0)
    return assembly.document(data, eml.media_type)


def _add_message(assembly: Assembly, message: MIMEPart, limits: Limits, label: str, depth: int) -> None:
    if depth > limits.nesting:
        raise _too_deep(assembly.name, limits)
    header = "".join(f"{key}: {value}\n" for key in _HEADER if (value := _header(message, key)))
    if header:
        assembly.add(header + "\n", label=_joined(label, "header"))
    body = message.get_body(preferencelist=("plain", "html"))
    if body is not None:
        _add_body(assembly, body, limits, _joined(label, "body"))
    for number, part in enumerate(_attachments(message, body), start=1):
        if number > limits.attachments:
            assembly.note(f"only the first {limits.attachments} attachments were read")
            left = f"attachments after the first {limits.attachments}"
            assembly.leave_out(_joined(label, left), "more attachments than are read")
            break
        file_name = " ".join((part.get_filename() or f"part {number}").split())
        inner_label = _joined(label, f"attachment {file_name}")
        if part.get_content_type() == "message/rfc822":
            for inner in part.iter_parts():
                _add_message(assembly, inner, limits, inner_label, depth + 1)
        else:
            _add_attachment(assembly, part, limits, inner_label, file_name, depth)


def _attachments(message: MIMEPart, body: MIMEPart | None) -> list[MIMEPart]:
    """Return every leaf that is neither the body nor another form of the body, in order."""
    found: list[MIMEPart] = []
    stack: list[MIMEPart] = [message]
    while stack:
        part = stack.pop()
        if part is body:
            continue
        if part.get_content_maintype() == "multipart":
            inner = list(part.iter_parts())
            if part.get_content_type() == "multipart/alternative" and any(body is form for form in inner):
                continue
            stack.extend(reversed(inner))
        else:
            found.append(part)
    return found


def _add_body(assembly: Assembly, part: MIMEPart, limits: Limits, label: str) -> None:
    """Add the body by the reader of its kind; the mail's own word on the encoding comes first."""
    data = _payload(part)
    name = "body.html" if part.get_content_type() == "text/html" else "body.txt"
    try:
        data = codecs.BOM_UTF8 + data.decode(part.get_content_charset() or "utf-8").encode()
    except (LookupError, UnicodeError):
        assembly.note(f"{label}: the mail states no encoding that fits; it was guessed")
    try:
        assembly.include(format_of(name[5:]).read(data, name, limits), label)
    except Empty:
        return  # a mail may consist of its attachments


def _add_attachment(
    assembly: Assembly, part: MIMEPart, limits: Limits, label: str, file_name: str, depth: int
) -> None:
    """Add an attachment; one that cannot be read is noted, so that the rest of the mail is not lost."""
    # A mail attached as a file counts as deep as one attached as a mail.
    inside = replace(limits, nesting=limits.nesting - depth - 1)
    try:
        assembly.include(read_bytes(_payload(part), file_name, inside), label)
    except TooLong:
        raise
    except DocumentError as err:
        if "nesting" in err.values:
            raise _too_deep(assembly.name, limits) from err
        assembly.note(f"{label} was not read: [{err.code}] {err.message}")
        assembly.leave_out(label, f"[{err.code}] {err.message}")


def _payload(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _header(message: MIMEPart, key: str) -> str:
    return " ".join(str(message.get(key, "")).split())


def _joined(label: str, part: str) -> str:
    return f"{label}, {part}" if label else part


def _too_deep(name: str, limits: Limits) -> TooDeep:
    return TooDeep(
        f"{name} holds mails inside mails, more than {limits.nesting} deep.",
        fix="Save the inner mail as a file of its own and give that.",
        name=name,
        nesting=limits.nesting,
    )


eml = Format(media_type="message/rfc822", title="e-mail", read=_read)
