"""The artefact that ships: small, whole, and honest about what it saw. Its figures are measured elsewhere."""

import json
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pytest

import flyball.solutions
from flyball.data.datasets.labels import read_cuad
from flyball.models.experts.expert import EXPERTS, Calibrated, Trained, check_predictions
from flyball.models.router.risk_control import Promise, calibration_of, choose_thresholds

FOLDER = Path(str(files(flyball.solutions))) / "contract_review" / "detector"
CUAD = Path(__file__).parents[5] / "shared" / "data" / "contracts" / "cuad" / "train.json.gz"

CONTRACT = """SUPPLY AGREEMENT

This Supply Agreement (the "Agreement") is entered into as of March 1, 2019 by and between Alpha Foods, Inc.,
a Delaware corporation ("Supplier"), and Beta Stores LLC ("Buyer").

1. TERM. This Agreement shall continue for a period of two (2) years from the date first written above.

2. ASSIGNMENT. Neither party may assign this Agreement without the prior written consent of the other party.

3. GOVERNING LAW. This Agreement shall be governed by and construed in accordance with the laws of the State
of New York, without regard to its conflict of laws principles.

4. LIABILITY. IN NO EVENT SHALL EITHER PARTY BE LIABLE FOR ANY INDIRECT, INCIDENTAL OR CONSEQUENTIAL DAMAGES,
AND THE LIABILITY OF SUPPLIER SHALL NOT EXCEED THE AMOUNTS PAID BY BUYER.

5. PRICES. Prices are set out in Exhibit A and payable within thirty (30) days after the date of the invoice.
"""


@pytest.fixture(scope="module")
def detector():
    return EXPERTS.load("clause_detector").load(FOLDER, {})


def answers(detector, text):
    batch = pa.RecordBatch.from_arrays(
        [pa.array(["one"]), pa.array([text], pa.large_string())], ["case_id", "text"]
    )
    found = detector.predict(batch)
    check_predictions(batch, found, "clause_detector")
    return {row["field"]: row for row in found.to_pylist()}


def test_it_is_at_most_15_megabytes_and_holds_no_pickle():
    paths = [path for path in FOLDER.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in paths) < 15_000_000
    assert {path.suffix for path in paths} == {".json", ".txt", ".npz", ".parquet"}


def test_it_reads_a_plain_contract_as_a_lawyer_would(detector):
    found = answers(detector, CONTRACT)
    present = {
        "document_name",
        "parties",
        "agreement_date",
        "governing_law",
        "anti_assignment",
        "cap_on_liability",
    }
    assert all(found[key]["answer"] == "true" for key in present)
    assert found["source_code_escrow"]["answer"] == "false"
    quote = found["governing_law"]["evidence"][0]
    assert "laws of the State of New York" in " ".join(CONTRACT[quote["start"] : quote["end"]].split())


def test_carriage_returns_change_offsets_but_no_answer(detector):
    plain, windows = answers(detector, CONTRACT), answers(detector, CONTRACT.replace("\n", "\r\n"))
    assert {key: row["answer"] for key, row in plain.items()} == {
        key: row["answer"] for key, row in windows.items()
    }


def test_it_answers_41_fields_and_offers_what_the_loop_asks_for(detector):
    assert len(detector.card.fields) == 41
    assert isinstance(detector, Calibrated)
    assert isinstance(detector, Trained)
    assert len(detector.seen_texts) == 407  # two of the 408 contracts have the same text


def test_its_card_names_source_licence_and_the_command_that_rebuilds_it():
    card = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    assert "CC BY 4.0" in card["trained_on"][0]
    assert "arXiv:2103.06268" in card["trained_on"][0]
    assert card["parameters"]["rebuild"].startswith("python -m flyball.solutions.contract_review.train")
    assert all(figure["n"] > 0 and figure["low"] <= figure["value"] for figure in card["figures"].values())


def test_its_calibration_file_bears_a_promise(detector):
    columns = detector.out_of_fold.to_pydict()
    calibration = calibration_of(
        columns["case_id"], columns["answer"], columns["confidence"], columns["right"]
    )
    assert (calibration.n_cases, calibration.fields_per_case) == (408, 41)
    chosen = choose_thresholds(calibration, Promise(0.03))
    assert chosen.guarantees[0].kept
    assert chosen.automated_share > 0.75
    assert set(columns) == {
        "case_id",
        "field",
        "answer",
        "confidence",
        "truth",
        "right",
        "evidence_right",
        "fold",
    }


def test_training_contracts_are_known_to_it(detector):
    if not CUAD.is_file():
        pytest.skip("../shared/data/contracts/cuad is not here")
    cases, _ = read_cuad(CUAD)
    assert set(cases.column("text_digest").to_pylist()) == detector.seen_texts
