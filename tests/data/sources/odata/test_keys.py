"""The address of an entity, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flyball.data.sources.odata.keys import entity_address, key_of_address
from flyball.data.sources.odata.metadata import EdmType, EntitySet, Property


def of(**types):
    properties = tuple(Property(name, EdmType(f"Edm.{kind}")) for name, kind in types.items())
    return EntitySet("Set", tuple(types), properties)


@pytest.mark.parametrize(
    ("types", "key", "v4", "v2"),
    [
        ({"a": "Int32"}, {"a": 5}, "Set(5)", "Set(5)"),
        ({"a": "Int64"}, {"a": "5"}, "Set(5)", "Set(5L)"),
        ({"a": "String"}, {"a": "o'N/(1)"}, "Set('o''N%2F%281%29')", "Set('o''N%2F%281%29')"),
        ({"a": "String", "b": "Int32"}, {"a": "x,y", "b": 1}, "Set(a='x%2Cy',b=1)", "Set(a='x%2Cy',b=1)"),
        ({"a": "Guid"}, {"a": "0-1"}, "Set(0-1)", "Set(guid'0-1')"),
    ],
)
def test_an_address_is_written_and_read_back(types, key, v4, v2):
    entity_set = of(**types)
    assert entity_address(entity_set, key, v2=False) == v4
    assert entity_address(entity_set, key, v2=True) == v2
    for address in (v4, v2, f"https://h/sap/x;v=2/{v4}"):
        found = key_of_address(address, entity_set.properties)
        assert {name: str(value) for name, value in key.items()} == found


def test_a_bare_value_is_a_key_of_one_property():
    assert key_of_address("0-1", of(a="Guid").properties) == {"a": "0-1"}


@pytest.mark.parametrize(
    "address", ["", "Set", "Set()", "Set(a=1)", "Set(a=1,b=2,c=3)", "Set(a=1 b=2)", "Set(1,2)"]
)
def test_what_is_no_address_of_an_entity_is_refused(address):
    with pytest.raises(ValueError, match="not"):
        key_of_address(address, of(a="Int32", b="Int32").properties)


@given(some.text(max_size=30), some.integers(0, 2**31 - 1))
def test_any_text_comes_back_as_it_was(text, number):
    entity_set = of(a="String", b="Int32")
    address = entity_address(entity_set, {"a": text, "b": number}, v2=False)
    assert key_of_address("https://h/s/" + address, entity_set.properties) == {"a": text, "b": str(number)}
