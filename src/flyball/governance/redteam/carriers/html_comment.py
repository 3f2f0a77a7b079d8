"""The words stand in a comment of a web page and in the label of a picture."""

from base64 import b64encode
from collections.abc import Mapping
from html import escape

from flyball.governance.redteam.carrier import Carrier, paragraphs

__all__ = ["html_comment"]


def _carry(text: str, words: str) -> Mapping[str, str]:
    body = "".join(f"<p>{escape(one)}</p>" for one in paragraphs(text))
    quiet = words.replace("--", "- -")
    extra = f'<!-- {quiet} --><img src="data:," alt="{escape(words, quote=True)}">'
    page = f"<!doctype html><html><head><meta charset=utf-8></head><body>{body}{extra}</body></html>"
    return {"base64": b64encode(page.encode()).decode()}


html_comment = Carrier(
    summary="The words stand in a comment of a web page and in the label of a picture.",
    version=1,
    carry=_carry,
)
