"""The console in a real Chromium: accessible, quiet, nothing wider than the window, no word of a case runs.

FLYBALL_PICTURES=FOLDER keeps a picture of every page, bright and dark, wide and narrow.
"""

import json
import os
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.chromium

D = "/d/contracts"
PICTURES = Path(os.environ["FLYBALL_PICTURES"]) if "FLYBALL_PICTURES" in os.environ else None


def wait_for(tab, expression):
    until = time.monotonic() + 20
    while not tab.run(expression):
        assert time.monotonic() < until, expression
        time.sleep(0.05)


@pytest.fixture
def anna(console):
    return console.browser("acme/anna")


@pytest.fixture
def opened(tab):
    """Open a page as somebody, at a size."""

    def open_page(browser, path, width=1280):
        tab.call("Network.clearBrowserCookies")
        tab.call("Emulation.setScriptExecutionDisabled", value=False)
        for name, value in browser.cookies.items():
            tab.call("Network.setCookie", name=name, value=value, url=f"http://127.0.0.1:{browser.port}")
        tab.size(width, 900)
        tab.prefer("light")
        tab.console.clear()
        tab.requests.clear()
        tab.open(f"http://127.0.0.1:{browser.port}{path}")
        tab.settle()
        return tab

    return open_page


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["/", D, f"{D}/decisions", f"{D}/decisions?case=nothing", f"{D}/decisions/OURS", f"{D}/review",
     f"{D}/review/OURS", f"{D}/agreement", "/keyboard", "/d/nobody"],
)  # fmt: skip
def test_a_page_is_accessible_in_every_colour_and_width(console, anna, looks_at, path):
    wrong = looks_at(anna, path.replace("OURS", str(console.ours)), pictures=PICTURES)
    assert [one for one in wrong if "404" not in str(one)] == []


def test_a_case_in_hand_and_a_form_that_was_wrong_are_accessible(console, anna, looks_at):
    entry = console.decide(7000, referred=("cap", "amount", "country"))
    path = f"{D}/review/{entry}"
    anna.send(f"{path}/claim", {"token": anna.token(path)})
    assert looks_at(anna, path, pictures=PICTURES) == []


def test_signing_in_is_accessible(console, looks_at):
    assert looks_at(console.browser(), "/sign-in", pictures=PICTURES) == []


def test_a_page_fetches_its_own_files_and_nothing_else_and_says_nothing(console, anna, opened):
    for path in ("/", D, f"{D}/decisions/{console.ours}", f"{D}/review/{console.ours}"):
        tab = opened(anna, path)
        here = f"http://127.0.0.1:{console.port}/"
        assert [one for one in tab.requests if one != "about:blank" and not one.startswith(here)] == []
        assert tab.console == []
        assert tab.run("window.hit") is None


def test_letters_move_and_choose_and_can_be_turned_off(console, anna, opened):
    entry = console.decide(7100)
    path = f"{D}/review/{entry}"
    anna.send(f"{path}/claim", {"token": anna.token(path)})

    def press(tab, *keys):
        for key in keys:
            tab.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
            tab.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        tab.settle()

    tab = opened(anna, path)
    press(tab, "a", "2")
    assert tab.run("document.querySelector('input[name=\"answer.cap\"]:checked').value") == "false"
    press(tab, "/")
    assert tab.run("document.activeElement.id") == "find"
    press(tab, "1")
    assert tab.run("document.getElementById('find').value") == "1", "what is typed is no shortcut"
    tab = opened(anna, f"{D}/decisions")
    press(tab, "j", "j")
    assert (
        tab.run("[...document.querySelectorAll('[data-row]')].findIndex(one => one.className === 'now')") == 1
    )
    anna.send("/look", {"keys": "off", "next": "/"})
    tab = opened(anna, f"{D}/decisions")
    press(tab, "j")
    assert tab.run("document.querySelector('.now')") is None
    anna.send("/look", {"keys": "on", "next": "/"})


def test_everything_works_without_a_script(console, anna, opened):
    entry = console.decide(7200)
    tab = opened(anna, "/")
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open(f"http://127.0.0.1:{console.port}{D}/review/{entry}")
        assert tab.run("document.querySelector('form[action$=\"/claim\"] button').click()") is None
        wait_for(tab, "!!document.querySelector('input[name=\"answer.cap\"]')")
        tab.run("document.querySelector('input[name=\"answer.cap\"]').click()")
        tab.run("document.querySelector('form.questions button.main').click()")
        wait_for(tab, "!!document.body?.textContent.includes('Your answer stands in the ledger.')")
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


_PLACES = """JSON.stringify(Object.fromEntries([...document.querySelectorAll('.station')].map(one => {
    const at = one.querySelector('.sign').getBoundingClientRect();
    const name = one.querySelector('.station-name').textContent.trim();
    return [name, [Math.round(at.x), Math.round(at.y)]]; })))"""


def test_the_loop_closes_where_there_is_room_and_runs_down_on_a_phone(console, anna, opened):
    tab = opened(anna, D)
    at = json.loads(tab.run(_PLACES))
    out = ["sources", "datasets", "experts", "router", "decisions"]
    back = ["evaluation", "governance", "release", "ledger"]
    assert [at[one][0] for one in out] == sorted(at[one][0] for one in out)
    assert [at[one][0] for one in back] == sorted((at[one][0] for one in back), reverse=True)
    assert {at[one][1] for one in out} == {at["sources"][1]}
    assert {at[one][1] for one in back} == {at["ledger"][1]}
    assert at["ledger"][1] > at["sources"][1] + 100
    track = json.loads(tab.run("JSON.stringify(document.querySelector('.track').getBoundingClientRect())"))
    assert track["top"] - 20 < at["sources"][1] < track["top"]
    assert track["bottom"] - 20 < at["ledger"][1] < track["bottom"]
    at = json.loads(opened(anna, D, width=390).run(_PLACES))
    assert {at[one][0] for one in at} == {at["sources"][0]}
    assert [at[one][1] for one in out + back] == sorted(at[one][1] for one in out + back)


def test_news_come_by_themselves_and_what_was_opened_stays_open(console, anna, opened):
    fast = "const slow = setTimeout; window.setTimeout = (what, ms) => slow(what, ms / 50);"
    tab = opened(anna, "/")
    hurried = tab.call("Page.addScriptToEvaluateOnNewDocument", source=fast)["identifier"]
    try:
        tab = opened(anna, D)
        tab.run("document.querySelector('details.ch-numbers').open = true")
        count = "document.querySelector('.waiting strong').textContent"
        before = tab.run(count)
        console.decide(7300)
        wait_for(tab, f"{count} !== {before!r}")
        assert tab.run("document.querySelector('details.ch-numbers').open") is True
    finally:
        tab.call("Page.removeScriptToEvaluateOnNewDocument", identifier=hurried)


def test_after_an_act_the_keyboard_is_at_what_was_said(console, anna, opened):
    entry = console.decide(7400)
    tab = opened(anna, f"{D}/review/{entry}")
    tab.run("document.querySelector('form[action$=\"/claim\"] button').click()")
    wait_for(tab, "document.activeElement?.className === 'said'")
    assert "in your hands" in tab.run("document.activeElement.textContent")
    tab.run("document.querySelector('form.questions').noValidate = true")
    tab.run("document.querySelector('form.questions button.main').click()")
    wait_for(tab, "document.activeElement?.className === 'problem'")
    assert "is not answered" in tab.run("document.activeElement.textContent")


def test_another_site_cannot_show_a_page_in_a_frame(console, anna, opened, tmp_path):
    tab = opened(anna, "/")
    outside = tmp_path / "outside.html"
    outside.write_text(f'<iframe src="http://127.0.0.1:{console.port}{D}"></iframe>')
    tab.console.clear()
    tab.open(outside.as_uri())
    tab.settle()
    said = " ".join(tab.console)
    assert "frame-ancestors" in said or "X-Frame-Options" in said or "refused to connect" in said.lower()
