"""Traffic: which release answers which case, and which one only looks on.

The ledger says it: promotions name the champion; an entry of kind "release.traffic" puts a challenger
beside it, in the shadow (it sees every case and answers none) or as a canary (it answers a share of the
cases, or some tenants). Any promotion or rollback ends a challenge. What cannot be read sends nothing
to a challenger.
"""

import hashlib
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from flyball.core.digests import short
from flyball.core.errors import BadInput, FlyballError, Refused
from flyball.core.verdicts import Verdict
from flyball.ledger.errors import KeyReused
from flyball.ledger.ledger import Ledger
from flyball.ledger.records import Entry
from flyball.loop.promotion import judge, roll_back
from flyball.loop.releases import NothingLive, read_release, require_live
from flyball.loop.workshop import Workshop

__all__ = [
    "ERROR_RATE",
    "MARGIN",
    "TRAFFIC",
    "Assigned",
    "Challenge",
    "Change",
    "Mode",
    "Started",
    "Traffic",
    "TrafficOvertaken",
    "TrafficWatch",
    "end_challenge",
    "go_back",
    "start_challenge",
    "traffic_history",
    "traffic_now",
    "traffic_steps",
]

TRAFFIC = "release.traffic"
_PROMOTED = "release.promoted"

MARGIN = 0.02
ERROR_RATE = 0.05
"""What a comparison works with where nobody says otherwise."""

Mode = Literal["shadow", "canary"]


class TrafficOvertaken(FlyballError):
    """Somebody else changed the traffic at the same time; nothing was done."""

    code = "loop.traffic_overtaken"
    retry = True
    exit_code = 3


@dataclass(frozen=True, slots=True)
class Challenge:
    """A release beside the one that is live.

    Parameters
    ----------
    release : str
        Digest of the challenger.
    against : str
        Digest of the champion.
    mode : {"shadow", "canary"}
    share : float
        Of the cases that a canary answers, in [0, 1]; of `tenants` only where some are named.
    tenants : tuple of str
        Whose cases a canary answers; () for everyone's.
    salt : str
        Decides with the case which side of the share it falls on. Kept while the same two releases meet,
        so that a larger share takes no case back.
    margin : float
        Difference below which the two count as equal, in the unit of the comparison.
    error_rate : float
        Chance at most that the comparison ever says something false, however often one looks.
    """

    release: str
    against: str
    mode: Mode
    share: float
    tenants: tuple[str, ...]
    salt: str
    margin: float
    error_rate: float

    def takes(self, case: str, tenant: str) -> bool:
        """Return whether the challenger answers a case; the same case always goes the same way."""
        if self.mode != "canary" or (self.tenants and tenant not in self.tenants):
            return False
        drawn = hashlib.sha256(f"{self.salt}\n{case}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") < int(self.share * 2**64)


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the traffic, as it stands in the ledger.

    Parameters
    ----------
    challenge : Challenge or None
        None where one ended.
    against : str
        The champion at that time.
    why, by : str
    at : datetime
    entry : int
        Index in the ledger.
    """

    challenge: Challenge | None
    against: str
    why: str
    by: str
    at: datetime
    entry: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who answers a case.

    Parameters
    ----------
    release : str
        Digest of the one that answers.
    shadow : str
        Digest of the one that only looks on; "" for none.
    """

    release: str
    shadow: str = ""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is in force.

    Parameters
    ----------
    champion : str
        Digest of the live release; "" where nothing ever went live.
    challenge : Challenge or None
    change : Change or None
        The entry that began or last changed the challenge.
    began : int
        Index of the entry that began it, before any change of its share; -1 without a challenge.
    entry : int
        Index of the last entry that changed anything; -1 where there is none.
    """

    champion: str = ""
    challenge: Challenge | None = None
    change: Change | None = None
    began: int = -1
    entry: int = -1

    def release_for(self, case: str, tenant: str) -> Assigned:
        """Return who answers a case, and who looks on.

        Parameters
        ----------
        case : str
            Its id.
        tenant : str

        Raises
        ------
        NothingLive
            Nothing ever went live.
        """
        if not self.champion:
            raise NothingLive("There is no live release yet.", fix="Make one with `flyball turn`.")
        one = self.challenge
        if one is None:
            return Assigned(self.champion)
        if one.mode == "shadow":
            return Assigned(self.champion, one.release)
        return Assigned(one.release if one.takes(case, tenant) else self.champion)

    def after(self, entry: Entry) -> "Traffic":
        """Return the traffic after one more entry; those of other kinds change nothing."""
        if entry.kind == _PROMOTED:
            return Traffic(str(entry.body["release"]), entry=entry.index)
        if entry.kind != TRAFFIC:
            return self
        change = _change(entry)
        one = change.challenge if change is not None and change.against == self.champion else None
        if one is None or change is None or one.release == self.champion:
            return Traffic(self.champion, entry=entry.index)
        same = self.challenge is not None and self.challenge.release == one.release
        return Traffic(
            self.champion, one, change, began=self.began if same else entry.index, entry=entry.index
        )


class TrafficWatch:
    """The traffic in force, read on from where it was read last: asking costs next to nothing.

    Parameters
    ----------
    ledger : Ledger
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._read = 0
        self._now = Traffic()

    def now(self) -> Traffic:
        """Return what is in force."""
        with self._lock:
            end = self._ledger.size()
            if end > self._read:
                self._now = _folded(self._now, _entries(self._ledger, self._read, end))
                self._read = end
            return self._now


def traffic_now(ledger: Ledger) -> Traffic:
    """Return what is in force."""
    return TrafficWatch(ledger).now()


def traffic_history(ledger: Ledger) -> list[Change]:
    """Return every step of every challenge, oldest first."""
    return [found for entry in ledger.entries(TRAFFIC) if (found := _change(entry)) is not None]


def traffic_steps(ledger: Ledger) -> list[tuple[int, datetime, Traffic]]:
    """Return what came into force with which entry of the ledger, and when, oldest first."""
    traffic = Traffic()
    found = []
    for entry in _entries(ledger, 0, ledger.size()):
        traffic = traffic.after(entry)
        found.append((entry.index, entry.at, traffic))
    return found


@dataclass(frozen=True, slots=True)
class Started:
    """What came of asking for a challenge.

    Parameters
    ----------
    verdict : Verdict
        Of the release gate.
    traffic : Traffic
        What is in force now.
    """

    verdict: Verdict
    traffic: Traffic

    @property
    def ok(self) -> bool:
        """Whether the challenge is on."""
        return self.verdict.allowed


def start_challenge(
    workshop: Workshop,
    digest: str,
    mode: Mode,
    *,
    share: float = 1.0,
    tenants: tuple[str, ...] = (),
    margin: float | None = None,
    error_rate: float | None = None,
    by: str,
    why: str,
) -> Started:
    """Put a release beside the live one, when its gate allows; or change the share of the one that is.

    Gate and approvals are those of a promotion, for a challenger sees the cases of customers, too.

    Parameters
    ----------
    workshop : Workshop
    digest : str
        Of the challenger.
    mode : {"shadow", "canary"}
    share : float
        For a canary; above 0, at most 1.
    tenants : tuple of str
        For a canary.
    margin, error_rate : float, optional
        Of the comparison; fixed before the first case is seen. Above 0 and below 1. By default those of
        the challenge that is on, else `MARGIN` and `ERROR_RATE`.
    by, why : str
        For the ledger.

    Raises
    ------
    NothingLive
        There is nothing to be compared with.
    Refused
        It is live already, or another challenge is on.
    BadInput
        A number that makes no sense.
    TrafficOvertaken
        Somebody else was quicker.
    """
    require_live(workshop.ledger, workshop.deployment.name)
    before = traffic_now(workshop.ledger)
    read_release(workshop.state, digest, workshop.key.verifier)  # refuses one that was altered
    if digest == before.champion:
        raise Refused(
            f"Release {short(digest)} is live; it cannot challenge itself.", fix="Name another one."
        )
    known = before.challenge
    if known is not None and known.release != digest:
        raise Refused(
            f"Release {short(known.release)} is in the {known.mode} already; one challenges at a time.",
            fix="End that one first: flyball release stop.",
        )
    margin = margin if margin is not None else MARGIN if known is None else known.margin
    error_rate = error_rate if error_rate is not None else ERROR_RATE if known is None else known.error_rate
    _refuse_nonsense(share, margin, error_rate)
    if known is not None and (known.margin, known.error_rate) != (margin, error_rate):
        raise Refused(
            f"The comparison runs with a margin of {known.margin:g} and an error rate of "
            f"{known.error_rate:g}; both are fixed before the first case.",
            fix="Leave them out, or end the challenge and begin another: flyball release stop.",
        )
    verdict = judge(workshop, digest)
    if not verdict.allowed:
        return Started(verdict, before)
    salt = known.salt if known is not None else secrets.token_hex(16)
    shown = share if mode == "canary" else 0.0
    challenge = Challenge(digest, before.champion, mode, shown, tenants, salt, margin, error_rate)
    _write(workshop, before, challenge, by=by, why=why)
    return Started(verdict, traffic_now(workshop.ledger))


def end_challenge(workshop: Workshop, *, by: str, why: str) -> Challenge:
    """End the challenge that is on; the live release answers everything again.

    Raises
    ------
    Refused
        None is on.
    TrafficOvertaken
        Somebody else was quicker.
    """
    before = traffic_now(workshop.ledger)
    if before.challenge is None:
        raise Refused("No release is in the shadow or a canary.", fix="See: flyball release status.")
    _write(workshop, before, None, by=by, why=why)
    return before.challenge


def go_back(
    workshop: Workshop, digest: str | None, *, by: str, why: str, after: int | None = None
) -> Challenge | None:
    """Undo the last change of who answers: a canary ends; without one, the release before is live again.

    A shadow answers nothing, so it does not keep a rollback from reaching the live release; it ends with it.

    Parameters
    ----------
    workshop : Workshop
    digest : str or None
        A release that was live before; None: as said above.
    by, why : str
    after : int, optional
        Entry of the promotion that whoever asks believes to be in force.

    Returns
    -------
    Challenge or None
        The canary that ended; None where a release that was live before is live again.

    Raises
    ------
    Refused
        There is nothing to go back to.
    """
    now = traffic_now(workshop.ledger)
    if digest is None and now.challenge is not None and now.challenge.mode == "canary":
        return end_challenge(workshop, by=by, why=f"rolled back: {why}")
    roll_back(workshop, digest, by=by, why=why, after=after)
    return None


def _refuse_nonsense(share: float, margin: float, error_rate: float) -> None:
    for name, value, most in (
        ("share", share, 1.0),
        ("margin", margin, 0.5),
        ("error rate", error_rate, 0.5),
    ):
        if not 0.0 < value <= most:
            raise BadInput(
                f"The {name} must lie above 0 and be at most {most:g}, got {value}.",
                fix="Write a share, such as 0.05 for 5 %.",
                value=value,
            )


def _write(workshop: Workshop, before: Traffic, challenge: Challenge | None, *, by: str, why: str) -> None:
    """Write a step down, only if nothing has changed since `before`, and sign the ledger."""
    body: dict[str, object] = {
        "challenge": challenge,
        "against": before.champion,
        "why": why,
    }
    try:
        workshop.ledger.append(kind=TRAFFIC, actor=by, body=body, key=f"traffic/after/{before.entry}")
    except KeyReused as err:
        raise TrafficOvertaken(
            "Somebody else changed the traffic at the same time; nothing was done.",
            fix="Look at `flyball release status`, then ask again.",
        ) from err
    workshop.ledger.checkpoint()


def _folded(traffic: Traffic, entries: Iterable[Entry]) -> Traffic:
    for entry in entries:
        traffic = traffic.after(entry)
    return traffic


def _entries(ledger: Ledger, start: int, stop: int) -> list[Entry]:
    """Return the entries that change the traffic, in order."""
    found = [*ledger.entries(_PROMOTED, start, stop), *ledger.entries(TRAFFIC, start, stop)]
    return sorted(found, key=lambda entry: entry.index)


def _change(entry: Entry) -> Change | None:
    """Read a step; None where it cannot be read, so that it sends nothing anywhere."""
    try:
        given = entry.body["challenge"]
        challenge = None if given is None else msgspec.convert(given, Challenge)
        against, why = str(entry.body["against"]), str(entry.body["why"])
    except (KeyError, msgspec.ValidationError):
        return None
    if challenge is not None and not (0.0 <= challenge.share <= 1.0 and challenge.against == against):
        return None
    return Change(challenge, against, why, entry.actor, entry.at, entry.index)
