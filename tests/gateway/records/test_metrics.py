"""What the doors count, as a scraper sees it."""

import re
import sys
from pathlib import Path

from flyball.gateway.house import House
from flyball.gateway.metrics.figures import Figures
from flyball.ledger.errors import LedgerUnavailable

sys.path.insert(0, str(Path(__file__).parent))
from written import write_decision


def scraped(doors, deployment="contracts"):
    key = doors.key("acme/ops", deployment, roles=["operator"])
    status, text = doors.ask("", "/metrics", key=key, raw=True)
    assert status == 200
    assert doors.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return dict(re.findall(r"^([^#\s][^ ]*) (\S+)$", text.decode(), re.MULTILINE))


def test_requests_are_counted_by_the_door_and_never_by_what_a_caller_wrote(doors):
    entry = write_decision(doors.workshop())
    for id in (f"contracts:{entry}", "contracts:98", "contracts:99"):
        doors.ask("acme/anna", f"/v1/decisions/{id}")
    for path in ("/nonsense/4711", '/v1/"} 1\nforged', "/v1/decisions/a/b/c"):
        doors.ask("acme/anna", path.replace(" ", "%20").replace("\n", "%0A"))
    found = scraped(doors)
    door = 'door="/v1/decisions/{id}",method="GET"'
    assert found[f'flyball_requests_total{{{door},status="200"}}'] == "1"
    assert found[f'flyball_requests_total{{{door},status="404"}}'] == "2"
    assert found['flyball_request_seconds_count{door="/v1/decisions/{id}"}'] == "3"
    assert not [name for name in found if "4711" in name or "forged" in name]
    assert found["flyball_requests_under_way"] == "1"


def test_the_ledger_and_the_process_are_seen(doors):
    write_decision(doors.workshop("claims"))
    found = scraped(doors, "claims")
    assert found['flyball_ledger_entries{deployment="claims"}'] == "2"  # the decision, and the key
    assert found['flyball_ledger_waiting{deployment="claims"}'] == "0"
    assert float(found["process_resident_memory_bytes"]) > 10_000_000
    assert float(found["process_cpu_seconds_total"]) > 0


def test_a_key_sees_no_figure_of_a_deployment_that_it_does_not_open(doors):
    write_decision(doors.workshop("claims"))
    assert not [name for name in scraped(doors) if "claims" in name]
    assert not [name for name in scraped(doors, "claims") if "contracts" in name]


def test_what_cannot_be_read_is_left_out_and_not_zero(doors):
    figures = Figures(House({one.name: one for one in doors.house.everything()}))
    doors.workshop("claims").ledger.size = broken
    found = figures.text(lambda name: True)
    assert 'flyball_ledger_entries{deployment="claims"}' not in found
    assert 'flyball_ledger_entries{deployment="contracts"}' in found


def broken():
    raise LedgerUnavailable("gone", fix="restore it")


def test_figures_are_for_those_who_may_see_them(doors):
    doors.key("acme/rev", roles=["reviewer"])
    assert doors.ask("acme/rev", "/metrics")[0] == 403
    assert doors.ask("", "/metrics", key="flyball_x")[0] == 401
