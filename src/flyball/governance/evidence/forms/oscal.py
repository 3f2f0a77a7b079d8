"""OSCAL: component definition, assessment results, plan of action and milestones, as NIST's tools read them.

A finding says whether one check passed and never that a control is met: its target is an objective of the
check, not the control.

Source: NIST OSCAL 1.2.1, https://pages.nist.gov/OSCAL/.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from flyball.governance.evidence.form import Files, form
from flyball.governance.evidence.pack import ControlShown, Pack, PackRecord

__all__ = ["oscal", "token"]

VERSION = "1.2.1"
_SPACE = uuid.UUID("6f1c0c1e-52d9-5a5b-9f0e-3d6a5b7a9c11")
_NOT_TOKEN = re.compile(r"[^A-Za-z0-9._-]+")
_NAMES = "urn:flyball:oscal"
_OPEN = {
    "not_tested": "nothing was tested",
    "incomplete": "not tested in full",
    "measured": "measured, and held against no limit",
}


@form(title="OSCAL component definition, assessment results, plan of action", source="NIST OSCAL 1.2.1")
def oscal(pack: Pack) -> Files:
    """Write the three OSCAL models as JSON."""
    files = {
        "oscal/component-definition.json": {"component-definition": _component_definition(pack)},
        "oscal/assessment-results.json": {"assessment-results": _assessment_results(pack)},
    }
    if items := _poam_items(pack):
        files["oscal/plan-of-action-and-milestones.json"] = {
            "plan-of-action-and-milestones": {
                "uuid": _uuid(pack, "poam"),
                "metadata": _metadata(pack, f"Open points of {pack.deployment}: {pack.framework_title}"),
                "system-id": {"id": pack.deployment},
                "poam-items": items,
            }
        }
    return {
        path: json.dumps(one, indent=2, ensure_ascii=False).encode() + b"\n" for path, one in files.items()
    }


def token(text: str) -> str:
    """Return a name as OSCAL allows one: "GOVERN 1.1" becomes "govern-1.1"."""
    plain = _NOT_TOKEN.sub("-", text.strip().lower()).strip("-")
    return plain if plain[:1].isalpha() else f"_{plain}"


def _uuid(pack: Pack, *names: str) -> str:
    about = (pack.deployment, pack.framework, pack.made_at.isoformat(), pack.ledger.root)
    return str(uuid.uuid5(_SPACE, "/".join([*about, *names])))


def _metadata(pack: Pack, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "last-modified": pack.made_at.isoformat(),
        "version": pack.release[7:19] or "0",
        "oscal-version": VERSION,
        "roles": [{"id": "owner", "title": "Owner of the deployment"}],
        "parties": [
            {"uuid": _uuid(pack, "owner"), "type": "organization", "name": pack.owner or pack.deployment}
        ],
        "responsible-parties": [{"role-id": "owner", "party-uuids": [_uuid(pack, "owner")]}],
        "remarks": "Evidence, not certification. Made by "
        f"{pack.software} from records of a signed ledger; whether a control is met people judge.",
    }


def _prop(name: str, value: object) -> dict[str, str]:
    return {"name": name, "ns": _NAMES, "value": " ".join(str(value).split()) or "none"}


def _component_definition(pack: Pack) -> dict[str, Any]:
    tested = [one for one in pack.controls if one.showing != "not_tested"]
    component: dict[str, Any] = {
        "uuid": _uuid(pack, "component"),
        "type": "service",
        "title": pack.deployment,
        "description": pack.purpose or pack.deployment,
        "props": [_prop("release", pack.release), _prop("software", pack.software)],
    }
    if tested:
        component["control-implementations"] = [
            {
                "uuid": _uuid(pack, "implementation"),
                "source": pack.framework_source,
                "description": f"What checks of this deployment show about {pack.framework_title}. "
                f"{pack.framework_gaps}",
                "implemented-requirements": [_requirement(pack, one) for one in tested],
            }
        ]
    return {
        "uuid": _uuid(pack, "component-definition"),
        "metadata": _metadata(pack, f"{pack.deployment}: {pack.framework_title}"),
        "components": [component],
    }


def _requirement(pack: Pack, one: ControlShown) -> dict[str, Any]:
    return {
        "uuid": _uuid(pack, "requirement", one.id),
        "control-id": token(one.id),
        "description": f"Checks: {', '.join(name for name in one.checks if name not in one.missing)}. "
        f"Not checked: {', '.join(one.missing) or 'nothing of these'}. Left open: {one.gaps}",
        "props": [_prop("label", one.id), _prop("showing", one.showing)],
    }


def _assessment_results(pack: Pack) -> dict[str, Any]:
    plan = _uuid(pack, "plan")
    tested = [one for one in pack.controls if one.showing != "not_tested"]
    records = {one.id: one for one in pack.records}
    start = datetime.combine(pack.period.first, time(), UTC)
    selected = [{"control-id": token(one.id)} for one in tested or pack.controls]
    # Where none was reviewed, OSCAL has no other way of saying so than all of them but all of them.
    selection = (
        {"include-controls": selected} if tested else {"include-all": {}, "exclude-controls": selected}
    )
    result: dict[str, Any] = {
        "uuid": _uuid(pack, "result"),
        "title": f"Period {pack.period}",
        "description": f"Checks of release {pack.release or 'none'} and of samples of the ledger "
        f"{pack.ledger.origin}, {pack.ledger.size} entries, root {pack.ledger.root}.",
        "start": start.isoformat(),
        "end": pack.made_at.isoformat(),
        "reviewed-controls": {
            "control-selections": [selection],
            "remarks": "Not tested: " + " ".join(pack.not_tested),
        },
        "observations": [_observation(pack, one) for one in pack.records],
    }
    findings = [
        _finding(pack, control, check, behind)
        for control in tested
        for check in control.checks
        if (
            behind := [
                records[id]
                for id in control.records
                if records[id].check == check and records[id].outcome in ("passed", "failed")
            ]
        )  # what no limit was set for is an observation, and finds nothing
    ]
    if findings:
        result["findings"] = findings
    if not result["observations"]:
        del result["observations"]
    return {
        "uuid": _uuid(pack, "assessment-results"),
        "metadata": _metadata(pack, f"Tests of {pack.deployment}: {pack.framework_title}"),
        "import-ap": {
            "href": f"#{plan}",
            "remarks": "No plan was agreed beforehand; the resource says what is always tested.",
        },
        "results": [result],
        "back-matter": {
            "resources": [
                {
                    "uuid": plan,
                    "title": "What is tested",
                    "description": "Every check of the release gate, every measurement, and samples "
                    "of all changes, acts on access and alerts, drawn by the root of the ledger.",
                },
                {
                    "uuid": _uuid(pack, "pack"),
                    "title": "The record behind it",
                    "rlinks": [{"href": "../pack.json", "media-type": "application/json"}],
                },
            ]
        },
    }


def _observation(pack: Pack, one: PackRecord) -> dict[str, Any]:
    return {
        "uuid": _uuid(pack, "observation", one.id),
        "title": one.title,
        "description": f"{one.detail}. {one.method}",
        "props": [
            _prop("check", one.check),
            _prop("record", one.id),
            _prop("outcome", one.outcome),
            _prop("population", one.population.n),
            _prop("sample", one.sample.n),
            _prop("seed", one.sample.seed),
            _prop("result", one.figure),
            _prop("limit", one.limit.said),
            _prop("limit-set-by", one.limit.set_by),
            _prop("reviewers", ", ".join(one.reviewers)),
            _prop("must-sign", one.must_sign),
        ],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "relevant-evidence": [
            {
                "description": "Entries of the ledger: "
                + (", ".join(str(entry) for entry in one.entries) or "none"),
                "href": f"#{_uuid(pack, 'pack')}",
            }
        ],
        "collected": one.made_at.isoformat(),
        "expires": one.expires_at.isoformat(),
        "remarks": f"Not covered: {one.not_covered}",
    }


def _finding(pack: Pack, control: ControlShown, check: str, behind: Iterable[PackRecord]) -> dict[str, Any]:
    behind = list(behind)
    passed = all(one.outcome != "failed" for one in behind)
    return {
        "uuid": _uuid(pack, "finding", control.id, check),
        "title": f"{control.id}: {check} {'passed' if passed else 'did not pass'}",
        "description": "; ".join(one.detail for one in behind),
        "target": {
            "type": "objective-id",
            "target-id": token(f"{control.id}_{check}"),
            "status": {
                "state": "satisfied" if passed else "not-satisfied",
                "reason": "pass" if passed else "fail",
                "remarks": f"Of this check, not of the control. Left open: {control.gaps}",
            },
        },
        "related-observations": [{"observation-uuid": _uuid(pack, "observation", one.id)} for one in behind],
    }


def _poam_items(pack: Pack) -> list[dict[str, Any]]:
    found: list[Mapping[str, Any]] = [
        {
            "uuid": _uuid(pack, "item", one.id),
            "title": f"{one.title}: exception",
            "description": one.detail,
            "props": [_prop("check", one.check), _prop("record", one.id)],
        }
        for one in pack.records
        if one.outcome == "failed"
    ]
    found += [
        {
            "uuid": _uuid(pack, "item", control.id),
            "title": f"{control.id}: {_OPEN[control.showing]}",
            "description": f"{control.title.rstrip('.')}. "
            + (
                f"Not checked: {', '.join(control.missing)}."
                if control.missing
                else "Set a limit, so that it can pass or fail."
                if control.checks
                else "No check of this product."
            ),
            "props": [_prop("control", control.id), _prop("showing", control.showing)],
        }
        for control in pack.controls
        if control.showing in _OPEN
    ]
    return [dict(one) for one in found]
