"""Figures from elsewhere: the text of the example in https://c2sp.org/tlog-checkpoint."""

import pytest

from flyball.ledger.checkpoints import read_checkpoint, read_unverified, sign_checkpoint
from flyball.ledger.errors import BadCheckpoint
from flyball.ledger.keys import load_or_create_key
from flyball.ledger.notes import sign_note

EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # noqa: E501
NAME = "example.com/behind-the-sofa"


@pytest.fixture
def key(tmp_path):
    return load_or_create_key(tmp_path / "key.pem", name=NAME)


def test_the_example_of_the_specification_is_read():
    found = read_unverified(EXAMPLE)
    assert (found.origin, found.size) == (NAME, 20_852_163)
    assert found.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"


def test_our_text_of_the_example_is_the_same(key):
    found = read_unverified(EXAMPLE)
    ours = sign_checkpoint(found.size, found.root, key)
    assert ours.note.partition("\n\n")[0] == EXAMPLE.partition("\n\n")[0]
    assert read_checkpoint(ours.note, key.verifier) == ours


@pytest.mark.parametrize(
    "text",
    [
        "example.com/behind-the-sofa\n",
        "example.com/behind-the-sofa\n5\n",
        "example.com/behind-the-sofa\n05\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/behind-the-sofa\n-5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/behind-the-sofa\n٥\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/behind-the-sofa\n9999999999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "example.com/behind-the-sofa\n5\nAAAA\n",
        "example.com/behind-the-sofa\n5\n!!!!\n",
    ],
)
def test_malformed_checkpoints_are_refused_though_well_signed(key, text):
    with pytest.raises(BadCheckpoint, match="is not a checkpoint"):
        read_checkpoint(sign_note(text, key), key.verifier)


def test_a_checkpoint_of_another_ledger_is_refused_though_well_signed(key):
    note = sign_note("example.com/other\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", key)
    with pytest.raises(BadCheckpoint, match=r"is of the ledger 'example.com/other'"):
        read_checkpoint(note, key.verifier)


def test_extension_lines_are_read_over(key):
    note = sign_note(f"{NAME}\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nextension\n", key)
    assert read_checkpoint(note, key.verifier).size == 0
