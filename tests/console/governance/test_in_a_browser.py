"""The pages about what governs a deployment in a real Chromium: accessible, quiet, never too wide."""

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from flyball.core.digests import short
from flyball.loop.proposals import Proposal, record_proposals

pytestmark = pytest.mark.chromium

D = "/d/credit-risk"
PICTURES = Path(os.environ["FLYBALL_PICTURES"]) if "FLYBALL_PICTURES" in os.environ else None
SIGNING = urlencode({"person": "anna", "at": "2026-01-01T00:00:00Z", "comment": "read"})


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "releases",
        "releases/LIVE",
        "releases/WAITING/act?act=canary",
        "releases/WAITING/act?act=promote",
        "releases/WAITING/sign",
        f"releases/WAITING/sign?{SIGNING}",
        "difference?before=LIVE&after=WAITING",
        "evidence",
        "obligations?on=2027-06-30&against=2020-01-01",
        "obligations/us.sr-26-2",
        "fairness",
        "redteam",
        "proposals",
        "drift",
        "alerts?silence=some",
        "ledger",
        "ledger/12",
        "settings?all=1",
        "access",
    ],
)
def test_a_page_is_accessible_in_every_colour_and_width(governed, looks_at, path):
    governed.alert("drift")
    governed.alert("slo/speed", "ticket")
    lines = (("a line as it is, " + "long " * 40, "a line as it would be, " + "long " * 40),)
    edit = Proposal("credit-risk", "edit", "rule", "it ended", "Cite another", "new.csv", "", "", lines)
    record_proposals(governed.workshop("credit-risk"), [edit, replace(edit, file="x.csv", before="gone")])
    made = governed.made
    path = path.replace("LIVE", short(made.live)).replace("WAITING", short(made.waiting))
    browser = governed.signed_in("ben", "engineer")
    assert looks_at(browser, f"{D}/{path}", pictures=PICTURES) == []
