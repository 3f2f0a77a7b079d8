"""The doors of the console: pages, their acts and files, signing in and out. Everything else is of the pages.

Every reply carries a policy under which a browser runs no script and loads no style but ours, sends forms
to us alone and shows the page in no frame. A request that another site's page began gets nothing but a way
to begin again from here, so that no site can look or act in the console through somebody's browser.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from litestar.connection import Request
from litestar.handlers import HTTPRouteHandler, post, route
from litestar.response.base import Response
from litestar.types import Receive, Scope, Send

from flyball.console.finding import found_by
from flyball.console.lately import Lately
from flyball.console.page import PAGES, Act, Asked, File, Go, NoSuchPage, Page, Rows, Shown
from flyball.console.render import STATIC, Frame, frame_of, render, static_file
from flyball.console.sessions import Sessions, Visit
from flyball.console.underway import Underway
from flyball.core.errors import FlyballError
from flyball.gateway.access.loopback import Access, is_here
from flyball.gateway.access.opening import session_key
from flyball.gateway.app import MoreDoors
from flyball.gateway.bodies import read_body
from flyball.gateway.desk import Desks
from flyball.gateway.errors import BadRequest, NotLetIn, TooLarge, status_of
from flyball.gateway.house import House
from flyball.gateway.replies import Whole, error_body, error_of
from flyball.gateway.route import Reply
from flyball.gateway.settings import GatewaySettings

__all__ = ["HEADERS", "console_doors", "safe_path"]

_LOG = logging.getLogger(__name__)
Headers = list[tuple[bytes, bytes]]
Req = Request[Any, Any, Any]

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Headers = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
]
"""Of every reply of the console."""
_FRESH = [*HEADERS, (b"cache-control", b"no-store")]
_FOR_GOOD = [*HEADERS, (b"cache-control", b"public, max-age=31536000, immutable")]

_LOOK, _SAID, _NEXT = "flyball-look", "flyball-said", "flyball-next"
_LONGEST_VALUE = 500
_MOST_VALUES = 2_000
_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]{0,8000}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\Z")
_OWN = {"own_access": True}


def console_doors(house: House, desks: Desks, access: Access, settings: GatewaySettings) -> MoreDoors:
    """Return the doors of the console for a house."""
    served = house.everything()
    workshop = min(served, key=lambda one: one.name).workshop
    sessions = Sessions(access, session_key(workshop, b"flyball console, form 1"))
    console = _Console(house, desks, settings, sessions)
    handlers = [*console.own()]
    for name in PAGES.names():
        handlers += console.of_page(name, PAGES.load(name))
    return MoreDoors(tuple(handlers), console.on_error)


def safe_path(path: str) -> str:
    """Return a path of this console; "/" for whatever would lead elsewhere."""
    return path if _PATH.match(path) else "/"


class _Console:
    """The doors with what they share."""

    def __init__(self, house: House, desks: Desks, settings: GatewaySettings, sessions: Sessions) -> None:
        self._house = house
        self._desks = desks
        self._settings = settings
        self._sessions = sessions
        self._lately = Lately()
        self._underway = Underway()

    def of_page(self, name: str, page: Page) -> list[HTTPRouteHandler]:
        """Return the handlers of one page."""
        path = re.sub(r"{(\w+)}", r"{\1:str}", page.path)
        below = "" if path == "/" else path

        async def shown(request: Req) -> Reply:
            return await self._show(request, name, page)

        handlers: list[HTTPRouteHandler] = [_get(path, shown)]
        for act_name, act in page.acts.items():
            handlers.append(_post(f"{below}/{act_name}", self._acting(name, page, act)))
            handlers.append(_get(f"{below}/{act_name}", self._to_the_page))
        for file_name, make in page.files.items():
            handlers.append(_get(f"{below}/{file_name}", self._filing(page, make)))
        return handlers

    def own(self) -> list[HTTPRouteHandler]:
        """Return the handlers that belong to no page."""
        return [
            _get("/console/{name:str}", self._static),
            _get("/sign-in", self._sign_in),
            _post("/sign-in", self._signed_in),
            _post("/sign-out", self._sign_out),
            _post("/look", self._look),
            _get("/keyboard", self._keyboard),
            _get("/find", self._find),
        ]

    def on_error(self, request: Req, err: Exception) -> Response[bytes] | None:
        """Return an error as a page, where a page was asked for."""
        handler = request.scope.get("route_handler")
        ours = bool(handler is not None and handler.opt.get("own_access"))
        if not ours and "text/html" not in request.headers.get("accept", ""):
            return None
        told = error_of(request, err)
        try:
            html = _error_html(self._frame_of_none(request, "Not possible"), told)
        except Exception:  # noqa: BLE001 - a fault in the page about a fault: then the doors tell it
            _LOG.exception("The page of an error cannot be shown")
            return None
        return _as_response(_page(html, status_of(told)))

    # ----- pages

    async def _show(self, request: Req, name: str, page: Page) -> Reply:
        if (bounced := _bounced(request)) is not None:
            return bounced
        visit = await self._let_in(request)
        if isinstance(visit, Whole):
            return visit
        if page.path == "/" and (later := _kept(request, _NEXT)):
            return _redirect(safe_path(unquote(later)), _cookie(request, _NEXT, "", 0))
        asked = self._asked(request, visit, page.scope)
        said = unquote(_kept(request, _SAID))
        html = await asyncio.to_thread(self._html, request, visit, name, page, asked, said)
        if isinstance(html, Go):
            return _redirect(html.to, visit.cookie)
        cleared = _cookie(request, _SAID, "", 0) if said else ""
        return _page(html, 200, visit.cookie, cleared)

    def _html(
        self, request: Req, visit: Visit, name: str, page: Page, asked: Asked, said: str = ""
    ) -> "str | Go":
        shown: Shown | Go = page.show(asked)
        if isinstance(shown, Go):
            return shown
        frame = frame_of(page, name, asked, said=said, **self._manner(request, visit))
        return render(f"{name}.html", frame, {**shown, "asked": asked})

    def _acting(self, name: str, page: Page, act: Act) -> "Handler":
        async def done(request: Req) -> Reply:
            visit = await self._let_in(request)
            form = await self._form(request)
            if isinstance(visit, Whole):
                return self._too_late(request, form)
            self._sessions.check_form(request, visit, (form.get("token") or ("",))[-1])
            asked = self._asked(request, visit, act.scope, form)
            try:
                went = await asyncio.to_thread(act.do, asked)
            except FlyballError as err:
                again = Asked(**{**_fields(asked), "problem": err})
                html = await asyncio.to_thread(self._html, request, visit, name, page, again)
                if isinstance(html, Go):
                    raise
                return _page(html, status_of(err), visit.cookie)
            said = _cookie(request, _SAID, quote(went.said, safe=""), 60) if went.said else ""
            return _redirect(went.to, visit.cookie, said)

        return done

    def _filing(self, page: Page, make: Callable[[Asked], File | Rows]) -> "Handler":
        async def filed(request: Req) -> Reply:
            if (bounced := _bounced(request)) is not None:
                return bounced
            visit = await self._let_in(request)
            if isinstance(visit, Whole):
                return visit
            made = await asyncio.to_thread(make, self._asked(request, visit, page.scope))
            if not _NAME.match(made.name):
                raise NoSuchPage(f"{made.name!r} cannot be the name of a file.", fix="Report it.")
            kind = made.media_type.encode("ascii")
            kept = f'attachment; filename="{made.name}"'.encode("ascii")
            headers = [*_FRESH, (b"content-type", kind), (b"content-disposition", kept)]
            return _Pieces(made.pieces, headers) if isinstance(made, Rows) else Whole(made.body, 200, headers)

        return filed

    def _asked(
        self, request: Req, visit: Visit, scope: str, form: Mapping[str, tuple[str, ...]] | None = None
    ) -> Asked:
        if scope and not visit.principal.may(scope):
            raise NotForYou(
                f"{visit.principal.id} may not see or do this: it needs the right {scope!r}.",
                fix="Ask whoever gives out rights here for a role that has it.",
                scope=scope,
            )
        query = {name: values[-1] for name, values in request.query_params.dict().items()}
        long = next((name for name, value in query.items() if len(value) > _LONGEST_VALUE), None)
        if long is not None:
            raise BadRequest(
                f"The value of {long[:40]!r} is {len(query[long]):,} characters long; "
                f"{_LONGEST_VALUE} are looked at.",
                fix="Ask for something shorter.",
            )
        path = {name: str(value) for name, value in request.path_params.items()}
        return Asked(
            self._house,
            self._desks,
            self._settings,
            visit.principal,
            path,
            query,
            form or {},
            lately=self._lately,
            underway=self._underway,
        )

    async def _to_the_page(self, request: Req) -> Reply:
        """Lead who asks for an act as for a page, by loading it again, to the page."""
        return _redirect(_here(request).partition("?")[0].rpartition("/")[0])

    def _too_late(self, request: Req, form: Mapping[str, tuple[str, ...]]) -> Whole:
        """Give back what was typed in a session that has ended, so that nothing of it is lost."""
        self._sessions.check_form(request, None, "")
        back = quote(str(request.scope["path"]).rpartition("/")[0], safe="/:@")
        typed = [
            (name, value)
            for name, values in form.items()
            for value in values
            if name not in ("token", "seen") and value.strip()
        ]
        frame = Frame("Your session has ended", **self._manner(request, None))
        shown = {"typed": typed, "again": f"/sign-in?{urlencode({'next': safe_path(back)})}"}
        return _page(render("too_late.html", frame, shown), 401)

    # ----- who

    async def _let_in(self, request: Req) -> "Visit | Whole":
        """Return who asks; or where to go to say so."""
        try:
            visit = await self._sessions.visit(request)
        except NotLetIn:
            if not self._sessions.needs_sign_in or "authorization" in request.headers:
                raise
            back = _here(request) if request.method == "GET" else "/"
            return _redirect("/sign-in" if back == "/" else f"/sign-in?{urlencode({'next': back})}")
        request.scope["state"]["visit"] = visit
        return visit

    async def _sign_in(self, request: Req) -> Reply:
        if not self._sessions.needs_sign_in:
            return _redirect("/")
        return self._sign_in_page(request, safe_path(request.query_params.get("next", "/")))

    def _sign_in_page(self, request: Req, back: str, problem: FlyballError | None = None) -> Whole:
        frame = Frame("Sign in", problem=problem, **self._manner(request, None))
        shown = {"next": back, "provider": self._sessions.at_provider}
        cookie = _cookie(request, _NEXT, quote(back, safe=""), 600, site="Lax") if back != "/" else ""
        return _page(render("sign_in.html", frame, shown), status_of(problem) if problem else 200, cookie)

    async def _signed_in(self, request: Req) -> Reply:
        form = await self._form(request)
        back = safe_path((form.get("next") or ("/",))[-1])
        try:
            self._sessions.check_form(request, None, "")
            cookie = await self._sessions.sign_in((form.get("key") or ("",))[-1], request)
        except FlyballError as err:
            return self._sign_in_page(request, back, err)
        return _redirect(back, cookie, _cookie(request, _NEXT, "", 0))

    async def _sign_out(self, request: Req) -> Reply:
        self._sessions.check_form(request, None, "")
        cookies = await asyncio.to_thread(self._sessions.sign_out, request)
        return _redirect("/sign-in", *cookies)

    # ----- what else there is

    async def _static(self, request: Req) -> Reply:
        name = str(request.path_params["name"])
        if name not in STATIC:
            raise NoSuchPage(f"There is no file {name[:80]!r}.", fix="Load the page again.")
        return Whole(static_file(name), 200, [*_FOR_GOOD, (b"content-type", STATIC[name].encode())])

    async def _look(self, request: Req) -> Reply:
        """Keep how somebody likes to look at pages: bright or dark, with or without shortcuts."""
        form = await self._form(request)
        self._sessions.check_form(request, None, "")
        theme, keys = _look_of(request)
        asked = (form.get("theme") or (theme,))[-1]
        theme = asked if asked in ("auto", "light", "dark") else theme
        keys = (form.get("keys") or ("on" if keys else "off",))[-1] != "off"
        look = f"{theme}.{'on' if keys else 'off'}"
        return _redirect(
            safe_path((form.get("next") or ("/",))[-1]), _cookie(request, _LOOK, look, 31_536_000)
        )

    async def _keyboard(self, request: Req) -> Reply:
        visit = await self._let_in(request)
        if isinstance(visit, Whole):
            return visit
        frame = self._frame_of_none(request, "Keyboard")
        return _page(render("keyboard.html", frame), 200, visit.cookie)

    async def _find(self, request: Req) -> Reply:
        if (bounced := _bounced(request)) is not None:
            return bounced
        visit = await self._let_in(request)
        if isinstance(visit, Whole):
            return visit
        asked = self._asked(request, visit, "")
        found = await asyncio.to_thread(found_by, asked)
        return _redirect(found, visit.cookie)

    async def _form(self, request: Req) -> dict[str, tuple[str, ...]]:
        body = await read_body(request, self._settings)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise BadRequest("This is not what a form of the console sends.", fix="Load the page again.")
        try:
            pairs = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=_MOST_VALUES
            )
        except (UnicodeDecodeError, ValueError):
            raise TooLarge(
                f"The form cannot be read, or holds more than {_MOST_VALUES:,} values.",
                fix="Send less at once.",
            ) from None
        form: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            form[name] = (*form.get(name, ()), value)
        return form

    def _manner(self, request: Req, visit: Visit | None) -> dict[str, Any]:
        theme, keys = _look_of(request)
        return {
            "token": visit.token if visit is not None else "",
            "theme": theme,
            "keys": keys,
            "signs_in": self._sessions.needs_sign_in,
            "here": _here(request) if request.method == "GET" else "/",
        }

    def _frame_of_none(self, request: Req, title: str) -> Frame:
        visit = request.scope["state"].get("visit")
        visit = visit if isinstance(visit, Visit) else None
        who = visit.principal.id if visit is not None else ""
        return Frame(title, who=who, **self._manner(request, visit))


class NotForYou(NotLetIn):
    """Somebody is signed in and may not see this page."""

    code = "console.not_for_you"
    status = 403


Handler = Callable[[Req], Awaitable[Reply]]


class _Pieces:
    """A long file, sent as it is made; what breaks it off leaves it visibly short."""

    def __init__(self, pieces: Callable[[], bytes], headers: Headers) -> None:
        self._pieces = pieces
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = await asyncio.to_thread(self._pieces)  # what cannot begin is an error, not an empty file
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": first, "more_body": True})
        while piece := await asyncio.to_thread(self._pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _get(path: str, handler: Handler) -> HTTPRouteHandler:
    return route(path, http_method=["GET", "HEAD"], opt=_OWN, status_code=200)(_own(handler))


def _post(path: str, handler: Handler) -> HTTPRouteHandler:
    return post(path, opt=_OWN, status_code=200)(_own(handler))


def _own(handler: Handler) -> Handler:
    """Return a function of its own for a route, for the framework keeps notes on functions."""

    async def answered(request: Req) -> Reply:
        return await handler(request)

    return answered


def _fields(asked: Asked) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in Asked.__dataclass_fields__}


def _here(request: Req) -> str:
    query = bytes(request.scope.get("query_string", b"")).decode("latin-1")
    return safe_path(quote(str(request.scope["path"]), safe="/:@") + (f"?{query}" if query else ""))


def _bounced(request: Req) -> Whole | None:
    """Return a page that asks again from here, where a page of another site asks; it shows nothing."""
    if request.headers.get("sec-fetch-site") != "cross-site":
        return None
    return _page(render("onward.html", Frame("One moment"), {"onward": _here(request)}), 200)


def _look_of(request: Req) -> tuple[str, bool]:
    theme, _, keys = (_kept(request, _LOOK) or "auto.on").partition(".")
    return theme if theme in ("light", "dark") else "auto", keys != "off"


def _page(html: str, status: int, *cookies: str) -> Whole:
    headers = [*_FRESH, (b"content-type", b"text/html; charset=utf-8"), *_set(cookies)]
    return Whole(html.encode("utf-8", "replace"), status, headers)


def _redirect(to: str, *cookies: str) -> Whole:
    return Whole(b"", 303, [*_FRESH, (b"location", safe_path(to).encode("ascii")), *_set(cookies)])


def _set(cookies: tuple[str, ...]) -> Headers:
    return [(b"set-cookie", cookie.encode("ascii")) for cookie in cookies if cookie]


def _kept(request: Req, name: str) -> str:
    """Return what a cookie of ours holds, "" for nothing."""
    return request.cookies.get(_name(request, name), "")


def _cookie(request: Req, name: str, value: str, seconds: int, *, site: str = "Strict") -> str:
    secure = "" if is_here(request) else "; Secure"
    return f"{_name(request, name)}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite={site}{secure}"


def _name(request: Req, name: str) -> str:
    """Return the name of a cookie: over https one that no other host and no page without https can set."""
    return name if is_here(request) else f"__Host-{name}"


def _error_html(frame: Frame, err: FlyballError) -> str:
    told = error_body(err)
    shown = {"message": told["message"], "fix": told["fix"], "code": told["code"], "status": status_of(err)}
    return render("error.html", frame, shown)


def _as_response(whole: Whole) -> Response[bytes]:
    headers = {name.decode(): value.decode("latin-1") for name, value in _FRESH}
    return Response(
        whole.body, status_code=whole.status, media_type="text/html; charset=utf-8", headers=headers
    )
