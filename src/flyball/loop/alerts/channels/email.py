"""E-mail by SMTP: TLS before anything is said, or within this machine only without."""

import contextlib
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Literal

import msgspec

from flyball.core.digests import digest_of
from flyball.core.errors import BadInput
from flyball.core.hosts import THIS_MACHINE
from flyball.core.secrets import Secret, secret
from flyball.core.text import one_line
from flyball.loop.alerts.channel import Address, Channel, Message, NotDelivered, channel

__all__ = ["email"]

_SECONDS = 20.0
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"\\\x00-\x20\x7f]+@[^\s@,;:<>()\[\]\"\\\x00-\x20\x7f]+\Z")
"""One plain address: no name, no list, nothing that could end a header."""

Refused = dict[str, tuple[int, bytes]]


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    host: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: dict[str, Any] | None = None
    ca_file: str = ""


class _Email:
    def __init__(self, name: str, settings: _Settings, password: Secret | None) -> None:
        self._name, self._settings, self._password = name, settings, password
        self._left: dict[int, tuple[list[str], Refused]] = {}
        """Of messages that some have: who is tried again, and who was refused for good."""

    def addresses(self) -> tuple[Address, ...]:
        """Return its host."""
        return (Address(f"{self._settings.host}:{self._settings.port}", f"alerts.channel {self._name} host"),)

    def deliver(self, message: Message) -> None:
        """Send one message to everybody in `to`."""
        one = self._settings
        mail = EmailMessage()
        mail["From"], mail["To"] = one.sender, ", ".join(one.to)
        mail["Subject"] = one_line(message.headline, 200)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice comes back
        mail["Date"] = format_datetime(message.at)
        first = f"<{digest_of(message.dedup_key)[7:39]}@flyball>"
        mail["Message-ID"] = f"<{digest_of([message.dedup_key, message.entry])[7:39]}@flyball>"
        mail["References"] = first  # one conversation for one alert
        mail.set_content(message.text)
        to, lost = self._left.get(message.entry, (list(one.to), {}))
        refused = lost | self._sent(mail, to)
        later = [who for who, (code, _) in refused.items() if 400 <= code < 500]
        if later:  # such as a server that wants to be asked twice by whom it does not know
            self._left[message.entry] = later, {who: refused[who] for who in refused if who not in later}
        else:
            self._left.pop(message.entry, None)
        if refused:
            codes = ", ".join(sorted({str(code) for code, _ in refused.values()}))
            raise NotDelivered(
                f"{one.host} refused {len(refused)} of {len(one.to)} recipients of the channel {self._name} "
                f"({codes}).",
                fix="Those for whom it may help are tried again; the others have the message."
                if later
                else "Correct `to` in flyball.toml; the others have the message.",
                again=bool(later),
                channel=self._name,
            )

    def _sent(self, mail: EmailMessage, to: Sequence[str]) -> Refused:
        """Send to some, and return who of them was refused, with code and words."""
        one = self._settings
        try:
            server = self._connected()
            try:
                if self._password is not None:
                    server.login(one.user, self._password.reveal())
                return server.send_message(mail, to_addrs=to)
            except smtplib.SMTPRecipientsRefused as err:
                return dict(err.recipients)
            finally:
                _leave(server)
        except smtplib.SMTPResponseException as err:
            again = 400 <= err.smtp_code < 500
            raise NotDelivered(
                f"{one.host} answered {err.smtp_code} to the channel {self._name}.",
                fix="It is tried again." if again else "Check user, password, sender and to in flyball.toml.",
                again=again,
                channel=self._name,
            ) from None
        except (smtplib.SMTPException, OSError) as err:
            permanent = isinstance(err, smtplib.SMTPNotSupportedError)
            raise NotDelivered(
                f"The channel {self._name} cannot send through {one.host}: {type(err).__name__}.",
                fix="Check addresses, certificate and network; it is tried again where that may help.",
                again=not permanent,
                channel=self._name,
            ) from None

    def _connected(self) -> smtplib.SMTP:
        one = self._settings
        context = ssl.create_default_context(cafile=one.ca_file or None)
        if one.tls == "tls":
            return smtplib.SMTP_SSL(one.host, one.port, timeout=_SECONDS, context=context)
        server = smtplib.SMTP(one.host, one.port, timeout=_SECONDS)
        try:
            if one.tls == "starttls":
                server.starttls(context=context)  # raises where it is not offered: never in the clear
        except BaseException:
            server.close()
            raise
        return server


def _leave(server: smtplib.SMTP) -> None:
    """Say good-bye. What was taken stays taken, whatever the answer to that is."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


@channel
def email(name: str, settings: Mapping[str, Any]) -> Channel:
    """Make a channel that sends mail through `host`."""
    try:
        found = msgspec.convert(settings, _Settings)
    except msgspec.ValidationError as err:
        raise BadInput(
            f"[[alerts.channel]] {name}: {err}.",
            fix="email has host, sender and to; and port, tls, user, password, ca_file.",
        ) from None
    if found.tls == "none" and found.host not in THIS_MACHINE:
        raise BadInput(
            f'[[alerts.channel]] {name}: tls = "none" is for this machine only, not for {found.host}.',
            fix='Leave tls out for STARTTLS, or write tls = "tls".',
        )
    if bool(found.user) != (found.password is not None):
        raise BadInput(
            f"[[alerts.channel]] {name}: user and password go together.", fix="Give both, or neither."
        )
    strange = [one for one in (found.sender, *found.to) if not _ADDRESS.match(one)]
    if strange or not found.to:
        raise BadInput(
            f"[[alerts.channel]] {name}: {strange[0]!r} is no address."
            if strange
            else f"{name}: `to` is empty.",
            fix='Write to = ["team@example.com"].',
        )
    return _Email(name, found, None if found.password is None else secret(found.password))
