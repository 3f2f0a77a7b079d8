"""Pages as HTML: one frame around the template of a page, with everything from elsewhere escaped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

import flyball
from flyball.console.charts.files import chart_style
from flyball.console.covering import Kind, Marked, marked
from flyball.console.page import PAGES, Asked, Page, address
from flyball.console.stamp import Stamp
from flyball.console.words import FILTERS, person, shown_text
from flyball.core.errors import FlyballError
from flyball.loop.emergency import open_now

__all__ = ["STATIC", "Frame", "MenuItem", "frame_of", "menu_of", "render", "static_file", "static_href"]

_PACKAGE = "flyball.console"
STATIC: Mapping[str, str] = {
    "console.css": "text/css; charset=utf-8",
    "charts.css": "text/css; charset=utf-8",
    "records.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The files that a page may fetch, with their media types; there are no others."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of the menu."""

    name: str
    title: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page.

    Parameters
    ----------
    title : str
        Of the window and the page.
    page : str
        Name of the page on its shelf; "" for one that is on none, such as an error.
    who : str
        Who is signed in; "" for nobody.
    token : str
        Of this session, for its forms.
    deployment : str
        Of the page; "" for none.
    deployments, menu : sequence of MenuItem
    theme : {"auto", "light", "dark"}
    keys : bool
        Whether single letters are shortcuts.
    said : str
        What was just done.
    problem : FlyballError or None
        Why what was just tried did not work.
    live : bool
    signs_in : bool
        Whether there is anything to sign out of.
    here : str
        Path and query of this page, to come back to.
    alone : bool
        Rendered as one file for somebody else: without menu, forms and script; the style stands inside.
    stamp : Stamp or None
        The head of such a file.
    emergencies : sequence of str
        Who has emergency access now, and until when.
    """

    title: str
    page: str = ""
    who: str = ""
    token: str = ""
    deployment: str = ""
    deployments: Sequence[MenuItem] = ()
    menu: Sequence[MenuItem] = ()
    theme: str = "auto"
    keys: bool = True
    said: str = ""
    problem: FlyballError | None = None
    live: bool = False
    signs_in: bool = False
    here: str = "/"
    alone: bool = False
    stamp: Stamp | None = None
    emergencies: Sequence[str] = ()

    @property
    def version(self) -> str:
        """Of the software."""
        return flyball.__version__


def frame_of(page: Page, name: str, asked: Asked, **more: object) -> Frame:
    """Return the frame of a page for who asks; `more` are fields of `Frame`."""
    deployment = asked.path.get("deployment", "")
    names = asked.house.names(asked.principal)
    frame = Frame(
        title=page.title,
        page=name,
        who=asked.principal.id,
        deployment=deployment,
        deployments=[MenuItem(one, one, address("d", one), one == deployment) for one in names],
        menu=menu_of(asked, name) if deployment else (),
        problem=asked.problem,
        live=page.live,
        emergencies=_emergencies(asked, names),
    )
    return replace(frame, **more)  # type: ignore[arg-type]


def _emergencies(asked: Asked, names: Sequence[str]) -> list[str]:
    """Return who has emergency access to a deployment that who asks may use: everybody is told."""
    found = []
    for served in asked.house.everything():
        workshop = served.workshop
        if served.name not in names:
            continue
        try:
            found += [
                f"{one.person} has emergency access to {served.name} until {one.until:%H:%M} UTC on "
                f"{one.until:%Y-%m-%d}."
                for one in open_now(workshop.ledger, workshop.clock())
            ]
        except FlyballError as err:
            found.append(f"Whether anybody has emergency access to {served.name} is not known: {err.message}")
    return found


def menu_of(asked: Asked, current: str) -> list[MenuItem]:
    """Return the pages of a deployment that who asks may see, in their order; where one is, is marked."""
    menu, at = _in_menu(), _place_of(current)
    return [
        MenuItem(name, page.title, page.path.replace("/d/{deployment}", asked.link()), name == at)
        for name, page in menu
        if not page.scope or asked.principal.may(page.scope)
    ]


def _place_of(current: str) -> str:
    """Return the page of the menu that a page is, belongs to, or stands below."""
    page, menu = _every_page().get(current), _in_menu()
    if page is None or page.place:
        return current
    above = [(len(each.path), name) for name, each in menu if page.path.startswith(f"{each.path}/")]
    return page.under or max(above, default=(0, ""))[1]


@cache
def _every_page() -> dict[str, Page]:
    return {name: PAGES.load(name) for name in PAGES.names()}


@cache
def _in_menu() -> list[tuple[str, Page]]:
    in_menu = [(name, page) for name, page in _every_page().items() if page.place]
    return sorted(in_menu, key=lambda pair: pair[1].place)


def render(template: str, frame: Frame, shown: Mapping[str, object] | None = None) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    template : str
        File in `templates/`.
    frame : Frame
    shown : mapping of str to object, optional
        What the page returned; its `title`, where it has one, is the title of the window.
    """
    values = dict(shown or {})
    title = values.pop("title", None)
    if isinstance(title, str):
        frame = replace(frame, title=title)
    covered = frame.stamp is not None and frame.stamp.redacted
    return _environment(covered).get_template(template).render(**values, frame=frame)


@cache
def static_href(name: str) -> str:
    """Return the address of a file; it changes with the file, so that it may be kept for good."""
    return f"/console/{name}?v={sha256(static_file(name)).hexdigest()[:12]}"


@cache
def static_file(name: str) -> bytes:
    """Return a file of `STATIC`."""
    if name == "charts.css":
        return chart_style().encode()
    return files(_PACKAGE).joinpath("static", name).read_bytes()


def _with_marks(value: object) -> object:
    """Return what a template prints, with marks around it that tell whose words it is."""
    told = shown_text(str(value) if isinstance(value, Marked) else value)
    if type(told) is not str:
        return told
    return marked(told, value.kind if isinstance(value, Marked) else "data")


def _as_it_is(value: object) -> object:
    return value


def _marking(kind: Kind) -> Callable[[object], object]:
    return lambda value: Marked(value, kind) if isinstance(value, str) else value


def _marked_person(actor: str) -> str:
    told = person(actor)
    return Marked(told, "person") if actor.partition(":")[0] in ("person", "user") else told


@cache
def _environment(covered: bool) -> Environment:
    """Return the environment of templates; of a page that will be covered, what it prints is marked."""
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_with_marks if covered else shown_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.filters["of_case"] = _marking("case") if covered else _as_it_is
    environment.filters["of_answer"] = _marking("answer") if covered else _as_it_is
    if covered:
        environment.filters["person"] = _marked_person
    environment.globals.update(
        address=address,
        static=static_href,
        style=lambda: b"".join(static_file(one) for one in STATIC if one.endswith(".css")).decode(),
    )
    return environment
