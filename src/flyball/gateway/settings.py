"""Settings of the gateway: `gateway.toml` in the served folder; every one has a default."""

import tomllib
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import msgspec

from flyball.core.errors import BadInput
from flyball.core.secrets import names_secret
from flyball.gateway.access.oidc import OidcSettings
from flyball.gateway.limits.settings import LimitSettings

__all__ = ["GatewaySettings", "load_gateway_settings", "shown_settings"]


class GatewaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that `gateway.toml` says.

    Parameters
    ----------
    host : str
        Where to listen. Another address than this machine's own needs keys.
    port : int
        0: any free one.
    largest_body_mb : int
        Of a request; a larger one is refused before it is read.
    header_seconds, body_seconds : float
        How long a caller may take to send them.
    idle_seconds : float
        How long a connection without a request stays open.
    shutdown_seconds : float
        How long requests under way may take to end after SIGTERM.
    connections : int
        At once; more are refused with 503.
    proxies : tuple of str
        Addresses or networks of proxies whose header X-Forwarded-For is believed; nobody else's is.
    limits : LimitSettings
        `[limits]`: how much one caller and one tenant may ask.
    oidc : OidcSettings or None
        `[oidc]`: who vouches for people.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    largest_body_mb: int = 20
    header_seconds: float = 10.0
    body_seconds: float = 60.0
    idle_seconds: float = 75.0
    shutdown_seconds: float = 30.0
    connections: int = 2_000
    proxies: tuple[str, ...] = ()
    limits: LimitSettings = LimitSettings()
    oidc: OidcSettings | None = None

    def __post_init__(self) -> None:
        for one in self.proxies:
            try:
                ip_network(one)
            except ValueError as err:
                raise BadInput(
                    f"proxies: {one!r} is neither an address nor a network.",
                    fix='Write, for instance, proxies = ["127.0.0.1", "10.0.0.0/8"].',
                    proxy=one,
                ) from err


def load_gateway_settings(folder: Path) -> GatewaySettings:
    """Read `gateway.toml` of a folder; without one, the defaults.

    Raises
    ------
    BadInput
        Not TOML, an unknown key, a wrong type; the message names it.
    """
    path = folder / "gateway.toml"
    if not path.is_file():
        return GatewaySettings()
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        if "review" in written:
            raise BadInput(
                "gateway.toml has a [review], which belongs to the deployment.",
                fix="Move it to flyball.toml; instead of four_eyes, write readers = 2 (docs/review.md).",
                file=path,
            )
        return msgspec.convert(written, GatewaySettings)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as err:
        known = ", ".join(GatewaySettings.__struct_fields__)
        raise BadInput(f"gateway.toml: {err}.", fix=f"Known keys: {known}.", file=path) from err


def shown_settings(settings: GatewaySettings) -> dict[str, str]:
    """Return every setting by its dotted name as it may be shown: secrets are "***"."""
    return dict(_flat(msgspec.to_builtins(settings)))


def _flat(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            name = f"{prefix}.{key}" if prefix else str(key)
            if names_secret(str(key)):
                yield name, "***"
            else:
                yield from _flat(item, name)
    elif isinstance(value, list | tuple):
        yield prefix, ", ".join(str(item) for item in value)
    else:
        yield prefix, "" if value is None else str(value)
