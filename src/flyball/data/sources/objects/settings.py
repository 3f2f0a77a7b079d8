"""Settings of a source of files, each read with its type."""

import codecs
from collections.abc import Mapping

from flyball.core.secrets import Secret
from flyball.data.sources.errors import BadSource

__all__ = ["Settings"]


class Settings:
    """The settings of one source, each read with its type.

    Parameters
    ----------
    source : str
    given : mapping
    known : iterable of str

    Raises
    ------
    BadSource
        One is unknown.
    """

    def __init__(self, source: str, given: Mapping[str, object], known: frozenset[str]) -> None:
        self.source = source
        self._given = given
        unknown = sorted(set(given) - known)
        if unknown:
            raise BadSource(
                f"Source {source} does not take {', '.join(unknown)}.",
                fix=f"Known: {', '.join(sorted(known))}.",
                source=source,
            )

    def bad(self, name: str, wanted: str) -> BadSource:
        """Return the error for a setting of the wrong type; a secret's value is not shown."""
        value = self._given.get(name)
        return BadSource(
            f"Source {self.source}: {name} must be {wanted}, got {value!r}.",
            fix=f"Mend {name} in [source.settings].",
            source=self.source,
        )

    def text(self, name: str, default: str = "") -> str:
        """Return a text."""
        value = self._given.get(name, default)
        if not isinstance(value, str):
            raise self.bad(name, "a text")
        return value

    def choice(self, name: str, *allowed: str) -> str:
        """Return one of some texts, the first where nothing is written."""
        value = self._given.get(name, allowed[0])
        if value not in allowed:
            raise self.bad(name, " or ".join(repr(one) for one in allowed))
        return str(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self._given.get(name, default)
        if not isinstance(value, bool):
            raise self.bad(name, "true or false")
        return value

    def number(self, name: str, default: int) -> int:
        """Return a whole number, at least 1."""
        value = self._given.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.bad(name, "a whole number, at least 1")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; one text is a list of one."""
        value = self._given.get(name, ())
        many = [value] if isinstance(value, str) else value
        if not isinstance(many, list | tuple) or not all(isinstance(one, str) and one for one in many):
            raise self.bad(name, "a text or a list of texts")
        return tuple(many)

    def encoding(self) -> str:
        """Return the setting `encoding` in the spelling of `codecs.lookup`; utf-8 where it is not set."""
        try:
            return codecs.lookup(self.text("encoding", "utf-8")).name
        except LookupError as err:
            raise self.bad("encoding", "an encoding that Python knows, such as utf-8 or cp1252") from err

    def secret(self, name: str) -> Secret | None:
        """Return a reference to a secret."""
        value = self._given.get(name)
        if value is not None and not isinstance(value, Secret):
            raise BadSource(
                f"Source {self.source}: {name} is a secret and must be a reference.",
                fix=f'Write {name} = {{ env = "NAME" }}.',
                source=self.source,
            )
        return value

    def table(self, name: str) -> Mapping[str, object]:
        """Return a table of settings."""
        value = self._given.get(name, {})
        if not isinstance(value, Mapping):
            raise self.bad(name, "a table")
        return value

    def keys(self) -> dict[str, tuple[str, ...]]:
        """Return the key columns of the streams that are declared with some."""
        found: dict[str, tuple[str, ...]] = {}
        for stream, about in self.table("streams").items():
            key = about.get("key", ()) if isinstance(about, Mapping) else ()
            if key:
                found[stream] = tuple(str(one) for one in key)
        return found
