"""A deployment with a live release, one that waits for a signature, groups, alerts; keys of people."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from flyball.evaluation.objectives.burn import Severity
from flyball.gateway.access.keys import KeyBook
from flyball.ledger.notes import SigningKey
from flyball.loop.alerts.alerting import raise_and_resolve
from flyball.loop.alerts.condition import Condition
from flyball.loop.alerts.settings import AlertSettings
from flyball.loop.by_group import by_group
from flyball.loop.deployment import open_deployment
from flyball.loop.drifting import check_drift
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.people import make_person, person_entry
from flyball.loop.workshop import Workshop

HOSTILE = "<script>window.hit=1</script>"


@dataclass(frozen=True)
class Made:
    """What was made: the folder, the releases, and the key of one who may sign."""

    folder: Path
    live: str
    waiting: str
    anna: SigningKey


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("governed")
    before = os.environ.get("FLYBALL_KEYS")
    os.environ["FLYBALL_KEYS"] = str(root / "keys")
    try:
        return _made(root)
    finally:
        if before is None:
            del os.environ["FLYBALL_KEYS"]
        else:
            os.environ["FLYBALL_KEYS"] = before


def _made(root):
    folder = init_deployment("credit-risk", root / "credit-risk")
    anna, ben = make_person("anna"), make_person("ben")
    entries = [
        person_entry(anna, name=f"Anna {HOSTILE}", role="Head of credit"),
        person_entry(ben, name="Ben", role="Risk"),
    ]
    (folder / "people.toml").write_text("\n".join(entries))
    groups = (folder / "audit" / "people.csv").read_text().replace("female", f"f{HOSTILE}", 1)
    cases, settings = folder / "cases" / "applications.csv", folder / "flyball.toml"
    cases.write_text("".join(cases.read_text().splitlines(keepends=True)[:801]))  # enough, and soon done
    settings.write_text(
        settings.read_text()
        .replace("at_least = 0.92", "at_least = 0.85")
        .replace("tolerance = 0.05", "tolerance = 0.3")
    )
    (root / "groups.csv").write_text(groups.replace(",sex,", ",<b>sex</b>,", 1))
    with Workshop(open_deployment(folder), actor="person:ben") as workshop:
        live = full_turn(workshop).promoted.release
        check_drift(workshop)
        by_group(workshop, root / "groups.csv")
    written = settings.read_text().replace("wrong_share_at_most = 0.06", "wrong_share_at_most = 0.05")
    settings.write_text(written.replace("\nrelease = 0", "\nrelease = 1"))
    with Workshop(open_deployment(folder), actor="person:ben") as workshop:
        waiting = full_turn(workshop).promoted.release
        by_group(workshop, root / "groups.csv")
    return Made(folder, live, waiting, anna)


@pytest.fixture(scope="session")
def governed(made, serving):
    """The deployment, served; keys are made for people of roles as they are asked for."""
    with serving([made.folder]) as console:
        workshop = console.workshop("credit-risk")
        console.made = made

        def browser(name, *roles, tenant="default"):
            book = KeyBook(workshop.ledger, "credit-risk")
            if name not in console.keys:
                made_key = book.create(name, actor="user:t", tenant=tenant, roles=list(roles), person=True)
                console.keys[name] = made_key.secret
            found = type(console).browser(console)
            assert found.send("/sign-in", {"key": console.keys[name]}).status == 303
            return found

        def alert(name, severity: Severity = "page"):
            now = workshop.clock()
            one = Condition(
                name=name,
                title=f"Title {HOSTILE}",
                severity=severity,
                holds=True,
                why=f"why {HOSTILE}",
                runbook="burning",
            )
            raise_and_resolve(workshop.ledger, AlertSettings(), [one], now, looked=(), clear_since={})

        console.signed_in, console.alert = browser, alert
        browser("first", "auditor")
        yield console
