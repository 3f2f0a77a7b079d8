"""Asked turns: who asked for a turn of the loop and why, until a turn was run for them.

Anything may ask: an alert, drift, enough outcomes, a duty that begins. `flyball plan` shows who waits,
`flyball watch` runs the turn, and any turn that is run answers all who had asked before it began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flyball.ledger.errors import KeyReused
from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Draft

__all__ = ["TURN_ANSWERED", "TURN_ASKED", "AskedTurn", "answer_asked", "ask_for_turn", "asked_turns"]

TURN_ASKED = "turn.asked"
TURN_ANSWERED = "turn.answered"


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """Somebody waits for a turn.

    Parameters
    ----------
    entry : int
        Of the ledger.
    by : str
        "alert:availability", "drift", "review".
    why : str
        One sentence; no words of a case.
    at : datetime
    """

    entry: int
    by: str
    why: str
    at: datetime


def ask_for_turn(ledger: Ledger, *, by: str, why: str, key: str) -> int:
    """Ask for a turn, once for each key: the same cause does not ask twice.

    Parameters
    ----------
    ledger : Ledger
    by, why : str
    key : str
        Names the cause: "alert/availability/1204".

    Returns
    -------
    int
        Ledger entry of the asking.
    """
    try:
        receipt = ledger.append(
            kind=TURN_ASKED, actor=f"system:{by.partition(':')[0]}", body={"by": by, "why": why},
            key=f"turn.asked/{key}",
        )  # fmt: skip
    except KeyReused as err:  # the same cause, worded with other numbers
        return int(str(err.values["index"]))
    return receipt.index


def asked_turns(ledger: Ledger) -> list[AskedTurn]:
    """Return who waits for a turn, oldest first."""
    answered = {
        int(entry)
        for one in ledger.entries(kind=TURN_ANSWERED)
        for entry in one.body.get("asked", ())  # type: ignore[attr-defined]
    }
    return [
        AskedTurn(one.index, str(one.body["by"]), str(one.body["why"]), one.at)
        for one in ledger.entries(kind=TURN_ASKED)
        if one.index not in answered
    ]


def answer_asked(ledger: Ledger, asked: Sequence[AskedTurn], *, actor: str, release: str, live: bool) -> None:
    """Write down that a turn was run for those who had asked before it began."""
    if asked:
        body = {"asked": [one.entry for one in asked], "release": release, "live": live}
        ledger.append_many([Draft(TURN_ANSWERED, body, actor)])
