"""`/login`: sign in through a browser at the provider that the settings name; and who one is."""

import asyncio
from typing import Any

from litestar import get, post
from litestar.connection import Request
from litestar.params import FromQuery

from flyball.core.errors import FlyballError
from flyball.gateway.access.authenticate import SESSION_COOKIE, Gatekeeper
from flyball.gateway.access.errors import BadLogin
from flyball.gateway.access.login import Login
from flyball.gateway.limits.failures import source_of
from flyball.gateway.replies import Whole, json_reply
from flyball.gateway.route import Caller, Reply, TheHouse

__all__ = ["login"]

_BEGUN_COOKIE = "__Host-flyball-login"
_ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=Lax"


@get("/login", opt={"open": True})
async def begin(request: Request[Any, Any, Any]) -> Reply:
    """Send the browser to the provider."""
    access = _access(request)
    access.failures.check(_source(request))
    begun = await asyncio.to_thread(_login(access).begin)
    return _redirect(begun.url, f"{_BEGUN_COOKIE}={begun.cookie}; Max-Age=600{_ATTRIBUTES}")


@get("/login/callback", opt={"open": True})
async def end(
    request: Request[Any, Any, Any], code: FromQuery[str] = "", error: FromQuery[str] = ""
) -> Reply:
    """Take the browser back from the provider."""
    access = _access(request)
    door, source = _login(access), _source(request)
    access.failures.check(source)  # the provider is not asked for somebody who only guesses
    if error or not code:
        raise BadLogin("The provider did not sign you in.", fix="Begin again at /login.")
    cookie, state = request.cookies.get(_BEGUN_COOKIE, ""), request.query_params.get("state", "")
    try:
        session, seconds = await asyncio.to_thread(door.end, cookie, state=state, code=code)
    except FlyballError:
        access.failures.count(source)
        raise
    return _redirect(
        "/",
        f"{SESSION_COOKIE}={session}; Max-Age={seconds}{_ATTRIBUTES}",
        f"{_BEGUN_COOKIE}=; Max-Age=0{_ATTRIBUTES}",
    )


@post("/logout", status_code=200, opt={"open": True})
async def leave(request: Request[Any, Any, Any]) -> Reply:
    """Forget who signed in with this browser, and let no copy of its cookie in."""
    access = request.app.state.access
    if isinstance(access, Gatekeeper):
        await asyncio.to_thread(access.leave, request.cookies.get(SESSION_COOKIE, ""))
    return json_reply({"ok": True}, headers={"set-cookie": f"{SESSION_COOKIE}=; Max-Age=0{_ATTRIBUTES}"})


@get("/v1/me", opt={"scope": ""})
async def me(principal: Caller, house: TheHouse) -> Reply:
    """Say who calls, for which tenant, and what they may do."""
    return json_reply(
        {
            "ok": True,
            "id": principal.id,
            "tenant": principal.tenant,
            "roles": sorted(principal.roles),
            "scopes": sorted(principal.scopes),
            "deployments": house.names(principal),
        }
    )


def _access(request: Request[Any, Any, Any]) -> Gatekeeper:
    access = request.app.state.access
    if not isinstance(access, Gatekeeper):
        raise _nobody_here()
    return access


def _login(access: Gatekeeper) -> Login:
    if access.login is None:
        raise _nobody_here()
    return access.login


def _nobody_here() -> BadLogin:
    return BadLogin(
        "Nobody signs in through a browser here.",
        fix="Write [oidc] with public_url into gateway.toml, or use a key.",
    )


def _source(request: Request[Any, Any, Any]) -> str:
    return source_of(request.client.host if request.client else "")


def _redirect(url: str, *cookies: str) -> Whole:
    """Return a redirect; the address is ours or the provider's, and is written as it stands."""
    headers = [(b"location", url.encode("ascii")), (b"cache-control", b"no-store")]
    headers += [(b"set-cookie", cookie.encode("ascii")) for cookie in cookies]
    return Whole(b"", 303, headers)


login = (begin, end, leave, me)
