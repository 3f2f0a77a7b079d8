"""A label is dropped only where somebody has signed it."""

import pytest

from flyball.core.errors import BadInput, Refused
from flyball.data.labels.errors import UnknownLabel
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.labelling import declassify, loosened, require_declassified
from flyball.loop.people import make_person, person_entry
from flyball.loop.workshop import Workshop

REASON = "Hashed, and the key is gone"
PERSONAL = {"iban": ("personal-data", "purpose:fraud"), "fee": ()}


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_KEYS", str(tmp_path / "keys"))
    root = tmp_path / "deployment"
    init_deployment("contract-review", root)
    entries = [
        f"{person_entry(make_person(one), name=one, role='Officer')}kinds = [{kinds}]\n"
        for one, kinds in (("anna", '"declassify"'), ("ben", '"release"'))
    ]
    (root / "people.toml").write_text("".join(entries))
    with Workshop(open_deployment(root)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("before", "after", "free"),
    [
        (("personal-data",), (), True),
        ((), ("personal-data",), False),
        (("purpose:fraud",), ("purpose:fraud", "purpose:sales"), True),
        (("purpose:fraud", "purpose:sales"), ("purpose:fraud",), False),
        ((), ("purpose:fraud",), False),
        (("residency:EU",), ("residency:local",), False),
        (("residency:local",), ("residency:EU",), True),
    ],
)
def test_freer_is_a_label_less_or_a_purpose_more(before, after, free):
    assert bool(loosened({"iban": before}, {"iban": after})) is free


def test_a_label_is_dropped_only_where_somebody_who_may_has_signed_it(workshop):
    after = {"iban": ("purpose:fraud",), "fee": ()}
    with pytest.raises(Refused, match="iban had personal-data, purpose:fraud and would have purpose:fraud"):
        require_declassified(workshop, "accounts", PERSONAL, after)
    with pytest.raises(Refused, match='ben has no "declassify"'):
        declassify(workshop, "accounts", "iban", ["purpose:fraud"], person="ben", reason=REASON)
    with pytest.raises(BadInput, match="needs a reason"):
        declassify(workshop, "accounts", "iban", [], person="anna", reason="")
    with pytest.raises(UnknownLabel, match="secret"):
        declassify(workshop, "accounts", "iban", ["secret"], person="anna", reason=REASON)
    entry = declassify(workshop, "accounts", "iban", ["purpose:fraud"], person="anna", reason=REASON)
    assert workshop.ledger.entry(entry).body["approval"]["person"] == "anna"
    require_declassified(workshop, "accounts", PERSONAL, after)
    with pytest.raises(Refused):  # neither for more than was signed, nor for another dataset
        require_declassified(workshop, "accounts", PERSONAL, {"iban": (), "fee": ()})
    with pytest.raises(Refused):
        require_declassified(workshop, "payments", PERSONAL, after)
