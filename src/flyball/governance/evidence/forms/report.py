"""The report: the whole pack for people to read and to print."""

from flyball.governance.evidence.document import Document, Section, Table, as_html, as_markdown
from flyball.governance.evidence.form import Files, form
from flyball.governance.evidence.pack import Pack

__all__ = ["report"]

_SHOWING = {
    "supported": "all its checks passed",
    "measured": "measured, held against no limit",
    "exception": "a check did not pass",
    "incomplete": "a check is missing",
    "not_tested": "not tested",
}


@form(title="Report for people", source="AICPA AT-C 320: tests, results, exceptions")
def report(pack: Pack) -> Files:
    """Write `report.md` and `report.html`."""
    document = _document(pack)
    return {"report.md": as_markdown(document), "report.html": as_html(document)}


def _document(pack: Pack) -> Document:
    counts = {name: sum(one.showing == name for one in pack.controls) for name in _SHOWING}
    return Document(
        f"Evidence of {pack.deployment}: {pack.framework_title}",
        (
            f"Period {pack.period}, made {pack.made_at:%Y-%m-%d %H:%M} UTC by {pack.software}. "
            f"Live at the end: release {pack.release or 'none'}.",
            "This is evidence and no certificate. It says what was tested, on how many cases, how, and "
            "what was not.",
        ),
        (
            Section(
                "What the checks say about the controls",
                (
                    Table(
                        ("of the controls", "number"),
                        tuple((_SHOWING[name], str(number)) for name, number in counts.items() if number),
                        "There is none.",
                    ),
                    Table(
                        ("control", "what it asks", "showing", "left open"),
                        tuple((one.id, one.title, _SHOWING[one.showing], one.gaps) for one in pack.controls),
                    ),
                    pack.framework_gaps,
                ),
            ),
            Section("What was not tested", (pack.not_tested,)),
            Section(
                "Evidence",
                (
                    Table(
                        ("what", "result", "population", "sample", "limit, set by", "until"),
                        tuple(
                            (
                                one.title,
                                one.in_words,
                                f"{one.population.n:,} ({one.population.what})",
                                f"{one.sample.n:,}",
                                f"{one.limit.said}{f', {one.limit.set_by}' if one.limit.set_by else ''}"
                                or "none",
                                f"{one.expires_at:%Y-%m-%d}",
                            )
                            for one in pack.records
                        ),
                    ),
                ),
            ),
            Section(
                "Sampled changes, acts on access and alerts",
                (
                    Table(
                        ("population", "entry", "when", "kind", "by", "found"),
                        tuple(
                            (
                                one.population,
                                str(one.entry),
                                f"{one.at:%Y-%m-%d %H:%M}",
                                one.kind,
                                one.by,
                                "; ".join(f"{name}: {said}" for name, said in one.found.items()),
                            )
                            for one in pack.examined
                        ),
                        "Nothing of these kinds is in the ledger for the period.",
                    ),
                ),
            ),
            Section(
                "Who signed",
                (
                    f"Made by {pack.release_made_by or 'nobody named'}; "
                    f"{pack.approvals_required} signatures of others were asked for.",
                    Table(
                        ("person", "said", "when", "comment"),
                        tuple(
                            (one.person, one.decision, f"{one.at:%Y-%m-%d %H:%M}", one.comment)
                            for one in pack.approvals
                        ),
                        "Nobody signed this release.",
                    ),
                ),
            ),
            Section(
                "The ledger",
                (
                    f"{pack.ledger.origin}, {pack.ledger.size:,} entries, root {pack.ledger.root}.",
                    Table(
                        ("kind", "entries", "in this pack"),
                        tuple(
                            (kind, f"{number:,}", "by hash" if kind in pack.ledger.withheld else "whole")
                            for kind, number in sorted(pack.ledger.kinds.items())
                        ),
                    ),
                ),
            ),
        ),
    )
