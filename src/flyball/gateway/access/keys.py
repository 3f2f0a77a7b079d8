"""API keys: made here, shown once, kept as a hash. The ledger is their only store.

Every act on a key is an entry of the ledger, and what a key may do is read from there. So no key
works that was not written down, and a removed row would break the ledger.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

import msgspec

from flyball.core.clock import Clock, utc_now
from flyball.gateway.access.errors import BadKeyRequest
from flyball.gateway.access.following import Followed
from flyball.gateway.access.records import ApiKey, Role, Scope, check_name, check_tenant
from flyball.gateway.access.roles import scopes_of
from flyball.gateway.errors import NotLetIn
from flyball.gateway.principal import Principal
from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Draft, Entry

__all__ = ["KEY_ACT", "KeyBook", "NewKey", "is_api_key", "unknown_key"]

T = TypeVar("T", bound=str)

KEY_ACT = "access.key"
"""Kind of the ledger entries about keys."""

_LONGEST_DAYS = 3653
_ID_BYTES, _SECRET_BYTES = 6, 32
_FORM = re.compile(r"flyball_([0-9a-f]{12})_[0-9a-f]{64}\Z")
_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, and the only time that it is seen.

    Parameters
    ----------
    kept : ApiKey
        What stands in the ledger.
    secret : str
        To be handed to its user and forgotten; it does not print.
    """

    kept: ApiKey
    secret: str = field(repr=False)


class _Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of one entry about a key."""

    act: Literal["created", "rotated", "revoked"]
    id: str
    name: str = ""
    person: bool = False
    tenant: str = ""
    roles: tuple[Role, ...] = ()
    scopes: tuple[Scope, ...] = ()
    hash: str = ""
    at: datetime
    expires_at: datetime | None = None
    replaced_by: str = ""
    why: str = ""
    emergency: bool = False


def is_api_key(presented: str) -> bool:
    """Return whether something has the form of a key; it may still open nothing."""
    return presented.startswith("flyball_")


def unknown_key() -> NotLetIn:
    """Return the one answer to every key that is none: it does not tell which ids there are."""
    return NotLetIn(
        "This key is not known here.",
        fix="Check that it is complete and belongs to a deployment of this gateway: flyball key list",
    )


class KeyBook:
    """All keys of one deployment, as its ledger tells them.

    Parameters
    ----------
    ledger : Ledger
    deployment : str
        What its keys open: the deployment in whose ledger they stand, and no other.
    clock : Clock
        Decides which keys have expired.
    monotonic : callable
        Decides when to look into the ledger again: what another process has written, a revocation
        above all, is in force here within a second.
    """

    def __init__(
        self,
        ledger: Ledger,
        deployment: str,
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._deployment = deployment
        self._clock = clock
        self._keys: dict[str, ApiKey] = {}
        self._followed = Followed(ledger, KEY_ACT, self._take, monotonic=monotonic)

    def all(self) -> list[ApiKey]:
        """Return every key there ever was, oldest first."""
        self._followed.look(after=0.0)
        return list(self._keys.values())

    def any(self) -> bool:
        """Return whether there ever was a key; one for an emergency locks nobody of this machine out."""
        self._followed.look()
        return any(not key.emergency for key in self._keys.values())

    def knows(self, presented: str) -> bool:
        """Return whether the id in a presented key was in this book at the last look."""
        self._followed.look()
        form = _FORM.match(presented)
        return form is not None and form.group(1) in self._keys

    def holds(self, presented: str) -> bool:
        """Return whether the id in a presented key is one of this book; the key may still be wrong."""
        if self.knows(presented):
            return True
        if _FORM.match(presented) is None:
            return False
        self._followed.look(after=0.0)  # it may have been made a moment ago
        return self.knows(presented)

    def principal(self, presented: str) -> Principal:
        """Return whom a presented key stands for.

        Raises
        ------
        NotLetIn
            No such key, or one that has expired or was revoked.
        LedgerUnavailable
            The ledger cannot be read, so no key can be trusted.
        """
        self._followed.look()
        form = _FORM.match(presented)
        key = self._keys.get(form.group(1)) if form else None
        # Compared also where there is none, so that the time does not tell which ids exist.
        same = hmac.compare_digest(_hash(presented), key.hash if key else _NOBODY)
        if key is None or not same:
            raise unknown_key()
        return self._opened(key)

    def person(self, id: str) -> Principal | None:
        """Return the person whose key has this id; None where none of this book has, or a program's."""
        self._followed.look()
        key = self._keys.get(id)
        return self._opened(key) if key is not None and key.person else None

    def _opened(self, key: ApiKey) -> Principal:
        state = key.state(self._clock())
        if state in ("expired", "revoked"):
            raise NotLetIn(
                f"The key {key.id} of {key.name} is {state}.",
                fix=f"Make another: flyball key create {key.name}",
                id=key.id,
                state=state,
            )
        return Principal(
            key.holder,
            key.tenant,
            frozenset(scopes_of(key.roles, key.scopes)),
            frozenset({self._deployment}),
            frozenset(key.roles),
        )

    def create(
        self,
        name: str,
        *,
        actor: str,
        tenant: str = "default",
        roles: Sequence[Role] = (),
        scopes: Sequence[Scope] = (),
        days: int = 90,
        person: bool = False,
    ) -> NewKey:
        """Make a key and write down that it was made.

        Parameters
        ----------
        name : str
            Whose it is. Another key of that name must be rotated or revoked, not doubled.
        actor : str
            Who makes it, for the ledger.
        tenant : str
        roles, scopes : sequence
            What it may do; at least one of both.
        days : int
            Until it expires, 1 to 3653.
        person : bool
            Whether somebody uses it by hand.

        Raises
        ------
        BadKeyRequest, BadInput
        """
        self._followed.look(after=0.0)
        check_name(name)
        check_tenant(tenant)
        if not scopes_of(roles, scopes):
            raise BadKeyRequest(
                f"A key for {name} without a role and a scope opens nothing.",
                fix="Add --role or --scope; docs/gateway-access.md lists them.",
                name=name,
            )
        if not 1 <= days <= _LONGEST_DAYS:
            raise BadKeyRequest(
                f"A key must end after 1 to {_LONGEST_DAYS} days, got {days}.",
                fix="Choose an end and rotate the key before it.",
                days=days,
            )
        now = self._clock()
        twin = next(
            (
                key
                for key in self._keys.values()
                if key.name == name
                and key.person == person
                and key.state(now) == "valid"
                and not key.emergency
            ),
            None,
        )
        if twin is not None:
            raise BadKeyRequest(
                f"{name} has a key already: {twin.id}, valid until {twin.expires_at:%Y-%m-%d}.",
                fix=f"Replace it with: flyball key rotate {twin.id}",
                name=name,
                id=twin.id,
            )
        end = now + timedelta(days=days)
        kept = ApiKey("", name, person, tenant, _each(roles), _each(scopes), "", now, end)
        made = _make(kept)
        self._write([_created(made.kept)], actor)
        return made

    def emergency(
        self,
        name: str,
        *,
        actor: str,
        tenant: str,
        roles: Sequence[Role],
        until: datetime,
        because: Callable[[str], Draft],
    ) -> NewKey:
        """Make a key for a person in an emergency, beside any that they have, in one write with its reason.

        Parameters
        ----------
        name, actor, tenant, roles
            As of `create`.
        until : datetime
            When it opens nothing any more; it cannot be rotated.
        because : callable
            Is told the id of the key and returns the entry that says why.

        Raises
        ------
        BadKeyRequest, BadInput
        """
        self._followed.look(after=0.0)
        check_name(name)
        check_tenant(tenant)
        now = self._clock()
        if not roles or until <= now:
            raise BadKeyRequest(
                f"A key with {len(roles)} roles until {until.isoformat()} opens nothing.",
                fix="Give a role, and an end that is ahead.",
            )
        made = _make(ApiKey("", name, True, tenant, _each(roles), (), "", now, until, emergency=True))
        self._ledger.append_many([because(made.kept.id), Draft(KEY_ACT, _created(made.kept), actor)])
        self._followed.look(after=0.0)
        return made

    def rotate(self, id: str, *, actor: str, overlap: timedelta, days: int | None = None) -> NewKey:
        """Make the key that comes after another; the old one opens until the overlap is over.

        Parameters
        ----------
        id : str
            Of the old key, or its first digits.
        actor : str
        overlap : timedelta
            0 ends the old key at once.
        days : int, optional
            Until the new one expires; by default as long as the old one was made for.

        Raises
        ------
        BadKeyRequest
            There is no such key, it does not open any more, or it was made for an emergency.
        """
        old = self.find(id)
        now = self._clock()
        if old.state(now) != "valid":
            raise BadKeyRequest(
                f"The key {old.id} of {old.name} is {old.state(now)}, so it cannot be rotated.",
                fix=f"Make a new one: flyball key create {old.name}",
                id=old.id,
            )
        if old.emergency:
            raise BadKeyRequest(
                f"The key {old.id} was made for an emergency, so it cannot be made to last longer.",
                fix="Where it is still needed: flyball access break-glass, with its own reason.",
                id=old.id,
            )
        if overlap < timedelta(0) or not 1 <= (days or 1) <= _LONGEST_DAYS:
            raise BadKeyRequest(
                f"An overlap of {overlap} and {days} days is not possible.",
                fix=f"Give an overlap of 0 hours or more, and 1 to {_LONGEST_DAYS} days.",
            )
        life = old.expires_at - old.created_at if days is None else timedelta(days=days)
        made = _make(replace(old, created_at=now, expires_at=now + life))
        end = min(old.expires_at, now + overlap)
        acts = [
            _created(made.kept),
            _Act(act="rotated", id=old.id, at=now, expires_at=end, replaced_by=made.kept.id),
        ]
        self._write(acts, actor)
        return made

    def revoke(self, id: str, *, actor: str, why: str = "") -> ApiKey:
        """End a key at once and for good.

        Raises
        ------
        BadKeyRequest
            There is no such key, or it is revoked already.
        """
        key = self.find(id)
        if key.revoked_at is not None:
            raise BadKeyRequest(
                f"The key {key.id} was revoked on {key.revoked_at:%Y-%m-%d}.", fix="Nothing is left to do."
            )
        self._write([_Act(act="revoked", id=key.id, at=self._clock(), why=why[:500])], actor)
        return self._keys[key.id]

    def find(self, id: str) -> ApiKey:
        """Return one key by the first digits of its id.

        Raises
        ------
        BadKeyRequest
            None or several begin so.
        """
        self._followed.look(after=0.0)
        found = [key for key in self._keys.values() if id and key.id.startswith(id)]
        if len(found) != 1:
            known = ", ".join(f"{key.id} ({key.name})" for key in self._keys.values()) or "none"
            raise BadKeyRequest(
                f"{len(found) or 'No'} keys begin with {id!r}." if found else f"No key has the id {id!r}.",
                fix=f"Known: {known}.",
                id=id,
            )
        return found[0]

    def _write(self, acts: Sequence[_Act], actor: str) -> None:
        self._ledger.append_many(Draft(KEY_ACT, act, actor) for act in acts)
        self._followed.look(after=0.0)

    def _take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._follow(msgspec.convert(entry.body, _Act))

    def _follow(self, act: _Act) -> None:
        if act.act == "created" and act.expires_at is not None:
            who = (act.id, act.name, act.person, act.tenant, act.roles, act.scopes)
            self._keys[act.id] = ApiKey(*who, act.hash, act.at, act.expires_at, emergency=act.emergency)
            return
        key = self._keys[act.id]
        if act.act == "rotated" and act.expires_at is not None:
            end = min(key.expires_at, act.expires_at)
            self._keys[act.id] = replace(key, replaced_by=act.replaced_by, expires_at=end)
        elif act.act == "revoked":
            self._keys[act.id] = replace(key, revoked_at=act.at)


def _each(words: Sequence[T]) -> tuple[T, ...]:
    return tuple(sorted(set(words)))


def _make(like: ApiKey) -> NewKey:
    id = secrets.token_hex(_ID_BYTES)
    secret = f"flyball_{id}_{secrets.token_hex(_SECRET_BYTES)}"
    return NewKey(replace(like, id=id, hash=_hash(secret)), secret)


def _created(key: ApiKey) -> _Act:
    return _Act(
        act="created",
        id=key.id,
        name=key.name,
        person=key.person,
        tenant=key.tenant,
        roles=key.roles,
        scopes=key.scopes,
        hash=key.hash,
        at=key.created_at,
        expires_at=key.expires_at,
        emergency=key.emergency,
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
