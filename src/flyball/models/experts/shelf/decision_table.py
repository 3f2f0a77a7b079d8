"""Rules as an expert: triage tables that decide a field outright, or send it to a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from flyball.core.digests import digest_of, short
from flyball.core.errors import BadInput
from flyball.core.records import Field
from flyball.data.documents.rows import places_of_columns, row_of
from flyball.models.experts.case_facts import CASE_FACTS, case_facts
from flyball.models.experts.decision_table.load import load_tables
from flyball.models.experts.decision_table.messages import fill
from flyball.models.experts.decision_table.records import ROW, TRIAGE, BadTable, KnownFacts, Table
from flyball.models.experts.decision_table.triage import EVERY_FIELD, fields_of, triage_batch
from flyball.models.experts.expert import PREDICTIONS, ExpertCard, ExpertMaker

__all__ = ["TriageRules", "decision_table"]

_SETTINGS = frozenset({"name", "fields"})
_ANSWERS = {"yes": "true", "no": "false", "refer": '"refer"'}
_ENDINGS = (".csv", ".tsv", ".json")


@dataclass(frozen=True, slots=True)
class TriageRules:
    """An expert that is nothing but tables.

    Parameters
    ----------
    card : ExpertCard
    tables : tuple of Table
    files : mapping of file name to bytes
        The tables as they were written: the artefact.
    """

    card: ExpertCard
    tables: tuple[Table, ...]
    files: Mapping[str, bytes]

    def predict(self, cases: pa.RecordBatch) -> pa.RecordBatch:
        """Answer the fields that rules decide; every other field has no row. Confidence is 1.0."""
        texts = cases.column("text").to_pylist()
        media = (
            cases.column("media_type").to_pylist()
            if "media_type" in cases.schema.names
            else [None] * len(texts)
        )
        facts = [case_facts(text, media_type=kind) for text, kind in zip(texts, media, strict=True)]
        rows: list[dict[str, object]] = []
        decided = triage_batch(self.tables, facts, fields=self.card.fields)
        ids = cases.column("case_id").to_pylist()
        for case_id, text, known, hits in zip(ids, texts, facts, decided, strict=True):
            for key in sorted(hits):
                hit = hits[key]
                rows.append(
                    {
                        "case_id": case_id,
                        "field": key,
                        "answer": _ANSWERS[hit.outputs["decide"]],
                        "confidence": 1.0,
                        "evidence": _evidence(text, hit.facts),
                        "reason": f"{fill(hit.outputs['reason'], known)} (Rule {hit.rule}, row {hit.row}.)",
                    }
                )
        return pa.RecordBatch.from_pylist(rows, schema=PREDICTIONS)

    def save(self, folder: Path) -> None:
        """Write the tables as they came."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in sorted(self.files.items()):
            (folder / name).write_bytes(data)


def _evidence(text: str, facts: Sequence[str]) -> list[dict[str, object]]:
    """Return where the columns stand that a rule looked at; rules about whole texts quote nothing."""
    columns = {fact.removeprefix(ROW) for fact in facts if fact.startswith(ROW)}
    if not columns:
        return []
    named = [column for column in row_of(text) or {} if column.lower() in columns]
    places = places_of_columns(text, named)
    return [{"start": start, "end": end, "score": 1.0} for start, end in places.values()]


def _load(folder: Path, settings: Mapping[str, object]) -> TriageRules:
    """Read one table, or every table of a folder.

    Settings: `name`, that of the expert in the deployment (its kind by default); `fields`, the keys
    of the deployment's fields, as a list or separated by `;`: what `*` in a table stands for.
    """
    strange = sorted(set(settings) - _SETTINGS)
    if strange:
        raise BadInput(
            f"The expert decision_table has no setting {strange[0]!r}.",
            fix=f"Known: {', '.join(sorted(_SETTINGS))}.",
            setting=strange[0],
        )
    fields = _keys(settings.get("fields", ""))
    paths = [folder] if folder.is_file() else sorted(_tables_in(folder))
    if not paths:
        raise BadTable(
            f"No table stands in {folder}.", fix="Put a .csv or a GoRules .json there.", folder=folder
        )
    tables = load_tables(paths, facts=KnownFacts(CASE_FACTS), outputs=TRIAGE)
    named = _named(tables, fields)
    card = ExpertCard(
        name=str(settings.get("name", "decision_table")),
        version=short(digest_of([table.digest for table in tables])),
        kind="rules",
        fields=tuple(sorted(named)),
        summary="Decision tables that people wrote. They decide a field outright, or send it to a person, "
        "before any model is asked.",
        limits=(
            "Rules see length, language, kind of file and words of the text, or the columns of a row; they "
            "do not read clauses.",
        ),
        parameters={"tables": ", ".join(table.name for table in tables), "fields": ";".join(fields)},
    )
    return TriageRules(card, tables, {path.name: path.read_bytes() for path in paths})


def _tables_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BadTable(f"{folder} is not there.", fix="Check the path in flyball.toml.", folder=folder)
    return [path for path in folder.iterdir() if path.suffix in _ENDINGS]


def _keys(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return fields_of(given)
    if isinstance(given, list | tuple) and all(isinstance(one, str | Field) for one in given):
        return tuple(one.key if isinstance(one, Field) else one for one in given)
    raise BadInput(
        f"The setting fields of the expert decision_table is {given!r}.", fix="Give the keys of the fields."
    )


def _named(tables: Sequence[Table], fields: tuple[str, ...]) -> set[str]:
    named: set[str] = set()
    for table in tables:
        for rule in table.rules:
            keys = fields_of(dict(rule.outputs)["field"])
            unknown = [key for key in keys if key != EVERY_FIELD and fields and key not in fields]
            if unknown or not keys or (EVERY_FIELD in keys and not fields):
                what = f"decides {unknown[0]!r}, which is not a field" if unknown else "names no field"
                raise BadTable(
                    f"{table.name}, row {rule.row} ({rule.id}) {what} of the deployment.",
                    fix="Write * for every field, or keys separated by ; "
                    f"({', '.join(fields) or 'the setting `fields` lists none'}).",
                    rule=rule.id,
                )
            named.update(fields if EVERY_FIELD in keys else keys)
    return named


decision_table = ExpertMaker(load=_load, kind="rules", takes_fields=True)
