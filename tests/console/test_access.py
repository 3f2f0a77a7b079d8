"""While somebody has emergency access, every page says so; what waits for a review stands on one page."""

import os
from pathlib import Path

import lxml.html
import pytest

from flyball.gateway.access.break_glass import break_glass, end_emergency
from flyball.gateway.access.keys import KeyBook
from flyball.loop.holding import place_hold
from flyball.loop.people import make_person, person_entry

PICTURES = Path(os.environ["FLYBALL_PICTURES"]) if "FLYBALL_PICTURES" in os.environ else None
HOSTILE = "<b>incident</b> {{7*7}}"


@pytest.fixture(scope="module")
def opened(tmp_path_factory, serving, make):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLYBALL_KEYS", str(tmp_path_factory.mktemp("keys")))
        folder = make(tmp_path_factory.mktemp("access") / "contracts", "contracts")
        listed = [
            f'{person_entry(make_person(id), name=id, role="Officer")}kinds = ["hold"]\n'
            for id in ("anna", "ben")
        ]
        (folder / "people.toml").write_text("\n".join(listed))
        with serving([folder]) as console:
            workshop = console.workshop()
            console.key("acme/first", roles=("auditor",))
            console.glass = break_glass(
                workshop, person="anna", reason=HOSTILE, hours=1.0, roles=("officer",)
            )
            place_hold(workshop, "m-1", person="anna", reason=f"Letter {HOSTILE}", everything=True)
            yield console


def words(browser, path):
    assert browser.get(path).status == 200, browser.body
    return " ".join(" ".join(lxml.html.fromstring(browser.body).xpath("//main")[0].itertext()).split())


@pytest.mark.parametrize("path", ["/", "/d/contracts", "/d/contracts/ledger", "/d/contracts/access"])
def test_every_page_says_who_has_emergency_access_to_everybody_who_is_signed_in(opened, path):
    said = words(opened.browser("acme/first", roles=("auditor",)), path)
    until = f"{opened.glass.emergency.until:%H:%M} UTC"
    assert f"anna has emergency access to contracts until {until}" in said


def test_the_key_of_the_emergency_opens_the_console_with_its_roles(opened):
    browser = opened.browser()
    assert browser.send("/sign-in", {"key": opened.glass.key.secret}).status == 303
    assert browser.get("/d/contracts/alerts").status == 200


def test_the_page_shows_reason_review_and_hold_as_words(opened):
    browser = opened.browser("acme/first", roles=("auditor",))
    said = words(browser, "/d/contracts/access")
    assert HOSTILE in said
    assert f"emergency access of anna: {HOSTILE}" in said
    assert "m-1 everything in force" in said
    assert not lxml.html.fromstring(browser.body).xpath("//main//b")


def test_what_is_over_is_said_on_no_page_but_still_waits_for_a_review(opened):
    workshop = opened.workshop()
    made = break_glass(workshop, person="ben", reason="Another incident", hours=1.0)
    end_emergency(workshop, made.emergency.entry)
    assert KeyBook(workshop.ledger, "contracts").find(made.emergency.key).revoked_at is not None
    said = words(opened.browser("acme/first", roles=("auditor",)), "/d/contracts/access")
    assert "ben has emergency access" not in said
    assert "emergency access of ben: Another incident" in said


@pytest.mark.slow
@pytest.mark.chromium
def test_the_page_is_accessible_in_every_colour_and_width(opened, looks_at):
    browser = opened.browser("acme/first", roles=("auditor",))
    assert looks_at(browser, "/d/contracts/access", pictures=PICTURES) == []
