"""The datasheet of a dataset: seven sections, from what is known, with a gap where nothing is.

Source: Gebru et al. 2018, "Datasheets for Datasets", arXiv:1803.09010, section 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import Catalogue
from flyball.data.datasets.files import files_of
from flyball.data.datasets.history import expired_snapshots
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.tables import existing_table, known_snapshots, record_of
from flyball.data.labels.columns import labels_of_card
from flyball.data.labels.words import NO_TRAINING, purposes, residencies, strictest

__all__ = ["NOT_ANSWERED", "SECTIONS", "Datasheet", "datasheet_of", "render_datasheet"]

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "motivation": ("purpose", "made by", "paid by"),
    "composition": ("what one row is", "rows", "columns", "personal data", "known gaps"),
    "collection": ("from where", "made from", "collected at", "consent or legal basis"),
    "preprocessing": ("what was done", "raw data kept"),
    "uses": ("used for", "must not be used for"),
    "distribution": ("licence", "who may have it"),
    "maintenance": ("owner", "versions", "tags", "taken away", "how errors are reported"),
}
"""Section to the questions that it answers; a question of another name may be answered too."""

NOT_ANSWERED = "Not answered."


@dataclass(frozen=True, slots=True)
class Datasheet:
    """What is known about a snapshot, for those who decide whether to use it.

    Parameters
    ----------
    snapshot : str
    digest : str
    sections : dict of str to dict of str to str
        Section, question, answer; `NOT_ANSWERED` where nothing is known.
    """

    snapshot: str
    digest: str
    sections: dict[str, dict[str, str]]

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The questions without an answer, as "section: question"."""
        return tuple(
            f"{section}: {question}"
            for section, answers in self.sections.items()
            for question, answer in answers.items()
            if answer == NOT_ANSWERED
        )


def datasheet_of(
    catalogue: Catalogue, snapshot: Snapshot, answers: Mapping[str, Mapping[str, str]] | None = None
) -> Datasheet:
    """Fill in the datasheet of a snapshot.

    What the snapshot, its card and its table know is taken from there; a person answers the rest. A fact
    that is measured (rows, columns, versions) cannot be answered otherwise.

    Parameters
    ----------
    catalogue : Catalogue
    snapshot : Snapshot
    answers : mapping, optional
        Section to question to answer.

    Returns
    -------
    Datasheet

    Raises
    ------
    BadInput
        An unknown section, or an answer to what is measured.
    UnknownSnapshot
        The dataset is gone.
    """
    facts, said = _facts(catalogue, snapshot), _said(snapshot)
    answers = answers or {}
    for section, given in answers.items():
        if section not in SECTIONS:
            raise BadInput(
                f"A datasheet has no section {section!r}.", fix=f"Sections: {', '.join(SECTIONS)}."
            )
        if measured := sorted(set(given) & set(facts.get(section, {}))):
            raise BadInput(
                f"{section}: {', '.join(measured)} is measured and cannot be answered.", fix="Leave it out."
            )
    sections = {}
    for section, questions in SECTIONS.items():
        known = said.get(section, {}) | dict(answers.get(section, {})) | facts.get(section, {})
        sections[section] = {
            question: known.pop(question, "") or NOT_ANSWERED for question in questions
        } | known
    return Datasheet(snapshot.id, snapshot.digest, sections)


def render_datasheet(sheet: Datasheet) -> str:
    """Return the datasheet as Markdown."""
    lines = [f"# Datasheet of {sheet.snapshot}", "", f"Digest: `{sheet.digest}`"]
    for section, answers in sheet.sections.items():
        lines += ["", f"## {section.capitalize()}", ""]
        lines += [
            f"- **{question.capitalize()}**: {_one_line(answer)}" for question, answer in answers.items()
        ]
    if sheet.unanswered:
        lines += ["", f"{len(sheet.unanswered)} questions are not answered."]
    return "\n".join(lines) + "\n"


def _facts(catalogue: Catalogue, snapshot: Snapshot) -> dict[str, dict[str, str]]:
    table = existing_table(catalogue, snapshot.dataset)
    versions = [record_of(table, snapshot.dataset, one) for one in known_snapshots(table)]
    ids = {one.field_id: one.name for one in table.scan(snapshot_id=snapshot.iceberg_id).projection().fields}
    nulls = dict.fromkeys((name for name, _ in snapshot.columns), 0)
    counted = set(nulls)
    for task in files_of(table, snapshot.iceberg_id):
        for number, name in ids.items():
            found = task.file.null_value_counts.get(number) if task.file.null_value_counts else None
            if name in nulls and found is not None:
                nulls[name] += found
            else:
                counted.discard(name)
    columns = "; ".join(
        f"{name} ({kind}, {f'{nulls[name]:,} null' if name in counted else 'nulls not counted'})"
        for name, kind in snapshot.columns
    )
    return {
        "composition": {"rows": f"{snapshot.rows:,}", "columns": columns},
        "collection": {
            "made from": ", ".join(snapshot.parents) or "nothing that has a digest",
            "collected at": f"{snapshot.created_at:%Y-%m-%d %H:%M:%S} UTC",
        },
        "maintenance": {
            "versions": f"{len({one.digest for one in versions})}",
            "tags": ", ".join(snapshot.tags) or "none",
            "taken away": f"{len(expired_snapshots(table))} earlier versions",
        },
    }


def _said(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    def card(name: str) -> str:
        value = snapshot.card.get(name)
        return "" if value is None else str(value)

    labels = strictest(*labels_of_card(snapshot.card, [name for name, _ in snapshot.columns]).values())
    allowed = purposes(labels)
    treatments = snapshot.card.get("treatments")
    return {
        "motivation": {"made by": card("created_by"), "purpose": card("purpose")},
        "composition": {"what one row is": card("what"), "personal data": card("personal_data")},
        "collection": {"from where": card("from_where")},
        "preprocessing": {"what was done": ", ".join(treatments) if isinstance(treatments, list) else ""},
        "uses": {
            "used for": "" if allowed is None else ", ".join(sorted(allowed)) or "nothing",
            "must not be used for": "training" if NO_TRAINING in labels else "",
        },
        "distribution": {
            "licence": card("licence"),
            "who may have it": ", ".join(sorted(residencies(labels))),
        },
        "maintenance": {"owner": card("owner")},
    }


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")
