"""The contract of a page: where it is, who may see it, what it shows, and what can be done on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, TypeVar
from urllib.parse import quote, urlencode

from flyball.console.lately import Lately
from flyball.console.underway import Underway
from flyball.core.errors import FlyballError, UnknownName
from flyball.core.shelves import Shelf
from flyball.gateway.desk import Desk, Desks
from flyball.gateway.house import House
from flyball.gateway.principal import Principal
from flyball.gateway.settings import GatewaySettings

__all__ = ["PAGES", "Act", "Asked", "File", "Go", "NoSuchPage", "Page", "Rows"]

T = TypeVar("T")

PAGES = Shelf(kind="page", package="flyball.console.pages")


class NoSuchPage(UnknownName):
    """There is no such page, or what it would show is not there."""

    code = "console.no_such_page"
    status: ClassVar[int] = 404


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks a page for.

    Parameters
    ----------
    house : House
    desks : Desks
    settings : GatewaySettings
    principal : Principal
        Who asks.
    path : mapping of str to str
        The parts of the path that the page's card names: `deployment`, `entry`.
    query : mapping of str to str
        What stands behind the question mark; of a name that stands twice, the last.
    form : mapping of str to tuple of str
        What was sent with an act.
    problem : FlyballError, optional
        Why the act that was just tried did not work; the page is shown again with what was sent.
    lately : Lately, optional
        Keeps what takes long to work out; without it everything is worked out now.
    underway : Underway
        What is done once at a time.
    """

    house: House
    desks: Desks
    settings: GatewaySettings
    principal: Principal
    path: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problem: FlyballError | None = None
    lately: Lately | None = None
    underway: Underway = field(default_factory=Underway)

    @property
    def desk(self) -> Desk:
        """The desk of the deployment that the path names.

        Raises
        ------
        UnknownModel
            None is called so, or the caller may not use it.
        """
        return self.desks.of(self.house.of(self.path["deployment"], self.principal))

    def worked_out(self, wanted: Mapping[str, Callable[[], T]]) -> Mapping[str, T | FlyballError | None]:
        """Return what takes long, by name: as of a moment ago; None for what is not there yet.

        A value that cannot be had is the error that says why.
        """
        if self.lately is None:
            return {name: _or_error(make) for name, make in wanted.items()}
        return self.lately.all({name: partial(_or_error, make) for name, make in wanted.items()})

    def sent(self, name: str) -> str:
        """Return one value of the form, "" where it was not sent."""
        return (self.form.get(name) or ("",))[-1].replace("\r\n", "\n")

    def link(self, *parts: object, **query: object) -> str:
        """Return the address of a page of this deployment: `link("decisions", 12)`."""
        return address("d", self.path["deployment"], *parts, **query)


def _or_error(make: Callable[[], T]) -> T | FlyballError:
    try:
        return make()
    except FlyballError as err:
        return err


def address(*parts: object, **query: object) -> str:
    """Return the path of a page; what is empty in the query is left out."""
    path = "/" + "/".join(quote(str(part), safe="") for part in parts)
    asked = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(asked)}" if asked else path


@dataclass(frozen=True, slots=True)
class Go:
    """Go to another page: what an act returns when it is done.

    Parameters
    ----------
    to : str
        A path of this console, as `Asked.link` makes it.
    said : str
        What was done, in one sentence; shown once on the next page.
    """

    to: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file to keep, instead of a page.

    Parameters
    ----------
    body : bytes
    name : str
        Letters, digits, dots and hyphens only.
    media_type : str
    """

    body: bytes
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A file that is sent piece by piece, because it may be long.

    Parameters
    ----------
    pieces : callable
        Gives the next piece; b"" at the end. Called in threads, one after the other.
    name, media_type : str
        As of `File`.
    """

    pieces: Callable[[], bytes]
    name: str
    media_type: str


Shown = Mapping[str, object]
"""What the template is given, by name. Plain values and frozen records."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done on a page: a form that is sent to the page's path and the act's name.

    Parameters
    ----------
    scope : str
        What one needs to be allowed.
    do : callable
        Does it and says where to go. What it raises is told on the page, with what was sent still there.
    """

    scope: str
    do: Callable[[Asked], Go]


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Parameters
    ----------
    title : str
        In the menu, and in the title of the window unless `show` returns another `title`.
    path : str
        "/", or "/d/{deployment}/decisions/{entry}": parts in braces become `Asked.path`.
    show : callable
        Returns what the template is given; its keys must not begin with "_".
    scope : str
        What one needs to see it; "" for everybody who is signed in.
    place : int
        In the menu of a deployment, from 1 on; 0 keeps it out of the menu.
    acts : mapping of str to Act
        By name: POST to the page's path, "/" and the name.
    files : mapping of str to callable
        By name: GET the page's path, "/" and the name.
    under : str
        Name of the page in the menu to which this one belongs, where its path does not say so.
    live : bool
        Whether the page looks for news while somebody watches it.
    """

    title: str
    path: str
    show: Callable[[Asked], "Shown | Go"]
    scope: str = ""
    place: int = 0
    acts: Mapping[str, Act] = field(default_factory=dict)
    files: Mapping[str, Callable[[Asked], File | Rows]] = field(default_factory=dict)
    under: str = ""
    live: bool = False
