"""A gateway or a watcher that starts with other settings than before says so, without a secret."""

from flyball.gateway.access.oidc import OidcSettings
from flyball.gateway.settings import GatewaySettings, shown_settings
from flyball.loop.settings_noted import SETTINGS, note_deployment_settings, note_settings


def test_the_first_start_is_a_beginning_and_the_same_settings_are_written_once(bank):
    with bank.open() as workshop:
        assert note_deployment_settings(workshop) == {}
        assert note_deployment_settings(workshop) is None
        (entry,) = workshop.ledger.entries(SETTINGS)
        assert entry.body["values"]["approvals.release"] == "0"


def test_a_changed_setting_is_written_down_with_both_values_and_no_secret(bank, monkeypatch):
    with bank.open() as workshop:
        note_deployment_settings(workshop)
    monkeypatch.setenv("FLYBALL__ACCESS__EMERGENCY_HOURS_AT_MOST", "72")
    bank.say('\n[privacy.keys]\nk1 = { env = "KEY_1" }\n')
    with bank.open() as workshop:
        changed = note_deployment_settings(workshop)
        assert changed["access.emergency_hours_at_most"] == ("8.0", "72.0")
        assert list(workshop.ledger.entries(SETTINGS))[-1].body["account"]


def test_who_may_do_what_by_the_provider_is_a_setting_that_is_seen(bank):
    def gateway(role):
        oidc = OidcSettings(
            issuer="https://login.example.com",
            client_id="flyball",
            tenant="acme",
            roles={"staff": role},
            client_secret={"env": "SECRET"},
        )
        return shown_settings(GatewaySettings(oidc=oidc))

    with bank.open() as workshop:
        assert note_settings(workshop, "gateway.toml", gateway("reviewer")) == {}
        changed = note_settings(workshop, "gateway.toml", gateway("officer"))
        assert changed == {"oidc.roles.staff": ("reviewer", "officer")}
        assert "SECRET" not in str([one.body for one in workshop.ledger.entries(SETTINGS)])
