"""Why somebody is not let in. The messages never repeat what was presented."""

from typing import ClassVar

from flyball.core.errors import BadInput, FlyballError, Refused

__all__ = ["BadKeyRequest", "BadLogin", "BadOidcSettings", "IdentityUnavailable"]


class BadLogin(Refused):
    """A sign-in through the browser was not begun here, was begun too long ago, or was refused."""

    code = "access.bad_login"
    status: ClassVar[int] = 401


class IdentityUnavailable(FlyballError):
    """The identity provider does not answer, so nobody can be told apart."""

    code = "access.identity_unavailable"
    status: ClassVar[int] = 503
    retry = True
    exit_code = 3


class BadOidcSettings(BadInput):
    """The settings of the identity provider cannot be used."""

    code = "access.bad_oidc_settings"


class BadKeyRequest(BadInput):
    """A key cannot be made, rotated or revoked in this way."""

    code = "access.bad_key_request"
