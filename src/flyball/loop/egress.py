"""Which hosts a deployment may reach, and why. Nothing leaves the house unasked."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from flyball.core.errors import BadInput
from flyball.loop.settings import Settings

__all__ = ["Egress", "egress_of"]

_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Egress:
    """One host that may be reached.

    Parameters
    ----------
    host : str
        With the port where one is written.
    local : bool
        True on this machine.
    setting : str
        The setting that says so.
    why : str
        What for, and what would be sent.
    """

    host: str
    local: bool
    setting: str
    why: str


def egress_of(settings: Settings) -> list[Egress]:
    """Return every host that the settings let the deployment reach; an empty list means none.

    Raises
    ------
    BadInput
        An expert that talks to a network names no host: what cannot be listed is not allowed.
    """
    found = []
    for expert in settings.expert:
        url = expert.settings.get("base_url")
        if isinstance(url, str):
            why = f"the expert {expert.name} sends it the text of cases"
            found.append(_egress(url, f"expert {expert.name} base_url", why))
        elif expert.kind == "language_model":
            raise BadInput(
                f"The expert {expert.name} names no base_url, so its host cannot be listed.",
                fix="Write base_url into its settings, also for the vendor's own endpoint.",
                expert=expert.name,
            )
    for name, url in (("state.ledger", settings.state.ledger), ("state.catalogue", settings.state.catalogue)):
        if url and not url.startswith("sqlite"):
            found.append(_egress(url, name, "it keeps records of the deployment there"))
    return found


def _egress(url: str, setting: str, why: str) -> Egress:
    parts = urlsplit(url)
    socket = parse_qs(parts.query).get("host", [""])[0]
    if not parts.hostname and socket.startswith("/"):
        return Egress(socket, True, setting, why)  # a socket of this machine
    if not parts.hostname:
        raise BadInput(
            f"{setting} is not a URL with a host: {url.rpartition('@')[2]!r}.",
            fix="Write it as https://host/path.",
            setting=setting,
        )
    host = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    return Egress(host, parts.hostname in _LOCAL, setting, why)
