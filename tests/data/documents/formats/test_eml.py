"""By hand: a mail inside a mail, 11 deep, is one deeper than the ten that are allowed."""

import importlib.util
import time
from pathlib import Path

import pytest

from flyball.data.documents.errors import TooDeep
from flyball.data.documents.extract import extract
from flyball.data.documents.records import Limits

PATH = Path(__file__).parents[1] / "making.py"
SPEC = importlib.util.spec_from_file_location("making", PATH)
making = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(making)


def read(message, limits=None):
    data = message if isinstance(message, bytes) else message.as_bytes()
    return extract(data, name="a.eml", limits=limits or Limits())


def labels(document, *words):
    return [document.place_of(document.text.index(word)).label for word in words]


def test_header_body_and_attachment_have_places():
    document = read(making.mail("Please sign.", attachments=[("offer.pdf", making.pdf())]))
    assert labels(document, "Subject", "Please", "LIABILITY") == [
        "header",
        "body, line 1",
        "attachment offer.pdf, page 1, line 4",
    ]
    assert document.text.startswith(
        "From: a@example.com\nTo: b@example.com\nDate: Mon, 02 Mar 2026 10:00:00 +0000\nSubject: Contract\n\n"
    )


def test_an_attachment_keeps_its_page_and_box():
    document = read(making.mail(attachments=[("offer.pdf", making.pdf())]))
    place = document.place_of(document.text.index("capped"))
    assert place.page == 1
    assert place.box is not None


def test_the_plain_form_of_a_body_is_taken_once():
    document = read(making.mail("The plain form.", html="<html><p>The rich form.</p></html>"))
    assert "The plain form." in document.text
    assert "rich" not in document.text


def test_a_body_in_html_is_read_as_html():
    message = making.mail("x")
    message.set_content("<html><p>The fee is <b>due</b>.</p></html>", subtype="html", charset="iso-8859-1")
    assert "The fee is due.\n\n" in read(message).text


def test_an_attachment_that_cannot_be_read_is_noted_and_stops_nothing():
    document = read(
        making.mail(attachments=[("locked.pdf", making.pdf(password="x")), ("ok.docx", making.word())])
    )
    assert "LIABILITY" in document.text
    assert document.notes == (
        "attachment locked.pdf was not read: [documents.encrypted] locked.pdf is locked with a password.",
    )


def test_a_mail_in_a_mail_is_read():
    document = read(making.mail("Outer.", inner=making.mail("Inner.", subject="The old one")))
    assert labels(document, "Outer", "The old one", "Inner") == [
        "body, line 1",
        "attachment part 1, header",
        "attachment part 1, body, line 1",
    ]


def test_a_mail_in_a_mail_in_a_mail_ends_somewhere():
    assert "At depth 10." in read(making.nested_mail(10)).text
    with pytest.raises(TooDeep, match=r"a\.eml holds mails inside mails, more than 10 deep\."):
        read(making.nested_mail(11))


def test_a_mail_attached_as_a_file_counts_as_deep_as_one_attached_as_a_mail():
    def nested(depth):
        data = making.nested_mail(depth)
        return data.replace(
            b"Content-Type: message/rfc822\n",
            b"Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=inner.eml\n",
        )

    assert "At depth 10." in read(nested(10)).text
    with pytest.raises(TooDeep, match=r"a\.eml holds mails inside mails, more than 10 deep\."):
        read(nested(11))


def test_an_attached_page_that_nests_too_deep_costs_the_page_only():
    document = read(
        making.mail("Body.", attachments=[("deep.html", b"<div>" * 5_000 + b"x"), ("ok.txt", b"Fine.")])
    )
    assert "Body." in document.text
    assert "Fine." in document.text
    assert [part.what for part in document.unread] == ["attachment deep.html"]


@pytest.mark.parametrize("depth", [50, 2000])
def test_very_deep_mails_are_refused_in_no_time(depth):
    before = time.process_time()
    with pytest.raises(TooDeep):
        read(making.nested_mail(depth))
    assert time.process_time() - before < 20


def test_an_encoding_that_is_wrongly_stated_is_guessed_and_noted():
    data = b"From: a@example.com\nSubject: x\nContent-Type: text/plain; charset=ascii\n\nGeb\xfchr\n"
    document = read(data)
    assert "Gebühr" in document.text
    assert "body: the mail states no encoding that fits; it was guessed" in document.notes


def test_the_number_of_attachments_is_bounded():
    message = making.mail(attachments=[(f"{n}.txt", b"text") for n in range(3)])
    document = read(message, Limits(attachments=2))
    assert document.notes == ("only the first 2 attachments were read",)


def test_a_mail_of_parts_without_end_is_refused_in_no_time():
    data = (
        b'From: a@b\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n" * 10**6
    )
    before = time.process_time()
    with pytest.raises(TooDeep, match=r"a\.eml has up to 1,000,000 parts; at most 5,000 are read\."):
        read(data)
    assert time.process_time() - before < 1


def test_a_name_of_an_attachment_is_only_a_name(tmp_path):
    document = read(making.mail(attachments=[("../../etc/passwd.txt", b"text")]))
    assert "attachment ../../etc/passwd.txt, line 1" in labels(document, "text")
    split = b"Content-Disposition: attachment;\n filename*=utf-8''a%0D%0Ab.txt\nMIME-Version: 1.0\n\nmore\n"
    assert all("\n" not in place.label for place in read(split).places)


def test_odd_bytes_in_the_header_do_no_harm():
    document = read(b"From: \xff\xfe@x\nMIME-Version: 1.0\nSubject: =?utf-8?q?Geb=C3=BChr?=\n\nBody.\n")
    assert "Subject: Gebühr" in document.text
    document.text.encode()


def test_what_was_not_read_is_left_for_a_person():
    program = b"MZ\x90\x00" + b"\x00" * 60
    document = read(
        making.mail(attachments=[("tool.exe", program), ("scan.pdf", making.scanned_pdf()), ("a.txt", b"ok")])
    )
    assert [part.what for part in document.unread] == ["attachment tool.exe", "attachment scan.pdf"]
    assert document.unread[0].reason == (
        "[documents.unsupported] tool.exe is a Windows program, which cannot be read."
    )
    assert "ok" in document.text


def test_a_scanned_page_of_an_attachment_is_left_for_a_person():
    document = read(making.mail(attachments=[("a.pdf", making.scanned_pdf(1, text_pages=2))]))
    assert [(part.what, part.page) for part in document.unread] == [("attachment a.pdf, page 1", 1)]


def test_attachments_beyond_the_limit_are_left_for_a_person():
    message = making.mail(attachments=[(f"{n}.txt", b"text") for n in range(3)])
    assert [part.what for part in read(message, Limits(attachments=2)).unread] == [
        "attachments after the first 2"
    ]


def test_tables_of_an_attachment_keep_their_places():
    document = read(
        making.mail(attachments=[("a.docx", making.word(("x",), (("Year", "Fee"), ("2026", "5"))))])
    )
    (table,) = document.tables
    assert table.label == "attachment a.docx, table 1"
    assert [document.text[start:end] for cell in table.cells for start, end in cell.spans] == [
        "Year",
        "Fee",
        "2026",
        "5",
    ]
