"""The outside form of what was found: plain data for `--json`, the ledger and the console."""

from typing import Any

import msgspec

from flyball.core.estimates import NotMeasured, as_plain
from flyball.governance.fairness.alternatives import Found, said_of
from flyball.governance.fairness.proxies import Told, TraitTold
from flyball.governance.fairness.records import FairnessReport, MetricFound, TraitFound

__all__ = ["plain_found", "plain_period", "plain_report", "plain_told"]


def plain_report(report: FairnessReport) -> dict[str, Any]:
    """Return the outside form of a report."""
    return {
        "cases": report.n,
        "weighted": report.weighted,
        "approval_rate": as_plain(report.approved),
        "outcomes_known": {"approved": report.outcome_known[0], "refused": report.outcome_known[1]},
        "smallest_group": report.smallest_group,
        "traits": [_plain_trait(one) for one in report.traits],
        "chance": {
            "comparisons": report.comparisons,
            "expected_below_0.05_by_chance": round(report.by_chance, 2),
            "below_0.05_after_holm": report.significant,
        },
        "asked": msgspec.to_builtins(report.asked),
        "warnings": list(report.warnings),
    }


def _plain_trait(one: TraitFound) -> dict[str, Any]:
    return {
        "trait": one.trait,
        "reference": one.reference,
        "reference_is": one.reference_from,
        "groups": [
            {
                "group": group.group,
                "cases": group.n,
                "approved": group.yes,
                "approval_rate": as_plain(group.approved),
                "good_outcomes": as_plain(group.good),
            }
            for group in one.groups
        ],
        "left_out": {"groups": one.too_few, "cases": one.too_few_rows},
        "not_said": {"cases": one.not_said, "approval_rate": as_plain(one.approved_not_said)},
        "metrics": {found.name: _plain_metric(found) for found in one.metrics},
        "by_score": {
            group: [{"mean_score": bin.score, "good_outcomes": as_plain(bin.good)} for bin in bins]
            for group, bins in one.bins.items()
        },
    }


def _plain_metric(found: MetricFound) -> dict[str, Any]:
    return {
        **as_plain(found.gap),
        "title": found.title,
        "unit": found.unit,
        "compared": found.compared,
        "part": found.part,
        "lowest": found.lowest,
        "highest": found.highest,
        "limit": found.limit,
        "limit_from": found.limit_from,
        "finding": found.finding,
        "version": found.version,
        "source": found.source,
        "by_group": {
            part: {group: as_plain(value) for group, value in values.items()}
            for part, values in (found.by_group or {}).items()
        },
        "against_reference": [
            {
                "group": pair.group,
                "part": pair.part,
                **as_plain(pair.value),
                "p": pair.p,
                "p_adjusted": pair.p_adjusted,
            }
            for pair in found.against
        ],
    }


def plain_period(report: FairnessReport) -> dict[str, Any]:
    """Return the outside form of the groups of a report alone."""
    return {
        "cases": report.n,
        "approval_rate": as_plain(report.approved),
        "traits": [_plain_trait(one) for one in report.traits],
    }


def plain_told(told: TraitTold | NotMeasured) -> dict[str, Any]:
    """Return the outside form of what inputs tell of a trait."""
    if isinstance(told, NotMeasured):
        return {"reason": told.reason}

    def of(one: Told) -> dict[str, Any]:
        return {
            "inputs": list(one.inputs),
            "group": one.group,
            **as_plain(one.area),
            "information": one.information,
        }

    return {
        "trait": told.trait,
        "rows": told.rows,
        "alone": [of(one) for one in told.alone],
        "pairs": [of(one) for one in told.pairs],
        "all_together": [of(one) for one in told.all_together],
    }


def plain_found(found: Found | NotMeasured) -> dict[str, Any]:
    """Return the outside form of a search."""
    if isinstance(found, NotMeasured):
        return {"reason": found.reason}
    return {
        "approval_rate": found.approved,
        "trait": found.trait,
        "tried": found.tried,
        "said": said_of(found),
        "first": {"area": as_plain(found.first_area), **plain_period(found.first_report)},
        "front_where_chosen": msgspec.to_builtins(found.front),
        "chosen": [
            {
                "area_lost_at_most": one.at_most,
                "model": dict(one.about),
                "area": as_plain(one.area),
                "area_lost": as_plain(one.area_lost),
                "ratio_won": as_plain(one.ratio_won),
                **plain_period(one.report),
            }
            for one in found.choices
        ],
    }
