"""Figures from elsewhere: the eight leaves, roots and proofs of the Certificate Transparency reference
implementation (github.com/transparency-dev/merkle, testonly/constants.go and reference_test.go;
the same in google/certificate-transparency, merkletree/merkle_tree_test.cc).
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.ledger.merkle import (
    EMPTY_ROOT,
    RootBuilder,
    consistency_path,
    fold,
    inclusion_path,
    leaf_hash,
    node_hash,
    range_root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION = [
    (0, 1, []),
    (0, 2, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"]),
    (1, 2, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]
CONSISTENCY = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]


def by_definition(hashes):
    """MTH of RFC 9162, section 2.1.1, word for word and without any cleverness."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + by_definition(hashes[:split]) + by_definition(hashes[split:])).digest()


def nodes_of(hashes):
    return lambda level, index: fold(hashes[index << level : (index + 1) << level])


def some_hashes(size):
    return [leaf_hash(b"entry %d" % number) for number in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_implementation(size):
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:size]]
    builder = RootBuilder()
    builder.extend(hashes)
    assert builder.root() == range_root(0, size, nodes_of(hashes)) == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference_implementation(index, size, path):
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:size]]
    found = inclusion_path(index, size, nodes_of(hashes))
    assert [item.hex() for item in found] == path
    assert verify_inclusion(hashes[index], index, size, found, ROOTS[size])


@pytest.mark.parametrize(("first", "second", "path"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference_implementation(first, second, path):
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:second]]
    found = consistency_path(first, second, nodes_of(hashes))
    assert [item.hex() for item in found] == path
    assert verify_consistency(first, second, found, ROOTS[first], ROOTS[second])


def test_leaves_and_nodes_are_hashed_apart_so_that_one_cannot_pass_for_the_other():
    assert leaf_hash(b"ab") == hashlib.sha256(b"\x00ab").digest()
    assert node_hash(b"a", b"b") == hashlib.sha256(b"\x01ab").digest()


@given(st.lists(st.integers(0, 40), max_size=8))
def test_a_root_does_not_depend_on_how_the_entries_arrived(steps):
    hashes = some_hashes(sum(steps))
    builder = RootBuilder()
    start = 0
    for step in steps:
        builder.extend(hashes[start : start + step])
        start += step
        assert builder.root() == by_definition(hashes[:start])
    assert builder.size == len(hashes)


@given(st.integers(1, 300), st.data())
def test_every_proof_of_every_entry_holds_and_no_other(size, data):
    hashes = some_hashes(size)
    root = by_definition(hashes)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, nodes_of(hashes))
    assert verify_inclusion(hashes[index], index, size, path, root)
    assert not verify_inclusion(leaf_hash(b"forged"), index, size, path, root)
    assert not verify_inclusion(hashes[index], index, size, [*path, root], root)
    assert not verify_inclusion(hashes[index], index, size, path, EMPTY_ROOT)
    assert not verify_inclusion(hashes[index], size, size, path, root)
    other = data.draw(st.integers(0, size - 1))
    assert verify_inclusion(hashes[index], other, size, path, root) == (other == index)
    if path:
        assert not verify_inclusion(hashes[index], index, size, path[:-1], root)
        assert not verify_inclusion(hashes[index], index, size, path[::-1], root) or path == path[::-1]


@given(st.integers(0, 300), st.data())
def test_consistency_holds_with_every_beginning_and_with_no_rewritten_one(second, data):
    hashes = some_hashes(second)
    root = by_definition(hashes)
    first = data.draw(st.integers(0, second))
    path = consistency_path(first, second, nodes_of(hashes)) if first else []
    old = by_definition(hashes[:first])
    assert verify_consistency(first, second, path, old, root)
    assert not verify_consistency(second + 1, second, path, old, root)
    assert not verify_consistency(first, second, [*path, root], old, root)
    if first:
        rewritten = hashes.copy()
        rewritten[data.draw(st.integers(0, first - 1))] = leaf_hash(b"forged")
        forged = by_definition(rewritten)
        forged_path = consistency_path(first, second, nodes_of(rewritten))
        assert not verify_consistency(first, second, forged_path, old, forged)
        assert not verify_consistency(first, second, path, old, forged)


def test_the_empty_tree_is_a_beginning_of_every_tree_but_only_under_its_own_root():
    assert verify_consistency(0, 8, [], ROOTS[0], ROOTS[8])
    assert not verify_consistency(0, 8, [], ROOTS[1], ROOTS[8])
    assert not verify_consistency(1, 8, [], ROOTS[1], ROOTS[8])
