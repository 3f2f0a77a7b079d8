"""The words are the last paragraph of a plain text."""

from collections.abc import Mapping

from flyball.governance.redteam.carrier import Carrier

__all__ = ["at_the_end"]


def _carry(text: str, words: str) -> Mapping[str, str]:
    return {"text": f"{text}\n\n{words}\n"}


at_the_end = Carrier(
    summary="The words are the last paragraph of a plain text.",
    version=1,
    carry=_carry,
)
