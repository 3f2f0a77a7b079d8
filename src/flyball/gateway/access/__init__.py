"""Access: who asks, for which tenant, and what they may do.

In:       the headers of a request; the ledger with the acts on keys; the settings `[oidc]` of gateway.toml
Out:      a `Principal`, or an error that says what is missing; never a guess
Imports:  core, ledger, and the principal of the gateway; nothing of the routes
Add one:  a role is one row of the table in `roles.py`, a scope one word in `records.py`
"""
