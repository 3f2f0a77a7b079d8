"""The words are a paragraph in the middle of a plain text."""

from collections.abc import Mapping

from flyball.governance.redteam.carrier import Carrier, paragraphs

__all__ = ["in_the_middle"]


def _carry(text: str, words: str) -> Mapping[str, str]:
    parts = paragraphs(text)
    half = len(parts) // 2
    return {"text": "\n\n".join([*parts[:half], words, *parts[half:]])}


in_the_middle = Carrier(
    summary="The words are a paragraph in the middle of a plain text.",
    version=1,
    carry=_carry,
)
