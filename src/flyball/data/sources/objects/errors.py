"""What can go wrong with files that are read in pieces."""

from flyball.data.sources.errors import SourceError

__all__ = ["BadState", "FileChanged", "FileLies"]


class FileChanged(SourceError):
    """A file that was read already is another one now."""

    code = "sources.file_changed"


class FileLies(SourceError):
    """A file is not what its name or its settings say."""

    code = "sources.file_lies"


class BadState(SourceError):
    """The saved state is not one of this source."""

    code = "sources.bad_state"
