"""The page of data contracts: its example is a contract, and it names every key."""

import re
import tomllib
from pathlib import Path

import msgspec

from flyball.data.quality.contract import ColumnRule, parse_contract
from flyball.loop.settings import SourceSettings

PAGE = (Path(__file__).parent.parent / "docs" / "data-contracts.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.S)


def test_the_example_is_a_contract():
    contract = parse_contract(BLOCKS[0])
    assert contract.subject == "customer"
    assert contract.column("balance").at_least == -500


def test_the_source_beside_it_is_a_source():
    (source,) = msgspec.convert(tomllib.loads(BLOCKS[1])["source"], list[SourceSettings])
    assert source.stream[0].contract == "contracts/accounts.toml"


def test_every_key_of_a_column_has_its_row():
    rows = " ".join(line for line in PAGE.split("\n") if line.startswith("| `column."))
    assert [key for key in ColumnRule.__struct_fields__ if not re.search(rf"\b{key}`", rows)] == []
