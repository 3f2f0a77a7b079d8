"""Retention of texts: what decisions speak of goes when its time is over, on record; the decisions stay.

A text goes when the last entry about it is older than `keep_days` of flyball.toml, and never before the
longest time that a duty in force asks for. Where the two contradict each other nothing goes; both are named.
What a legal hold is about stays, and what a reviewer still has to look at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flyball.core.errors import Refused
from flyball.core.text import count
from flyball.data.datasets.wanted import Wanted
from flyball.governance.retention.rules import Kept, Records, after_months, load_rules, rules_in_force
from flyball.ledger.records import Draft
from flyball.ledger.verify import ERASURE
from flyball.loop.erasure import CACHES, kept_by, release_files
from flyball.loop.holds import open_holds
from flyball.loop.law import duties_on
from flyball.loop.stages.obligations import catalogue_of, kinds_of
from flyball.loop.workshop import Workshop

__all__ = [
    "RULES",
    "RetentionContradicts",
    "TextStanding",
    "in_words",
    "kept_at_least",
    "retain_texts",
    "texts_standing",
]

RULES = "retention.toml"
TEXTS_KEPT = "retention.texts"
_OF_CASES = ("decision", "completion", "outcome", "review")
_BATCH = 500
_SHORTEST_MONTH_DAYS, _MONTH_DAYS = 28, 31


class RetentionContradicts(Refused):
    """flyball.toml says that texts go before a duty lets them."""

    code = "retention.contradicts"


@dataclass(frozen=True, slots=True)
class _Text:
    """One blob of words of a case, and the last entry about it."""

    digest: str
    last: datetime
    documents: frozenset[str]
    cases: frozenset[str]
    decisions: frozenset[int]


@dataclass(frozen=True, slots=True)
class TextStanding:
    """How the texts stand.

    Parameters
    ----------
    keep_days : int or None
        As flyball.toml says; None where it says nothing, and then every text stays.
    months : int
        The least that duties ask for; 0 for nothing.
    present : int
        Texts that are there.
    due : int
        Of these: whose time is over, and that nothing keeps.
    held : int
        Of these: whose time is over, and that a legal hold keeps.
    waiting : int
        Of these: whose time is over, and that a reviewer still has to look at.
    oldest : datetime or None
        The last entry about the text that has lain longest.
    next_due : datetime or None
        When the next one is due.
    due_since : datetime or None
        Since when the first of those that are due has been; None where none is.
    removed : int
        Texts that this run took away.
    left : int
        Of these: that are still somewhere in the state folder.
    """

    keep_days: int | None
    months: int
    present: int
    due: int
    held: int
    waiting: int
    oldest: datetime | None
    next_due: datetime | None
    due_since: datetime | None = None
    removed: int = 0
    left: int = 0


def kept_at_least(workshop: Workshop) -> dict[Records, Kept]:
    """Return how long each kind of record stays at least, by the duties in force today and the data labels.

    Raises
    ------
    BadRetentionRule
    """
    deployment = workshop.deployment
    about = deployment.settings.deployment
    catalogue = catalogue_of(deployment)
    duties = duties_on(catalogue, workshop.clock().date(), about, deployment.fields, kinds_of(deployment))
    rules = load_rules(deployment.root / RULES, known=catalogue.ids)
    return rules_in_force(rules, duties=duties, labels=about.data_labels)


def texts_standing(workshop: Workshop) -> TextStanding:
    """Say how the texts stand; nothing is changed.

    Raises
    ------
    BadRetentionRule
    RetentionContradicts
    """
    return _looked(workshop)[0]


def retain_texts(workshop: Workshop) -> TextStanding:
    """Take away the texts whose time is over, with what was made of them, and write down that it was done.

    Returns
    -------
    TextStanding

    Raises
    ------
    BadRetentionRule
    RetentionContradicts
        `keep_days` is shorter than a duty asks for. Nothing was done.
    """
    holds = open_holds(workshop.ledger)
    standing, due = _looked(workshop)
    if standing.keep_days is None:
        return standing
    workshop.history.close()  # its log goes into its file, which may go below; it opens again when asked
    reason = f"retention: texts of cases go after {standing.keep_days} days"
    gone: list[_Text] = []
    held: set[str] = set()
    for first in range(0, len(due), _BATCH):
        if (now := open_holds(workshop.ledger)) != holds:  # one was placed meanwhile
            holds, held = now, _held(workshop, due[first:])
        some = [one for one in due[first : first + _BATCH] if one.digest not in held]
        workshop.ledger.append_many(
            Draft(ERASURE, {"digest": one.digest, "reason": reason}, workshop.actor, (one.digest,))
            for one in some
        )
        workshop.blobs.erase_many([one.digest for one in some], reason=reason, may_return=True)
        for name in _caches_of(workshop, some):
            (workshop.state / name).unlink(missing_ok=True)
        gone += some
    left = sum(len(_caches_of(workshop, gone[n : n + _BATCH])) for n in range(0, len(gone), _BATCH))
    left += sum(workshop.blobs.path(one.digest).exists() for one in gone)
    done = replace(
        standing,
        present=standing.present - len(gone),
        due=0,
        due_since=None,
        held=standing.held + len(due) - len(gone),
        removed=len(gone),
        left=left,
    )
    workshop.ledger.append(kind=TEXTS_KEPT, actor=workshop.actor, body=done)
    workshop.ledger.checkpoint()
    return done


def _looked(workshop: Workshop) -> tuple[TextStanding, list[_Text]]:
    keep_days = next(
        (one.keep_days for one in workshop.deployment.settings.retention if one.records == "texts"), None
    )
    kept = kept_at_least(workshop)["texts"]
    if keep_days is not None and keep_days < kept.months * _SHORTEST_MONTH_DAYS:
        rule = kept.rules[0]
        raise RetentionContradicts(
            f"[[retention]] lets texts go after {keep_days} days, and {rule.id} asks for "
            f"{rule.months} months ({rule.source}). Nothing was taken away.",
            fix=f"Write keep_days = {kept.months * _MONTH_DAYS} or more, and have counsel confirm it.",
            keep_days=keep_days,
            rule=rule.id,
        )
    texts = _texts(workshop)
    now = workshop.clock()
    over, ahead = [], []
    ends: dict[str, datetime] = {}
    for one in texts:
        end = None if keep_days is None else _end(one.last, keep_days, kept.months)
        if end is not None and end <= now:
            over.append(one)
            ends[one.digest] = end
        elif end is not None:
            ahead.append(end)
    held = _held(workshop, over)
    to_review = workshop.history.waiting_entries(now) if over else frozenset()
    waiting = {one.digest for one in over if one.digest not in held and one.decisions & to_review}
    due = [one for one in over if one.digest not in held | waiting]
    standing = TextStanding(
        keep_days,
        kept.months,
        len(texts),
        len(due),
        len(held),
        len(waiting),
        min((one.last for one in texts), default=None),
        min(ahead, default=None),
        min((ends[one.digest] for one in due), default=None),
    )
    return standing, due


def _end(last: datetime, keep_days: int, months: int) -> datetime:
    return max(last + timedelta(days=keep_days), after_months(last, months))


def _texts(workshop: Workshop) -> list[_Text]:
    """Return the texts of cases that are there; a file of a release is none of them."""
    last: dict[str, datetime] = {}
    documents: dict[str, set[str]] = {}
    cases: dict[str, set[str]] = {}
    decisions: dict[str, set[int]] = {}
    for kind in _OF_CASES:
        for entry in workshop.ledger.entries(kind):
            for digest in entry.refs:
                last[digest] = max(entry.at, last.get(digest, entry.at))
                if kind == "decision":
                    documents.setdefault(digest, set()).add(str(entry.body["content_digest"]))
                    cases.setdefault(digest, set()).add(str(entry.body["case_id"]))
                    decisions.setdefault(digest, set()).add(entry.index)
    ours = release_files(workshop) if last else {}
    return [
        _Text(
            digest,
            at,
            frozenset(documents.get(digest, ())),
            frozenset(cases.get(digest, ())),
            frozenset(decisions.get(digest, ())),
        )
        for digest, at in last.items()
        if digest not in ours and workshop.blobs.path(digest).exists()
    ]


def _held(workshop: Workshop, texts: Sequence[_Text]) -> set[str]:
    """Return the digests of texts that a legal hold keeps."""
    found: set[str] = set()
    for hold in open_holds(workshop.ledger) if texts else ():
        if hold.everything or hold.datasets:
            return {one.digest for one in texts}  # which dataset a text came from is not known for certain
        kept = kept_by(workshop, hold)
        documents, blobs = frozenset(kept.documents), frozenset(kept.blobs)
        found |= {one.digest for one in texts if one.documents & documents or one.digest in blobs}
    return found


def _caches_of(workshop: Workshop, texts: Iterable[_Text]) -> list[str]:
    """Return the files that were made of texts, and hold nothing of their own."""
    words = {word for one in texts for word in (one.digest, *one.documents, *one.cases)}
    if not words:
        return []
    about = Wanted(tuple(sorted(words)))
    kept = (
        {"traces"} if open_holds(workshop.ledger) else set()
    )  # one file for all: it goes or stays as a whole
    folders = [one for one in CACHES if one not in kept]
    files = (path for folder in folders for path in sorted((workshop.state / folder).rglob("*")))
    return [
        path.relative_to(workshop.state).as_posix()
        for path in files
        if path.is_file() and about.stands_in(path.read_bytes())
    ]


def in_words(standing: TextStanding) -> str:
    """Return how the texts stand, in one sentence."""
    if standing.keep_days is None:
        return f"{count(standing.present, 'text')}; nothing says how long they stay, so all do."
    return (
        f"{count(standing.present, 'text')} stay {standing.keep_days} days after the last entry about them; "
        f"{standing.due} are due, {standing.held} more are kept by a legal hold, and {standing.waiting} more "
        "wait for a reviewer."
    )
