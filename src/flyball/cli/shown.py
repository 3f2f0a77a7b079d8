"""Decisions as people see them in a terminal: a row for each case."""

from flyball.models.decisions.records import Decision

__all__ = ["summary_columns", "summary_row"]


def summary_columns(case: str) -> list[str]:
    """Return the columns of the summary; the first is called as the deployment calls a case."""
    return [case, ">critical", ">high", ">other", ">to check", ">by machine", ">for a person"]


def summary_row(name: str, decision: Decision) -> list[str]:
    """Return a row of `summary_columns`."""
    found = [one for one in decision.findings if one.status == "found"]
    worst = [sum(one.severity == severity for one in found) for severity in ("critical", "high")]
    automated = sum(one.outcome == "automated" for one in decision.fields)
    return [
        name,
        *(str(number or "") for number in worst),
        str(len(found) - sum(worst) or ""),
        str(sum(one.status == "to_check" and one.likely for one in decision.findings) or ""),
        str(automated),
        str(len(decision.fields) - automated or ""),
    ]
