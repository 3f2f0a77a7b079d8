"""What the page of access says is what the code does."""

import re
from pathlib import Path

from flyball.gateway.access.oidc import OidcSettings
from flyball.gateway.access.records import SCOPES
from flyball.gateway.access.roles import SCOPES_OF_ROLE, scopes_of
from flyball.gateway.limits.settings import LimitSettings

PAGE = (Path(__file__).parents[3] / "docs" / "gateway-access.md").read_text()


def row_of(name):
    return next(line for line in PAGE.split("\n") if line.startswith(f"| `{name}` |"))


def test_every_role_has_the_scopes_of_its_row():
    for role, scopes in SCOPES_OF_ROLE.items():
        assert set(re.findall(r"`([a-z.]+)`", row_of(role))) - {role} == scopes


def test_every_scope_has_a_row_with_what_comes_with_it():
    for scope in SCOPES:
        written = row_of(scope).rstrip(" |").rpartition("|")[2]
        brings = scopes_of((), (scope,)) - {scope}
        assert set(re.findall(r"^ `([a-z.]+)`$", written)) == brings, scope


def test_every_setting_is_named():
    names = {
        *OidcSettings.__struct_fields__,
        *LimitSettings.__struct_fields__,
    }
    missing = [name for name in names if not re.search(rf"\b{name}\b", PAGE)]
    assert missing == []
