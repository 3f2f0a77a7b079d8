"""PagerDuty-compatible: Events API v2, one incident for one alert over all of its messages.

Source of the form: PagerDuty, "Events API v2 Overview" and "Send an Event": `routing_key`, `event_action`
(trigger, acknowledge, resolve), `dedup_key` of at most 255 characters, `payload.summary` of at most 1,024.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from flyball.core.digests import canonical_json, digest_of
from flyball.core.errors import BadInput
from flyball.core.secrets import Secret, secret
from flyball.loop.alerts.channel import MOST_SHOWN, Address, Channel, Message, channel
from flyball.loop.alerts.posting import checked_url, post

__all__ = ["pagerduty"]

_ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    routing_key: dict[str, Any]
    url: str = "https://events.pagerduty.com/v2/enqueue"


class _PagerDuty:
    def __init__(self, name: str, url: str, key: Secret) -> None:
        self._name = name
        self._parts = checked_url(url, f"alerts.channel {name} url")
        self._key = key

    def addresses(self) -> tuple[Address, ...]:
        """Return its host."""
        return (Address(self._parts.netloc, f"alerts.channel {self._name} url"),)

    def deliver(self, message: Message) -> None:
        """Send one event."""
        key = message.dedup_key if len(message.dedup_key) <= 255 else digest_of(message.dedup_key)
        event: dict[str, object] = {
            "routing_key": self._key.reveal(),
            "event_action": _ACTIONS.get(message.event, "trigger"),
            "dedup_key": key,
        }
        if event["event_action"] == "trigger":
            details = {one.name: f"{one.title}: {one.why}" for one in message.causes[:MOST_SHOWN]}
            event["payload"] = {
                "summary": message.headline[:1024],
                "source": f"flyball/{message.deployment}",
                "severity": "critical" if message.severity == "page" else "warning",
                "timestamp": message.at.isoformat(),
                "component": message.deployment,
                "group": message.alert,
                "custom_details": details | {"what to do": message.what_to_do},
            }
            if "://" in message.runbook:
                event["links"] = [{"href": message.runbook, "text": "Runbook"}]
        post(self._parts, canonical_json(event), {}, name=self._name)


@channel
def pagerduty(name: str, settings: Mapping[str, Any]) -> Channel:
    """Make a channel that sends events with `routing_key` to `url`."""
    try:
        found = msgspec.convert(settings, _Settings)
    except msgspec.ValidationError as err:
        raise BadInput(
            f"[[alerts.channel]] {name}: {err}.",
            fix='pagerduty has routing_key = { env = "NAME" } and, for another service of that form, url.',
        ) from None
    return _PagerDuty(name, found.url, secret(found.routing_key))
