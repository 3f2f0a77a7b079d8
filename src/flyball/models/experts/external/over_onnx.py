"""A model as ONNX: run in this process, on columns of the row or on the text.

The file is `model.onnx` in the expert's folder, so it is part of a release by its digest. Source: ONNX IR
specification, version 10.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from flyball.core.estimates import Failed
from flyball.core.extras import optional_import
from flyball.models.experts.external.over_http import answer_of
from flyball.models.experts.external.records import Asker, BadExternal, Brought, Question, Told
from flyball.models.experts.external.settings import ExternalSettings

__all__ = ["MODEL", "over_onnx"]

MODEL = "model.onnx"
_LARGEST_MB = 2_000


def over_onnx(settings: ExternalSettings, folder: Path) -> Asker:
    """Return what runs the model.

    Raises
    ------
    BadExternal
        The file is missing, is no ONNX model, or takes something else than the columns.
    MissingExtra
        The extra `onnx` is not installed.
    """
    runtime = optional_import("onnxruntime", extra="onnx")
    path = folder / MODEL
    if not path.is_file() or path.stat().st_size > _LARGEST_MB * 1_000_000:
        raise BadExternal(
            f"There is no {MODEL} of at most {_LARGEST_MB} MB in {folder}.",
            fix="Put the model there, and write its folder as the path of the expert.",
        )
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    with TemporaryDirectory(prefix="flyball-onnx-") as nothing:
        # Weights in other files would be looked for where the process runs, and no release signs those.
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", nothing)
        try:
            session = runtime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Exception as err:
            raise BadExternal(
                f"{MODEL} in {folder} cannot be loaded ({type(err).__name__}).",
                fix="Export it again as ONNX, with its weights inside this one file.",
            ) from err
    inputs = session.get_inputs()
    text = len(inputs) == 1 and inputs[0].type == "tensor(string)"
    if len(inputs) != 1 or (not text and not settings.columns):
        raise BadExternal(
            f"{MODEL} takes {len(inputs)} inputs ({', '.join(one.type for one in inputs)}).",
            fix="It must take one: a column of texts, or a matrix of the numbers in the setting `columns`.",
        )
    kind = np.float64 if inputs[0].type == "tensor(double)" else np.float32
    shape = inputs[0].shape

    def ask(questions: Sequence[Question]) -> Brought:
        told: dict[str, Told] = {}
        for one in questions:  # one by one: a sum in a wide instruction depends on its neighbours
            try:
                given = _texts(one, shape) if text else _numbers(one, settings, kind)
                told[one.case_id] = Told((_said(session.run(None, {inputs[0].name: given}), settings),))
            except _NoNumber as err:
                told[one.case_id] = Told(failed=Failed(f"{settings.name} {err}."))
            except Exception as err:  # noqa: BLE001 - as above; it becomes a record
                told[one.case_id] = Told(failed=Failed(f"{settings.name} broke ({type(err).__name__})."))
        return Brought(told)

    return ask


def _texts(one: Question, shape: Sequence[object]) -> Any:
    given = np.array([one.text], dtype=object)
    return given.reshape(1, 1) if len(shape) == 2 else given


class _NoNumber(Exception):
    pass


def _numbers(one: Question, settings: ExternalSettings, kind: type) -> Any:
    row = one.row or {}
    values = []
    for column in settings.columns:
        if column not in row:
            raise _NoNumber(f"takes the column {column!r}, which the case does not have")
        value = row[column]
        if isinstance(value, str):
            raise _NoNumber(f"takes a number in the column {column!r}, and the case has a text there")
        values.append(np.nan if value is None else float(value))
    return np.array([values], dtype=kind)


def _said(outputs: Sequence[Any], settings: ExternalSettings) -> Any:
    """Return the answer: the first output, or for a probability the last."""
    value = outputs[-1] if settings.gives == "probability" else outputs[0]
    if isinstance(value, list) and value and isinstance(value[0], dict):  # a map of class to probability
        value = list(value[0].values())
    else:
        value = np.asarray(value).ravel().tolist()
    if settings.gives == "answer":
        value = value[:1]
        if settings.fields[0].kind in ("flag", "spans") and value and value[0] in (0, 1):
            value = [bool(value[0])]
    return answer_of(settings.fields[0].key, value, settings.gives)
