"""Words of a picture, by Tesseract in a process of its own."""

import os
import shutil
import subprocess
from dataclasses import dataclass

from flyball.data.documents.errors import OcrFailed, OcrMissing

__all__ = ["Recognised", "recognised"]

_SECONDS = 120  # for one page; five is usual for a dense one
_SURE = 0.3  # a word below is as good as none: specks and lines of a scan
_COLUMNS = (
    12  # of Tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, ...
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """One word: `line` is the same for words of one line; the box is in pixels from the upper left."""

    line: tuple[int, int, int]
    text: str
    left: int
    top: int
    right: int
    bottom: int
    confidence: float


def recognised(grey: bytes, width: int, height: int, *, languages: str, name: str) -> list[Recognised]:
    """Return the words of a picture in the order in which they are read.

    Parameters
    ----------
    grey : bytes of length width * height
        One byte a pixel, 0 is black, rows from the top.
    width, height : int
    languages : str
        "eng", "deu+eng".
    name : str
        Of document and page, for the message.

    Returns
    -------
    list of Recognised
        `confidence` is 0 to 1. [] where nothing was recognised.

    Raises
    ------
    OcrMissing
        Tesseract or a language is not installed.
    OcrFailed
        It broke down, or took more than two minutes.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise OcrMissing(
            f"{name} needs text recognition, and the program tesseract is not installed.",
            fix="Install it (Debian and Ubuntu: apt-get install tesseract-ocr), or switch ocr off.",
            name=name,
        )
    command = [program, "stdin", "stdout", "-l", languages, "--psm", "3", "tsv"]
    picture = b"P5 %d %d 255\n" % (width, height) + grey
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=picture,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            # One thread: its threads wait for each other and make a page slower, not faster.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as err:
        raise OcrFailed(
            f"{name}: text recognition took more than {_SECONDS} s.",
            fix="Read the page by eye, or give a searchable PDF.",
            name=name,
        ) from err
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        if "Failed loading language" in said or "Error opening data file" in said:
            raise OcrMissing(
                f"{name} needs text recognition in {languages}, and Tesseract does not know all of it.",
                fix="Install the language (Debian and Ubuntu: apt-get install tesseract-ocr-deu for German).",
                name=name,
                languages=languages,
            )
        raise OcrFailed(
            f"{name}: text recognition broke down (exit status {done.returncode}).",
            fix="Read the page by eye, or give a searchable PDF.",
            name=name,
            status=done.returncode,
        )
    rows = (row.split("\t") for row in done.stdout.decode("utf-8", "replace").splitlines()[1:])
    words = [_word(row) for row in rows if len(row) == _COLUMNS and row[0] == "5"]
    return [word for word in words if word.text and word.confidence >= _SURE]


def _word(row: list[str]) -> Recognised:
    left, top, width, height = map(int, row[6:10])
    return Recognised(
        (int(row[2]), int(row[3]), int(row[4])),
        row[11].strip(),
        left,
        top,
        left + width,
        top + height,
        max(float(row[10]), 0.0) / 100,
    )
