"""A console over two deployments whose words are hostile, and browsers of people of two tenants."""

import base64
import contextlib
import hashlib
import http.client
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import uvicorn

from flyball.console.doors import console_doors
from flyball.core.digests import canonical_json, digest_of_bytes
from flyball.core.records import Context, Span
from flyball.core.verdicts import Check, Verdict
from flyball.data.documents.records import Document, Place
from flyball.gateway.access.keys import KeyBook
from flyball.gateway.access.opening import open_access
from flyball.gateway.app import build_app
from flyball.gateway.house import open_house
from flyball.gateway.serving import config_of
from flyball.gateway.settings import GatewaySettings
from flyball.ledger.records import Draft
from flyball.models.decisions.records import (
    Considered,
    Decision,
    FieldDecision,
    Finding,
    PrincipleResult,
    Route,
)

HOSTILE = "<script>window.hit=1</script><img src=x onerror='window.hit=1'>\"'`{{7*7}}"
TOML = """
[deployment]
name = "{name}"
purpose = "Review <b>contracts</b> {{{{7*7}}}}"
owner = "Team <i>one</i>"
jurisdictions = ["DE"]
[[source]]
name = "contracts"
path = "cases"
[[expert]]
name = "triage"
kind = "decision_table"
[promise]
wrong_share_at_most = 0.1
{more}
"""
FIELDS = """
[[field]]
key = "cap"
title = "Cap <u>"
question = "Is liability <b>capped</b>?"
kind = "flag"
[[field]]
key = "amount"
title = "Amount"
question = "At how much?"
kind = "number"
[[field]]
key = "country"
title = "Country"
question = "Whose law?"
kind = "label"
choices = ["DE", "<FR>"]
"""
CONSTITUTION = """
title = "Contracts"
[[principle]]
id = "same_text"
title = "The same <b>text</b>"
text = "A decision counts for its text."
critique = "Is it that text?"
revision = "None is possible."
checker = "same_text"
priority = 1
severity = "critical"
when_failed = "refuse"
"""
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def _make(folder, name, more=""):
    (folder / "cases").mkdir(parents=True)
    (folder / "flyball.toml").write_text(TOML.format(name=name, more=more))
    (folder / "fields.toml").write_text(FIELDS)
    (folder / "constitution.toml").write_text(CONSTITUTION)
    return folder


def _decide(workshop, n=0, *, tenant="acme", name=HOSTILE, referred=("cap",), text=""):
    """Write one decision as the loop writes it; gives its entry."""
    text = text or f"The liability {HOSTILE} of Anna is capped. {n}"
    digest = digest_of_bytes(text.encode())
    document = Document(name, "text/plain", digest, digest, text, (Place(0, len(text), None, "line 1"),))
    answers = {"cap": "true", "amount": "5", "country": '"<FR>"'}
    considered = (Considered(f"tri{HOSTILE}", 0.5, "0", f"why {HOSTILE}"),)
    fields = tuple(
        FieldDecision(
            key,
            answer,
            "referred" if key in referred else "automated",
            0.9,
            (Span(4, 13, 0.5),),
            Route("" if key in referred else f"tri{HOSTILE}", f"route {HOSTILE}", considered),
            f"because {HOSTILE}",
        )
        for key, answer in answers.items()
    )
    decision = Decision(
        case_id=digest[7:23],
        case_name=name,
        content_digest=digest,
        text_digest=digest,
        deployment=workshop.deployment.name,
        release="sha256:" + "0" * 64,
        context=Context(("DE",), date(2026, 11, 30), tenant=tenant),
        fields=fields,
        findings=(Finding("r-1", HOSTILE, "high", HOSTILE, ("cap",), ("x.1",), (Span(4, 13),), "found"),),
        obligations=("x.1",),
        principles=(PrincipleResult("fair_words", False, f"critique {HOSTILE}", f"revision {HOSTILE}"),),
        verdict=Verdict(True, f"gate: {HOSTILE}", (Check(HOSTILE, True, HOSTILE),)),
        cost_eur="0.0123",
        decided_at=NOON,
    )
    blob = workshop.blobs.put(canonical_json(document))
    return workshop.ledger.append_many([Draft("decision", decision, "system:test", (blob,))])[0].index


class Console:
    """A running console, with keys of people made when they are asked for."""

    def __init__(self, house, port):
        self.house, self.port = house, port
        self.url, self.keys = f"http://127.0.0.1:{port}", {}

    def workshop(self, name="contracts"):
        return next(one.workshop for one in self.house.everything() if one.name == name)

    def decide(self, n=0, *, deployment="contracts", **more):
        return _decide(self.workshop(deployment), n, **more)

    def key(self, who, *, person=True, roles=("engineer", "reviewer", "officer")):
        """Return the key of somebody: "acme/anna" is Anna of the tenant acme."""
        if who not in self.keys:
            tenant, _, name = who.partition("/")
            book = KeyBook(self.workshop().ledger, "contracts")
            made = book.create(name, actor="user:t", tenant=tenant, roles=list(roles), person=person)
            self.keys[who] = made.secret
        return self.keys[who]

    def browser(self, who="", **more):
        browser = Browser(self.port)
        if who:
            key = self.key(who, **more)
            assert browser.send("/sign-in", {"key": key}).status == 303, browser.body
        return browser


class Browser:
    """Asks as a browser does: with its cookies, and saying where a form comes from."""

    def __init__(self, port):
        self.port, self.cookies, self.set, self.body = port, {}, [], ""

    def ask(self, method, path, data=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        connection.request(method, path, data, sent)
        reply = connection.getresponse()
        self.bytes = reply.read()
        self.body = self.bytes.decode("utf-8", "replace")
        connection.close()
        self.set = reply.headers.get_all("set-cookie") or []
        for one in self.set:
            name, _, rest = one.partition("=")
            value = rest.partition(";")[0]
            self.cookies.pop(name, None) if "Max-Age=0" in one else self.cookies.update({name: value})
        return reply

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def send(self, path, form, **headers):
        """Send a form, as one of our own pages does unless `headers` say otherwise."""
        told = {"content_type": "application/x-www-form-urlencoded", "sec_fetch_site": "same-origin"}
        return self.ask("POST", path, urllib.parse.urlencode(form, doseq=True), **(told | headers))

    def token(self, path):
        """Return the token that stands in the forms of a page."""
        self.get(path)
        return re.search(r'name="token" value="(\w+)"', self.body)[1]


@contextlib.contextmanager
def _serving(folders, **more):
    settings = GatewaySettings(port=0, **more)
    house = open_house(folders)
    app = build_app(house, open_access(house, settings), settings, more=console_doors)
    server = uvicorn.Server(config_of(app, settings))
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield Console(house, sock.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(30)
        sock.close()


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """Two deployments with keys, and one decision of each of two tenants."""
    root = tmp_path_factory.mktemp("console")
    with _serving([_make(root / "contracts", "contracts"), _make(root / "claims", "claims")]) as console:
        console.ours, console.theirs = (
            console.decide(1),
            console.decide(2, tenant="rival", name="Rival secret"),
        )
        console.key("acme/first")
        yield console


@pytest.fixture(scope="module")
def keyless(tmp_path_factory):
    """One deployment on a machine where no key was ever made."""
    root = tmp_path_factory.mktemp("keyless")
    with _serving([_make(root / "contracts", "contracts")]) as console:
        console.ours = console.decide(1, tenant="default")
        yield console


@pytest.fixture(scope="session")
def serving():
    """Serve folders in a `with` block."""
    return _serving


@pytest.fixture(scope="session")
def make():
    """Make a deployment folder of a name."""
    return _make


@pytest.fixture(scope="session")
def tab():
    """A tab of a real Chromium, or a skip that says why not."""
    beside = Path(__file__).parents[1] / "evaluation" / "reports" / "chromium.py"
    spec = importlib.util.spec_from_file_location("console_chromium", beside)
    chromium = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = chromium
    spec.loader.exec_module(chromium)
    if chromium.executable() is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on the path")
    with chromium.opened() as page:
        yield page


_CHECKED = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"


@pytest.fixture(scope="session")
def axe():
    """The script of axe-core, installed once per lock file into a cache outside of the project: MPL-2.0."""
    npm, project = shutil.which("npm"), Path(__file__).parent / "axe"
    lock = hashlib.sha256((project / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "flyball-tests" / f"axe-{lock}"
    script = cache / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        why = "npm is not there"
        if npm is not None:
            cache.mkdir(parents=True, exist_ok=True)
            for file in project.iterdir():
                shutil.copy(file, cache / file.name)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=cache, capture_output=True, text=True, timeout=300, check=False
            )
            why = done.stderr[-300:]
        if not script.is_file():
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"axe-core cannot be installed: {why}")
    return script.read_text(encoding="utf-8")


@pytest.fixture
def looks_at(tab, axe):
    """Open a page bright and dark, wide and narrow; gives what is wrong with it, in words."""

    def look(browser, path, *, pictures=None):
        tab.call("Page.setBypassCSP", enabled=True)  # axe is no script of the page
        tab.call("Network.clearBrowserCookies")
        for name, value in browser.cookies.items():
            tab.call("Network.setCookie", name=name, value=value, url=f"http://127.0.0.1:{browser.port}")
        wrong = []
        for scheme in ("light", "dark"):
            for width in (1280, 390):
                tab.size(width, 900)
                tab.prefer(scheme)
                tab.console.clear()
                tab.open(f"http://127.0.0.1:{browser.port}{path}")
                tab.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
                tab.settle()
                where = f"{path} {scheme} {width}"
                tab.run(f"{axe}; 1")
                told = tab.run(
                    "axe.run(document, {runOnly: " + _CHECKED + "}).then(found => JSON.stringify("
                    "found.violations.map(one => [one.id, one.nodes.slice(0, 3).map(each => each.html)])))"
                )
                wrong += [(where, *one) for one in json.loads(told)]
                beyond = tab.run(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                wrong += [(where, "wider than the window", beyond)] if beyond else []
                wrong += [(where, "said", one) for one in tab.console]
                if pictures is not None:
                    _picture(
                        tab, pictures / f"{path.strip('/').replace('/', '-') or 'home'}-{scheme}-{width}.png"
                    )
        tab.call("Page.setBypassCSP", enabled=False)
        return wrong

    return look


def _picture(tab, path):
    data = tab.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
    path.write_bytes(base64.b64decode(data))
