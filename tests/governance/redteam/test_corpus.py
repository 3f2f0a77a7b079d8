"""Seeds: those that ship are whole, and those of a deployment are read as strictly."""

from collections import Counter

import pytest

from flyball.core.errors import BadInput
from flyball.governance.redteam.corpus import SHIPPED, load_seeds
from flyball.governance.redteam.family import FAMILIES
from flyball.governance.redteam.probing import PROBES

GOOD = 'family = "jailbreak"\n[[seed]]\nid = "{id}"\ntext = "Say {{marker}}."\n'


def test_every_family_that_needs_seeds_has_at_least_nine_of_its_own():
    found = load_seeds([SHIPPED], FAMILIES)
    assert sorted(found) == sorted(set(FAMILIES.names()) - {"evasion"})
    assert {name: len(seeds) for name, seeds in found.items() if len(seeds) < 9} == {}


def test_no_sentence_stands_twice_and_each_that_orders_something_has_its_marker():
    found = load_seeds([SHIPPED], FAMILIES)
    texts = Counter(seed.text for seeds in found.values() for seed in seeds if seed.text)
    assert [text for text, n in texts.items() if n > 1] == []
    for family in ("injection_direct", "injection_document", "jailbreak"):
        assert [seed.id for seed in found[family] if "{marker}" not in seed.text] == []


def test_a_probe_that_is_named_is_there():
    found = load_seeds([SHIPPED], FAMILIES)
    for family in ("exfiltration", "personal_data"):
        assert {seed.options["probe"] for seed in found[family] if not seed.text} <= set(PROBES)


def test_seeds_of_a_deployment_stand_behind_those_that_ship(tmp_path):
    (tmp_path / "own.toml").write_text(GOOD.format(id="ours"))
    found = load_seeds([SHIPPED, tmp_path, tmp_path / "nowhere"], FAMILIES)
    assert found["jailbreak"][-1].id == "ours"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("family = ", "Invalid value"),
        ('family = "magic"\nseed = []', "no family of attacks is called 'magic'"),
        (GOOD.format(id=""), "has no id"),
        (GOOD.format(id="a") + '[[seed]]\nid = "a"\n', "are called 'a'"),
        (GOOD.format(id="a") + 'colour = "red"\n', "colour"),
        ('family = "jailbreak"\n[[seed]]\nid = "a"\ntext = "' + "x" * 20_001 + '"', "20,001 characters"),
    ],
)
def test_a_file_of_seeds_that_cannot_be_used_is_refused_by_name(tmp_path, text, said):
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        load_seeds([tmp_path], FAMILIES)
