"""Why a document could not be read: one error for each cause, each with its own code."""

from flyball.core.errors import FlyballError

__all__ = [
    "ActiveContent",
    "Corrupt",
    "DocumentError",
    "Empty",
    "Encrypted",
    "ExpandsTooMuch",
    "ImageOnly",
    "Missing",
    "NotAFile",
    "OcrFailed",
    "OcrMissing",
    "TooDeep",
    "TooLarge",
    "TooLong",
    "TooManyPages",
    "TooSlow",
    "Undecodable",
    "Unsupported",
]


class DocumentError(FlyballError):
    """A document that could not be read; the others are read all the same."""

    code = "documents.error"


class Corrupt(DocumentError):
    """The bytes are not what they claim to be, or are damaged."""

    code = "documents.unreadable"


class Encrypted(DocumentError):
    """A password or a key is needed."""

    code = "documents.encrypted"


class Empty(DocumentError):
    """There is nothing to read: no bytes, or no text in a sound file."""

    code = "documents.empty"


class ImageOnly(DocumentError):
    """The pages are pictures of text, as a scanner makes them."""

    code = "documents.image_only"


class TooLarge(DocumentError):
    """The file has more bytes than allowed; it was not read."""

    code = "documents.too_large"


class TooLong(DocumentError):
    """The file is small enough, but its text has more characters than allowed."""

    code = "documents.too_long"


class TooManyPages(DocumentError):
    """More pages than allowed."""

    code = "documents.too_many_pages"


class ExpandsTooMuch(DocumentError):
    """A packed file that would unpack to more than allowed, as a "zip bomb" does."""

    code = "documents.expands_too_much"


class TooDeep(DocumentError):
    """Files inside files inside files, or elements inside elements, deeper than allowed."""

    code = "documents.too_deep"


class TooSlow(DocumentError):
    """Reading took more computing time than allowed, or broke down the reader."""

    code = "documents.too_slow"


class Undecodable(DocumentError):
    """The bytes are in no character encoding that we know."""

    code = "documents.undecodable"


class Unsupported(DocumentError):
    """A kind of file that no format on the shelf reads."""

    code = "documents.unsupported"


class NotAFile(DocumentError):
    """A folder, pipe, socket or device, or a link that leads in a circle."""

    code = "documents.not_a_file"


class Missing(DocumentError):
    """No such file, or no permission to read it."""

    code = "documents.missing"
    retry = True


class ActiveContent(DocumentError):
    """It holds scripts, macros, programs to start or files inside, and those are to be refused."""

    code = "documents.active_content"


class OcrMissing(DocumentError):
    """Text recognition is switched on, but the program or a language of it is not installed."""

    code = "documents.ocr_missing"


class OcrFailed(DocumentError):
    """Text recognition broke down or took too long."""

    code = "documents.ocr_failed"
