"""What can go wrong with a copybook and its file."""

from flyball.data.sources.errors import BadRecord, BadSource

__all__ = ["BadCopybook", "CodePageSuspected", "CopybookDoesNotFit"]


class BadCopybook(BadSource):
    """A copybook cannot be understood; the message names its line."""

    code = "sources.bad_copybook"


class CopybookDoesNotFit(BadSource):
    """The records of a file have another length than the copybook says."""

    code = "sources.copybook_does_not_fit"


class CodePageSuspected(BadRecord):
    """Text decodes to characters that nobody writes: the code page is likely another one."""

    code = "sources.code_page_suspected"
