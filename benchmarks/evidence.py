"""Evidence packs: how long they take, what is found of what was altered, what other people's validators say.

`python benchmarks/evidence.py` makes a deployment, fills its ledger with `--entries` decisions and some
changes, acts on access and alerts, makes a pack, and flips bits of it. `--peers PYTHON` names the Python of
an environment with `compliance-trestle`, `cyclonedx-python-lib[json-validation]`, `jsonschema` and `regex`.
"""

import argparse
import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from flyball.core.intervals import wilson
from flyball.governance.evidence.form import FORMS
from flyball.governance.evidence.subjects import framework_for, period_of
from flyball.governance.evidence.verifying import verify_pack
from flyball.ledger.records import Draft
from flyball.loop.deployment import open_deployment
from flyball.loop.full_turn import full_turn
from flyball.loop.init import init_deployment
from flyball.loop.packing import pack_evidence
from flyball.loop.stages.obligations import catalogue_of
from flyball.loop.workshop import Workshop

PEERS = """
import json, sys, time
from pathlib import Path
import regex
from jsonschema import Draft7Validator, ValidationError, validators
folder, schema = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
def pattern(validator, wanted, instance, schema):
    if isinstance(instance, str) and not regex.search(wanted, instance):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")
nist = validators.extend(Draft7Validator, {"pattern": pattern})(schema)
for path in sorted((folder / "oscal").glob("*.json")):
    errors = list(nist.iter_errors(json.loads(path.read_text())))
    print(f"  {path.name}: {len(errors)} errors by NIST's schema (jsonschema)")
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
found = JsonStrictValidator(SchemaVersion.V1_6).validate_str((folder / "bom.cdx.json").read_text())
print(f"  bom.cdx.json: {'valid' if found is None else found} by cyclonedx-python-lib, strict")
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.component import ComponentDefinition
from trestle.oscal.poam import PlanOfActionAndMilestones
started = time.process_time()
for name, model in (("component-definition", ComponentDefinition), ("assessment-results", AssessmentResults),
                    ("plan-of-action-and-milestones", PlanOfActionAndMilestones)):
    model.oscal_read(folder / "oscal" / f"{name}.json").oscal_write(folder / f"{name}.again.json")
print(f"  compliance-trestle reads and writes the three again: {time.process_time() - started:.2f} s of CPU")
"""


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--peers", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        with Workshop(open_deployment(_made(folder / "house")), actor="person:bench") as workshop:
            _fill(workshop, given.entries)
            pack = folder / "pack"
            today = workshop.clock().date()
            wanted = framework_for("soc-2", catalogue_of(workshop.deployment), today)
            packed = _timed(
                f"export with {given.entries:,} decisions in the ledger",
                lambda: pack_evidence(workshop, wanted, period_of("", today), pack),
            )
            key = workshop.key.verifier
        populations = ", ".join(
            f"{one.check.partition('.')[0]} {one.sample.n} of {one.population.n:,}"
            for one in packed.pack.records
            if one.check.endswith(".sample")
        )
        size = sum(one.stat().st_size for one in pack.rglob("*") if one.is_file())
        print(f"  {len(packed.pack.records)} records, {size / 1e6:.1f} MB; samples: {populations}")
        found = _timed("verify", lambda: verify_pack(pack, on=datetime.now(UTC), key=key))
        print(f"  {'holds' if found.ok else found.reason}")
        _timed("OSCAL, three documents", lambda: FORMS.load("oscal").write(packed.pack))
        _flips(pack, given.flips, key)
        if given.peers:
            schema = (
                Path(__file__).parents[1] / "tests/governance/evidence/schemas/oscal-1.2.1-complete.json.gz"
            )
            (folder / "schema.json").write_bytes(gzip.decompress(schema.read_bytes()))
            command = [given.peers, "-c", PEERS, str(pack), str(folder / "schema.json")]
            print("validators of others:")
            sys.stdout.flush()
            return subprocess.run(command, check=False).returncode
    return 0


def _made(root: Path) -> Path:
    init_deployment("contract-review", root)
    with Workshop(open_deployment(root), actor="person:bench") as workshop:
        full_turn(workshop)
    return root


def _fill(workshop: Workshop, entries: int) -> None:
    """Write decisions of 1 kB, and for each hundred of them an alert with its answer and an act on access."""
    text = "x" * 1000
    drafts: list[Draft] = []
    for number in range(entries):
        drafts.append(Draft("decision", {"case_id": str(number), "reason": text}, "key:bench"))
        if number % 100 == 0:
            name = {"name": f"alert-{number}"}
            drafts += [
                Draft("alert.raised", name, "system:watch"),
                Draft("alert.resolved", name, "system:watch"),
            ]
            drafts.append(Draft("access.reviewed", {"entry": number}, "person:anna"))
        if len(drafts) >= 5000 or number == entries - 1:
            workshop.ledger.append_many(drafts)
            drafts = []


def _timed(what, do):
    wall, cpu = time.perf_counter(), time.process_time()
    result = do()
    print(f"{what}: {time.process_time() - cpu:.2f} s of CPU, {time.perf_counter() - wall:.2f} s")
    return result


def _flips(pack: Path, flips: int, key: object) -> None:
    """Flip one bit somewhere, verify, put it back."""
    draw = random.Random(0)  # noqa: S311 - no secret
    files = [one for one in sorted(pack.rglob("*")) if one.is_file() and one.stat().st_size]
    small = Path(tempfile.mkdtemp()) / "pack"
    shutil.copytree(pack, small)
    found = named = 0
    for number in range(flips):
        place = small / files[number % len(files)].relative_to(pack)
        data = bytearray(place.read_bytes())
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        kept = place.read_bytes()
        place.write_bytes(data)
        said = verify_pack(small, on=datetime.now(UTC), key=key)  # type: ignore[arg-type]
        place.write_bytes(kept)
        found += not said.ok
        name = place.relative_to(small).as_posix()
        named += any(name.rpartition("/")[2] in one.detail for one in said.checks if not one.passed)
    shutil.rmtree(small.parent)
    low, high = wilson(found, flips)
    print(
        f"one bit flipped, {flips:,} times over {len(files)} files: found {found / flips:.1%} "
        f"({low:.1%} to {high:.1%}), the file named {named / flips:.1%}"
    )
    print(json.dumps({"flips": flips, "found": found, "named": named}))


if __name__ == "__main__":
    sys.exit(main())
