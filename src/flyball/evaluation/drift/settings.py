"""`[drift]`: how the decisions of a deployment are watched for drift."""

import re
from datetime import UTC, datetime

import msgspec

from flyball.core.errors import BadInput

__all__ = ["DriftSettings"]

_PERIOD = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})")


class DriftSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[drift]`.

    Parameters
    ----------
    reference : str
        What is normal: "release", the first decisions of the live release; or a period, UTC, from the first
        day, before the second: "2026-09-01/2026-10-01".
    reference_decisions : int
        How many decisions of the live release are the reference.
    window : int
        Decisions that are looked at together.
    rate : float
        Chance of any false alarm until the reference changes, however many windows there are.
    smallest_effect : float
        Share of decisions below which a difference does not matter.
    cases : bool
        Whether the cases themselves are looked at too, not only the answers.
    leave_out : tuple of str
        Columns that are not looked at: "case: amount", "answer: cap".
    starts_turn : bool
        Whether drift asks for a turn.
    """

    reference: str = "release"
    reference_decisions: int = 500
    window: int = 250
    rate: float = 0.05
    smallest_effect: float = 0.05
    cases: bool = True
    leave_out: tuple[str, ...] = ()
    starts_turn: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.rate < 1.0 or not 0.0 <= self.smallest_effect < 1.0:
            raise BadInput(
                f"[drift]: rate must lie between 0 and 1 and smallest_effect below 1, got {self.rate} and "
                f"{self.smallest_effect}.",
                fix="Leave them out for the defaults.",
            )
        for name, value in (("window", self.window), ("reference_decisions", self.reference_decisions)):
            if not 50 <= value <= 1_000_000:
                raise BadInput(
                    f"[drift]: {name} must be 50 to 1,000,000, got {value}.",
                    fix="Fewer decisions than 50 say nothing; leave it out for the default.",
                )
        if self.reference != "release":
            self.period()

    def period(self) -> tuple[datetime, datetime] | None:
        """Return the period of the reference; None where it is the live release."""
        if self.reference == "release":
            return None
        found = _PERIOD.fullmatch(self.reference)
        try:
            ends = (
                [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in found.groups()] if found else []
            )
        except ValueError:
            ends = []
        if len(ends) != 2 or ends[0] >= ends[1]:
            raise BadInput(
                f"[drift]: reference must be release, or two days in order, got {self.reference!r}.",
                fix='Write, for instance, "2026-09-01/2026-10-01".',
            )
        return ends[0], ends[1]
