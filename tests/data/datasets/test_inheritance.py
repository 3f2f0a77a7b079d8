"""What is made from datasets has their strictest labels, also where nobody thinks of them."""

import pyarrow as pa
import pytest

from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.inheritance import inherited_labels
from flyball.data.datasets.snapshots import find_snapshot, list_snapshots, read_snapshot, write_snapshot
from flyball.data.labels.columns import CARD_KEY, card_of_labels, labels_of_card
from flyball.data.labels.words import STRICTEST

PERSONAL = {"iban": ("personal-data", "purpose:fraud"), "fee": ()}


@pytest.fixture
def catalogue(tmp_path):
    with open_catalogue(f"sqlite:///{tmp_path}/c.sqlite", tmp_path / "warehouse") as opened:
        yield opened


def made(catalogue, dataset, labels, card=None):
    table = pa.table({name: [f"{dataset} {name}"] for name in labels})
    card = card_of_labels(labels) if card is None else card
    return write_snapshot(catalogue, dataset, table, parents=[], card=card).digest


def test_a_column_has_the_strictest_labels_of_its_parents_and_a_new_one_of_all_columns(catalogue):
    one = made(catalogue, "one", {"iban": ("purpose:fraud", "purpose:credit"), "fee": ("residency:EU",)})
    two = made(catalogue, "two", {"iban": ("purpose:fraud", "personal-data")})
    assert inherited_labels(catalogue, [one, two], ["iban", "fee", "score"]) == {
        "iban": ("personal-data", "purpose:fraud"),
        "fee": ("residency:EU",),
        "score": ("personal-data", "purpose:fraud", "residency:EU"),
    }
    assert inherited_labels(catalogue, [], ["fee"]) == {"fee": ()}


def test_a_parent_that_is_gone_or_damaged_counts_as_the_strictest(catalogue):
    one = made(catalogue, "one", {"fee": ()})
    bad = made(catalogue, "bad", {"fee": ()}, card={"column_labels": "{"})
    assert inherited_labels(catalogue, [one, "sha256:gone"], ["fee"]) == {"fee": STRICTEST}
    assert inherited_labels(catalogue, [one, bad], ["fee"]) == {"fee": STRICTEST}


def labels_in(snapshot):
    return labels_of_card(snapshot.card, [name for name, _ in snapshot.columns])


def test_a_snapshot_that_says_nothing_of_labels_has_those_of_its_parents(catalogue):
    accounts = made(catalogue, "accounts", PERSONAL)
    table = pa.table({"iban": ["x"], "score": [1]})
    derived = write_snapshot(catalogue, "scores", table, parents=[accounts], card={})
    assert labels_in(derived) == {"iban": PERSONAL["iban"], "score": PERSONAL["iban"]}
    further = write_snapshot(catalogue, "means", pa.table({"mean": [1]}), parents=[derived.digest], card={})
    assert labels_in(further) == {"mean": PERSONAL["iban"]}


def test_rows_that_were_read_and_written_again_keep_their_labels_without_a_parent(catalogue):
    made(catalogue, "accounts", PERSONAL)
    read = read_snapshot(catalogue, "accounts")
    again = write_snapshot(catalogue, "copy", read.select(["iban"]), card={})
    assert labels_in(again) == {"iban": PERSONAL["iban"]}


def test_a_parent_that_is_gone_beside_one_that_is_there_makes_it_the_strictest(catalogue):
    fees = made(catalogue, "fees", {"fee": ()})
    derived = write_snapshot(
        catalogue, "scores", pa.table({"fee": [1]}), parents=[fees, "sha256:gone"], card={}
    )
    assert labels_in(derived) == {"fee": STRICTEST}


def test_what_is_made_from_documents_alone_has_the_labels_that_it_is_given(catalogue):
    table = pa.table({"text": ["x"]})
    made_of = {"parents": ["sha256:document"]}
    assert CARD_KEY not in write_snapshot(catalogue, "notes", table, card={}, **made_of).card


def test_the_same_rows_with_other_labels_are_another_snapshot(catalogue):
    """The rows were kept without labels, then others with one; the first come back with one too."""
    first, second = pa.table({"note": ["a"]}), pa.table({"note": ["b"]})
    strict = card_of_labels({"note": ("personal-data",)})
    free = write_snapshot(catalogue, "notes", first, card=card_of_labels({"note": ()}))
    write_snapshot(catalogue, "notes", second, card=strict)
    again = write_snapshot(catalogue, "notes", first, card=strict)
    assert again.digest == free.digest
    assert labels_in(find_snapshot(catalogue, "notes")) == {"note": ("personal-data",)}
    assert inherited_labels(catalogue, [free.digest], ["note"]) == {"note": ("personal-data",)}
    n_kept = len(list_snapshots(catalogue, "notes"))
    assert write_snapshot(catalogue, "notes", first, card=strict).iceberg_id == again.iceberg_id
    assert len(list_snapshots(catalogue, "notes")) == n_kept
