"""What can go wrong with sources."""

from flyball.core.errors import FlyballError

__all__ = [
    "BadCredentials",
    "BadRecord",
    "BadSource",
    "CannotConnect",
    "NothingThere",
    "SchemaDrifted",
    "SourceError",
    "SourceGone",
    "UnknownStream",
]


class SourceError(FlyballError):
    """Something about a source."""

    code = "sources.error"


class BadSource(SourceError):
    """The settings of a source cannot be used."""

    code = "sources.bad_settings"


class NothingThere(SourceError):
    """The path does not exist, or nothing matches the pattern."""

    code = "sources.nothing_there"


class CannotConnect(SourceError):
    """The server does not answer."""

    code = "sources.cannot_connect"
    retry = True
    exit_code = 3


class BadCredentials(SourceError):
    """The server answers, and refuses the user or the secret."""

    code = "sources.bad_credentials"


class SourceGone(SourceError):
    """The source broke off while it was read. What came before it is kept; read on from its state."""

    code = "sources.gone"
    retry = True
    exit_code = 3


class UnknownStream(SourceError):
    """The source offers no table, entity set or record of that name."""

    code = "sources.unknown_stream"


class BadRecord(SourceError):
    """A record cannot be read: the message names file, record and byte."""

    code = "sources.bad_record"


class SchemaDrifted(SourceError):
    """The source has other columns, or other types, than it had at the last load."""

    code = "sources.schema_drifted"
    exit_code = 1
