"""What access, retention and a release of Flyball cost.

    python benchmarks/access.py               20,000 texts, a ledger of 100,000 entries
    python benchmarks/access.py --texts 2000  smaller

Prints one JSON object. Times are CPU seconds of this process, and of its children where that is said.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from flyball.core.digests import canonical_json, digest_of_bytes
from flyball.core.records import Context
from flyball.core.verdicts import Verdict
from flyball.data.documents.records import Document, Place
from flyball.gateway.access.break_glass import break_glass
from flyball.ledger.records import Draft
from flyball.ledger.verify import verify_ledger
from flyball.loop.access_reviews import open_reviews
from flyball.loop.deployment import open_deployment
from flyball.loop.emergency import open_now
from flyball.loop.holding import place_hold
from flyball.loop.init import init_deployment
from flyball.loop.people import make_person, person_entry
from flyball.loop.text_retention import retain_texts, texts_standing
from flyball.loop.workshop import Workshop
from flyball.models.decisions.records import Decision

ROOT = Path(__file__).parent.parent
START = datetime(2026, 1, 1, tzinfo=UTC)


def decision(document, at):
    """Return a small decision about a document."""
    return Decision(
        case_id=document.content_digest[7:23],
        case_name=document.name,
        content_digest=document.content_digest,
        text_digest=document.content_digest,
        deployment="contract-review",
        release="sha256:" + "0" * 64,
        context=Context(("DE",), date(2026, 1, 1)),
        fields=(),
        findings=(),
        obligations=(),
        principles=(),
        verdict=Verdict(True, "ok", ()),
        cost_eur="0",
        decided_at=at,
    )


def fill(workshop, texts):
    """Write so many decisions about texts of two kilobytes."""
    for first in range(0, texts, 1_000):
        documents = []
        for number in range(first, min(texts, first + 1_000)):
            text = f"Contract {number} of customer {number % 97}. " + "The parties agree as follows. " * 65
            digest = digest_of_bytes(text.encode())
            place = (Place(0, len(text), None, "line 1"),)
            documents.append(Document(f"{number}.txt", "text/plain", digest, digest, text, place))
        blobs = workshop.blobs.put_many([canonical_json(one) for one in documents])
        workshop.ledger.append_many(
            Draft("decision", decision(one, workshop.clock()), "system:bench", (blob,))
            for one, blob in zip(documents, blobs, strict=True)
        )


def timed(work):
    """Return CPU seconds, wall seconds and what came of it."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return round(time.process_time() - cpu, 3), round(time.perf_counter() - wall, 3), result


def of_a_release(folder):
    """Return what building and signing a release of this commit takes, twice."""
    key = folder / "release.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True)
    key.chmod(0o600)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for name in ("one", "two"):
        command = [sys.executable, str(ROOT / "tools" / "dist.py"), "--out", str(folder / name)]
        subprocess.run([*command, "--key", str(key)], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    files = {path.name: path.read_bytes() for path in (folder / "one").iterdir()}
    bill = json.loads(next(data for name, data in files.items() if name.endswith(".json")))
    return {
        "cpu_seconds_of_a_build": round(
            (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 2, 2
        ),
        "same_bytes": files == {path.name: path.read_bytes() for path in (folder / "two").iterdir()},
        "megabytes": {name: round(len(data) / 1e6, 2) for name, data in sorted(files.items())},
        "packages": len(bill["components"]),
        "with_a_licence": sum("licenses" in one for one in bill["components"]),
        "hashed_files": sum(len(one["externalReferences"]) for one in bill["components"]),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=20_000)
    given = parser.parse_args()
    found: dict[str, object] = {"texts": given.texts}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ["FLYBALL_KEYS"] = str(folder / "keys")
        root = init_deployment("contract-review", folder / "bench")
        listed = [
            f'{person_entry(make_person(id), name=id, role="r")}kinds = ["hold"]\n' for id in ("anna", "ben")
        ]
        (root / "people.toml").write_text("\n".join(listed))
        with (root / "flyball.toml").open("a") as file:
            file.write('\n[[retention]]\nrecords = "texts"\nkeep_days = 30\n')
        now = [START]
        with Workshop(open_deployment(root), clock=lambda: now[0]) as workshop:
            fill(workshop, given.texts)
            now[0] += timedelta(days=31)
            found["plan"] = timed(lambda: texts_standing(workshop))[:2]
            place_hold(
                workshop, "m-1", person="anna", reason="A matter of this benchmark", subject="customer 13"
            )
            cpu, wall, standing = timed(lambda: texts_standing(workshop))
            found["plan_with_a_hold_on_a_person"] = [cpu, wall, {"held": standing.held, "due": standing.due}]
            cpu, wall, done = timed(lambda: retain_texts(workshop))
            found["run"] = [cpu, wall, {"removed": done.removed, "held": done.held, "left": done.left}]
            found["verifies"] = verify_ledger(workshop.ledger, blobs=workshop.blobs).ok
            found["break_glass"] = timed(
                lambda: break_glass(workshop, person="ben", reason="A matter of this benchmark", hours=1)
            )[:2]
            found["ledger_entries"] = workshop.ledger.size()
            for name, look in (
                ("banner_microseconds", lambda: open_now(workshop.ledger, now[0])),
                ("reviews_microseconds", lambda: open_reviews(workshop)),
            ):
                cpu, _, _ = timed(lambda look=look: [look() for _ in range(200)])
                found[name] = round(cpu / 200 * 1e6)
        found["release"] = of_a_release(folder)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
