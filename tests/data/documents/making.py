"""Builds real files of each kind, good and bad, for tests. Nothing here is read from disk.

Load it by path, as `tests/data/documents/test_extract.py` does.
"""

import io
import zipfile
from email.message import EmailMessage

import docx
import pypdfium2
from docx.oxml import OxmlElement
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas
from reportlab.platypus import PageBreak, SimpleDocTemplate, Table

CLAUSES = (
    "1. TERM",
    "This Agreement runs for an indef-",
    "inite period and ends on ninety days' notice.",
    "",
    "2. LIABILITY",
    "The liability of the Supplier is capped at EUR 100,000.",
)


def pdf(*pages, password=None, owner_only=False):
    """Pages are sequences of lines, 14 points apart from (50, 800) down; "" leaves a line out."""
    buffer = io.BytesIO()
    encrypt = None
    if password is not None:
        encrypt = StandardEncryption("" if owner_only else password, ownerPassword=password)
    drawing = canvas.Canvas(buffer, encrypt=encrypt, invariant=1)
    for lines in pages or (CLAUSES,):
        for number, line in enumerate(lines):
            if line:
                drawing.drawString(50, 800 - 14 * number, line)
        drawing.showPage()
    drawing.save()
    return buffer.getvalue()


def scanned_pdf(pages=1, text_pages=0):
    """Pages that hold one picture of 1 x 1 pixel, drawn large; then pages with text."""
    buffer = io.BytesIO()
    drawing = canvas.Canvas(buffer, invariant=1)
    for _ in range(pages):
        drawing.drawImage(ImageReader(io.BytesIO(PNG)), 0, 0, 500, 700)
        drawing.showPage()
    for _ in range(text_pages):
        drawing.drawString(50, 800, "The Supplier shall deliver the goods within ten days.")
        drawing.showPage()
    drawing.save()
    return buffer.getvalue()


def ruled(rows, widths, *, spans=(), repeat=0, bold=0):
    """A table with a line around each cell, 18 points a row, for `flowing_pdf`."""
    style = [("GRID", (0, 0), (-1, -1), 0.5, (0, 0, 0)), *(("SPAN", *span) for span in spans)]
    if bold:
        style.append(("FONTNAME", (0, 0), (-1, bold - 1), "Helvetica-Bold"))
    return Table(rows, colWidths=widths, rowHeights=18, style=style, repeatRows=repeat)


def spaced(rows, widths):
    """A table without lines, for `flowing_pdf`."""
    return Table(rows, colWidths=widths)


def flowing_pdf(*blocks, packed=True):
    """Tables one below the other on A4; None begins a new page."""
    buffer = io.BytesIO()
    flow = [PageBreak() if block is None else block for block in blocks]
    SimpleDocTemplate(buffer, invariant=1, pageCompression=int(packed)).build(flow)
    return buffer.getvalue()


def photographed(*lines):
    """A picture of 595 x 842 points at 200 dots per inch, its lines 18 points apart from (72, 760) down."""
    buffer = io.BytesIO()
    drawing = canvas.Canvas(buffer, pagesize=(595, 842), invariant=1)
    for number, line in enumerate(lines):
        drawing.drawString(72, 760 - 18 * number, line)
    drawing.showPage()
    drawing.save()
    with pypdfium2.PdfDocument(buffer.getvalue()) as file:
        return file[0].render(scale=200 / 72, grayscale=True).to_pil()


def pdf_with_picture(picture, *, digital=1, stamp="", size=(595, 842), turned=0):
    """Pages with a line of text, then one page under a picture of this size with a stamp below."""
    buffer = io.BytesIO()
    drawing = canvas.Canvas(buffer, pagesize=(595, 842), invariant=1)
    for _ in range(digital):
        drawing.drawString(72, 760, "This page is digital, and there are letters enough on it.")
        drawing.showPage()
    drawing.drawImage(ImageReader(picture), 0, 0, *size)
    if stamp:
        drawing.drawString(72, 30, stamp)
    drawing.setPageRotation(turned)
    drawing.showPage()
    drawing.save()
    return buffer.getvalue()


def active_pdf(action, *, inside=b"", annotation=b""):
    """A page with one sentence; `action` is what opening it would do, `inside` an entry of its names."""
    drawing = b"BT /F 12 Tf 50 700 Td (The Supplier shall deliver.) Tj ET"
    annotations = b"/Annots[6 0 R]" if annotation else b""
    return _pdf_of(
        b"<</Type/Catalog/Pages 2 0 R%s%s>>" % (b"/OpenAction" + action if action else b"", inside),
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R%s"
        b"/Resources<</Font<</F 5 0 R>>>>>>" % annotations,
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        annotation or b"null",
        b"<</Type/Filespec/F(prices.xlsx)/UF(prices.xlsx)/EF<</F 8 0 R>>>>",
        b"<</Type/EmbeddedFile/Length 2>>stream\nPK\nendstream",
    )


def shown_pdf(drawing):
    """A page of 600 x 800 points with this content stream; the font /F is Helvetica."""
    return _pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )


def ligature_pdf():
    """A page that shows "o", a shape that stands for the ligature U+FB03, and "ce rent"."""
    return mapped_pdf(b"o~ce rent", b"FB03")


def mapped_pdf(shown, tilde):
    """A page in a font that says its "~" is another character, given as hexadecimal UTF-16."""
    table = (
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
        b"1 beginbfchar <7E> <%s> endbfchar 1 beginbfrange <20> <7D> <0020> endbfrange endcmap end" % tilde
    )
    drawing = b"BT /F 12 Tf 50 700 Td (%s) Tj ET" % shown
    return _pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(table), table),
    )


def drawn_pdf():
    """A page with lines drawn on it and no text."""
    buffer = io.BytesIO()
    drawing = canvas.Canvas(buffer, invariant=1)
    drawing.line(10, 10, 200, 200)
    drawing.save()
    return buffer.getvalue()


def blank_pdf():
    buffer = io.BytesIO()
    drawing = canvas.Canvas(buffer, invariant=1)
    drawing.showPage()
    drawing.save()
    return buffer.getvalue()


def many_pages_pdf(pages):
    """A PDF of some hundred bytes a page, written by hand: every page is the same empty page."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(pages))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids)]
    objects += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"] * pages
    return _pdf_of(*objects)


def unmapped_pdf(content, *, type3=False):
    """A page in a font that does not say which letters its shapes stand for.

    As Type 0 font, `content` is a string in hexadecimal, four digits a shape; as Type 3 font it is text.
    """
    if type3:
        names = b"".join(b"/a%d" % code for code in range(32, 127))
        shapes = b"".join(b"/a%d 6 0 R" % code for code in range(32, 127))
        fonts = [
            b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[.1 0 0 .1 0 0]/CharProcs<<"
            + shapes
            + b">>"
            b"/Encoding<</Type/Encoding/Differences[32" + names + b"]>>/FirstChar 32/LastChar 126"
            b"/Widths[" + b"9 " * 95 + b"]>>",
            b"<</Length 22>>stream\n9 0 d0 0 0 5 5 re f   \nendstream",
        ]
        shown = b"(" + content.encode() + b")"
    else:
        fonts = [
            b"<</Type/Font/Subtype/Type0/BaseFont/AAAAAA+X/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/AAAAAA+X/DW 600/FontDescriptor 7 0 R"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
            b"<</Type/FontDescriptor/FontName/AAAAAA+X/Flags 4/FontBBox[0 0 600 800]/ItalicAngle 0/Ascent 800"
            b"/Descent 0/CapHeight 700/StemV 80>>",
        ]
        shown = b"<" + content.encode() + b">"
    drawing = b"BT /F 12 Tf 50 700 Td " + shown + b" Tj ET"
    return _pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        *fonts,
    )


def _pdf_of(*objects):
    data, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj%s endobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    return bytes(data)


def word(paragraphs=CLAUSES, table=(), *, change=None):
    """Paragraphs, then a table of rows; `change` is (struck text, inserted text) after the first."""
    document = docx.Document()
    for number, text in enumerate(paragraphs):
        paragraph = document.add_paragraph(text)
        if change and number == 0:
            for tag, run_text, inner in (("w:del", change[0], "w:delText"), ("w:ins", change[1], "w:t")):
                wrap, run, content = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(inner)
                content.text = run_text
                run.append(content)
                wrap.append(run)
                paragraph._p.append(wrap)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for row, texts in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    return saved(document)


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def with_part(data, name, content):
    """The same ZIP archive with one part replaced or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for entry in before.infolist():
            if entry.filename != name:
                after.writestr(entry.filename, before.read(entry.filename))
        after.writestr(name, content)
    return buffer.getvalue()


def word_with_body(xml):
    """A Word file whose document part is `xml`, given with or without a DOCTYPE in front."""
    return with_part(word(("x",)), "word/document.xml", xml)


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

ENTITY_BOMB = (
    '<!DOCTYPE bomb [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


def mail(body="Please sign.", *, subject="Contract", attachments=(), html=None, inner=None):
    """`attachments` are (name, bytes); `inner` is a mail that is attached as a mail."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", subject
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    message["Message-ID"] = "<1@example.com>"
    message.set_content(body)
    if html is not None:
        message.add_alternative(html, subtype="html")
    for name, data in attachments:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    if inner is not None:
        message.add_attachment(inner)
    return message


def nested_mail(depth):
    """A mail inside a mail, `depth` times, written by hand: the library would need minutes."""
    data = mail(f"At depth {depth}.").as_bytes()
    for level in range(depth - 1, -1, -1):
        head = f"From: a@example.com\nMIME-Version: 1.0\nSubject: level {level}\n"
        boundary = f"b{level}"
        data = (
            (
                f'{head}Content-Type: multipart/mixed; boundary="{boundary}"\n\n--{boundary}\n'
                f"Content-Type: text/plain\n\nAt depth {level}.\n--{boundary}\n"
                "Content-Type: message/rfc822\n\n"
            ).encode()
            + data
            + f"\n--{boundary}--\n".encode()
        )
    return data


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
