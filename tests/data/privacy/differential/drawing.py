"""A process that draws on a budget: `python drawing.py LEDGER_FOLDER (spend EPSILON TIMES | hang)`."""

import sys
import time
from pathlib import Path

import pyarrow as pa

from flyball.data.privacy.differential import Budget, Declaration, protect
from flyball.data.privacy.differential.errors import BudgetExhausted
from flyball.ledger import load_or_create_key, open_ledger


def main() -> None:
    folder, what = Path(sys.argv[1]), sys.argv[2]
    key = load_or_create_key(folder / "key.pem", name="example.com/private")
    with open_ledger(f"sqlite:///{folder}/ledger.sqlite", key=key, anchor=folder / "anchor") as ledger:
        budget = Budget(Declaration("loans", "applicants", "one loan", epsilon=1.0), ledger)
        say("ready")
        sys.stdin.readline()
        if what == "spend":
            paid = 0
            for _ in range(int(sys.argv[4])):
                try:
                    budget.reserve("count", epsilon=float(sys.argv[3]), mechanism="test", bounds="none")
                    paid += 1
                except BudgetExhausted:
                    break
            say(paid)
        else:
            protect(pa.table({"a": [1]}), budget).release(
                "never answered", hang, epsilon=0.4, mechanism="test", bounds="none"
            )


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def hang(rows: pa.Table, spend: object) -> tuple[int, float]:
    say("reserved")
    time.sleep(60)
    return 0, 0.0


if __name__ == "__main__":
    main()
