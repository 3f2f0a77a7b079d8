"""Settings and access: every value with its origin, who has keys and rights, which hosts are reached."""

from datetime import datetime

from flyball.console.page import Asked, Page, Shown
from flyball.gateway.access.egress import egress_of_access
from flyball.gateway.access.keys import KeyBook
from flyball.gateway.access.records import ApiKey
from flyball.gateway.access.roles import SCOPES_OF_ROLE
from flyball.gateway.settings import shown_settings
from flyball.loop.egress import egress_of
from flyball.loop.promotion import people_of
from flyball.loop.settings import origins

__all__ = ["settings"]


def _show(asked: Asked) -> Shown:
    workshop = asked.desk.served.workshop
    opened = workshop.deployment
    found = origins(opened.root / "flyball.toml")
    everything = asked.query.get("all", "") == "1"
    now = workshop.clock()
    return {
        "title": "Settings and access",
        "values": [one for one in found if everything or one.origin != "default"],
        "left_out": 0 if everything else sum(one.origin == "default" for one in found),
        "gateway": list(shown_settings(asked.settings).items()),
        "keys": [(key, key.state(now)) for key in _keys(asked, now)],
        "others": not asked.principal.may("*"),
        "roles": [(role, sorted(scopes)) for role, scopes in SCOPES_OF_ROLE.items()],
        "people": people_of(workshop),
        "hosts": [*egress_of(opened.settings), *egress_of_access(asked.settings)],
        "me": asked.principal,
    }


def _keys(asked: Asked, now: datetime) -> list[ApiKey]:
    """Return the keys, those that open first; of other tenants only for whoever may do everything."""
    served = asked.desk.served
    book = KeyBook(served.workshop.ledger, served.name, clock=served.workshop.clock)
    seen = [key for key in book.all() if asked.principal.may("*") or key.tenant == asked.principal.tenant]
    return sorted(seen, key=lambda key: (key.state(now) != "valid", key.name, key.id))


settings = Page("Settings", "/d/{deployment}/settings", _show, scope="governance.read", place=90)
