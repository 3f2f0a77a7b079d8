"""The validation note of model risk management: conception, data, outcomes, monitoring, limits, who looked.

Source: SR 26-2 (Board of Governors, OCC, FDIC, 17 April 2026), and SR 11-7 before it; headings are our own.
"""

from flyball.governance.evidence.document import Document, Section, Table, as_html, as_markdown
from flyball.governance.evidence.form import Files, form
from flyball.governance.evidence.pack import Pack

__all__ = ["validation_note"]

_NOT_MODELS = ("rules",)


@form(
    title="Validation note of model risk management",
    source="SR 26-2; SR 11-7, sections IV and V",
    frameworks=("us.sr-",),
)
def validation_note(pack: Pack) -> Files:
    """Write `validation-note.md` and `validation-note.html`."""
    document = _document(pack)
    return {"validation-note.md": as_markdown(document), "validation-note.html": as_html(document)}


def _document(pack: Pack) -> Document:
    others = sorted({one for record in pack.records for one in record.reviewers})
    return Document(
        f"Validation note on {pack.deployment}",
        (
            f"Release {pack.release or 'none'}, period {pack.period}. A draft for the validator: the "
            "tests are done, "
            "the judgement is not.",
            "Rules without a model are listed and lie outside; a language model that writes freely is "
            "carved out of "
            "SR 26-2, and its tests stand here all the same.",
        ),
        (
            Section(
                "Models in and out of scope",
                (
                    Table(
                        ("expert", "kind", "in scope", "version", "digest"),
                        tuple(
                            (
                                one.name,
                                one.kind,
                                "no" if one.kind in _NOT_MODELS else "yes",
                                one.version,
                                one.digest,
                            )
                            for one in pack.models
                        ),
                        "No expert is on record.",
                    ),
                ),
            ),
            Section(
                "Purpose and conception",
                (
                    pack.purpose,
                    tuple(f"{one.name}: {one.summary}" for one in pack.models) or ("Nothing is on record.",),
                    "OWED by the developer: why this approach, which others were tried, and its assumptions.",
                ),
            ),
            Section("Data", (_table(pack, ("dataset.",)),)),
            Section(
                "Outcomes on cases that no expert was trained on",
                (_table(pack, ("release.objectives", "evaluation.")),),
            ),
            Section(
                "Against the release before it",
                (_table(pack, ("release.no_regression",)),),
            ),
            Section(
                "Promises", (pack.promises or ("None is on record.",), _table(pack, ("release.promise",)))
            ),
            Section(
                "Monitoring in the period",
                (_table(pack, ("kpi.", "slo.", "drift.", "fairness.", "redteam.", "alert.")),),
            ),
            Section(
                "Limits",
                (
                    tuple(f"{model.name}: {limit}" for model in pack.models for limit in model.limits)
                    or ("No limit is on record.",),
                    pack.not_tested,
                ),
            ),
            Section(
                "Who made it, who looked",
                (
                    f"Made by {pack.release_made_by or 'nobody named'}. "
                    f"Signed by others: {', '.join(others) or 'nobody'}. {pack.approvals_required} "
                    "signatures were asked for.",
                    "OWED by the validator: independence, effective challenge, and the conclusion, with "
                    "name and date.",
                ),
            ),
        ),
    )


def _table(pack: Pack, beginnings: tuple[str, ...]) -> Table:
    return Table(
        ("what", "result", "limit", "n", "not covered"),
        tuple(
            (
                one.title,
                one.in_words,
                one.limit.said or "none",
                f"{one.sample.n:,}",
                one.not_covered,
            )
            for one in pack.records
            if one.check.startswith(beginnings)
        ),
        "Nothing of this was measured in the period.",
    )
