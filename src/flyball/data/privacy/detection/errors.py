"""Errors of the detector. Each refuses the whole batch: there is no partial result."""

from flyball.core.errors import BadInput, FlyballError

__all__ = ["BadText", "DetectionFailed", "TextTooLong"]


class BadText(BadInput):
    """A text cannot be read: not Unicode, or a line is not what was promised."""

    code = "privacy.bad_text"


class TextTooLong(BadInput):
    """A text is over the limit."""

    code = "privacy.text_too_long"


class DetectionFailed(FlyballError):
    """A recogniser or the tagger failed, so nothing is known about any text of the batch."""

    code = "privacy.detection_failed"
    exit_code = 1
