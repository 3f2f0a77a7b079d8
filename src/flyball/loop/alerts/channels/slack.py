"""Slack-compatible: an incoming webhook that takes `{"text": ...}`, as Mattermost and others have too.

Source of the form: Slack, "Sending messages using incoming webhooks".
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.errors import BadInput
from flyball.core.secrets import Secret, secret
from flyball.loop.alerts.channel import Address, Channel, Message, channel
from flyball.loop.alerts.posting import checked_url, post

__all__ = ["slack"]


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    url: dict[str, Any]
    host: str


class _Slack:
    def __init__(self, name: str, url: Secret, host: str) -> None:
        self._name, self._url, self._host = name, url, host.lower()

    def addresses(self) -> tuple[Address, ...]:
        """Return its host."""
        return (Address(self._host, f"alerts.channel {self._name} host"),)

    def deliver(self, message: Message) -> None:
        """Post one message."""
        parts = checked_url(self._url.reveal(), f"alerts.channel {self._name} url")
        if parts.netloc.lower() != self._host:
            raise BadInput(
                f"The address of the channel {self._name} does not lie at {self._host}.",
                fix="Correct host in flyball.toml: what is not listed is not reached.",
            )
        text = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        post(parts, canonical_json({"text": text}), {}, name=self._name)


@channel
def slack(name: str, settings: Mapping[str, Any]) -> Channel:
    """Make a channel that posts to `url`, which is a secret, at `host`."""
    try:
        found = msgspec.convert(settings, _Settings)
    except msgspec.ValidationError as err:
        raise BadInput(
            f"[[alerts.channel]] {name}: {err}.",
            fix='slack has url = { env = "NAME" } (whoever knows it may write) and host = "hooks.slack.com".',
        ) from None
    return _Slack(name, secret(found.url), found.host)
