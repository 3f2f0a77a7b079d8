"""Accounts are kept for fraud, calls may not be learned from; what is made from both is bound by both."""

import pyarrow as pa
import pytest

from flyball.core.errors import BadInput, Refused
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.errors import UnknownSnapshot
from flyball.data.datasets.snapshots import find_snapshot, list_datasets, write_snapshot
from flyball.data.labels.columns import card_of_labels, labels_of_card
from flyball.loop.deployment import open_deployment
from flyball.loop.deriving import derive_snapshot
from flyball.loop.init import init_deployment
from flyball.loop.labelling import declassify
from flyball.loop.people import make_person, person_entry
from flyball.loop.splitting import split_snapshot
from flyball.loop.workshop import Workshop

ACCOUNTS = {"iban": ("personal-data", "purpose:contract-review", "purpose:fraud"), "fee": ()}
CALLS = {"iban": ("purpose:fraud", "purpose:contract-review"), "note": ("no-training",)}
LETTERS = {"text": ("purpose:sales",)}
TABLE = pa.table({"iban": ["DE1", "DE2"], "score": [1, 2]})
MADE = {"of": ["accounts", "calls"], "what": "One row is the score of an account."}


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_KEYS", str(tmp_path / "keys"))
    root = tmp_path / "deployment"
    init_deployment("contract-review", root)
    person = person_entry(make_person("anna"), name="Anna", role="Officer")
    (root / "people.toml").write_text(f'{person}kinds = ["declassify"]\n')
    with Workshop(open_deployment(root)) as opened:
        for dataset, labels in (
            ("accounts", ACCOUNTS),
            ("calls", CALLS),
            ("letters", {"text": ("purpose:sales",)}),
        ):
            with kept(opened) as catalogue:
                rows = pa.table({name: [f"{dataset} 1", f"{dataset} 2"] for name in labels})
                write_snapshot(catalogue, dataset, rows, card=card_of_labels(labels))
        yield opened


def kept(workshop):
    return open_catalogue(workshop.catalogue_url, workshop.state / "warehouse")


def labels_in(snapshot):
    return labels_of_card(snapshot.card, [name for name, _ in snapshot.columns])


def test_it_has_the_strictest_labels_and_the_ledger_says_from_what(workshop):
    made = derive_snapshot(workshop, "scores", TABLE, **MADE)
    both = ("personal-data", "purpose:contract-review", "purpose:fraud")
    assert labels_in(made) == {"iban": both, "score": ("no-training", *both)}
    with kept(workshop) as catalogue:
        parents = [find_snapshot(catalogue, name).digest for name in ("accounts", "calls")]
    assert list(made.parents) == parents
    (entry,) = workshop.ledger.entries("snapshot.derived")
    assert entry.body == {"dataset": "scores", "snapshot": made.digest, "of": parents}


def derived_letters(workshop):
    table = pa.table({"text": ["x"]})
    return derive_snapshot(workshop, "letters_split", table, of=["letters"], what="Words.")


def split_letters(workshop):
    shares = {"train": 0.5, "test": 0.5}
    return split_snapshot(workshop, "letters", key=["text"], entities=["text"], shares=shares, salt="s")


@pytest.mark.parametrize("make", [derived_letters, split_letters])
def test_a_purpose_that_its_parents_do_not_allow_is_refused_with_the_column(workshop, make):
    with pytest.raises(Refused, match="text: collected for sales, but used for contract-review"):
        make(workshop)
    (entry,) = workshop.ledger.entries("gate.dataset")
    assert entry.body["allowed"] is False
    with kept(workshop) as catalogue:
        assert "letters_split" not in list_datasets(catalogue)


def test_purposes_without_one_in_common_allow_nothing(workshop):
    with pytest.raises(Refused, match="x: its sources allow no purpose in common"):
        derive_snapshot(workshop, "mixed", pa.table({"x": [1]}), of=["accounts", "letters"], what="Both.")


def test_a_label_is_dropped_only_where_somebody_has_signed_it_for_the_new_dataset(workshop):
    freer = {"score": ("purpose:contract-review", "purpose:fraud")}
    with pytest.raises(Refused, match="scores may not lose labels: score had no-training, personal-data"):
        derive_snapshot(workshop, "scores", TABLE, labels=freer, **MADE)
    declassify(workshop, "scores", "score", freer["score"], person="anna", reason="A mean over ten accounts")
    made = derive_snapshot(workshop, "scores", TABLE, labels=freer, **MADE)
    assert labels_in(made)["score"] == freer["score"]
    assert "personal-data" in labels_in(made)["iban"]


def test_what_it_is_made_from_must_be_there(workshop):
    with pytest.raises(BadInput, match="made from nothing"):
        derive_snapshot(workshop, "scores", TABLE, of=[], what="")
    with pytest.raises(UnknownSnapshot):
        derive_snapshot(workshop, "scores", TABLE, of=["nowhere"], what="")
    with pytest.raises(BadInput, match="no column age to label"):
        derive_snapshot(workshop, "scores", TABLE, labels={"age": ()}, **MADE)
