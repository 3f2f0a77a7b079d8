"""Keys, roles and scopes, and what their names may look like."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from flyball.core.errors import BadInput

__all__ = ["ROLES", "SCOPES", "ApiKey", "KeyState", "Role", "Scope", "check_name", "check_tenant"]

Role = Literal["engineer", "reviewer", "officer", "auditor", "operator"]
Scope = Literal[
    "chat",
    "decisions",
    "decisions.read",
    "outcomes",
    "outcomes.read",
    "review",
    "review.read",
    "review.settle",
    "governance.read",
    "releases",
    "alerts",
    "metrics",
]
KeyState = Literal["valid", "rotated", "expired", "revoked"]
ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: tuple[Scope, ...] = get_args(Scope)

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}\Z")
_NAME = re.compile(r"[\x21-\x7e]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: without the key.

    Parameters
    ----------
    id : str
        Twelve hexadecimal digits: the part of the key that is no secret, by which it is found.
    name : str
        Whose key it is; a rotated key keeps it.
    person : bool
        Whether somebody uses it by hand, so that they count as a person in reviews.
    tenant : str
    roles : tuple of Role
    scopes : tuple of Scope
        In addition to those of the roles.
    hash : str
        sha256 of the whole key. The key is 256 random bits, so nothing slower is needed.
    created_at : datetime
    expires_at : datetime
        From then on it opens nothing.
    replaced_by : str
        Id of the key that came after it; "" where it was never rotated.
    revoked_at : datetime or None
    emergency : bool
        Whether it came with emergency access: it cannot be rotated, so that it ends when it was said to.
    """

    id: str
    name: str
    person: bool
    tenant: str
    roles: tuple[Role, ...]
    scopes: tuple[Scope, ...]
    hash: str
    created_at: datetime
    expires_at: datetime
    replaced_by: str = ""
    revoked_at: datetime | None = None
    emergency: bool = False

    @property
    def holder(self) -> str:
        """Who it stands for in the ledger: "key:billing", "person:anna"."""
        return f"{'person' if self.person else 'key'}:{self.name}"

    def state(self, now: datetime) -> KeyState:
        """Return how it stands: "rotated" still opens, until its end."""
        if self.revoked_at is not None:
            return "revoked"
        if now >= self.expires_at:
            return "expired"
        return "rotated" if self.replaced_by else "valid"


def check_tenant(tenant: str) -> str:
    """Return the name of a tenant, or refuse it.

    Raises
    ------
    BadInput
        It is no name that can stand in a record, a key of the ledger or a label.
    """
    if not _TENANT.match(tenant):
        raise BadInput(
            f"{tenant!r} cannot be the name of a tenant.",
            fix="Use 1 to 63 lower case letters, digits, _ and -, beginning with a letter or digit.",
            tenant=tenant,
        )
    return tenant


def check_name(name: str) -> str:
    """Return the name of a key or a person, or refuse it.

    Raises
    ------
    BadInput
        It is empty, too long, or holds spaces or signs that do not print.
    """
    if not _NAME.match(name):
        raise BadInput(
            f"{name!r} cannot be a name here.",
            fix="Use 1 to 200 printable ASCII characters without spaces.",
            name=name,
        )
    return name
