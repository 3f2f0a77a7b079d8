"""Populations: every change, access and alert of a period, and a sample of each that anybody can draw again.

The seed is the root of the ledger's checkpoint: whoever makes a pack cannot choose what is looked at without
writing another ledger.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flyball.core.digests import canonical_json, from_json
from flyball.core.errors import BadInput
from flyball.governance.approvals import Approval, Person, missing_approvals
from flyball.governance.evidence.pack import Examined, Period, Sample
from flyball.ledger.records import Entry

__all__ = ["POPULATIONS", "Known", "PopulationKind", "draw", "examine", "population_of", "wanted_kinds"]

_AHEAD = timedelta(minutes=5)
"""By how much the clock of a signer may be ahead."""


@dataclass(frozen=True, slots=True)
class PopulationKind:
    """One population.

    Parameters
    ----------
    name : str
        Its check is called "NAME.sample".
    title : str
    kinds : tuple of str
        Kinds of ledger entries, or how they begin where they end with a dot.
    asked : str
        What is asked of each item of the sample.
    not_covered : str
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    asked: str
    not_covered: str

    def holds(self, kind: str) -> bool:
        """Return whether entries of a kind belong to it."""
        return kind in self.kinds or any(one.endswith(".") and kind.startswith(one) for one in self.kinds)


POPULATIONS: tuple[PopulationKind, ...] = (
    PopulationKind(
        "change",
        "Releases that went live, and traffic that was sent to another one",
        ("release.promoted", "release.traffic"),
        "Did a gate allow this release before? Did as many people other than its author sign as were "
        "asked for? "
        "Is somebody named who did it?",
        "Changes made beside the product: on its machine, in its database, in a model behind an address.",
    ),
    PopulationKind(
        "access",
        "Acts on keys and access, sessions that were ended, pseudonyms that were revealed",
        ("access.", "session.", "privacy.revealed"),
        "Is somebody named who did it? Does what was granted end? Did somebody else grant it than the one "
        "who has it? Was emergency access looked at by somebody else afterwards?",
        "Access to the machine, the database and the files; who used which key when is not an act on access.",
    ),
    PopulationKind(
        "alert",
        "Alerts that were raised",
        ("alert.raised",),
        "Did somebody acknowledge it, or was its cause gone, before the end of what the ledger covers?",
        "What should have raised an alert and did not; whether what was done about it was right.",
    ),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What items of a sample are held against.

    Parameters
    ----------
    entries : tuple of Entry
        All that the pack holds, of any time, in order.
    people : tuple of Person
    required : mapping of str to int
        Signatures asked for by each release that is known, by its digest.
    approval_days : int
        So long before a release first went live a signature counted.
    """

    entries: tuple[Entry, ...]
    people: tuple[Person, ...]
    required: Mapping[str, int]
    approval_days: int

    def made(self, release: str) -> Entry | None:
        """Return the entry that says who made a release."""
        return self._first("release.made", release)

    def went_live(self, release: str) -> Entry | None:
        """Return the entry with which a release first went live; going back to it asks nobody again."""
        return self._first("release.promoted", release)

    def _first(self, kind: str, release: str) -> Entry | None:
        of = (one for one in self.entries if one.kind == kind and one.body.get("release") == release)
        return next(of, None)

    def missing(self, release: str, required: int, before: Entry) -> tuple[str, ...]:
        """Return what stood between a release and its approval when it went live."""
        made, first = self.made(release), self.went_live(release) or before
        approvals = [
            approval
            for one in self.entries
            if one.kind == "approval" and one.index < first.index and (approval := _approval(one)) is not None
        ]
        author = "" if made is None else made.actor.partition(":")[2]
        makers = made.body.get("makers", ()) if made is not None else ()
        return missing_approvals(
            required,
            author,
            approvals,
            release,
            self.people,
            makers=[str(one) for one in makers] if isinstance(makers, list | tuple) else (),
            signed_within=(first.at - timedelta(days=self.approval_days), first.at + _AHEAD),
        )


def wanted_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return which kinds of entries belong to a population."""
    return tuple(kind for kind in kinds if any(one.holds(kind) for one in POPULATIONS))


def population_of(kind: PopulationKind, entries: Iterable[Entry], period: Period) -> tuple[Entry, ...]:
    """Return the items of a population, oldest first."""
    return tuple(one for one in entries if kind.holds(one.kind) and period.holds(one.at))


def draw(items: Sequence[int], *, n: int, seed: str) -> Sample:
    """Draw a sample: the items whose hash with the seed is smallest.

    Parameters
    ----------
    items : sequence of int
        Numbers of ledger entries.
    n : int
        At most; everything is taken where there are no more.
    seed : str

    Returns
    -------
    Sample
        `drawn` in the order of the ledger. The hash is SHA-256 over "SEED/NUMBER".
    """
    if len(items) <= n:
        return Sample(len(items), "", tuple(items))
    by_hash = sorted(items, key=lambda one: hashlib.sha256(f"{seed}/{one}".encode()).digest())
    return Sample(n, seed, tuple(sorted(by_hash[:n])))


def examine(kind: PopulationKind, drawn: Sequence[Entry], known: Known) -> tuple[Examined, ...]:
    """Ask of every item of a sample what its population asks."""
    ask = _ASKED[kind.name]
    found = []
    for entry in drawn:
        about, answers = ask(entry, known)
        by = entry.actor.partition(":")[2].strip()
        said = {"somebody is named": "yes" if by else "no: the entry names nobody", **answers}
        found.append(
            Examined(
                kind.name,
                entry.index,
                entry.at,
                entry.kind,
                entry.actor,
                about,
                said,
                all(one.startswith("yes") for one in said.values()),
            )
        )
    return tuple(found)


def _change(entry: Entry, known: Known) -> tuple[str, dict[str, str]]:
    release = str(entry.body.get("release", ""))
    if not release and isinstance(challenge := entry.body.get("challenge"), dict):
        release = str(challenge.get("release", ""))
    if not release:
        return "", {"a release is named": "yes: traffic went back to the live one"}
    gates = [
        one
        for one in known.entries
        if one.kind == "evidence" and one.index < entry.index and one.body.get("release") == release
    ]
    allowed = any(
        isinstance(one.body["verdict"], dict) and one.body["verdict"].get("allowed") for one in gates
    )
    answers = {
        "a gate allowed it before": "yes"
        if allowed
        else f"no: {len(gates)} verdicts of the gate before it, none allowed it"
    }
    required = known.required.get(release)
    if required is None:
        answers["others signed it"] = (
            "not known: the release is no longer kept, so nobody knows how many had to"
        )
        return release, answers
    missing = known.missing(release, required, entry)
    answers["others signed it"] = (
        f"no: {'; '.join(missing)}"
        if missing
        else f"yes: {required} asked for"
        if required
        else "yes: none asked for"
    )
    return release, answers


def _access(entry: Entry, known: Known) -> tuple[str, dict[str, str]]:
    body = entry.body
    about = str(body.get("id") or body.get("key") or body.get("person") or body.get("name") or "")
    answers: dict[str, str] = {}
    if entry.kind.startswith("access.") and body.get("act") in ("created", "granted"):
        answers["it ends"] = (
            "yes" if body.get("expires_at") or body.get("until") else "no: no end is written down"
        )
        holder = str(body.get("name") or body.get("person") or "")
        own = holder != "" and entry.actor.partition(":")[2] == holder
        answers["somebody else granted it"] = f"no: {holder} granted it to themselves" if own else "yes"
    if entry.kind == "access.emergency":
        answers["it ends"] = "yes" if body.get("until") else "no: no end is written down"
        looked = [
            one
            for one in known.entries
            if one.kind == "access.reviewed" and one.body.get("entry") == entry.index
        ]
        others = [one.actor for one in looked if one.body.get("person") != body.get("person")]
        answers["somebody else looked at it afterwards"] = "yes" if others else "no: nobody did"
    return about, answers


def _alert(entry: Entry, known: Known) -> tuple[str, dict[str, str]]:
    name = entry.body.get("name")
    for one in known.entries:
        if (
            one.index > entry.index
            and one.kind in ("alert.acknowledged", "alert.resolved")
            and one.body.get("name") == name
        ):
            minutes = (one.at - entry.at).total_seconds() / 60
            return str(name), {"answered": f"yes: {one.kind.partition('.')[2]} after {minutes:.0f} minutes"}
    return str(name), {"answered": "no: neither acknowledged nor resolved by the end of the ledger"}


def _approval(entry: Entry) -> Approval | None:
    try:
        return from_json(canonical_json(entry.body), Approval)
    except BadInput:
        return None


_ASKED: Mapping[str, Callable[[Entry, Known], tuple[str, dict[str, str]]]] = {
    "change": _change,
    "access": _access,
    "alert": _alert,
}
