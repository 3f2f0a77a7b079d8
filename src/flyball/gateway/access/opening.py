"""Open the access of a house: the keys of every deployment, and the provider that the settings name."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flyball.gateway.access.authenticate import Gatekeeper
from flyball.gateway.access.ended import EndedSessions
from flyball.gateway.access.keys import KeyBook
from flyball.gateway.access.login import Login
from flyball.gateway.access.oidc import OidcVerifier
from flyball.gateway.house import House
from flyball.gateway.limits.failures import FailedSignIns
from flyball.gateway.limits.rate import RateLimits
from flyball.gateway.settings import GatewaySettings
from flyball.loop.workshop import Workshop

__all__ = ["open_access", "session_key"]


def open_access(house: House, settings: GatewaySettings) -> Gatekeeper:
    """Return who lets callers in.

    Parameters
    ----------
    house : House
    settings : GatewaySettings

    Raises
    ------
    LedgerUnavailable
        A ledger with keys cannot be read.
    """
    served = house.everything()
    books = [KeyBook(one.workshop.ledger, one.name, clock=one.workshop.clock) for one in served]
    first = min(served, key=lambda one: one.name).workshop if served else None
    verifier = login = None
    if settings.oidc is not None:
        verifier = OidcVerifier(settings.oidc)
        if settings.oidc.public_url and first is not None:
            login = Login(verifier, session_key(first))
    return Gatekeeper(
        books,
        verifier=verifier,
        login=login,
        ended=EndedSessions(first.ledger, clock=first.clock) if first is not None else None,
        limits=RateLimits(settings.limits),
        failures=FailedSignIns(settings.limits),
    )


def session_key(workshop: Workshop, use: bytes = b"flyball session, form 1") -> bytes:
    """Derive the key of a kind of cookie, so that cookies are good in every process of a house."""
    secret = workshop.key.private.private_bytes_raw()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=use).derive(secret)
