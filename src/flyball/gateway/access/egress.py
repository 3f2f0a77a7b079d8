"""The hosts that access may reach: those of the identity provider, and none without one."""

from urllib.parse import urlsplit

from flyball.core.hosts import THIS_MACHINE
from flyball.gateway.settings import GatewaySettings
from flyball.loop.egress import Egress

__all__ = ["egress_of_access"]


def egress_of_access(settings: GatewaySettings) -> list[Egress]:
    """Return every host that checking who calls may reach."""
    if settings.oidc is None:
        return []
    asked = {"oidc.issuer": settings.oidc.issuer, "oidc.jwks_uri": settings.oidc.jwks_uri}
    return [
        Egress(
            urlsplit(url).netloc.lower(),
            urlsplit(url).hostname in THIS_MACHINE,
            f"gateway.toml {setting}",
            "the identity provider is asked for its keys, and who signs in; nothing of cases",
            gets_data=False,
        )
        for setting, url in asked.items()
        if url
    ]
