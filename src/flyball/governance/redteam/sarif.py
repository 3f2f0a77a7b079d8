"""SARIF 2.1.0: findings in the form that code-scanning tools read.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, sections 3.13 to 3.58.
"""

from typing import Any

from flyball import __version__
from flyball.core.digests import short
from flyball.governance.redteam.family import FAMILIES, Family
from flyball.governance.redteam.records import RedTeamReport, Result

__all__ = ["sarif_of"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_of(report: RedTeamReport) -> dict[str, Any]:
    """Return findings as a SARIF log; families are its rules. No words of an attack are in it.

    A finding stands in the file that keeps it, which is one line. `primaryLocationLineHash` is what some
    viewers tell findings of one rule apart by.
    """
    names = sorted({*report.families, *report.plan.not_applicable})
    places = {name: place for place, name in enumerate(names)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "flyball redteam",
                        "semanticVersion": __version__,
                        "rules": [_rule(name) for name in names],
                    }
                },
                "automationDetails": {"id": f"{report.deployment}/{report.plan.digest}"},
                "invocations": [
                    {
                        "executionSuccessful": not report.failed,
                        "toolExecutionNotifications": [
                            {
                                "level": "warning",
                                "message": {"text": f"{one.attack.id} could not be carried out: {one.why}"},
                            }
                            for one in report.results
                            if one.outcome == "failed"
                        ],
                    }
                ],
                "results": [_result(report, one, places[one.attack.family]) for one in report.findings],
                "columnKind": "unicodeCodePoints",
                "properties": {
                    "deployment": report.deployment,
                    "release": report.release,
                    "notTested": list(report.not_tested),
                },
            }
        ],
    }


def _rule(name: str) -> dict[str, Any]:
    family: Family = FAMILIES.load(name)
    return {
        "id": name,
        "shortDescription": {"text": family.summary},
        "fullDescription": {"text": family.summary},
        "help": {"text": f"{family.summary} One attack again: flyball redteam replay ID."},
        "defaultConfiguration": {"level": family.level},
        "properties": {"version": family.version, "benign": family.benign},
    }


def _file_of(report: RedTeamReport, one: Result) -> str:
    """Return where a finding is kept; those at an address are not, so they stand at the deployment."""
    return f"redteam/findings/{one.attack.id}.json" if report.target == "sandbox" else "flyball.toml"


def _result(report: RedTeamReport, one: Result, place: int) -> dict[str, Any]:
    family: Family = FAMILIES.load(one.attack.family)
    release = f", release {short(report.release)}" if report.release else ""
    return {
        "ruleId": one.attack.family,
        "ruleIndex": place,
        "level": family.level,
        "kind": "fail",
        "message": {
            "text": f"{report.deployment}{release}: {one.why}. Again: flyball redteam replay {one.attack.id}"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _file_of(report, one), "uriBaseId": "DEPLOYMENT"},
                    "region": {"startLine": 1, "startColumn": 1, "endLine": 1},
                },
                "logicalLocations": [{"name": report.deployment, "kind": "module"}],
            }
        ],
        "partialFingerprints": {"attack/v1": one.attack.id, "primaryLocationLineHash": one.attack.id},
        "properties": {
            "seed": one.attack.seed,
            "mutations": list(one.attack.mutations),
            "carrier": one.attack.carrier,
        },
    }
