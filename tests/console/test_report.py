"""A page as a file: nothing in it acts or loads anything, and its head says what it rests on."""

import re
import subprocess

import lxml.html
import pypdfium2
import pytest

from flyball.console.alone import alone
from flyball.console.covering import Cover, marked
from flyball.console.page import NoSuchPage
from flyball.console.pdf import as_pdf, find_chromium
from flyball.console.report import check_out, page_report, reportable
from flyball.core.errors import BadInput
from flyball.evaluation.outcomes.records import ReportedOutcome
from flyball.gateway.house import House
from flyball.gateway.principal import Principal
from flyball.gateway.settings import GatewaySettings

ANNA = Principal("person:anna", "acme", frozenset({"*"}), frozenset({"*"}))
HERE = "/d/contracts"


def page_of(body, style="p { color: red }"):
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>T</title><style>{style}</style>'
        f'</head><body><main id="main">{body}</main></body></html>'
    )


def made(console, asked_for, **more):
    one = House({"contracts": next(one for one in console.house.everything() if one.name == "contracts")})
    return page_report(one, GatewaySettings(), asked_for, ANNA, **more)


def words_of(html):
    return " ".join(lxml.html.fromstring(html).text_content().split())


def test_a_report_holds_no_form_no_script_and_asks_for_nothing(console):
    for asked_for in ("overview", "decisions", f"decisions/{console.ours}", "ledger", "settings", "alerts"):
        found = lxml.html.fromstring(made(console, asked_for))
        assert not found.xpath("//form | //script | //link | //button | //iframe | //img | //object"), (
            asked_for
        )
        assert not [one for one in found.xpath("//@href | //@src") if not one.startswith("#")], asked_for
        assert not found.xpath("//@style"), asked_for
        policy = found.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert not found.xpath("//details[not(@open)]"), asked_for


def test_every_link_inside_leads_somewhere_in_the_file(console):
    found = lxml.html.fromstring(made(console, "ledger"))
    links = found.xpath("//a/@href")
    assert links
    assert {one[1:] for one in links} <= set(found.xpath("//@id"))


def test_its_head_says_who_when_and_on_which_ledger(console):
    html = made(console, "ledger?kind=decision")
    head = words_of(lxml.html.tostring(lxml.html.fromstring(html).xpath("//header")[0]))
    ledger = console.workshop().ledger
    last = ledger.checkpoints()[-1]
    assert last.size == ledger.size()
    for expected in (
        "by anna",
        "ledger?kind=decision, for the tenant acme",
        last.root.hex(),
        "Live releasenone",
    ):
        assert expected in head


def test_nothing_of_another_tenant_is_in_it(console):
    for asked_for in ("overview", "decisions", "review", "ledger"):
        assert "Rival secret" not in words_of(made(console, asked_for))
    with pytest.raises(Exception, match="No decision"):
        made(console, f"decisions/{console.theirs}")


def test_hostile_words_stay_words(console):
    found = lxml.html.fromstring(made(console, f"decisions/{console.ours}"))
    assert "<script>window.hit=1</script>" in found.text_content()


def test_a_page_that_is_not_there_is_said_with_those_that_are(console):
    with pytest.raises(
        NoSuchPage, match=r"There is no page 'nowhere'.*overview, proposals, redteam, releases"
    ) as told:
        made(console, "nowhere")
    assert "fairness" in told.value.fix
    assert "obligations/{duty}" in reportable()


def test_a_file_is_html_or_pdf():
    assert (check_out("a.HTML"), check_out("b.c.pdf")) == ("html", "pdf")
    with pytest.raises(BadInput, match=r"'a.docx' is neither .html nor .pdf"):
        check_out("a.docx")


def found_words(*wanted):
    def find(text):
        return [one.span() for word in wanted for one in re.finditer(re.escape(word), text)]

    return find


def test_what_is_found_is_covered_everywhere_with_bars_of_one_length():
    html = page_of('<p>Anna Berg wrote.</p><p aria-label="of Anna Berg">ANNA BERG &amp; Bo</p><td>Ed</td>')
    covered = alone(html, here=HERE, cover=Cover(found_words("Anna Berg"), ("Ed",)))
    assert words_of(covered).endswith("█████ wrote.█████ & Bo█████")
    assert "Anna" not in covered
    assert 'aria-label="of █████"' in covered


def test_a_name_that_tags_and_escapes_part_is_found_whole():
    html = page_of("<p>by An<mark>na O&#39;B</mark>rien, <code>An</code></p><p>Anna</p><p>O'Brien</p>")
    covered = alone(html, here=HERE, cover=Cover(found_words("Anna O'Brien")))
    assert "<p>by █████<mark>█████</mark>█████, <code>An</code></p><p>Anna</p>" in covered


def test_our_own_words_digests_and_moments_are_left():
    given = marked("Ann", "data")
    html = page_of(f"<p>Ann says {given}</p><code>{given}</code><time>{given}</time><dt>Ann</dt>")
    covered = alone(html, here=HERE, cover=Cover(found_words("Ann says Ann"), ("Ann",)))
    assert "<p>Ann says █████</p><code>Ann</code><time>Ann</time><dt>Ann</dt>" in covered


def test_what_a_case_says_is_covered_and_so_are_its_words_elsewhere():
    """ "Rate" is a word of the deployment's own; 3,000 is the 3000.0 of the reason, and yes tells nothing."""
    of_case = marked("Zorn rate 3,000 &amp; yes", "case")
    reason = marked("The rate of ZORN is 3000.0, not 2,000: yes", "data")
    html = page_of(
        f"<h1>{marked('Zorn rate 3,000 &amp; yes', 'data')}</h1>"
        f'<p title="of {marked("Zorn", "data")}">{of_case}</p>'
        f"<p>{reason}</p><p>{marked('yes', 'answer')}, {marked('Berlin', 'answer')}</p>"
        f'<svg aria-label="Zorn"><text>Zorn 7</text></svg><code>{marked("Zorn", "case")}</code>'
    )
    cover = Cover(found_words(), (), own="The rate of a loan", choices=frozenset({"yes"}))
    covered = alone(html, here=HERE, cover=cover)
    assert "<h1>█████</h1>" in covered
    assert '<p title="of █████">█████</p>' in covered
    assert "<p>The rate of █████ is █████, not 2,000: yes</p><p>yes, █████</p>" in covered
    assert '<svg aria-label="█████"><text>█████ 7</text></svg><code>█████</code>' in covered


PLANTED = ("Zyxomma", "Quellbach", "739,218", "Tschernowitz", "88417305", "krummhorn")


@pytest.fixture(scope="module")
def planted(console):
    """A case whose name, text, answers, reports and reader hold words that stand nowhere else."""
    text = "Quellbach owes 739,218 to Tschernowitz, who plays the krummhorn in 88417305."
    entry = console.decide(name="Zyxomma & Co", text=text, referred=())
    workshop = console.workshop()
    for name, kind, answer in (("country", "label", '"Tschernowitz"'), ("loss", "business", "739218")):
        told = ReportedOutcome(
            decision=entry,
            case_id="c",
            release="sha256:" + "0" * 64,
            tenant="acme",
            kind=kind,
            name=name,
            answer=answer,
            by="person:quellbach",
            observed_at=workshop.clock(),
        )
        workshop.ledger.append(kind="outcome", actor="person:quellbach", body=told)
    return entry


def pages_of(entry):
    known = {"entry": str(entry), "duty": "eu.gdpr.22"}
    wanted = [one for one in reportable() if set(re.findall(r"{(\w+)}", one)) <= set(known)]
    return [one.format(**known) for one in wanted if one != "difference"]


def test_no_word_of_a_case_is_in_a_redacted_report(console, planted):
    seen = set()
    for page in pages_of(planted):
        plain, covered = made(console, page), made(console, page, redacted=True)
        seen |= {word for word in PLANTED if word.casefold() in plain.casefold()}
        left = [word for word in PLANTED if word.casefold() in covered.casefold()]
        assert not left, (page, left)
        assert "\x01" not in covered
        assert "\x02" not in covered
    assert seen == set(PLANTED)  # otherwise nothing was shown that could have been covered


def test_a_redacted_report_keeps_what_a_board_reads(console, planted):
    told = words_of(made(console, f"decisions/{planted}", redacted=True))
    for kept in (
        "Cap <u>: yes",
        "decided by machine",
        "sure (90 %)",
        "€ 0.0123",
        "What turned out",
    ):
        assert kept in told, kept
    asked = words_of(made(console, "decisions?case=Zyxomma&since=2026-01-01", redacted=True))
    assert "decisions?case=█████&since=2026-01-01" in asked


@pytest.mark.chromium
def test_no_word_of_a_case_is_in_the_text_or_the_title_of_a_redacted_pdf(console, planted):
    try:
        find_chromium()
    except BadInput as err:
        pytest.skip(err.message)
    made_pdf = as_pdf(made(console, f"decisions/{planted}", redacted=True))
    pdf = pypdfium2.PdfDocument(made_pdf)
    told = " ".join(page.get_textpage().get_text_range() for page in pdf) + str(pdf.get_metadata_dict())
    assert "Cap <u>: yes" in " ".join(told.split())
    assert not [word for word in PLANTED if word.casefold() in told.casefold()]
    assert pdf.get_metadata_dict()["Title"].startswith("█████")


def test_links_to_records_become_notes_and_those_that_name_them_plain_words():
    body = (
        f'<h2 id="a">A</h2><p><a href="#a">up</a> <a href="{HERE}/ledger/17">17</a> '
        f'<a href="{HERE}/obligations/eu.gdpr.22">A duty</a> <a href="https://x.example/">law</a> '
        f'<a href="#gone">gone</a> <a href="{HERE}?day=2026-01-01">12</a></p>'
    )
    found = lxml.html.fromstring(alone(page_of(body), here=HERE))
    assert found.xpath("//a/@href") == ["#a", "#note-1", "#note-2"]
    assert [words_of(lxml.html.tostring(one)) for one in found.xpath("//ul/li")] == [
        "1 Obligations eu.gdpr.22",
        "2 Overview (day=2026-01-01)",
    ]


def test_forms_are_left_behind_whatever_stands_in_them():
    form = "<form><p>x<button>y</button></p><input></form>"
    body = f'{form}<div class="row no-print"><br><p>z</p></div><p>kept</p>'
    assert '<main id="main"><p>kept</p></main>' in alone(page_of(body), here=HERE)


def test_the_redacted_page_covers_who_made_it(console):
    assert "by anna" in words_of(made(console, "ledger"))
    assert "by anna" not in words_of(made(console, "ledger", redacted=True))


@pytest.mark.chromium
def test_a_pdf_has_text_title_and_numbered_pages(tmp_path):
    try:
        find_chromium()
    except BadInput as err:
        pytest.skip(err.message)
    body = "".join(f"<p>Paragraph {number} of the report</p>" for number in range(200))
    style = '@page { size: A4; @bottom-right { content: counter(page) " / " counter(pages) } }'
    pdf = pypdfium2.PdfDocument(as_pdf(alone(page_of(body, style), here=HERE)))
    assert len(pdf) > 2
    assert pdf.get_metadata_dict()["Title"] == "T"
    text = " ".join(pdf[1].get_textpage().get_text_range().split())
    assert "of the report" in text
    assert f"2 / {len(pdf)}" in text
    assert tuple(round(one) for one in pdf[0].get_size()) == (595, 842)


@pytest.mark.chromium
def test_a_report_that_is_opened_asks_the_network_for_nothing(console, tab, tmp_path):
    for asked_for in ("overview", f"decisions/{console.ours}", "ledger", "fairness", "obligations"):
        file = tmp_path / "report.html"
        file.write_text(made(console, asked_for), encoding="utf-8")
        tab.requests.clear()
        tab.console.clear()
        tab.open(file.as_uri())
        tab.settle()
        assert tab.requests == [file.as_uri()], asked_for
        assert tab.console == [], asked_for


@pytest.mark.chromium
def test_letters_of_other_languages_can_be_read_out_of_a_pdf():
    try:
        find_chromium()
    except BadInput as err:
        pytest.skip(err.message)
    said = "Straße Müller-Lüdenscheidt Łódź Ωμέγα"
    pdf = pypdfium2.PdfDocument(as_pdf(alone(page_of(f"<p>{said}</p>"), here=HERE)))
    assert said in " ".join(pdf[0].get_textpage().get_text_range().split())


def test_without_a_browser_the_way_out_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("FLYBALL_CHROMIUM", raising=False)
    with pytest.raises(BadInput, match=r"A PDF needs Chromium.*--out FILE.html"):
        find_chromium()
    monkeypatch.setenv("FLYBALL_CHROMIUM", "no-such-browser")
    with pytest.raises(BadInput, match="FLYBALL_CHROMIUM names 'no-such-browser'"):
        find_chromium()


def test_a_browser_that_fails_is_said(monkeypatch, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("FLYBALL_CHROMIUM", str(broken))
    assert subprocess.run([str(broken)], check=False).returncode == 3
    with pytest.raises(Exception, match="made no PDF; it ended with 3"):
        as_pdf("<p>x</p>")
