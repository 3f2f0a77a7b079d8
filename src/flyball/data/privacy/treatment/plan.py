"""The treatments of all columns of a stream, and the one function that applies them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flyball.core.errors import FlyballError
from flyball.data.privacy.treatment.errors import BadTreatment, Untreatable
from flyball.data.privacy.treatment.treatment import TREATMENTS, Tools, Treatment
from flyball.data.quality.contract import DataContract

__all__ = ["TreatmentPlan", "open_plan", "treat", "treated_schema"]


@dataclass(frozen=True, slots=True)
class TreatmentPlan:
    """What happens to each column.

    Parameters
    ----------
    treatments : mapping of str to Treatment
        Columns without one stay as they are.
    names : mapping of str to str
        Column -> name of its treatment, for the card.
    """

    treatments: Mapping[str, Treatment]
    names: Mapping[str, str]


def open_plan(contract: DataContract, tools: Tools) -> TreatmentPlan:
    """Return the treatments that a contract asks for.

    Raises
    ------
    UnknownName
        No treatment of that name.
    BadTreatment
        Its settings cannot be used; or a column that is labelled as personal data has no treatment at
        all. `keep` is one.
    """
    made: dict[str, Treatment] = {}
    for rule in contract.columns:
        if rule.treatment:
            made[rule.name] = TREATMENTS.load(rule.treatment)(rule.name, rule.treatment_settings, tools)
        elif "personal-data" in rule.labels:
            raise BadTreatment(
                f"The column {rule.name} is labelled personal-data and has no treatment.",
                fix='Write treatment = "pseudonymise", "redact", ...; or "keep" if the values are needed.',
                column=rule.name,
            )
    return TreatmentPlan(made, {rule.name: rule.treatment for rule in contract.columns if rule.treatment})


def treated_schema(schema: pa.Schema, plan: TreatmentPlan) -> pa.Schema:
    """Return the schema after treatment.

    Raises
    ------
    BadTreatment
        A column is of a type that its treatment does not treat, or is not there.
    """
    missing = [name for name in plan.treatments if name not in schema.names]
    if missing:
        raise BadTreatment(
            f"There is no column {missing[0]} to treat.",
            fix=f"There are: {', '.join(schema.names)}.",
            column=missing[0],
        )
    fields = [plan.treatments[one.name].field(one) if one.name in plan.treatments else one for one in schema]
    return pa.schema([one for one in fields if one is not None])


def treat(batch: pa.RecordBatch, plan: TreatmentPlan) -> pa.RecordBatch:
    """Return a batch with every column treated, or raise: there is no half-treated batch.

    Parameters
    ----------
    batch : RecordBatch
    plan : TreatmentPlan

    Returns
    -------
    RecordBatch
        Of `treated_schema`, with as many rows.

    Raises
    ------
    Untreatable
        Anything went wrong with any value. The message names the column, never a value.
    """
    schema = treated_schema(batch.schema, plan)
    columns = []
    for field in schema:
        values = batch.column(field.name)
        columns.append(
            _treated(plan.treatments[field.name], field, values) if field.name in plan.treatments else values
        )
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _treated(treatment: Treatment, field: pa.Field, values: pa.Array) -> pa.Array:
    try:
        new = treatment.treat(values)
    except Exception as err:  # noqa: BLE001 - whatever a treatment does wrong, its column must not get through
        told: dict[str, Any] = {"column": field.name}
        why = f"[{err.code}] {err.message}" if isinstance(err, FlyballError) else type(err).__name__
        raise Untreatable(
            f"The column {field.name} could not be treated ({why}), so the batch is refused.",
            fix="Mend the values, or choose a treatment that fits them.",
            **told,
        ) from None  # the text of the cause may quote a value
    if len(new) != len(values) or new.type != field.type or new.null_count != values.null_count:
        raise Untreatable(
            f"The treatment of {field.name} gave {len(new)} values of {new.type}, {new.null_count} of them "
            f"null; expected {len(values)} of {field.type}, {values.null_count} null. The batch is refused.",
            fix="This is a fault of the treatment.",
            column=field.name,
        )
    return new
