"""Write the sample contracts and their labels from the marked-up sources in `tools/samples`.

A source is a text file: settings, a line `---`, then blocks separated by empty lines.

    # text        title            ## text     heading         > text   indented paragraph
    ^ text        centred line     + text      numbered by the word processor (DOCX only)
    = text        line kept as it stands (signatures, addresses)
    | a | b |     table row        -- page --  page break      anything else: a paragraph

Inside a block `{{field: text}}` marks a label, `{{field, other: text}}` two at once; marks may be nested.
`<b>text</b>` is bold. Output is the same, byte for byte, on every run, so labels are never edited by hand.

    python tools/make_samples.py            write contracts/ and labels.csv
    python tools/make_samples.py --check    exit 1 if the committed files differ from the sources
    python tools/make_samples.py --counts   how many contracts and spans each field has
    python tools/make_samples.py --broken FOLDER   unreadable files, for tests of error messages
"""

from __future__ import annotations

import argparse
import base64
import csv
import datetime
import html
import io
import itertools
import quopri
import re
import sys
import tomllib
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tools" / "samples"
SOLUTION = ROOT / "src" / "flyball" / "solutions" / "contract_review"
CASES = SOLUTION / "cases"
MADE_ON = datetime.datetime(2026, 1, 5, 9, 0, 0, tzinfo=datetime.UTC)
ZIP_DATE = (2026, 1, 5, 9, 0, 0)
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KINDS = {"# ": "title", "## ": "heading", "> ": "indented", "^ ": "centred", "+ ": "numbered"}
SYLLABLES = re.compile("[aeiou][|][^aeiou|][aeiou]|[aeiou][^aeiou|][|][^aeiouh|][aeiou]")
UNUSED = re.compile("thumbnail|stylesWithEffects")
MARK = re.compile(r"\{\{([a-z_, ]+):\s*|\}\}|<b>|</b>")


class BadSource(Exception):
    """A sample source cannot be read; the message says where and why."""


@dataclass(frozen=True)
class Span:
    """A labelled stretch of one line of text; `end` is exclusive."""

    start: int
    end: int
    field: str


@dataclass(frozen=True)
class Text:
    """Plain text with its labels and its bold stretches."""

    plain: str
    spans: tuple[Span, ...] = ()
    bold: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, group of lines, or table, as rows of cells."""

    kind: str
    rows: tuple[tuple[Text, ...], ...]


@dataclass(frozen=True)
class Sample:
    """One source: where it goes, how it is laid out, and what it says."""

    file: str
    settings: dict[str, str]
    blocks: tuple[Block, ...]

    @property
    def format(self) -> str:
        """File ending without the dot."""
        return self.file.rpartition(".")[2]


def parse_text(raw: str) -> Text:
    """Take the marks out of a stretch of source and remember where they were."""
    plain, spans, bold = "", [], []
    open_marks: list[tuple[int, list[str]]] = []
    bold_from, at = 0, 0
    for mark in MARK.finditer(raw):
        plain += raw[at : mark.start()]
        at = mark.end()
        if mark.group() == "<b>":
            bold_from = len(plain)
        elif mark.group() == "</b>":
            bold.append((bold_from, len(plain)))
        elif mark.group() == "}}":
            if not open_marks:
                raise BadSource(f"a mark is closed that was never opened, near {raw[max(0, at - 60) : at]!r}")
            start, fields = open_marks.pop()
            spans += [Span(start, len(plain), field) for field in fields]
        else:
            open_marks.append((len(plain), [field.strip() for field in mark.group(1).split(",")]))
    if open_marks:
        raise BadSource(f"a mark {open_marks[-1][1]} is not closed in {raw[:60]!r}")
    return Text(plain + raw[at:], tuple(sorted(spans, key=lambda span: (span.start, -span.end))), tuple(bold))


def parse_block(raw: str) -> Block:
    """Read one block; its first characters say which kind it is."""
    lines = raw.split("\n")
    if raw == "-- page --":
        return Block("page", ())
    if raw.startswith("|"):
        rows = [
            tuple(parse_text(cell.strip()) for cell in line.strip().strip("|").split("|")) for line in lines
        ]
        return Block("table", tuple(rows))
    if raw.startswith("="):
        return Block("lines", tuple((parse_text(line[2:]),) for line in lines))
    prefix = next((prefix for prefix in KINDS if raw.startswith(prefix)), "")
    text = parse_text(" ".join(line.strip() for line in lines)[len(prefix) :])
    return Block(KINDS.get(prefix, "paragraph"), ((text,),))


def read_sample(path: Path) -> Sample:
    """Read one source file."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    settings = dict(line.split(": ", 1) for line in head.split("\n"))
    try:
        blocks = tuple(parse_block(raw.strip("\n")) for raw in re.split(r"\n\s*\n", body) if raw.strip())
    except BadSource as err:
        raise BadSource(f"{path.name}: {err}") from err
    return Sample(settings["file"], settings, blocks)


def read_samples() -> list[Sample]:
    """All sources, in the order of the files they make."""
    return sorted((read_sample(path) for path in SOURCES.glob("*.md")), key=lambda sample: sample.file)


def field_keys() -> list[str]:
    """The 41 field keys, in the order of `fields.toml`."""
    with (SOLUTION / "fields.toml").open("rb") as file:
        return [field["key"] for field in tomllib.load(file)["field"]]


def labels(sample: Sample) -> list[tuple[str, str]]:
    """Field and span text of every label, as the text stands in the contract but with single spaces."""
    hyphenate = sample.settings.get("hyphenate") == "yes"
    found = []
    for block in sample.blocks:
        for row in block.rows:
            for cell in row:
                out, place = wrap(cell.plain, text_width(sample, block), hyphenate=hyphenate)
                for span in cell.spans:
                    shown = out[place[span.start] : place[span.end - 1] + 1] if hyphenate else ""
                    found.append((span.field, " ".join((shown or cell.plain[span.start : span.end]).split())))
    return list(dict.fromkeys(found))


def labels_csv(samples: list[Sample]) -> bytes:
    """`labels.csv`: one row per case, field and span."""
    order = {key: place for place, key in enumerate(field_keys())}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["case", "field", "span"])
    for sample in samples:
        found = labels(sample)
        unknown = sorted({field for field, _ in found if field not in order})
        if unknown:
            raise BadSource(f"{sample.file} labels unknown fields {unknown}; known are {sorted(order)}")
        for field, span in sorted(found, key=lambda label: order[label[0]]):
            writer.writerow([sample.file, field, span])
    return out.getvalue().encode("utf-8")


# Plain text


def wrap(text: str, width: int, *, hyphenate: bool = False) -> tuple[str, list[int]]:
    """Break text into lines at spaces, or inside long words as a scanner leaves them.

    Returns
    -------
    tuple of str and list of int
        The text with line breaks, and for each character of the input its place in it.
    """
    out, place, column = "", [0] * len(text), 0
    for word in re.finditer(r"\S+", text):
        chars, room = word.group(), width - column - 1
        start = 0
        if column and len(chars) > room:
            cut = syllable_end(chars, room - 1) if hyphenate else 0
            if cut:
                for i in range(cut):
                    place[word.start() + i] = len(out) + 1 + i
                out, start = out + " " + chars[:cut] + "-", cut
            out, column = out + "\n", 0
        elif column:
            out, column = out + " ", column + 1
        for i in range(start, len(chars)):
            place[word.start() + i] = len(out) + i - start
        out, column = out + chars[start:], column + len(chars) - start
    return out, place


def syllable_end(word: str, most: int) -> int:
    """Where to cut a long word so that at most `most` letters stay; 0 if there is no good place."""
    if len(word) < 8 or not word.isalpha():
        return 0
    places = range(min(most, len(word) - 3), 2, -1)
    return next((i for i in places if SYLLABLES.search(word[i - 2 : i] + "|" + word[i : i + 2])), 0)


def text_width(sample: Sample, block: Block) -> int:
    """Characters a line of this block may have."""
    if block.kind in ("table", "lines"):
        return 10_000
    return int(sample.settings.get("wrap", "84")) - (4 if block.kind == "indented" else 0)


def write_text(sample: Sample) -> str:
    """The contract as plain text, lines ended by a line feed alone."""
    parts = []
    for block in sample.blocks:
        if block.kind == "page":
            parts.append("\f" if sample.settings.get("form_feeds") == "yes" else "")
        elif block.kind == "table":
            widths = [max(len(cell.plain) for cell in column) for column in zip(*block.rows, strict=True)]
            rows = [
                "  ".join(c.plain.ljust(w) for c, w in zip(row, widths, strict=True)) for row in block.rows
            ]
            parts.append("\n".join(row.rstrip() for row in rows))
        elif block.kind == "lines":
            parts.append("\n".join(row[0].plain for row in block.rows))
        else:
            hyphenate = sample.settings.get("hyphenate") == "yes"
            lines = [
                wrap(row[0].plain, text_width(sample, block), hyphenate=hyphenate)[0] for row in block.rows
            ]
            text = "\n".join(lines)
            if block.kind in ("title", "centred"):
                text = "\n".join(line.center(text_width(sample, block)).rstrip() for line in text.split("\n"))
            if block.kind == "indented":
                text = "\n".join("    " + line for line in text.split("\n"))
            parts.append(text)
    return "\n\n".join(part for part in parts if part) + "\n"


def write_txt(sample: Sample) -> bytes:
    """A text file; `newline: crlf` and `bom: yes` make it look as Windows Notepad leaves it."""
    text = write_text(sample)
    if sample.settings.get("newline") == "crlf":
        text = text.replace("\n", "\r\n")
    return text.encode("utf-8-sig" if sample.settings.get("bom") == "yes" else "utf-8")


# HTML


def marked_up(text: Text, *, entities: bool = False) -> str:
    """Inline HTML, which is also what reportlab's paragraphs understand."""
    cuts = sorted({0, len(text.plain), *(at for stretch in text.bold for at in stretch)})
    out = ""
    for start, end in itertools.pairwise(cuts):
        part = html.escape(text.plain[start:end], quote=False)
        out += f"<b>{part}</b>" if (start, end) in text.bold else part
    if entities:
        out = re.sub(r"^(\d+(?:\.\d+)*\.?|\([a-z]+\)) ", r"\1&nbsp;&nbsp;", out)
        for char, name in {"’": "rsquo", "“": "ldquo", "”": "rdquo", "–": "ndash", "€": "euro"}.items():
            out = out.replace(char, f"&{name};")
    return out


HTML_STYLES = {
    "plain": "body{font-family:Georgia,serif;max-width:46em;margin:2em auto;line-height:1.45}"
    "h1{text-align:center;font-size:1.3em}h2{font-size:1.05em}table{border-collapse:collapse}"
    "td{border:1px solid #999;padding:.3em .6em;vertical-align:top}"
    ".in{margin-left:2.5em}.c{text-align:center}",
    "word": "p.MsoNormal{margin:0 0 8pt;font-size:11pt;font-family:'Times New Roman'}"
    "table.MsoTable{border:solid 1pt}",
    "web": "nav,footer{background:#123;color:#fff;padding:1em}nav a{color:#fff}main{padding:1em 8%}"
    ".in{margin-left:2em}",
}


def write_html(sample: Sample) -> bytes:
    """An HTML page; `style` is plain, word (as saved by a word processor) or web (inside a site's frame)."""
    style = sample.settings.get("style", "plain")
    word = style == "word"
    parts = []
    for block in sample.blocks:
        cells = [[marked_up(cell, entities=word) for cell in row] for row in block.rows]
        if block.kind == "table":
            rows = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells]
            parts.append(f"<table{' class=MsoTable' if word else ''}>\n" + "\n".join(rows) + "\n</table>")
        elif block.kind == "page":
            parts.append("<hr>")
        elif word:
            align = " align=center" if block.kind in ("title", "centred") else ""
            inner = "<br>\n".join(row[0] for row in cells)
            inner = f"<b>{inner}</b>" if block.kind in ("title", "heading") else inner
            left = ' style="margin-left:36pt"' if block.kind == "indented" else ""
            parts.append(f'<p class=MsoNormal{align}{left}><span lang="EN-GB">{inner}</span></p>')
        else:
            tag = {"title": "h1", "heading": "h2", "indented": 'p class="in"', "centred": 'p class="c"'}
            opened = tag.get(block.kind, "p")
            parts.append(f"<{opened}>" + "<br>\n".join(row[0] for row in cells) + f"</{opened.split()[0]}>")
    body = "\n".join(parts)
    if style == "web":
        site = html.escape(sample.settings["site"])
        body = (
            f'<nav><b>{site}</b> <a href="/">Home</a> <a href="/programme">Programme</a>'
            ' <a href="/login">Log in</a></nav>'
            f"\n<main>\n{body}\n</main>\n<footer>{site}. All rights reserved. Cookies. Imprint.</footer>"
        )
    title = html.escape(sample.settings["title"])
    page = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{HTML_STYLES[style]}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
    return page.encode("utf-8")


# DOCX


def write_docx(sample: Sample) -> bytes:
    """A Word document with fixed dates; entries are stored, so that no zlib version can change a byte."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    document: Any = docx.Document()
    properties = document.core_properties
    properties.title, properties.author = sample.settings["title"], "Flyball project"
    properties.created = properties.modified = MADE_ON.replace(tzinfo=None)
    properties.comments, properties.last_modified_by, properties.revision = "", "Flyball project", 1
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = sample.settings.get("font", "Calibri"), Pt(11)
    document.sections[0].footer.paragraphs[0].text = sample.settings.get("footer", "")
    names = {"title": "Title", "heading": "Heading 2", "numbered": "List Number"}

    def fill(paragraph: Any, text: Text) -> None:
        cuts = sorted({0, len(text.plain), *(at for stretch in text.bold for at in stretch)})
        for start, end in itertools.pairwise(cuts):
            paragraph.add_run(text.plain[start:end]).bold = True if (start, end) in text.bold else None

    for block in sample.blocks:
        if block.kind == "page":
            document.add_page_break()
        elif block.kind == "table":
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    fill(cell.paragraphs[0], text)
        else:
            for row in block.rows:
                paragraph = document.add_paragraph(style=names.get(block.kind))
                fill(paragraph, row[0])
                if block.kind in ("title", "centred"):
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                if block.kind == "indented":
                    paragraph.paragraph_format.left_indent = Pt(30)
                if block.kind == "lines":
                    paragraph.paragraph_format.space_after = Pt(2)
    kept = {"Normal", "Title", "Heading 2", "List Number", "Table Grid", "Normal Table", "Header", "Footer"}
    for style in [style for style in document.styles if style.name not in kept]:
        style.element.getparent().remove(style.element)
    packed = io.BytesIO()
    document.save(packed)
    return rezipped(packed.getvalue())


def rezipped(packed: bytes) -> bytes:
    """The same zip archive with fixed dates, without compression and without what only the template needs."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            if UNUSED.search(name):
                continue
            data = old.read(name)
            if name.endswith(".rels") or name == "[Content_Types].xml":
                data = re.sub(
                    rb"<(Relationship|Override) [^>]*(thumbnail|stylesWithEffects)[^>]*/>", b"", data
                )
            info = zipfile.ZipInfo(name, date_time=ZIP_DATE)
            info.create_system = 3
            new.writestr(info, data)
    return out.getvalue()


# PDF


def write_pdf(sample: Sample) -> bytes:
    """A PDF with digital text. Paragraphs stay on one page, so a label is never cut by a footer."""
    from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
    from reportlab.lib.pagesizes import A4, LETTER
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import (
        PageBreak,
        Paragraph,
        SimpleDocTemplate,
        Spacer,
        Table,
        TableStyle,
    )

    class Whole(Paragraph):  # type: ignore[misc]
        def split(self, width: float, height: float) -> list[Paragraph]:
            return []

    serif = sample.settings.get("font", "serif") == "serif"
    regular, bold = ("Times-Roman", "Times-Bold") if serif else ("Helvetica", "Helvetica-Bold")
    size = float(sample.settings.get("size", "10.5"))
    body = ParagraphStyle(
        "body", fontName=regular, fontSize=size, leading=size * 1.3, spaceAfter=7, alignment=TA_JUSTIFY
    )
    cell_style = ParagraphStyle("cell", parent=body, spaceAfter=0, alignment=0)
    styles = {
        "title": ParagraphStyle(
            "title",
            parent=body,
            fontName=bold,
            fontSize=size + 4,
            leading=size + 8,
            alignment=TA_CENTER,
            spaceAfter=14,
        ),
        "heading": ParagraphStyle(
            "heading", parent=body, fontName=bold, spaceBefore=6, alignment=0, keepWithNext=1
        ),
        "indented": ParagraphStyle("indented", parent=body, leftIndent=26),
        "centred": ParagraphStyle("centred", parent=body, alignment=TA_CENTER),
        "lines": cell_style,
    }
    flow: list[Any] = []
    for block in sample.blocks:
        if block.kind == "page":
            flow.append(PageBreak())
        elif block.kind == "table":
            table = Table([[Paragraph(marked_up(cell), cell_style) for cell in row] for row in block.rows])
            table.setStyle(
                TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "#777777"), ("VALIGN", (0, 0), (-1, -1), "TOP")])
            )
            flow += [table, Spacer(1, 9)]
        else:
            flow += [Whole(marked_up(row[0]) or "&nbsp;", styles.get(block.kind, body)) for row in block.rows]

    def furniture(canvas: Any, document: Any) -> None:
        canvas.setFont(regular, 8)
        canvas.drawString(60, document.pagesize[1] - 36, sample.settings.get("header", ""))
        canvas.drawCentredString(document.pagesize[0] / 2, 30, f"- {document.page} -")

    out = io.BytesIO()
    template = SimpleDocTemplate(
        out,
        pagesize=LETTER if sample.settings.get("paper") == "letter" else A4,
        leftMargin=64,
        rightMargin=64,
        topMargin=60,
        bottomMargin=56,
        title=sample.settings["title"],
        author="Flyball project",
        invariant=1,
        pageCompression=0,
    )
    template.build(flow, onFirstPage=furniture, onLaterPages=furniture)
    return out.getvalue()


# E-mail


def write_eml(sample: Sample) -> bytes:
    """A message with the contract as its text, or as a Word file when `attachment` names one."""
    settings = sample.settings
    head = [f"{name}: {settings[name.lower()]}" for name in ("From", "To", "Subject", "Date")]
    head += [f"Message-ID: <{sample.file.rpartition('.')[0]}@mail.example>", "MIME-Version: 1.0"]
    note = "\n\n".join(part.strip() for part in settings.get("note", "").split(" // "))
    plain = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", ""]
    if "attachment" not in settings:
        text = (note + "\n\n" if note else "") + write_text(sample)
        lines = [*head, *plain, quopri.encodestring(text.encode("utf-8")).decode("ascii")]
    else:
        edge, name = "flyball-sample-boundary", settings["attachment"]
        encoded = base64.encodebytes(write_docx(sample)).decode("ascii")
        lines = [*head, f'Content-Type: multipart/mixed; boundary="{edge}"', "", f"--{edge}", *plain]
        lines += [quopri.encodestring((note + "\n").encode("utf-8")).decode("ascii"), f"--{edge}"]
        lines += [
            f'Content-Type: {DOCX_TYPE}; name="{name}"',
            f'Content-Disposition: attachment; filename="{name}"',
        ]
        lines += ["Content-Transfer-Encoding: base64", "", encoded, f"--{edge}--", ""]
    return "\n".join(lines).replace("\n", "\r\n").encode("ascii")


WRITERS = {"txt": write_txt, "html": write_html, "docx": write_docx, "pdf": write_pdf, "eml": write_eml}


# What the command does


def made_files() -> dict[Path, bytes]:
    """Every file that the sources make, by path under `cases/`."""
    samples = read_samples()
    files = {Path("contracts") / sample.file: WRITERS[sample.format](sample) for sample in samples}
    return {**files, Path("labels.csv"): labels_csv(samples)}


def differences() -> list[str]:
    """One line for each committed file that the sources would not make, or would make otherwise."""
    made = made_files()
    found = [
        f"{path} differs from its source"
        for path, data in made.items()
        if not (CASES / path).is_file() or (CASES / path).read_bytes() != data
    ]
    here = {path.relative_to(CASES) for path in (CASES / "contracts").iterdir()}
    return found + [f"{path} has no source" for path in sorted(here - set(made))]


def write_files() -> int:
    """Write every file and remove contracts that have no source; return how many were written."""
    made = made_files()
    (CASES / "contracts").mkdir(parents=True, exist_ok=True)
    for old in (CASES / "contracts").iterdir():
        if old.relative_to(CASES) not in made:
            old.unlink()
    for path, data in made.items():
        (CASES / path).write_bytes(data)
    return len(made)


def write_broken_files(folder: Path) -> dict[str, Path]:
    """Write files that cannot be read as contracts, for tests of what is said about them.

    Parameters
    ----------
    folder : Path
        Where they go; made if absent.

    Returns
    -------
    dict of str to Path
        By what is wrong: encrypted, image_only, empty, truncated, wrong_encoding.
    """
    from PIL import Image, ImageDraw
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    folder.mkdir(parents=True, exist_ok=True)
    names = {
        "encrypted": "encrypted.pdf",
        "image_only": "scan-without-text.pdf",
        "empty": "empty.txt",
        "truncated": "truncated.docx",
        "wrong_encoding": "wrong-encoding.txt",
    }
    paths = {reason: folder / name for reason, name in names.items()}
    locked = Canvas(
        str(paths["encrypted"]), invariant=1, encrypt=StandardEncryption("owner and user password")
    )
    locked.drawString(72, 720, "This agreement can be read with a password only.")
    locked.save()
    picture = Image.new("L", (850, 1100), 255)
    ImageDraw.Draw(picture).text((90, 120), "SERVICE AGREEMENT (scanned page, no text layer)", fill=0)
    scan = Canvas(str(paths["image_only"]), pagesize=(612, 792), invariant=1)
    scan.drawImage(ImageReader(picture), 0, 0, 612, 792)
    scan.save()
    paths["empty"].write_bytes(b"")
    whole = write_docx(
        Sample("x.docx", {"title": "Cut off"}, (parse_block("A contract that never arrived whole."),))
    )
    paths["truncated"].write_bytes(whole[: len(whole) // 3])
    german = "Vertrag zwischen der Bäckerei Größl und der Mühle Söhnle über die Lieferung von Mehl. " * 5
    paths["wrong_encoding"].write_bytes(
        "äöü€".encode("utf-16-le")[1:] + german.encode("cp1252") + b"\x81\x8d\xff"
    )
    return paths


def counts() -> str:
    """A table: field, contracts that have it, spans."""
    cases: dict[str, set[str]] = {}
    spans: Counter[str] = Counter()
    for sample in read_samples():
        for field, _ in labels(sample):
            spans[field] += 1
            cases.setdefault(field, set()).add(sample.file)
    return "\n".join(f"{key:36}{len(cases.get(key, ())):4}{spans[key]:5}" for key in field_keys())


def main() -> int:
    """Run the command; 0 done, 1 the check failed."""
    parser = argparse.ArgumentParser(description="Write the sample contracts and their labels.")
    parser.add_argument(
        "--check", action="store_true", help="compare with the committed files, write nothing"
    )
    parser.add_argument("--counts", action="store_true", help="show contracts and spans per field")
    parser.add_argument(
        "--broken", type=Path, metavar="FOLDER", help="write unreadable files there, for tests"
    )
    options = parser.parse_args()
    if options.counts:
        sys.stdout.write(counts() + "\n")
        return 0
    if options.broken:
        sys.stdout.write("\n".join(str(path) for path in write_broken_files(options.broken).values()) + "\n")
        return 0
    if options.check:
        found = differences()
        sys.stdout.write("\n".join(found or ["samples are what their sources make"]) + "\n")
        return 1 if found else 0
    sys.stdout.write(f"{write_files()} files written to {CASES}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
