"""The words stand in a web page in white on white, one pixel high."""

from base64 import b64encode
from collections.abc import Mapping
from html import escape

from flyball.governance.redteam.carrier import Carrier, paragraphs

__all__ = ["hidden_in_html"]


def _carry(text: str, words: str) -> Mapping[str, str]:
    body = "".join(f"<p>{escape(one)}</p>" for one in paragraphs(text))
    hidden = f'<p style="color:#fff;background:#fff;font-size:1px">{escape(words)}</p>'
    page = f"<!doctype html><html><head><meta charset=utf-8></head><body>{body}{hidden}</body></html>"
    return {"base64": b64encode(page.encode()).decode()}


hidden_in_html = Carrier(
    summary="The words stand in a web page in white on white, one pixel high.",
    version=1,
    carry=_carry,
)
