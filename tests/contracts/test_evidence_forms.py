"""What every form of evidence must keep, ours and others'; a new file is tested before its own test is."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest

from flyball.core.digests import canonical_json, from_json
from flyball.governance.approvals import Approval, Person
from flyball.governance.evidence.controls import controls_shown, what_was_not_tested
from flyball.governance.evidence.document import Document, Section, Table, as_html
from flyball.governance.evidence.form import FORMS, Form, forms_for
from flyball.governance.evidence.pack import (
    Dataset,
    Examined,
    Figure,
    LedgerPart,
    Limit,
    Model,
    Pack,
    PackRecord,
    Period,
    Population,
    Sample,
    sealed,
)
from flyball.governance.frameworks.records import Control

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DIGEST = "sha256:" + "1" * 64
HOSTILE = "</script><script>alert(1)</script>\n# heading\n=cmd|'/c calc'!A1 \u202e[x](javascript:alert(1))"


def record(check="release.approvals", **others):
    given = PackRecord(
        id="",
        check=check,
        title="Others signed",
        method="Each signature was verified.",
        not_covered="Whether they looked.",
        population=Population("signatures", 3),
        sample=Sample(2, "seed", (4, 9)),
        outcome="passed",
        detail="2 of 2",
        figure=Figure(1.0, 0.34, 1.0, 2),
        limit=Limit("no exception", "person:ben", "[approvals]"),
        digests={"release": DIGEST},
        entries=(4, 9),
        reviewers=("anna",),
        must_sign="auditor",
        made_at=NOW,
        expires_at=NOW + timedelta(days=365),
    )
    return sealed(replace(given, **others))


def pack_of(text="plain", *, records=None, framework="soc-2"):
    records = (
        (
            record(title=text, detail=text),
            record("release.objectives", outcome="failed"),
        )
        if records is None
        else records
    )
    controls = controls_shown(
        [
            Control("CC8.1", text, ("release.approvals",), "All else."),
            Control("GOVERN 1.1", "Rules", ("release.objectives", "redteam.run"), "All else."),
            Control("A.5.3", "Duties", (), ""),
        ],
        records,
    )
    pack = Pack(
        form=1,
        software="flyball 0.1.0",
        framework=framework,
        framework_title=text,
        framework_source="https://example.com/framework",
        framework_licence="ours",
        framework_digest=DIGEST,
        framework_gaps="Much.",
        period=Period(date(2026, 1, 1), date(2026, 11, 30)),
        made_at=NOW,
        deployment="contract-review",
        purpose=text,
        owner=text,
        jurisdictions=("DE",),
        tags=("annex-iii",),
        data_labels=("personal-data",),
        fields={"law": text},
        release=DIGEST,
        release_made_by="person:ben",
        release_note="note",
        parts={"thresholds": DIGEST, "expert detector": DIGEST, "snapshot cases": DIGEST},
        promises=(text,),
        approvals_required=1,
        approvals=(Approval(DIGEST, "release", "anna", "anna+1+AQ", "approve", text, NOW, "c2ln"),),
        people=(Person("anna", text, "Legal", "anna+1+AQ"),),
        required={DIGEST: 1},
        approval_days=90,
        valid_days=365,
        sample_of=25,
        models=(
            Model("detector", "1", "text", DIGEST, text, (text,), (text,), "MIT", ("law",), {"c": text},
                  {"accuracy": Figure(0.9, 0.8, 0.95, 100)}),
        ),
        datasets=(Dataset("cases", DIGEST, 10, {"what": text, "personal_data": "names"}),),
        records=records,
        controls=controls,
        examined=(
            Examined("change", 9, NOW, "release.promoted", text, DIGEST, {"somebody is named": "yes"}, True),
        ),
        duties=(text,),
        principles=(text,),
        changes=(text,),
        ledger=LedgerPart("example.com/ledger", 10, "00" * 32, {"decision": 4, "evidence": 6}, ("decision",)),
        not_tested=("The weather was not tested.", text),
    )  # fmt: skip
    return from_json(canonical_json(pack), Pack)


@pytest.fixture(params=FORMS.names())
def form(request):
    return FORMS.load(request.param)


def test_a_form_says_what_it_is_and_who_asks_for_it(form):
    assert isinstance(form, Form)
    assert form.title
    assert form.source


def test_the_same_record_gives_the_same_bytes(form):
    assert form.write(pack_of()) == form.write(pack_of())


def test_files_stay_inside_the_pack_and_hold_something(form):
    files = form.write(pack_of())
    assert files
    for path, data in files.items():
        assert not path.startswith("/")
        assert ".." not in path
        assert path not in ("pack.json", "SHA256SUMS", "SHA256SUMS.note", "README.txt")
        assert data


def test_a_deployment_without_a_release_can_be_written_down_too(form):
    bare = replace(
        pack_of(records=()),
        release="",
        models=(),
        datasets=(),
        parts={},
        approvals=(),
        examined=(),
        controls=(),
    )
    form.write(bare)


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)


def test_what_others_wrote_stays_text(form):
    for path, data in form.write(pack_of(HOSTILE)).items():
        text = data.decode()
        if path.endswith(".html"):
            tags = _Tags()
            tags.feed(text)
            assert "script" not in tags.tags
            assert "a" not in tags.tags
            assert "\u202e" not in text
        if path.endswith(".md"):
            assert "\n# heading" not in text
            assert "[x]" not in text
            assert "<script" not in text


def test_no_cell_of_a_matrix_is_a_formula():
    for text in FORMS.load("control_matrix").write(pack_of("=cmd|'/c calc'!A1")).values():
        assert b"\r\n=" not in text
        assert b",=" not in text
        assert b"'=cmd" in text


def test_a_matrix_names_the_checks_that_were_not_made():
    text = FORMS.load("control_matrix").write(pack_of())["controls.csv"].decode()
    rows = [(row["control"], row["check"], row["outcome"]) for row in csv.DictReader(io.StringIO(text))]
    assert rows == [
        ("CC8.1", "release.approvals", "passed"),
        ("GOVERN 1.1", "release.objectives", "failed"),
        ("GOVERN 1.1", "redteam.run", ""),
        ("A.5.3", "", ""),
    ]


def test_short_cells_stay_on_a_line_and_only_long_words_are_broken():
    rows = (("2027-11-30", "2027-11-30 12:00", "two words", "sha256:" + "1" * 64),)
    page = as_html(Document("T", (), (Section("S", (Table(("a",), rows),)),))).decode()
    cells = re.findall("<td([^>]*)>", page)
    assert cells == [' class="whole"', ' class="whole"', "", ' class="broken"']


def test_every_pack_has_its_own_forms_and_those_of_its_framework():
    assert set(forms_for("soc-2")) == {"bill_of_materials", "cards", "control_matrix", "oscal", "report"}
    assert "technical_file" in forms_for("eu.ai-act")
    assert "validation_note" in forms_for("us.sr-26-2")
    assert "validation_note" in forms_for("soc-2", ("validation_note",))


def test_readers_for_people_find_what_was_not_tested():
    for name in ("report", "technical_file", "validation_note", "control_matrix", "oscal"):
        texts = [data.decode() for data in FORMS.load(name).write(pack_of()).values()]
        assert any("The weather was not tested." in text for text in texts), name


def test_a_check_with_nothing_to_test_speaks_for_no_control():
    (shown,) = controls_shown(
        [Control("CC8.1", "Changes", ("change.sample",), "All else.")],
        [record("change.sample", outcome="not_measured", population=Population("changes", 0))],
    )
    assert (shown.showing, shown.missing) == ("not_tested", ("change.sample",))


def test_a_figure_without_a_limit_supports_no_control_and_finds_nothing_in_oscal():
    control = Control("CC7.1", "Weaknesses", ("release.digest", "redteam.run"), "All else.")
    records = (record("release.digest"), record("redteam.run", outcome="measured"))
    (shown,) = controls_shown([control], records)
    assert (shown.showing, shown.missing) == ("measured", ())
    said = what_was_not_tested([shown], records, withheld={})
    assert "CC7.1 (Weaknesses): redteam.run was measured, and held against no limit." in said
    with_limit = (*records, record("redteam.run", title="Attacks that work"))
    assert controls_shown([control], with_limit)[0].showing == "supported"
    files = FORMS.load("oscal").write(replace(pack_of(), records=records, controls=(shown,)))
    result = json.loads(files["oscal/assessment-results.json"])["assessment-results"]["results"][0]
    assert [one["title"] for one in result["findings"]] == ["CC7.1: release.digest passed"]
    items = json.loads(files["oscal/plan-of-action-and-milestones.json"])
    assert [one["title"] for one in items["plan-of-action-and-milestones"]["poam-items"]] == [
        "CC7.1: measured, and held against no limit"
    ]


def test_one_failed_check_is_an_exception_whatever_the_others_say():
    shown = pack_of().controls
    assert [one.showing for one in shown] == ["supported", "exception", "not_tested"]
