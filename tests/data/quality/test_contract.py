"""A contract says what it says, and one that cannot be checked is refused before any row is read."""

import pytest

from flyball.data.quality.contract import parse_contract, read_contract
from flyball.data.quality.errors import BadContract

ACCOUNTS = """
owner = "Core banking"
subject = "customer"
rows_at_least = 1
labels = ["residency:EU"]
unique = [["customer", "opened"]]
freshness = [{ column = "changed", at_most_hours = 24 }]
reference = [{ columns = ["customer"], dataset = "core_customers" }]

[[column]]
name = "account"
type = "string"
unique = true
pattern = "[A-Z]{2}[0-9]{4}"

[[column]]
name = "customer"
type = "int64"
at_least = 1
labels = ["personal-data"]

[[column]]
name = "opened"
type = "date"
at_most = "2026-12-31"

[[column]]
name = "changed"
type = "timestamptz"

[[column]]
name = "balance"
type = "decimal(12, 2)"
at_least = -500.5
"""


def test_a_contract_is_read_with_all_it_says():
    contract = parse_contract(ACCOUNTS)
    assert [rule.name for rule in contract.columns] == ["account", "customer", "opened", "changed", "balance"]
    assert contract.unique == (("account",), ("customer", "opened"))
    assert contract.references[0].dataset == "core_customers"
    assert contract.freshness[0].at_most_hours == 24
    assert (contract.owner, contract.subject, contract.labels) == (
        "Core banking",
        "customer",
        ("residency:EU",),
    )
    assert contract.column("balance").at_least == -500.5
    assert contract.column("nothing") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[column]]\nname = 'a'\ntyp = 'string'", "unknown field `typ`"),
        ("[[column]]\nname = 'a'\ntype = 'text'", "column a: 'text' is no type"),
        ("[[column]]\nname = 'a'\ntype = 'decimal(2, 4)'", "is no type"),
        ("[[column]]\nname = 'a'\n[[column]]\nname = 'a'", "column a is named twice"),
        ("[[column]]\nname = 'a'\npattern = '('", "the pattern '\\(' cannot be used"),
        ("[[column]]\nname = 'a'\nnull_share_at_most = 2", "lies in 0 to 1"),
        ("[[column]]\nname = 'a'\ntype = 'date'\nat_least = 'soon'", "'soon' is no value of the type date"),
        ("unique = [['b']]\n[[column]]\nname = 'a'", "unique names the column 'b', which has no"),
        ("subject = 'b'\n[[column]]\nname = 'a'", "subject names the column 'b'"),
        ("rows_at_least = -1\n[[column]]\nname = 'a'", "0 or more"),
        ("rows_at_least = 9\nrows_at_most = 3\n[[column]]\nname = 'a'", "no load can keep both"),
        ("freshness = [{column = 'a', at_most_hours = inf}]\n[[column]]\nname = 'a'", "above 0, got inf"),
        ("freshness = [{column = 'a', at_most_hours = nan}]\n[[column]]\nname = 'a'", "above 0, got nan"),
        ("unique = [[]]\n[[column]]\nname = 'a'", "unique names no column"),
        (
            "reference = [{columns = ['a'], dataset = 'b', there = ['c', 'd']}]\n[[column]]\nname = 'a'",
            "reference to b: 1 columns are held against 2",
        ),
        (
            "[[column]]\nname = 'a'\ntype = 'date'\nat_least = '2026-02-01'\nat_most = '2026-01-01'",
            "no value keeps both",
        ),
        ("[[column]]\nname = 'a'\nlength_at_least = 5\nlength_at_most = 3", "no value keeps both"),
        ("column = 3", "Expected `array`"),
        ("not toml", "contract: "),
    ],
)
def test_a_contract_that_cannot_be_checked_is_refused(text, why):
    with pytest.raises(BadContract, match=why):
        parse_contract(text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadContract, match=r"nowhere\.toml cannot be read \(FileNotFoundError\)"):
        read_contract(tmp_path / "nowhere.toml")
