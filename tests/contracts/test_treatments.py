"""Every treatment on the shelf: null stays null, the type is what it said, other settings are refused."""

import datetime as dt

import pyarrow as pa
import pytest

from flyball.data.privacy.pseudonyms.keys import open_keys
from flyball.data.privacy.treatment.errors import BadTreatment
from flyball.data.privacy.treatment.treatment import TREATMENTS, Tools

TEXTS = pa.array(["4012888888881881", None, "5105105105105100", "4012888888881881"])
SETTINGS = {"generalise": {"to": "prefix", "size": 3}}


@pytest.fixture(params=TREATMENTS.names())
def name(request):
    return request.param


@pytest.fixture
def tools(monkeypatch):
    monkeypatch.setenv("KEY_1", bytes(range(32)).hex())
    return Tools(scan=lambda texts: [() for _ in texts], keys=open_keys({"k1": {"env": "KEY_1"}}))


def made(name, tools, **settings):
    return TREATMENTS.load(name)("the_column", {**SETTINGS.get(name, {}), **settings}, tools)


def test_null_stays_null_and_the_type_is_what_was_said(name, tools):
    treatment = made(name, tools)
    field = treatment.field(pa.field("the_column", pa.string()))
    new = treatment.treat(TEXTS)
    assert len(new) == len(TEXTS)
    if field is not None:
        assert new.type == field.type
        assert new.is_valid().to_pylist() == [True, False, True, True]
        assert new[0] == new[3]  # equal values stay equal


def test_no_rows_are_treated_too(name, tools):
    treatment = made(name, tools)
    assert len(treatment.treat(pa.array([], pa.string()))) == 0


def test_only_keep_lets_a_value_through(name, tools):
    treatment = made(name, tools)
    if treatment.field(pa.field("the_column", pa.string())) is not None and name != "keep":
        assert not set(treatment.treat(TEXTS).to_pylist()) & {"4012888888881881", "5105105105105100"}


def test_an_unknown_setting_is_refused(name, tools):
    with pytest.raises(BadTreatment, match="no_such_setting"):
        made(name, tools, no_such_setting=1)


def test_a_type_that_it_does_not_treat_is_refused_before_any_value(name, tools):
    if name in ("keep", "drop", "redact", "keyed_hash"):
        return  # they treat every type
    with pytest.raises(BadTreatment, match="the_column"):
        made(name, tools).field(pa.field("the_column", pa.list_(pa.string())))


def test_it_works_on_a_date_column_or_says_no(name, tools):
    field = pa.field("the_column", pa.date32())
    days = pa.array([dt.date(2026, 5, 4), None])
    settings = {"to": "month"} if name == "generalise" else {}
    treatment = TREATMENTS.load(name)("the_column", settings, tools)
    try:
        new = treatment.field(field)
    except BadTreatment:
        return
    if new is not None:
        assert treatment.treat(days).type == new.type
