"""Slack-compatible: an incoming webhook that takes `{"text": ...}`, as Mattermost and others have too.

Source of the form: Slack, "Sending messages using incoming webhooks", "Formatting text for app surfaces"
(&, < and > are written out; with `mrkdwn` false nothing else is markup), and "Text object": at most 3,000
characters where others show it as a block.
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

_LONGEST = 3_000
_CUT = "\u2026 flyball alert list shows all of it."
_WRITTEN_OUT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b"})
"""Neither a link, nor a call to everybody: a space without width stands behind @."""


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
        post(parts, canonical_json({"text": _text(message), "mrkdwn": False}), {}, name=self._name)


def _text(message: Message) -> str:
    """Return the message in no more characters than are taken; what to do stands last and stays."""
    first, *causes, last = (line.translate(_WRITTEN_OUT) for line in message.text.split("\n"))
    room = _LONGEST - len(first) - len(last) - len(_CUT) - 2
    kept = [first]
    for line in causes:
        room -= len(line) + 1
        if room < 0:
            kept.append(_CUT)
            break
        kept.append(line)
    return "\n".join([*kept, last])


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
