"""A webhook: JSON by POST, signed so that the receiver knows whose it is and when it was made.

Source of the form: Standard Webhooks 1.0, sections "Webhook Metadata" and "Verifying webhook authenticity":
headers `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,BASE64` of HMAC-SHA256 over
"ID.TIMESTAMP.BODY"; no full stop in the id. `type` and `timestamp` as "Payload structure" asks for them.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from flyball.core.clock import utc_now
from flyball.core.digests import canonical_json, digest_of
from flyball.core.errors import BadInput
from flyball.core.secrets import Secret, secret
from flyball.loop.alerts.channel import Address, Channel, Message, channel
from flyball.loop.alerts.posting import checked_url, post

__all__ = ["webhook"]


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    secret: dict[str, Any]


class _Webhook:
    def __init__(self, name: str, url: str, key: Secret) -> None:
        self._name = name
        self._parts = checked_url(url, f"alerts.channel {name} url")
        self._key = key

    def addresses(self) -> tuple[Address, ...]:
        """Return its host."""
        return (Address(self._parts.netloc, f"alerts.channel {self._name} url"),)

    def deliver(self, message: Message) -> None:
        """Post one message."""
        body = canonical_json({"type": f"alert.{message.event}", "timestamp": message.at, **message.told()})
        at = str(int(utc_now().timestamp()))
        named = f"msg_{digest_of([message.dedup_key, message.entry]).removeprefix('sha256:')[:32]}"
        signed = f"{named}.{at}.".encode() + body
        digest = hmac.new(_key_of(self._key.reveal(), self._name), signed, hashlib.sha256).digest()
        headers = {
            "webhook-id": named,
            "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }
        post(self._parts, body, headers, name=self._name)


def _key_of(text: str, name: str) -> bytes:
    """Return the bytes of a secret; "whsec_" and base64 is how Standard Webhooks writes one."""
    if not text.startswith("whsec_"):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        pass
    raise BadInput(
        f"The secret of the channel {name} begins with whsec_ and is no base64.", fix="Copy it whole."
    )


@channel
def webhook(name: str, settings: Mapping[str, Any]) -> Channel:
    """Make a channel that posts to `url`, signed with `secret`."""
    try:
        found = msgspec.convert(settings, _Settings)
    except msgspec.ValidationError as err:
        raise BadInput(
            f"[[alerts.channel]] {name}: {err}.",
            fix='A webhook has url and secret = { env = "NAME" }.',
        ) from None
    return _Webhook(name, found.url, secret(found.secret))
