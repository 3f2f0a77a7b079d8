"""The checks of packs serve controls that exist, and each says what it leaves open."""

import pytest

from flyball.core.errors import BadInput
from flyball.governance.evidence.making import MEASURED
from flyball.governance.evidence.more_checks import more_checks, with_more_checks
from flyball.governance.evidence.populations import POPULATIONS
from flyball.governance.frameworks.load import framework, load_frameworks
from flyball.governance.obligations.catalogue import load_catalogue


def test_every_check_is_one_that_a_pack_makes():
    made = {*MEASURED, *(f"{one.name}.sample" for one in POPULATIONS)}
    assert {one.name for one in more_checks()} <= made
    assert all(one.gaps for one in more_checks())


def test_every_control_and_duty_that_is_named_exists():
    controls = {one.id: {each.id for each in one.controls} for one in load_frameworks()}
    duties = set(load_catalogue().ids)
    for check in more_checks():
        for name, ids in check.controls.items():
            assert set(ids) <= controls.get(name, duties), (check.name, name)


def test_controls_keep_their_own_checks_and_gain_those_of_packs():
    before = {one.id: one for one in framework("soc-2").controls}
    after = {one.id: one for one in with_more_checks(framework("soc-2")).controls}
    assert after["CC8.1"].checks == (*before["CC8.1"].checks, "change.sample")
    assert before["CC6.2"].checks == ()
    assert after["CC6.2"].checks == ("access.sample",)
    assert after["CC6.2"].gaps.startswith("Of a sample of acts")
    assert after["CC1.1"] == before["CC1.1"]


def test_a_file_with_a_mistyped_key_is_refused(tmp_path):
    (tmp_path / "x.toml").write_text('[[check]]\nname = "a"\ngap = "b"\n')
    with pytest.raises(BadInput, match=r"x\.toml: .*gap"):
        more_checks(tmp_path / "x.toml")
