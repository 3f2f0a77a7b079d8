"""Every page of the console with 100,000 decisions: how long one waits for it.

    python benchmarks/console.py                        # 100,000 decisions, 15 times each page
    python benchmarks/console.py --decisions 1000000 --folder /var/tmp/console

A shipped deployment of payment fraud makes its turn; its own decisions are then written again under new names
and times until there are as many as asked, a tenth of them with a reported outcome. The pages are asked over
HTTP, one after the other, from a process of their own; the first answer of each page is told apart. On Linux
the processor time of the server is told beside the time on the clock, which others on the machine stretch.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import re
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from flyball.console.doors import console_doors
from flyball.core.digests import digest_of_bytes
from flyball.evaluation.history.records import Wanted
from flyball.evaluation.outcomes.records import OUTCOME, ReportedOutcome
from flyball.gateway.access.opening import open_access
from flyball.gateway.house import open_house
from flyball.gateway.serving import serve
from flyball.gateway.settings import GatewaySettings
from flyball.ledger.records import Draft
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.releases import read_release, releases_made, require_live, sign_release
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

BATCH, DAYS = 5_000, 60
_TOO_MUCH = 422
"""How a page answers that what it is asked for would take too long."""
_COMING = "It is being worked out."
"""What a page says the first time that something takes long; the first figure counts until it is there."""


def main() -> int:
    """Return 1 where a page takes longer than 300 ms at the median."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--decisions", type=int, default=100_000)
    parser.add_argument("--releases", type=int, default=200)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="Where the deployment is, or is made and kept.")
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = asked.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="flyball-console-"))
        )
        deployment = folder / "payment-fraud"
        made = fill(deployment, asked.decisions)
        released = release(deployment, asked.releases)
        port, server = stack.enter_context(served(deployment))
        figures = [ask(port, server, name, path, asked.times) for name, path in pages(port)]
    slow = [one for one in figures if one["median_ms"] is None or one["median_ms"] > 300]
    told = {
        "decisions": made,
        "releases": released,
        "slowest_median_ms": max(one["median_ms"] for one in figures if one["median_ms"] is not None),
        "pages_over_300_ms_or_refused": [one["page"] for one in slow],
        "client_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "pages": figures,
    }
    print(json.dumps(told, indent=1))
    return 1 if slow else 0


def fill(folder: Path, wanted: int) -> int:
    """Make the deployment and write decisions until there are enough; return how many there are."""
    if not folder.is_dir():
        init_deployment("payment-fraud", folder)
    with Workshop(open_deployment(folder), workers=os.cpu_count() or 1, actor="person:bench") as workshop:
        if not list(workshop.ledger.entries("release.made")):
            full_turn(workshop)
        entries = list(workshop.ledger.entries("decision", 0, 4_000))
        samples = [(msgspec.convert(one.body, Decision), one.refs) for one in entries]
        there = sum(1 for _ in workshop.ledger.entries("decision"))
        first = datetime.now(UTC) - timedelta(days=DAYS)
        for start in range(there, wanted, BATCH):
            numbers = range(start, min(start + BATCH, wanted))
            at = [first + timedelta(days=DAYS) * (number / wanted) for number in numbers]
            made = [
                again(*samples[number % len(samples)], number, when)
                for number, when in zip(numbers, at, strict=True)
            ]
            receipts = workshop.ledger.append_many(
                Draft("decision", one, "key:payments", refs, f"bench/{one.case_name}") for one, refs in made
            )
            reports = [
                report(one, receipt.index)
                for (one, _), receipt in zip(made, receipts, strict=True)
                if receipt.index % 10 == 0
            ]
            workshop.ledger.append_many(reports)
        return workshop.history.count(Wanted(), at_most=2**62).n


def release(folder: Path, wanted: int) -> int:
    """Sign releases like the live one, with evidence, until there are enough; every tenth goes live."""
    with Workshop(open_deployment(folder), actor="person:bench") as workshop:
        ledger, live = workshop.ledger, require_live(workshop.ledger, "payment-fraud").release
        like = read_release(workshop.state, live, workshop.key.verifier).release
        evidence = next(one.body for one in ledger.entries("evidence") if one.body["release"] == live)
        for number in range(len(releases_made(ledger)), wanted):
            made = replace(like, promises=(*like.promises, f"Release {number} of a benchmark."))
            sign_release(made, workshop.key, workshop.state)
            body = {"release": made.digest}
            ledger.append(kind="release.made", actor="person:bench", key=f"release/{made.digest}", body=body)
            ledger.append(kind="evidence", actor="system:turn", body=evidence | body)
            for one, before in ((made.digest, live), (live, made.digest)) if number % 10 == 0 else ():
                told = {"release": one, "before": before, "why": "a benchmark"}
                ledger.append(kind="release.promoted", actor="person:bench", body=told)
        return len(releases_made(ledger))


def again(
    like: Decision, refs: tuple[str, ...], number: int, at: datetime
) -> tuple[Decision, tuple[str, ...]]:
    """Return one more decision like another, and the text of that one."""
    case = digest_of_bytes(f"case {number}".encode())[7:23]
    return replace(like, case_id=case, case_name=f"T{number:07}", decided_at=at), refs


def report(decision: Decision, entry: int) -> Draft:
    """Return what turned out about a decision."""
    one = decision.fields[0]
    told = ReportedOutcome(
        decision=entry,
        case_id=decision.case_id,
        release=decision.release,
        tenant=decision.context.tenant,
        kind="label",
        name=one.field,
        answer=one.answer,
        by="key:payments",
        observed_at=decision.decided_at,
    )
    return Draft(OUTCOME, told, "key:payments", (), told.key)


@contextlib.contextmanager
def served(folder: Path):
    """Serve the deployment in a process of its own; gives its port and the number of the process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(folder, theirs))
    process.start()
    try:
        yield ours.recv(), process.pid
    finally:
        process.terminate()
        process.join(60)


def _serve(folder: Path, told) -> None:
    settings = GatewaySettings(port=0)
    house = open_house([folder])
    serve(house, open_access(house, settings), settings, more=console_doors, started=told.send)


def pages(port: int) -> list[tuple[str, str]]:
    """Return every page of the menu, and pages of one decision, one case and filtered lists."""
    root = "/d/payment-fraud"
    body = fetch(port, root)[1]
    menu = re.findall(r'<li><a href="([^"]+)" data-page="([^"]+)"', body)
    found = [("home", "/"), *((name, path) for path, name in menu)]
    entry = re.search(rf'{root}/decisions/(\d+)"', fetch(port, f"{root}/decisions")[1])
    waits = re.search(rf'{root}/review/(\d+)"', fetch(port, f"{root}/review")[1])
    released = re.search(rf'{root}/releases/(\w+)"', fetch(port, f"{root}/releases")[1])
    found += [("one decision", f"{root}/decisions/{entry[1]}")] if entry else []
    found += [("one case to review", f"{root}/review/{waits[1]}")] if waits else []
    made = re.findall(rf'{root}/releases/(\w+)"', fetch(port, f"{root}/releases")[1])
    last = re.findall(rf'{root}/ledger/(\d+)"', fetch(port, f"{root}/ledger")[1])
    found += [("one release", f"{root}/releases/{released[1]}")] if released else []
    found += (
        [("two releases", f"{root}/difference?before={made[-1]}&after={made[1]}")] if len(made) > 1 else []
    )
    found += [("one ledger entry", f"{root}/ledger/{last[0]}")] if last else []
    return [
        *found,
        ("decisions, oldest page", f"{root}/decisions?before=100"),
        ("decisions, for a person", f"{root}/decisions?waiting=yes"),
        ("decisions, a rare name", f"{root}/decisions?case=T0050000"),
        ("decisions, nothing fits", f"{root}/decisions?case=nothing-like-it&sure_below=50"),
        ("duties of another day", f"{root}/obligations?on=2027-12-31&against=2020-01-01"),
        ("ledger, a rare kind", f"{root}/ledger?kind=release.promoted"),
        ("ledger, the first entries", f"{root}/ledger?before=50"),
        ("evidence of an old release", f"{root}/evidence?release={made[-1]}"),
        ("how readers agree", f"{root}/agreement"),
        ("find", "/find?q=T0050000&deployment=payment-fraud"),
    ]


def ask(port: int, server: int, name: str, path: str, times: int) -> dict[str, object]:
    """Return how long a page takes, in ms: at first, then median, slowest and processor time."""
    spent, size, used = [], 0, None
    for _ in range(times + 1):
        used = processor_seconds(server) if len(spent) == 1 else used
        begun = time.perf_counter()
        status, body = fetch(port, path)
        while not spent and _COMING in body:
            time.sleep(0.2)
            status, body = fetch(port, path)
        spent.append(1000 * (time.perf_counter() - begun))
        size = len(body)
        if status == _TOO_MUCH:
            print(f"{name}: refused, it would take too long", file=sys.stderr, flush=True)
            return {"page": name, "path": path, "refused": True, "median_ms": None}
        if status not in (200, 303):
            raise SystemExit(f"{path} answered {status}: {body[:500]}")
    first, *others = spent
    ended = processor_seconds(server)
    each = None if used is None or ended is None else round(1000 * (ended - used) / times, 1)
    print(f"{name}: {statistics.median(others):.0f} ms", file=sys.stderr, flush=True)
    return {
        "page": name,
        "path": path,
        "median_ms": round(statistics.median(others), 1),
        "slowest_ms": round(max(others), 1),
        "first_ms": round(first, 1),
        "processor_ms": each,
        "kilobytes": round(size / 1000, 1),
    }


def processor_seconds(process: int) -> float | None:
    """Return the processor time that a process has used, what it looks at beside the requests included."""
    try:
        told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def fetch(port: int, path: str) -> tuple[int, str]:
    """Return status and body of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path)
    reply = connection.getresponse()
    body = reply.read().decode()
    connection.close()
    return reply.status, body


if __name__ == "__main__":
    sys.exit(main())
