"""What may be reached is listed, and what cannot be listed is refused."""

import pytest

from flyball.core.errors import BadInput
from flyball.loop.egress import egress_of
from flyball.loop.settings import DeploymentSettings, ExpertSettings, Promise, Settings, SourceSettings, State


def settings_of(*experts, state=None):
    return Settings(
        deployment=DeploymentSettings(name="d", purpose="p", owner="o", jurisdictions=("EU",)),
        source=(SourceSettings(name="s", path="in"),),
        expert=experts or (ExpertSettings(name="detector", kind="clause_detector"),),
        promise=Promise(wrong_share_at_most=0.03),
        state=state or State(),
    )


def test_the_default_reaches_nothing():
    assert egress_of(settings_of()) == []


def test_a_language_model_and_a_database_are_listed_without_their_passwords():
    model = ExpertSettings(
        name="lm", kind="language_model", settings={"base_url": "https://api.example.com/v1"}
    )
    state = State(ledger="postgresql://user:hunter2@db.internal:5432/ledger")
    found = egress_of(settings_of(model, state=state))
    assert [(item.host, item.local) for item in found] == [
        ("api.example.com", False),
        ("db.internal:5432", False),
    ]
    assert "hunter2" not in repr(found)


def test_this_machine_is_told_apart():
    model = ExpertSettings(
        name="lm", kind="language_model", settings={"base_url": "http://127.0.0.1:11434/v1"}
    )
    assert egress_of(settings_of(model))[0].local


def test_a_socket_of_this_machine_is_local():
    state = State(ledger="postgresql://flyball@/ledger?host=/run/postgresql")
    assert [(one.host, one.local) for one in egress_of(settings_of(state=state))] == [
        ("/run/postgresql", True)
    ]


def test_a_model_without_an_address_is_refused():
    with pytest.raises(BadInput, match="lm names no base_url, so its host cannot be listed"):
        egress_of(settings_of(ExpertSettings(name="lm", kind="language_model")))


def test_an_address_without_a_host_is_refused():
    model = ExpertSettings(name="lm", kind="language_model", settings={"base_url": "not a url"})
    with pytest.raises(BadInput, match="is not a URL with a host"):
        egress_of(settings_of(model))
