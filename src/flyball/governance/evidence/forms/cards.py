"""Cards: what each model and each dataset of the release is, in one page.

Source: Mitchell et al. 2019, arXiv:1810.03993 (models); Gebru et al. 2018, arXiv:1803.09010 (datasets).
"""

from flyball.governance.evidence.document import Document, Section, Table, as_markdown
from flyball.governance.evidence.form import Files, form
from flyball.governance.evidence.pack import Dataset, Model, Pack

__all__ = ["cards"]


@form(title="Model and dataset cards", source="Mitchell et al. 2019; Gebru et al. 2018")
def cards(pack: Pack) -> Files:
    """Write `cards/model-NAME.md` and `cards/dataset-NAME.md`."""
    files = {f"cards/model-{_file(one.name)}.md": as_markdown(_model(pack, one)) for one in pack.models}
    files |= {
        f"cards/dataset-{_file(one.name)}.md": as_markdown(_dataset(pack, one)) for one in pack.datasets
    }
    return files


def _file(name: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "-" for one in name)


def _model(pack: Pack, one: Model) -> Document:
    measured = [
        record for record in pack.records if record.check.startswith(("evaluation.", "release.objectives"))
    ]
    return Document(
        f"Model {one.name}",
        (one.summary or "No summary is on record.",),
        (
            Section(
                "What it is",
                (
                    (
                        f"Kind: {one.kind}",
                        f"Version: {one.version}",
                        f"Digest: {one.digest}",
                        f"Licence: {one.licence}",
                        f"Answers: {', '.join(one.fields) or 'no field on record'}",
                    ),
                ),
            ),
            Section("Intended use", (pack.purpose,)),
            Section(
                "Trained on", (one.trained_on or ("Nothing: it is made of rules, or no data is on record.",),)
            ),
            Section(
                "Measured on its own",
                (
                    Table(
                        ("figure", "value"),
                        tuple((name, str(figure)) for name, figure in sorted(one.figures.items())),
                        "Not measured on its own.",
                    ),
                ),
            ),
            Section(
                "Measured within the deployment",
                (
                    "All experts of the release together, after the router.",
                    Table(
                        ("metric", "value", "limit"),
                        tuple((record.title, str(record.figure), record.limit.said) for record in measured),
                    ),
                ),
            ),
            Section("Where it should not be believed", (one.limits or ("No limit is on record.",),)),
            Section(
                "Settings",
                (Table(("setting", "value"), tuple(sorted(one.parameters.items()))),),
            ),
        ),
    )


def _dataset(pack: Pack, one: Dataset) -> Document:
    rows = "the snapshot is no longer kept here" if one.rows is None else f"{one.rows:,}"
    return Document(
        f"Dataset {one.name}",
        (f"Digest {one.digest}. Rows: {rows}.",),
        (
            Section("What its card says", (Table(("fact", "value"), tuple(sorted(one.card.items()))),)),
            Section("Used for", (pack.purpose,)),
            Section(
                "Checked before use",
                (
                    Table(
                        ("check", "passed", "seen", "not covered"),
                        tuple(
                            (
                                record.check,
                                record.outcome,
                                record.detail,
                                record.not_covered,
                            )
                            for record in pack.records
                            if record.check.startswith("dataset.")
                        ),
                    ),
                ),
            ),
        ),
    )
