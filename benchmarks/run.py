"""Run every benchmark one after the other; `make bench`. Figures and commands: docs/benchmarks.md.

Read where they are set: CUAD from CUAD_TRAIN (a path to its training split, JSON or .gz), HMDA from HMDA_2018
(its zip), the labelled texts of personal data and guardrails from PERSONAL_DATA (the folder that holds pii/,
contracts/ and redteam/), and the graphs of payment fraud from TOLOKERS (.npz) and AMLSIM (.tgz), short texts
from ROUTELLM_MMLU (the folder of mmlu_*.csv), streams from DRIFT_STREAMS (the folder that holds elec2/ and
nannyml/). Peers are measured where they are installed:
`pip install -r requirements/peers.txt`.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DATA_LAYER = (
    "mainframe.py",
    "odata.py",
    "databases.py",
    "files.py",
    "documents.py",
    "snapshots.py",
    "scale.py",
)


def main() -> int:
    """Return the first exit status that is not 0."""
    cuad = os.environ.get("CUAD_TRAIN")
    hmda = os.environ.get("HMDA_2018")
    personal_data = os.environ.get("PERSONAL_DATA")
    commands = [["ledger.py"], ["loop.py", *(["--cuad", cuad] if cuad else [])]]
    commands += [[name] for name in DATA_LAYER]
    commands += [["drift.py", part] for part in ("looks", "alarms", "delays", "speed")]
    if drift := os.environ.get("DRIFT_STREAMS"):
        commands.append(["drift.py", "streams", "--data", drift])
    if personal_data:
        commands += [["personal_data.py", personal_data], ["guardrails.py", "--data", personal_data]]
    else:
        print("PERSONAL_DATA is not set: personal data and guardrails are left out.", file=sys.stderr)
    graphs = [
        part
        for option, name in (("--tolokers", "TOLOKERS"), ("--amlsim", "AMLSIM"))
        if (path := os.environ.get(name))
        for part in (option, path)
    ]
    commands.append(["payment_fraud.py", "--invented", *graphs])
    if routing := os.environ.get("ROUTELLM_MMLU"):
        commands.append(["text_classifier.py", "--data", routing])
    if hmda:
        commands.append(["differential_privacy.py", "--hmda", hmda])
        commands.append(["credit_risk.py", "--hmda", hmda, "--turn", "20000"])
    else:
        print("HMDA_2018 is not set: differential privacy and credit are left out.", file=sys.stderr)
    if cuad:
        commands.append(["contracts_cv.py", "--cuad", cuad])
    else:
        print("CUAD_TRAIN is not set: the cross-validation of the detector is left out.", file=sys.stderr)
    commands.append(["evidence.py"])
    commands.append(["explanation.py"])
    commands.append(["constitution.py"])
    for command in commands:
        print(f"== {' '.join(command)}", file=sys.stderr, flush=True)
        status = subprocess.run(
            [sys.executable, str(HERE / command[0]), *command[1:]], check=False
        ).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
