"""The technical file of Annex IV of the EU AI Act: what records show, point by point, and what people owe.

Source: Regulation (EU) 2024/1689, Annex IV, points 1 to 9; headings in our own words.
"""

from collections.abc import Iterable

from flyball.governance.evidence.document import Document, Section, Table, as_html, as_markdown
from flyball.governance.evidence.form import Files, form
from flyball.governance.evidence.pack import Pack, PackRecord

__all__ = ["technical_file"]


@form(
    title="Technical file after Annex IV",
    source="Regulation (EU) 2024/1689, Article 11(1) and Annex IV",
    frameworks=("eu.ai-act",),
)
def technical_file(pack: Pack) -> Files:
    """Write `technical-file.md` and `technical-file.html`."""
    document = _document(pack)
    return {"technical-file.md": as_markdown(document), "technical-file.html": as_html(document)}


def _document(pack: Pack) -> Document:
    return Document(
        f"Technical file of {pack.deployment}",
        (
            f"Release {pack.release or 'none'}, period {pack.period}. Each point of Annex IV in turn.",
            "Whatever is marked OWED is not in the records and has to be written by the provider. This "
            "draft is no "
            "declaration of conformity, and whether the system is of high risk is not decided here.",
        ),
        (
            Section("1. General description", _general(pack)),
            Section("2. Elements and development", _development(pack)),
            Section("3. Monitoring, functioning and control", _control(pack)),
            Section(
                "4. Why these measures of performance fit",
                (
                    Table(
                        ("measure", "limit", "set by", "where"),
                        tuple(
                            (one.title, one.limit.said, one.limit.set_by, one.limit.where)
                            for one in pack.of_check("release.objectives")
                            if one.limit.said
                        ),
                        "No objective is set.",
                    ),
                    _owed("why these measures and these limits suit the purpose and the people concerned"),
                ),
            ),
            Section(
                "5. Risk management (Article 9)",
                (
                    _records(pack, ("redteam.", "fairness.", "principle.", "drift.")),
                    _owed("the risks that were found, judged and accepted, and by whom"),
                ),
            ),
            Section(
                "6. Changes over the life of the system",
                (pack.changes or ("No release went live in the period.",),),
            ),
            Section(
                "7. Harmonised standards",
                (_owed("the standards applied, in full or in part, and what stands in their place"),),
            ),
            Section(
                "8. EU declaration of conformity",
                (_owed("a copy; it is signed by the provider and not by a machine"),),
            ),
            Section(
                "9. Following the system on the market (Article 72)",
                (
                    _records(pack, ("kpi.", "slo.", "drift.", "alert.")),
                    _owed("the plan for following the system after it is on the market"),
                ),
            ),
            Section("Not tested", (pack.not_tested,)),
        ),
    )


def _general(pack: Pack) -> tuple[str | tuple[str, ...] | Table, ...]:
    return (
        (
            f"Purpose: {pack.purpose or _owed('the purpose')}",
            f"Provider or owner: {pack.owner or _owed('who provides it')}",
            f"Version: release {pack.release or 'none'}, made by {pack.release_made_by or 'nobody named'}",
            f"Software: {pack.software}",
            f"Jurisdictions: {', '.join(pack.jurisdictions) or 'none named'}",
            f"Labels of the data: {', '.join(pack.data_labels) or 'none'}",
        ),
        "What it decides:",
        tuple(f"{key}: {title}" for key, title in sorted(pack.fields.items())) or ("Nothing is on record.",),
        "Duties of the catalogue in force at the end of the period, to be confirmed by counsel:",
        pack.duties or ("None.",),
        _owed(
            "hardware, forms in which it is on the market, the user interface and the instructions for use"
        ),
    )


def _development(pack: Pack) -> tuple[str | tuple[str, ...] | Table, ...]:
    return (
        Table(
            ("model", "kind", "trained on", "digest", "limits"),
            tuple(
                (
                    one.name,
                    one.kind,
                    "; ".join(one.trained_on) or "nothing on record",
                    one.digest,
                    "; ".join(one.limits),
                )
                for one in pack.models
            ),
            "No expert is on record.",
        ),
        Table(
            ("dataset", "digest", "rows", "personal data", "licence"),
            tuple(
                (
                    one.name,
                    one.digest,
                    "not kept" if one.rows is None else f"{one.rows:,}",
                    one.card.get("personal_data", "unknown"),
                    one.card.get("licence", "unknown"),
                )
                for one in pack.datasets
            ),
            "No dataset is on record.",
        ),
        "Principles that every answer is held against:",
        pack.principles or ("None.",),
        _records(pack, ("dataset.", "evaluation.", "release.")),
        "Signed by "
        f"{', '.join(f'{one.person} ({one.decision}, {one.at:%Y-%m-%d})' for one in pack.approvals)}."
        if pack.approvals
        else "Nobody but its author signed this release.",
        _owed("design choices and assumptions, computing resources, and measures of security of the house"),
    )


def _control(pack: Pack) -> tuple[str | tuple[str, ...] | Table, ...]:
    return (
        "What automation may get wrong:",
        pack.promises or ("No promise is on record.",),
        "Where the experts should not be believed:",
        tuple(f"{model.name}: {limit}" for model in pack.models for limit in model.limits)
        or ("No limit is on record.",),
        _records(pack, ("fairness.", "decision.", "principle.")),
        _owed("foreseeable misuse, and the sources of risk to health, safety and rights"),
    )


def _records(pack: Pack, beginnings: tuple[str, ...]) -> Table:
    found: Iterable[PackRecord] = [one for one in pack.records if one.check.startswith(beginnings)]
    return Table(
        ("what", "result", "n", "not covered"),
        tuple(
            (
                one.title,
                one.in_words,
                f"{one.sample.n:,}",
                one.not_covered,
            )
            for one in found
        ),
        "Nothing of this was measured in the period.",
    )


def _owed(what: str) -> str:
    return f"OWED by the provider: {what}."
