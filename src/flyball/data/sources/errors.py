"""What can go wrong with sources."""

from flyball.core.errors import FlyballError

__all__ = ["BadSource", "NothingThere", "SourceError"]


class SourceError(FlyballError):
    """Something about a source."""

    code = "sources.error"


class BadSource(SourceError):
    """The settings of a source cannot be used."""

    code = "sources.bad_settings"


class NothingThere(SourceError):
    """The path does not exist, or nothing matches the pattern."""

    code = "sources.nothing_there"
