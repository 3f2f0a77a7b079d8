"""Numbers of Spain."""

from flyball.data.privacy.detection.checksums import bare
from flyball.data.privacy.detection.recogniser import Recogniser

__all__ = ["spain"]

_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _nif(text: str) -> bool:
    """The number modulo 23 names the letter: RD 1553/2005, article 11."""
    signs = bare(text)
    return _LETTERS[int(signs[:-1]) % 23] == signs[-1]


def _nie(text: str) -> bool:
    signs = bare(text)
    return _LETTERS[int(str("XYZ".index(signs[0])) + signs[1:-1]) % 23] == signs[-1]


spain = (
    Recogniser(
        "ES_NIF",
        ((r"\d{7,8}-?[a-z]", 0.3),),
        _nif,
        checked=0.9,
        context=("dni", "nif", "documento nacional", "identidad"),
    ),
    Recogniser(
        "ES_NIE",
        ((r"[xyz]-?\d{7,8}-?[a-z]", 0.3),),
        _nie,
        checked=0.9,
        context=("nie", "extranjero", "identificaci"),
    ),
    Recogniser("ES_PASSPORT", ((r"[a-z]{3}\d{6}", 0.1),), context=("pasaporte", "passport")),
)
