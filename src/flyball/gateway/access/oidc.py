"""OpenID Connect: read the tokens of one identity provider, the one that the settings name.

Nothing in a token chooses how it is checked: the issuer, the audience and the algorithms stand in
the settings, and the keys are fetched from the issuer alone.

Source: OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725 (JWT best practices), sections 3.1 to 3.12.
"""

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import msgspec

from flyball.core.errors import BadInput
from flyball.gateway.access.errors import BadOidcSettings, IdentityUnavailable
from flyball.gateway.access.fetch import ask, check_address, same_origin
from flyball.gateway.access.records import Role, check_name, check_tenant
from flyball.gateway.access.roles import scopes_of
from flyball.gateway.errors import NotLetIn
from flyball.gateway.principal import Principal

__all__ = ["OidcSettings", "OidcVerifier", "Provider"]

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signed with a private key that only the provider has; never `none`, never a shared secret."""
_SMALLEST_RSA_BITS = 2048
_KEYS_FOR_SECONDS = 3600.0
_ASK_AGAIN_SECONDS = 30.0
_LONGEST_TOKEN = 16_384
_MOST_KEYS = 50


class OidcSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[oidc]` of gateway.toml: who vouches for people, and what their words mean here.

    Parameters
    ----------
    issuer : str
        Address of the provider, as it stands in its tokens.
    client_id : str
        What this gateway is called there.
    audience : str
        Whom access tokens must be for; "" means `client_id`.
    algorithms : tuple of str
        With which tokens may be signed.
    jwks_uri : str
        Where the keys are; "" takes it from the provider's own description, on the issuer's host only.
    tenant, tenant_claim : str
        Whose cases they see: one tenant for all, or the claim that names it. One of both.
    name_claim : str
        The claim that tells people apart; it must not be one that they can change themselves.
    roles_claim : str
        The claim with their groups; a dot leads into an object: "realm_access.roles".
    roles : dict of str to Role
        What a group may do here. A group that is not named may do nothing.
    deployments : tuple of str
        What they may use; "*" is every one.
    leeway_seconds : int
        By how much clocks may differ.
    client_secret : dict
        Reference to the secret for signing in through a browser: `{ env = "NAME" }`.
    public_url : str
        Address of this gateway as a browser sees it; "" means that nobody signs in through one.
    session_minutes : int
        How long such a sign-in lasts at most.
    """

    issuer: str
    client_id: str
    audience: str = ""
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    jwks_uri: str = ""
    tenant: str = ""
    tenant_claim: str = ""
    name_claim: str = "sub"
    roles_claim: str = "roles"
    roles: dict[str, Role] = {}
    deployments: tuple[str, ...] = ("*",)
    leeway_seconds: int = 30
    client_secret: dict[str, Any] = {}
    public_url: str = ""
    session_minutes: int = 60

    def __post_init__(self) -> None:
        check_address(self.issuer, "oidc.issuer")
        if self.jwks_uri:
            check_address(self.jwks_uri, "oidc.jwks_uri")
        if self.public_url:
            check_address(self.public_url, "oidc.public_url")
        if self.tenant:
            check_tenant(self.tenant)
        if bool(self.tenant) == bool(self.tenant_claim):
            raise BadOidcSettings(
                "[oidc] must name either tenant or tenant_claim.",
                fix="Write tenant for one tenant, or the claim that names it for several.",
            )
        unknown = [one for one in self.algorithms if one not in _ALGORITHMS]
        if unknown or not self.algorithms:
            raise BadOidcSettings(
                f"oidc.algorithms cannot be {', '.join(unknown) or 'empty'}.",
                fix=f"Choose from: {', '.join(_ALGORITHMS)}.",
            )
        if not self.client_id or not self.roles:
            raise BadOidcSettings(
                f"[oidc] has no {'roles' if self.client_id else 'client_id'}.",
                fix='Write client_id, and [oidc.roles] with a line for each group: reviewers = "reviewer".',
            )
        if not (0 <= self.leeway_seconds <= 300 and 1 <= self.session_minutes <= 1440):
            raise BadOidcSettings(
                "oidc.leeway_seconds must be 0 to 300 and session_minutes 1 to 1440, got "
                f"{self.leeway_seconds} and {self.session_minutes}.",
                fix="Thirty seconds and an hour are usual.",
            )


@dataclass(frozen=True, slots=True)
class Provider:
    """Where the provider is asked, as it describes itself.

    Parameters
    ----------
    jwks_uri, authorization_endpoint, token_endpoint : str
        All on the host of the issuer, unless the settings name another for the keys.
    """

    jwks_uri: str
    authorization_endpoint: str
    token_endpoint: str


class OidcVerifier:
    """Checks tokens. Safe to use from several threads.

    Parameters
    ----------
    settings : OidcSettings
    monotonic, clock : callable
        Age of the fetched keys, and the time of day in seconds since 1970.
    """

    def __init__(
        self,
        settings: OidcSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._monotonic = monotonic
        self._clock = clock
        self._lock = threading.Lock()
        self._finding = threading.Lock()
        self._sought: float | None = None
        self._provider: Provider | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched: float | None = None
        self._asked: float | None = None

    def access_token(self, token: str) -> Principal:
        """Return whom an access token stands for.

        Raises
        ------
        NotLetIn
            It is not from the provider, not for us, over, or not yet in force; or it names no tenant
            or no known role.
        IdentityUnavailable
            The keys cannot be had.
        """
        return self.principal(self._claims(token, self.settings.audience or self.settings.client_id))

    def id_token(self, token: str, *, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that answers one sign-in.

        Parameters
        ----------
        token : str
        nonce : str
            Sent along when the sign-in began.

        Raises
        ------
        NotLetIn, IdentityUnavailable
            As above; also where it answers another sign-in.
        """
        claims = self._claims(token, self.settings.client_id)
        told = claims.get("nonce")
        if not nonce or not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
            raise _not_let_in("it answers another sign-in")
        party = claims.get("azp")
        several = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
        if (several or party is not None) and party != self.settings.client_id:
            raise _not_let_in("it was made for another program")
        return claims

    def principal(self, claims: Mapping[str, Any]) -> Principal:
        """Return whom checked claims stand for: name, tenant and roles must all be there.

        Raises
        ------
        NotLetIn
        """
        settings = self.settings
        try:
            name = check_name(_text(claims, settings.name_claim))
            tenant = check_tenant(settings.tenant or _text(claims, settings.tenant_claim))
        except BadInput:
            raise _not_let_in("its name or its tenant cannot be used here") from None
        roles = frozenset(
            settings.roles[one] for one in _words(claims, settings.roles_claim) if one in settings.roles
        )
        if not roles:
            raise _not_let_in(f"none of its {settings.roles_claim} has a role here")
        return Principal(
            f"person:{name}",
            tenant,
            frozenset(scopes_of(roles)),
            frozenset(settings.deployments),
            frozenset(roles),
        )

    def provider(self) -> Provider:
        """Return where the provider is asked; read once from its description, tried every 30 seconds.

        Raises
        ------
        IdentityUnavailable
            It does not answer, or describes somebody else.
        """
        with self._finding:
            if self._provider is None:
                now = self._monotonic()
                if self._sought is not None and now - self._sought < _ASK_AGAIN_SECONDS:
                    raise _misled("it could not be asked a moment ago")
                self._sought = now
                self._provider = self._found()
            return self._provider

    def _found(self) -> Provider:
        issuer = self.settings.issuer
        told = ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise _misled(f"it calls itself {str(told.get('issuer'))[:200]!r}, not {issuer!r}")
        return Provider(
            self.settings.jwks_uri or self._own(told, "jwks_uri"),
            self._own(told, "authorization_endpoint"),
            self._own(told, "token_endpoint"),
        )

    def _own(self, told: Mapping[str, Any], name: str) -> str:
        """Return an address of the description, if it is the issuer's own: it may not send us elsewhere."""
        url = told.get(name)
        if not isinstance(url, str) or not same_origin(url, self.settings.issuer):
            raise _misled(
                f"its {name} is not on the host of the issuer"
                + ("; name it in oidc.jwks_uri if that is meant" if name == "jwks_uri" else "")
            )
        try:
            return check_address(url, name)
        except BadOidcSettings as err:
            raise _misled(err.message) from None

    def _claims(self, token: str, audience: str) -> dict[str, Any]:
        if len(token) > _LONGEST_TOKEN:
            raise _not_let_in(f"it is longer than {_LONGEST_TOKEN:,} characters")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in self.settings.algorithms:
                raise _not_let_in("it is signed in a way that the settings do not allow")
            key = self._key(header.get("kid"))
            if key.algorithm_name != header["alg"]:
                raise _not_let_in("its key is made for another way of signing")
            # PyJWT reads the clock itself; times are checked below, by a clock that tests can hold.
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=audience,
                issuer=self.settings.issuer,
                options={
                    "require": ["exp", "iat", "iss", "aud", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as err:
            raise _not_let_in(
                _WHY.get(type(err).__name__, "it is malformed, or not signed by the provider")
            ) from None
        self._check_times(claims)
        return claims

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now, leeway = self._clock(), self.settings.leeway_seconds
        times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
        if any(isinstance(at, bool) or not isinstance(at, int | float) for at in times.values()):
            raise _not_let_in("its times are no numbers")
        if now >= times["exp"] + leeway:
            raise _not_let_in("it is over")
        if times["iat"] > now + leeway or times.get("nbf", now) > now + leeway:
            raise _not_let_in("it is not in force yet; compare the clocks")

    def _key(self, kid: object) -> jwt.PyJWK:
        """Return a key of the provider; an unknown one makes us ask again, but not for every stranger."""
        now = self._monotonic()
        name = kid if isinstance(kid, str) else ""
        stale = self._fetched is None or now - self._fetched > _KEYS_FOR_SECONDS
        if stale or name not in self._keys:
            with self._lock:
                recently = self._asked is not None and now - self._asked < _ASK_AGAIN_SECONDS
                if not recently:
                    self._asked = now
                    self._keys = _keys_of(ask(self.settings.jwks_uri or self.provider().jwks_uri))
                    self._fetched = now
                elif stale:
                    raise _misled("it did not give its keys a moment ago")
        if name not in self._keys:
            raise _not_let_in("its key is none of the provider's")
        return self._keys[name]


_WHY = {
    "InvalidAudienceError": "it is for another audience",
    "InvalidIssuerError": "it is from another issuer",
    "MissingRequiredClaimError": "one of exp, iat, iss, aud and sub is missing",
    "InvalidKeyError": "its key is too weak",
}


def _keys_of(told: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """Return the keys for signatures by their id; one key of an unknown kind spoils no other."""
    found: dict[str, jwt.PyJWK] = {}
    listed = told.get("keys")
    for one in listed[:_MOST_KEYS] if isinstance(listed, list) else []:
        if not isinstance(one, dict) or not isinstance(one.get("kid"), str) or one.get("use", "sig") != "sig":
            continue
        if one.get("kty") not in ("RSA", "EC", "OKP"):  # "oct" is a shared secret
            continue
        try:
            found[one["kid"]] = jwt.PyJWK.from_dict(one)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
    return found


def _at(claims: Mapping[str, Any], path: str) -> object:
    if path in claims:
        return claims[path]
    found: object = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(claims: Mapping[str, Any], path: str) -> str:
    found = _at(claims, path)
    return found if isinstance(found, str) else ""


def _words(claims: Mapping[str, Any], path: str) -> list[str]:
    found = _at(claims, path)
    if isinstance(found, str):
        return [found]
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _not_let_in(why: str) -> NotLetIn:
    return NotLetIn(f"This token does not let you in: {why}.", fix="Sign in again at your provider.")


def _misled(why: str) -> IdentityUnavailable:
    return IdentityUnavailable(
        f"The identity provider cannot be used: {why}.",
        fix="Check oidc.issuer in gateway.toml against the provider's own description.",
    )
