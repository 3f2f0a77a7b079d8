"""The page as a whole: self-contained, safe against its own texts, true to its view."""

import base64
import hashlib
import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball.core.estimates import NotMeasured
from flyball.core.records import Field
from flyball.data.documents.records import Unreadable
from flyball.evaluation.reports import BadReportView, render_report
from flyball.models.decisions.records import Finding

HOSTILE = (
    "</script><script>alert(1)</script> </style><style>body{display:none}</style> <!-- --> ]]> "
    '" \' onmouseover=alert(1) x=" &amp; &#x3c; {{ 7 * 7 }} {% raw %} <img src=x onerror=alert(1)> '
    "javascript:alert(1) \u202egnp.exe\u202c \u200f\u2066 \x00\x07\x1b[31m \x0c \U000e0061 \ud83d "
    "<svg onload=alert(1)>"
)
VOID = {"meta", "link", "input", "rect", "br"}


class Reader(HTMLParser):
    """Collects elements, text, and every attribute; notices tags that do not close in order."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), (tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, name):
        return [value for _, attrs in self.elements if (value := attrs.get(name)) is not None]


@pytest.fixture(scope="module")
def html(invented):
    return render_report(invented.invented_view())


@pytest.fixture(scope="module")
def reader(html):
    return Reader(html)


def hostile_view(invented):
    """The invented run with hostile words wherever words can stand."""
    view = invented.invented_view()
    field = Field("evil", HOSTILE, HOSTILE, "spans", HOSTILE, 1.0)
    text = f"Before. {HOSTILE} After."
    contract = invented.contract_of(
        HOSTILE,
        text,
        {"evil": ((), 0.5, HOSTILE, HOSTILE, HOSTILE)},
        fields=(field,),
        kind=HOSTILE,
        findings=(
            Finding(HOSTILE, HOSTILE, "high", HOSTILE, ("evil",), (HOSTILE,), (), "to_check"),
            Finding(HOSTILE, HOSTILE, "low", HOSTILE, ("evil",), (HOSTILE,), (), "to_check", likely=False),
        ),
    )
    duty = replace(view.obligations[0], id=HOSTILE, title=HOSTILE, source=HOSTILE, url="javascript:alert(1)")
    return replace(
        view,
        run=replace(view.run, title=HOSTILE, deployment=HOSTILE, software=HOSTILE, approvals=(HOSTILE,)),
        fields=(field,),
        contracts=(contract,),
        unreadable=(Unreadable(HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        obligations=(duty,),
        not_tested=(HOSTILE,),
        notes=(HOSTILE,),
    )


def test_every_tag_closes_in_order(reader):
    assert reader.open == []


def test_every_link_on_the_page_leads_somewhere(reader):
    ids = reader.all("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in reader.all("href") if link.startswith("#")} <= set(ids)
    for name in ("aria-labelledby", "aria-controls"):
        assert set(reader.all(name)) <= set(ids)


def test_the_page_needs_nothing_but_itself(reader, html):
    assert reader.all("src") == []
    assert reader.all("style") == []
    links = [attrs for tag, attrs in reader.elements if tag == "link"]
    assert links == [{"rel": "icon", "href": "data:,"}]
    outside = {
        attrs["href"] for tag, attrs in reader.elements if tag == "a" and not attrs["href"].startswith("#")
    }
    assert outside == {
        "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
        "https://eur-lex.europa.eu/eli/reg/2022/720/oj",
    }
    assert "@import" not in html
    assert "url(" not in html
    assert not [name for _, attrs in reader.elements for name in attrs if name.startswith("on")]


def test_only_our_own_style_and_script_may_run(reader, html):
    policy = next(attrs["content"] for _, attrs in reader.elements if "http-equiv" in attrs)
    for tag in ("style", "script"):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_same_view_makes_the_same_page(invented, html):
    assert render_report(invented.invented_view()) == html


def test_the_top_tells_what_was_promised_and_what_was_measured(html):
    top = html[: html.index("Start here")]
    assert "at most 3.0\u00a0% are wrong, with 95\u00a0% confidence, measured on 408 contracts." in top
    assert "97.3\u00a0% to 97.9\u00a0% (95\u00a0% interval), on 408 contracts" in top


def test_what_was_not_measured_says_so_and_why(invented, html):
    assert "not measured: no passages were marked in the test set" in html
    view = replace(
        invented.invented_view(), promises=NotMeasured("nobody measured it"), ledger=NotMeasured("off")
    )
    bare = render_report(view)
    assert "Not measured: nobody measured it." in bare
    assert "Not written: off." in bare


def test_how_it_was_measured_is_told_or_its_lack_is(invented, html):
    assert "each was decided by experts that had not seen it." in html
    silent = render_report(replace(invented.invented_view(), measured_how=""))
    assert (
        "On which contracts this was measured, and what the machine had seen of them, "
        "was not handed to this report."
    ) in silent
    assert "other contracts than those in this report" not in html + silent


def test_what_the_own_contracts_taught_stands_beside_the_promise_or_nowhere(invented, html):
    promise, measured = html.index("What was promised"), html.index("What was measured")
    assert promise < html.index("12 of 90 automated answers wrong") < measured
    silent = render_report(replace(invented.invented_view(), notes=()))
    assert "What your own contracts taught" not in silent


def test_the_procedure_behind_a_promise_is_folded_away_under_plain_words(html):
    known = html[html.index("<summary>How we know</summary>") :]
    assert known.index("The machine was tried on 408 contracts") < known.index("Conformal risk control")
    assert known.index("Conformal risk control") < known.index("</details>")


def test_in_short_tells_what_was_found_what_is_likely_and_what_could_apply(html):
    told = " ".join(re.sub("<[^>]+>", "", html[html.index("In short</h2>") :]).split())
    assert told.startswith(
        "In short 3 contracts were reviewed. The playbook objects to 9 points in 2 of them. 1 more is "
        "likely: the machine's best guess points to it, but it was not sure, so a person has to look. Of 123 "
        "answers, 118 (95.9 %) were decided by machine; 5 wait for a person. 1 further rule applies only if "
        "one of those answers turns out otherwise than the machine's best guess. It is not "
        "counted as a finding; each contract lists its own, folded away."
    )


def test_rules_that_could_apply_are_folded_away_one_line_each(html):
    services = html[html.index('id="c2"') : html.index('id="c3"')]
    (folded,) = re.findall('<details class="further">.*?</details>', services, re.DOTALL)
    assert "1 more rule could apply if an uncertain answer turns out otherwise" in folded
    words = " ".join(re.sub("<[^>]+>", " ", folded.split("</summary>")[1]).split())
    assert words == "▲ High The first term is longer than five years · term.T-09 · look at Expiration Date"
    assert services.count('<article class="finding') == 3


def test_a_referred_answer_is_a_best_guess_and_never_an_answer(html):
    look = html[html.index('id="c1-look"') : html.index('id="c1-present"')]
    assert "not sure enough to decide these" in look
    absent = look[look.index("Best guess: not in the contract") :]
    words = " ".join(re.sub("<[^>]+>", " ", absent[absent.index("<summary>") :]).split())
    assert words.startswith("Warranty Duration 83 % sure For how long does")
    assert "Why you: A warranty is mentioned but no time is stated" in words


def test_law_asks_for_counsel_and_policy_does_not(html):
    law = re.search(r"Regulation \(EU\) 2022/720, Article 5\(1\)\(b\).*?</li>", html, re.DOTALL).group()
    policy = re.search(r"Contract playbook 7.1, chapter 4 .*?</li>", html, re.DOTALL).group()
    assert "Confirm with counsel." in law
    assert "counsel" not in policy


def test_what_a_refused_contract_held_is_folded_away(html):
    _, kiln = html.split('id="c4"')
    assert "Refused: do not act on anything about this contract" in kiln
    assert kiln.index('<details class="withheld">') < kiln.index("A promise not to attack patents")


def test_a_name_that_is_hostile_is_only_words(invented):
    page = render_report(hostile_view(invented))
    reader = Reader(page)
    assert reader.open == []
    assert [tag for tag, _ in reader.elements].count("script") == 1
    assert [tag for tag, _ in reader.elements].count("style") == 1
    assert not [tag for tag, _ in reader.elements if tag in ("img", "iframe", "object", "form")]
    assert not [name for _, attrs in reader.elements for name in attrs if name.startswith("on")]
    assert not [link for link in reader.all("href") if link.startswith("javascript")]
    assert "49" not in re.findall(r"<h1>.*?</h1>", page, re.DOTALL)[0]
    for hidden in "\x00\x07\x1b\u202e\u202c\u2066\U000e0061\ud83d":
        assert hidden not in page
    page.encode("utf-8")


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=300).filter(str.strip))
def test_no_text_of_a_contract_breaks_the_page(invented, text):
    view = invented.invented_view()
    contract = invented.contract_of(text, text, {})
    page = render_report(replace(view, contracts=(contract,)))
    reader = Reader(page)
    assert reader.open == []
    assert [tag for tag, _ in reader.elements].count("script") == 1
    page.encode("utf-8")


def test_a_contract_of_300_000_characters_is_shown_whole(invented):
    view = invented.many(invented.invented_view(), 1, 300_000)
    started = time.monotonic()
    page = render_report(view)
    assert time.monotonic() - started < 5
    assert "left out" not in page
    assert page.count("The parties have read this and agree to it.") == view.contracts[0].text.count(
        "The parties have read this and agree to it."
    )


def test_thirty_contracts_make_less_than_five_megabytes(invented):
    page = render_report(invented.many(invented.invented_view(), 30, 50_000))
    assert 1_500_000 < len(page.encode()) < 5_000_000


def test_five_hundred_contracts_are_a_page_that_still_opens(invented):
    page = render_report(invented.many(invented.invented_view(), 500, 50_000))
    assert len(page.encode()) < 40_000_000
    assert "without a highlighted passage left out" in page


def test_a_report_that_may_leave_needs_a_finder(invented):
    with pytest.raises(BadReportView) as caught:
        render_report(invented.invented_view(), redacted=True)
    assert str(caught.value) == (
        "[reports.bad_view] A report that may leave the house needs a finder of personal data, got none. "
        "Pass find_personal, or keep the report inside: redacted=False."
    )


def test_a_report_that_may_leave_says_that_personal_data_are_covered(invented, html):
    page = render_report(invented.invented_view(), redacted=True, find_personal=invented.find_vogel)
    assert "Questions go to █████, █████, █████." in page
    assert "Vogel" not in page
    assert "personal data covered" in page
    assert "Vogel" in html
    assert "personal data covered" not in html


def test_the_parts_of_the_page_are_shipped_with_the_package():
    from importlib.resources import files

    names = {one.name for one in files("flyball.evaluation.reports").joinpath("templates").iterdir()}
    assert names == {
        "contract.html",
        "evidence.html",
        "parts.html",
        "reading.html",
        "report.html",
        "summary.html",
    }


def test_answers_that_are_no_flags_are_told_as_they_are(invented):
    view = invented.invented_view()
    field = Field("kind", "Kind of contract", "Which kind?", "label", "general", 1.0)
    contract = invented.contract_of("a.txt", "A lease.", {}, fields=(field,))
    decided = replace(contract.decision.fields[0], answer=json.dumps("lease"))
    contract = replace(contract, decision=replace(contract.decision, fields=(decided,)))
    page = render_report(replace(view, fields=(field,), contracts=(contract,)))
    assert '<span class="verdict-word"><bdi>lease</bdi></span> sure (99.9\u00a0%)' in page


def test_what_the_reader_of_a_file_noticed_is_told_under_its_name_as_text(invented):
    view = invented.invented_view()
    noted = replace(view.contracts[0], notes=("Page 3 is only a picture. <b>x</b>",))
    page = render_report(replace(view, contracts=(noted, *view.contracts[1:])))
    assert "About the file:" in page
    assert "Page 3 is only a picture. &lt;b&gt;x&lt;/b&gt;" in page
    assert "About the file:" not in render_report(view)
