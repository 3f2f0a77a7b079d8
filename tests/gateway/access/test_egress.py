"""Which hosts checking a caller may reach: none without a provider."""

from flyball.gateway.access.egress import egress_of_access
from flyball.gateway.access.oidc import OidcSettings
from flyball.gateway.settings import GatewaySettings


def test_only_the_provider_is_reached_and_it_gets_no_data():
    assert egress_of_access(GatewaySettings()) == []
    oidc = OidcSettings(
        issuer="https://login.example.com/realm",
        jwks_uri="https://keys.example.com/keys",
        client_id="flyball",
        tenant="acme",
        roles={"a": "auditor"},
    )
    found = egress_of_access(GatewaySettings(oidc=oidc))
    assert [(one.host, one.local, one.gets_data) for one in found] == [
        ("login.example.com", False, False),
        ("keys.example.com", False, False),
    ]
