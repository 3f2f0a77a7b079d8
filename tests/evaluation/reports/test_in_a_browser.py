"""The page in a real Chromium: quiet, still, and every click arrives where it says."""

import pytest

pytestmark = pytest.mark.chromium

SHOWN = """(() => {
  const box = document.querySelector('mark.lit').getBoundingClientRect();
  const bar = document.querySelector('.bar').getBoundingClientRect().bottom;
  return box.top >= bar && box.bottom <= innerHeight;
})()"""


@pytest.fixture(scope="module")
def url(invented, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(invented.render_report(invented.invented_view()), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def tab(browser):
    browser.console.clear()
    browser.requests.clear()
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    browser.prefer("light")
    browser.size(1280, 900)
    return browser


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(tab, url, width, scheme):
    tab.size(width, 844)
    tab.prefer(scheme)
    tab.open(url)
    tab.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    tab.run("document.querySelectorAll('.contract').forEach(one => { one.scrollIntoView(); })")
    tab.settle()
    wide = tab.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    beyond = tab.run(
        "[...document.querySelectorAll('main *:not(.unseen)')].filter(one => one.getClientRects().length && "
        "getComputedStyle(one).clipPath === 'none' && !one.closest('thead, .command, .unseen') && "
        "one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"
        ".map(one => one.outerHTML.slice(0, 90))"
    )
    assert beyond == []


def test_the_page_asks_the_network_for_nothing_and_says_nothing(tab, url):
    tab.open(url)
    tab.settle()
    assert [one for one in tab.requests if one not in ("about:blank", url)] == []
    assert tab.console == []


def test_the_hash_of_a_passage_lights_it_up_and_brings_it_into_view(tab, url):
    tab.open(url + "#c1-p12")
    tab.settle()
    assert tab.run("document.querySelectorAll('mark.lit').length") >= 1
    assert tab.run(SHOWN)


@pytest.mark.parametrize("width", [390, 1280])
def test_clicking_a_finding_brings_its_passage_into_view_whole(tab, url, width):
    tab.size(width, 900)
    tab.open(url)
    tab.run("document.querySelector('#c1-x3 .quote a').click()")
    tab.settle()
    words = tab.run("[...document.querySelectorAll('mark.lit')].map(one => one.textContent).join('')")
    assert words.startswith("Except for breach of Sections 1.2 and 7")
    assert words.endswith("Neither party is liable for lost profits or indirect damage.")
    assert tab.run("location.hash") == "#" + tab.run(
        "document.querySelector('#c1-x3 .quote a').getAttribute('href').slice(1)"
    )
    top = tab.run("document.querySelector('mark.lit').getBoundingClientRect().top")
    assert 0 < top < 900


def test_clicking_a_label_in_the_text_leads_back_to_the_answer(tab, url):
    tab.open(url)
    tab.run("document.querySelector('.pane .tag.high').click()")
    tab.settle()
    assert tab.run("document.activeElement.className").startswith("finding high")


def test_clicking_a_highlight_leads_to_the_shortest_passage_under_it(tab, url):
    tab.open(url)
    tab.run(
        "[...document.querySelectorAll('#c1 mark')]"
        ".find(one => one.textContent.startsWith('shall not approach')).click()"
    )
    tab.settle()
    assert (
        tab.run("document.activeElement.querySelector('.row-title').textContent") == "No-Solicit Of Customers"
    )


def test_next_and_previous_walk_the_findings_of_what_may_be_acted_upon(tab, url):
    tab.open(url)
    assert tab.run("document.getElementById('position').textContent") == "– of 10"
    tab.run("document.getElementById('next').click()")
    assert tab.run("document.activeElement.id") == "c1-x1"
    tab.run("document.getElementById('previous').click()")
    assert tab.run("document.activeElement.id") == "c2-x3"
    assert tab.run("document.getElementById('position').textContent") == "10 of 10"


def test_a_rule_that_is_folded_away_opens_when_it_is_asked_for(tab, url):
    tab.open(url)
    assert not tab.run("document.querySelector('.further').open")
    tab.open(url + "#c2-x4")
    tab.settle()
    assert tab.run("document.querySelector('.further').open")
    assert tab.run("document.activeElement.id") == "c2-x4"


def test_an_answer_guessed_absent_opens_when_it_is_asked_for(tab, url):
    tab.open(url + "#" + "c1-f38")
    tab.settle()
    assert tab.run("document.querySelector('#c1-f38 details').open")
    assert tab.run("document.querySelector('#c1-f38 .line-title').textContent") == "Warranty Duration"


def test_a_collapsed_contract_opens_when_something_in_it_is_asked_for(tab, url):
    tab.open(url)
    tab.run("document.querySelector('#c1 .fold').click()")
    assert tab.run("document.getElementById('c1-body').hidden")
    tab.run("document.querySelector('.first a').click()")
    assert not tab.run("document.getElementById('c1-body').hidden")


def test_the_table_of_contracts_can_be_sifted(tab, url):
    tab.open(url)
    tab.run(
        "(f => { f.value = 'NDA'; f.dispatchEvent(new Event('input')); })(document.getElementById('filter'))"
    )
    assert tab.run("document.getElementById('shown').textContent") == "1 of 4 shown"


def test_without_scripts_every_link_lights_up_what_it_leads_to(tab, url):
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(url + "#c1-p12")
    assert tab.run("getComputedStyle(document.querySelector('.bar-tools')).display") == "none"
    lit, plain = tab.run("""(() => {
      let one = document.getElementById('c1-p12');
      while (one.tagName !== 'MARK') one = one.nextElementSibling;
      return [one, document.querySelector('#c3 mark')].map(mark => getComputedStyle(mark).backgroundColor);
    })()""")
    assert lit != plain


def test_the_first_stop_of_the_keyboard_skips_to_the_report(tab, url):
    tab.open(url)
    for kind in ("keyDown", "keyUp"):
        tab.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert tab.run("document.activeElement.textContent") == "Skip to the report"


def test_hostile_contracts_run_nothing(tab, invented, tmp_path):
    from dataclasses import replace

    text = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    contract = invented.contract_of(text, text, {}, kind=text)
    view = replace(invented.invented_view(), contracts=(contract,))
    path = tmp_path / "hostile.html"
    path.write_text(invented.render_report(view), encoding="utf-8")
    tab.open(path.as_uri())
    assert tab.run("document.title").startswith("Supplier and distributor contracts")
    assert tab.console == []
    assert tab.run("document.querySelectorAll('main img').length") == 0


def test_a_report_of_thirty_contracts_opens_fast(tab, invented, tmp_path):
    path = tmp_path / "thirty.html"
    path.write_text(
        invented.render_report(invented.many(invented.invented_view(), 30, 50_000)), encoding="utf-8"
    )
    tab.open(path.as_uri())
    tab.settle()
    milliseconds = tab.run("performance.getEntriesByType('navigation')[0].domComplete")
    assert milliseconds < 8000
