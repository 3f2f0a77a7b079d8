"""Find a quote in a text: word for word, whatever the white space and the kind of quotation marks."""

from dataclasses import dataclass

from flyball.core.records import Span

__all__ = ["Quotable"]

_SAME = str.maketrans({"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "–": "-", "—": "-", "\u00ad": " "})
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Quotable:
    """A text in which quotes are looked up.

    Parameters
    ----------
    even : str
        The text with each run of white space as one space.
    places : tuple of int
        Offset in the text of each character of `even`.
    """

    even: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Quotable":
        """Prepare a text; linear in its length."""
        letters: list[str] = []
        places: list[int] = []
        for at, letter in enumerate(text.translate(_SAME)):
            if letter.isspace():
                if letters and letters[-1] != " ":
                    letters.append(" ")
                    places.append(at)
            else:
                letters.append(letter)
                places.append(at)
        return cls("".join(letters), tuple(places))

    def find(self, quote: str) -> Span | None:
        """Return where a quote stands in the text; None where it does not stand there word for word.

        A quote of fewer than three characters proves nothing and is not found. Dots with which a
        quote was cut at its ends are left out.
        """
        wanted = " ".join(quote.translate(_SAME).split()).strip("…")
        wanted = wanted.removesuffix("...").removeprefix("...").strip()
        if len(wanted) < _SHORTEST:
            return None
        at = self.even.find(wanted)
        if at < 0:
            return None
        return Span(self.places[at], self.places[at + len(wanted) - 1] + 1, 1.0)
