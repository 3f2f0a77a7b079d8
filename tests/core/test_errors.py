"""Errors say what happened, what to do next, and which exit code follows."""

import pickle

import pytest

from flyball.core.errors import BadInput, MissingExtra, Refused
from flyball.core.extras import optional_import


def test_an_error_carries_its_code_its_values_and_the_way_out():
    err = BadInput("Got 3.", fix="Give 2.", got=3)
    assert str(err) == "[core.bad_input] Got 3. Give 2."
    assert err.as_record() == {
        "ok": False,
        "code": "core.bad_input",
        "message": "Got 3.",
        "fix": "Give 2.",
        "retry": False,
        "values": {"got": "3"},
    }


def test_a_refusal_by_a_gate_exits_with_one_and_wrong_use_with_two():
    assert (Refused("no", fix="ask").exit_code, BadInput("no", fix="mend").exit_code) == (1, 2)


def test_a_missing_library_names_the_extra_that_brings_it():
    with pytest.raises(MissingExtra, match=r"pip install 'flyball\[train\]'"):
        optional_import("a_library_that_does_not_exist", extra="train")


def test_an_error_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(BadInput("Got 3.", fix="Give 2.", value=3)))  # noqa: S301
    assert type(error) is BadInput
    assert error.as_record() == BadInput("Got 3.", fix="Give 2.", value=3).as_record()
