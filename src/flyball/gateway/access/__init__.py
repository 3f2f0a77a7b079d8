"""Access: who asks, for which tenant, and what they may do.

In:       the headers of a request; the ledger with the acts on keys; the settings `[oidc]` of gateway.toml
Out:      a `Principal`, or an error that says what is missing; never a guess
Imports:  core, ledger, and the principal of the gateway; nothing of the routes
Add one:  a role is one row of the table in `roles.py`, a scope one word in `records.py`
"""

from flyball.gateway.access.authenticate import Gatekeeper
from flyball.gateway.access.keys import KeyBook, NewKey
from flyball.gateway.access.oidc import OidcSettings, OidcVerifier
from flyball.gateway.access.records import ApiKey, Role, Scope
from flyball.gateway.access.roles import SCOPES_OF_ROLE

__all__ = [
    "SCOPES_OF_ROLE",
    "ApiKey",
    "Gatekeeper",
    "KeyBook",
    "NewKey",
    "OidcSettings",
    "OidcVerifier",
    "Role",
    "Scope",
]
