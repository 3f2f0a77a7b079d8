"""Whatever a gate checks or a principle asks has a procedure in words, with what it leaves out."""

from pathlib import Path

import flyball
from flyball.governance.constitution.principle import load_constitution
from flyball.governance.evidence.procedures import GATE_PROCEDURES, procedures_of
from flyball.governance.gates import dataset_gate, decision_gate, release_gate

CONSTITUTION = Path(flyball.__file__).parent / "solutions" / "contract_review" / "constitution.toml"


def test_every_check_of_every_gate_has_a_procedure_and_no_other():
    made = {
        check.name
        for gate in (dataset_gate(), decision_gate(), release_gate())
        for check in gate(None).checks
    }
    assert set(GATE_PROCEDURES) == made


def test_every_procedure_says_what_it_leaves_out():
    for name, procedure in procedures_of(load_constitution(CONSTITUTION)).items():
        assert procedure.done.endswith("."), name
        assert procedure.not_covered.endswith("."), name


def test_a_principle_names_its_checker_with_the_version_and_the_cases():
    found = procedures_of(load_constitution(CONSTITUTION), n_cases=25)
    assert found["principle.quoted_span"].n_cases == 25
    assert found["release.approvals"].n_cases == 0
    assert found["release.objectives"].n_cases is None
    assert "Checked by quoted_span, version 1, on every decision; when it fails: revise." in (
        found["principle.quoted_span"].done
    )
