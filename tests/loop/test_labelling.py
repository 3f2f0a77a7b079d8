"""Labels are inherited by what is made from data, and dropped only where somebody has signed it."""

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput, Refused
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.snapshots import write_snapshot
from flyball.data.labels.columns import card_of_labels
from flyball.data.labels.errors import UnknownLabel
from flyball.data.labels.words import STRICTEST
from flyball.loop.deployment import open_deployment
from flyball.loop.init import init_deployment
from flyball.loop.labelling import declassify, inherited_labels, loosened, require_declassified
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


def made(catalogue, dataset, labels, card=None):
    table = pa.table({name: [f"{dataset} {name}"] for name in labels})
    card = card_of_labels(labels) if card is None else card
    return write_snapshot(catalogue, dataset, table, parents=[], card=card).digest


def test_a_column_has_the_strictest_labels_of_its_parents_and_a_new_one_of_all_columns(tmp_path):
    with open_catalogue(f"sqlite:///{tmp_path}/c.sqlite", tmp_path / "warehouse") as catalogue:
        one = made(catalogue, "one", {"iban": ("purpose:fraud", "purpose:credit"), "fee": ("residency:EU",)})
        two = made(catalogue, "two", {"iban": ("purpose:fraud", "personal-data")})
        assert inherited_labels(catalogue, [one, two], ["iban", "fee", "score"]) == {
            "iban": ("personal-data", "purpose:fraud"),
            "fee": ("residency:EU",),
            "score": ("personal-data", "purpose:fraud", "residency:EU"),
        }
        assert inherited_labels(catalogue, [], ["fee"]) == {"fee": ()}


def test_a_parent_that_is_gone_or_damaged_counts_as_the_strictest(tmp_path):
    with open_catalogue(f"sqlite:///{tmp_path}/c.sqlite", tmp_path / "warehouse") as catalogue:
        one = made(catalogue, "one", {"fee": ()})
        bad = made(catalogue, "bad", {"fee": ()}, card={"column_labels": "{"})
        assert inherited_labels(catalogue, [one, "sha256:gone"], ["fee"]) == {"fee": STRICTEST}
        assert inherited_labels(catalogue, [one, bad], ["fee"]) == {"fee": STRICTEST}


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
