"""How fast PDFs are read with boxes and tables, and how many cells of their tables come out right.

    python benchmarks/documents.py                          this program alone
    python benchmarks/documents.py --peers VENV/bin/python  beside pypdf and pdfplumber, installed there

The PDF is written by reportlab with fixed random words: 120 pages, each with some 15 lines of prose, a
table of 9 rows and 4 columns with lines around its cells and one without; every third page is 45 lines of
prose in place of the tables. Rates are pages per second of computing time of one process. A cell is right
if a table of its page has the same words in the same row and column; intervals are Wilson's, at 95 %.
Where Tesseract is installed, pages of prose are drawn at 150 dots per inch and read by OCR, off the clock
of the rest; a word counts as found if it is anywhere on the pages.
Prints one JSON object.
"""

import argparse
import io
import json
import math
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SYLLABLES = ("ka", "lo", "mi", "ter", "su", "ran", "vel", "do", "pi", "non", "gar", "est")
ROWS, COLUMNS = 9, 4


def word(chance):
    """Return a word of two to four syllables."""
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(2, 4)))


def rows_of(chance):
    """Return a table: a header, then a name, two amounts and a date in each row; one cell in ten is empty."""
    rows = [[word(chance).title() for _ in range(COLUMNS)]]
    for _ in range(ROWS - 1):
        row = [
            f"{word(chance)} {word(chance)}",
            f"{chance.randint(1, 99_999):,}.00",
            str(chance.randint(0, 999)),
            f"2026-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        ]
        if chance.random() < 0.4:
            row[chance.randint(1, 3)] = ""
        rows.append(row)
    return rows


def made(pages, seed):
    """Return the bytes of a PDF, and for each page its (kind, rows)."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

    chance = random.Random(seed)  # noqa: S311
    style = getSampleStyleSheet()["Normal"]
    flow, truth = [], []
    for number in range(pages):
        tables = [] if number % 3 == 2 else [("lines", rows_of(chance)), ("gaps", rows_of(chance))]
        prose = [" ".join(word(chance) for _ in range(90)) + "." for _ in range(2 if tables else 6)]
        flow += [part for text in prose for part in (Paragraph(text, style), Spacer(1, 6))]
        for kind, rows in tables:
            grid = [("GRID", (0, 0), (-1, -1), 0.5, (0, 0, 0))] if kind == "lines" else []
            flow += [Table(rows, colWidths=[130, 90, 60, 90], style=grid), Spacer(1, 14)]
        flow.append(PageBreak())
        truth.append(tables)
    buffer = io.BytesIO()
    SimpleDocTemplate(buffer, invariant=1).build(flow)
    return buffer.getvalue(), truth


def by_flyball(path):
    """Return for each page its tables as rows of texts, and the number of letters."""
    from flyball.data.documents.extract import extract

    document = extract(Path(path))
    pages = [[] for _ in range(document.pages)]
    for table in document.tables:
        pages[table.page - 1].append([list(row) for row in table.grid()])
    return pages, len("".join(document.text.split()))


def by_pypdf(path):
    """Return no tables, since it knows none, and the number of letters."""
    from pypdf import PdfReader

    texts = [page.extract_text() for page in PdfReader(path).pages]
    return [[] for _ in texts], len("".join("".join(texts).split()))


def by_pdfplumber(path):
    """Return its tables as it comes, and the number of letters."""
    import pdfplumber

    pages, letters = [], 0
    with pdfplumber.open(path) as file:
        for page in file.pages:
            letters += len("".join((page.extract_text() or "").split()))
            tables = page.extract_tables()
            pages.append([[[cell or "" for cell in row] for row in table] for table in tables])
            page.close()
    return pages, letters


READERS = {"flyball": by_flyball, "pypdf": by_pypdf, "pdfplumber": by_pdfplumber}


def run_one(reader, path, runs):
    """Time one reader in this process; print pages per second of each run, and what the last one found."""
    rates = []
    for _ in range(runs):
        before = time.process_time()
        pages, letters = READERS[reader](path)
        rates.append(len(pages) / (time.process_time() - before))
    print(json.dumps({"rates": rates, "pages": pages, "letters": letters}))


def measured(python, reader, path, runs):
    """Run one reader in a process of its own."""
    command = [python, __file__, "--reader", reader, "--pdf", str(path), "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def wilson(hits, total):
    """Return a share with its interval at 95 %."""
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return {
        "value": round(share, 4),
        "interval": [round(middle - half, 4), round(middle + half, 4)],
        "n": total,
    }


def cells_right(truth, found, kind):
    """Count the cells of the tables of one kind that stand in the right row and column of some table."""
    hits = total = extra = 0
    for wanted, tables in zip(truth, found, strict=True):
        extra += not wanted and len(tables)
        for one, rows in wanted:
            if one != kind:
                continue
            total += ROWS * COLUMNS
            hits += max((same(rows, table) for table in tables), default=0)
    return {"cells_right": wilson(hits, total), "tables_on_pages_of_prose": extra}


def same(rows, table):
    """Count the cells that are the same."""
    return sum(
        " ".join(cell.split()) == " ".join(other.split())
        for row, line in zip(rows, table, strict=False)
        for cell, other in zip(row, line, strict=False)
    )


def ocr(path, pages):
    """Return computing seconds a page and the share of words that OCR finds, None without Tesseract."""
    if shutil.which("tesseract") is None:
        return None
    import pypdfium2
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen import canvas

    from flyball.data.documents.extract import extract
    from flyball.data.documents.records import Limits

    buffer = io.BytesIO()
    drawing = canvas.Canvas(buffer, pagesize=(595, 842))
    wanted = []
    with pypdfium2.PdfDocument(path) as file:
        for index in range(2, 3 * pages, 3):  # pages of prose
            picture = file[index].render(scale=150 / 72, grayscale=True).to_pil()
            drawing.drawImage(ImageReader(picture), 0, 0, 595, 842)
            drawing.showPage()
            wanted += file[index].get_textpage().get_text_bounded().split()
    drawing.save()
    before = sum(os.times()[:4])  # with Tesseract's own
    document = extract(buffer.getvalue(), name="scan.pdf", limits=Limits(ocr=True))
    seconds = sum(os.times()[:4]) - before
    read = set(document.text.split())
    hits = sum(one in read for one in wanted)
    return {
        "computing_seconds_a_page": round(seconds / pages, 2),
        "words_found": wilson(hits, len(wanted)),
        "pages": pages,
    }


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peers", help="a Python that has pypdf and pdfplumber")
    parser.add_argument("--pages", type=int, default=120)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    parser.add_argument("--pdf", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.reader:
        run_one(wanted.reader, wanted.pdf, wanted.runs)
        return
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.pdf"
        data, truth = made(wanted.pages, seed=1788)
        path.write_bytes(data)
        readers = {"flyball": (sys.executable, wanted.runs)}
        if wanted.peers:
            readers |= {
                "pypdf": (wanted.peers, wanted.runs),
                "pdfplumber": (wanted.peers, min(wanted.runs, 3)),
            }
        for reader, (python, runs) in readers.items():
            found = measured(python, reader, path, runs)
            results[reader] = {
                "pages_per_second": {
                    "median": round(statistics.median(found["rates"]), 1),
                    "smallest": round(min(found["rates"]), 1),
                    "largest": round(max(found["rates"]), 1),
                    "runs": runs,
                },
                "letters": found["letters"],
            }
            if reader != "pypdf":
                for kind in ("lines", "gaps"):
                    results[reader][kind] = cells_right(truth, found["pages"], kind)
        results["ocr"] = ocr(path, min(5, wanted.pages // 3))
    print(
        json.dumps(
            {"machine": platform.platform(), "pages": wanted.pages, "bytes": len(data), **results}, indent=2
        )
    )


if __name__ == "__main__":
    main()
