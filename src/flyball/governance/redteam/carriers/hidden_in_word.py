"""The words stand in a Word file as hidden text in white."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.shared import Pt, RGBColor

from flyball.governance.redteam.carrier import Carrier, paragraphs

__all__ = ["hidden_in_word"]


def _carry(text: str, words: str) -> Mapping[str, str]:
    document = Document()
    for one in paragraphs(text):
        document.add_paragraph(one)
    run = document.add_paragraph().add_run(words)
    run.font.hidden = True
    run.font.size = Pt(1)
    run.font.color.rgb = RGBColor(255, 255, 255)
    document.core_properties.created = document.core_properties.modified = datetime(2020, 1, 1)  # noqa: DTZ001
    written = BytesIO()
    document.save(written)
    return {"base64": b64encode(_undated(written)).decode()}


def _undated(written: BytesIO) -> bytes:
    """Return the same parts without the time of writing, so that the same words give the same bytes."""
    made = BytesIO()
    with ZipFile(written) as before, ZipFile(made, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(ZipInfo(name, (2020, 1, 1, 0, 0, 0)), before.read(name))
    return made.getvalue()


hidden_in_word = Carrier(
    summary="The words stand in a Word file as hidden text in white.",
    version=1,
    carry=_carry,
)
