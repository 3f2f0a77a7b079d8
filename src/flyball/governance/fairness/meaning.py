"""What values mean: which of them people want. What could be read both ways is asked for, never guessed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flyball.governance.fairness.cases import BadFairnessCases, Flags, Floats, Trait

__all__ = ["Meaning", "fears", "goes_against", "meaning_of"]

_YES = frozenset(
    {"1", "1.0", "true", "t", "yes", "y", "approved", "approve", "granted", "grant", "accepted", "accept",
     "selected", "hired", "good", "positive", "repaid", "paid"}
)  # fmt: skip
_NO = frozenset(
    {"0", "0.0", "false", "f", "no", "n", "denied", "deny", "refused", "refuse", "rejected", "reject",
     "declined", "decline", "bad", "negative", "defaulted", "default"}
)  # fmt: skip
_BARE = frozenset(
    {"1", "1.0", "true", "t", "yes", "y", "positive", "0", "0.0", "false", "f", "no", "n", "negative"}
)
"""Values that say whether something is so, but not whether people want it."""
_FEARED = frozenset(
    {"arrears", "bad", "bankrupt", "bankruptcy", "blocked", "chargeoff", "charged", "churn", "churned",
     "declined", "default", "defaulted", "defaults", "delinquency", "delinquent", "denial", "denied", "died",
     "flagged", "fraud", "fraudulent", "loss", "overdue", "pd", "recid", "recidivism", "refusal", "refused",
     "rejected", "rejection", "reoffended", "risk", "risky", "suspicious"}
)  # fmt: skip
"""Words in the name of a column that say that more of it is worse."""
_MOST_ROWS = 200_000
_FAR = -4.0
"""Standard errors below 0: by chance alone one in thirty thousand."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was taken for yes, and for no.

    Parameters
    ----------
    yes, no : tuple of str
        Values of the file.
    ask : str
        The options that would say it, where bare values such as 1 and 0 say it by custom only; "" where
        somebody said so, or the words do.
    """

    yes: tuple[str, ...]
    no: tuple[str, ...]
    ask: str = ""


def fears(name: str) -> str:
    """Return the word in the name of a column that says that more of it is worse; "" without one."""
    return next((one for one in _words(name) if one in _FEARED), "")


def meaning_of(name: str, values: Sequence[str], wanted: str, option: str) -> Meaning:
    """Return which values of a column people want; an empty value is neither.

    Parameters
    ----------
    name : str
    values : sequence of str
    wanted : str
        The value that somebody named; all others are then no. "" for none.
    option : str
        How it is named.

    Raises
    ------
    BadFairnessCases
        It is not there; or none is named, and the values or the name of the column do not tell.
    """
    there = tuple(dict.fromkeys(one for one in values if one))
    if wanted:
        yes = tuple(one for one in there if one.casefold() == wanted.strip().casefold())
        if not yes:
            raise BadFairnessCases(
                f"No row of {name} is {wanted!r}.", fix=f"Give {option} one of: {_some(there)}.", column=name
            )
        return Meaning(yes, tuple(one for one in there if one not in yes))
    unknown = [one for one in there if one.lower() not in _YES | _NO]
    if unknown:
        raise BadFairnessCases(
            f"The column {name} holds {unknown[0][:40]!r}, which is neither yes nor no.",
            fix=_fix(there, name, option),
            column=name,
        )
    bare = all(one.lower() in _BARE for one in there)
    ask = " or ".join(f"{option} {one}" for one in sorted(there)) if bare else ""
    if ask and (word := fears(name)):
        raise BadFairnessCases(
            f"The column {name} holds {_some(there)}, and {word!r} in its name says that yes is what nobody "
            "wants.",
            fix=f"Say which value people want: {ask}.",
            column=name,
        )
    yes = tuple(one for one in there if one.lower() in _YES)
    return Meaning(yes, tuple(one for one in there if one not in yes), ask)


def goes_against(values: Floats | Flags, flags: Flags, traits: Sequence[Trait]) -> bool:
    """Return whether higher values go with 0 rather than with 1, within groups and beyond chance.

    Parameters
    ----------
    values : ndarray, shape (n_cases,)
        NaN where there is none. Of many rows some are looked at, evenly.
    flags : ndarray of int8, shape (n_cases,)
        -1 where nothing is known.
    traits : sequence of Trait
        Within whose groups it is looked at: groups that differ in both say nothing about either.
    """
    step = -(-len(values) // _MOST_ROWS) | 1  # odd: rows that alternate are met in turn
    values, flags = values[::step].astype(np.float64), flags[::step]
    known = np.isfinite(values) & (flags >= 0)
    if not known.any():
        return False
    stratum: npt.NDArray[np.int64] = np.zeros(int(known.sum()), dtype=np.int64)
    for one in traits:
        joined = stratum * (len(one.groups) + 1) + one.codes[::step][known] + 1
        stratum = np.unique(joined, return_inverse=True)[1]
    n = np.bincount(stratum)

    def apart(some: Floats) -> Floats:
        found: Floats = some - (np.bincount(stratum, some) / n)[stratum]
        return found

    high, yes = apart(values[known]), apart(flags[known].astype(np.float64))
    spread = float(np.sqrt((high @ high) * (yes @ yes)))
    free = len(high) - len(n)
    if spread <= 0.0 or free < 1:
        return False
    return float(high @ yes) / spread * float(np.sqrt(free)) < _FAR


def _fix(there: Sequence[str], name: str, option: str) -> str:
    if len(there) > 2 and all(_is_number(one) for one in there):
        return (
            f"Where these are scores: --score {name}, with --approve 0.8 or --threshold 0.5. Where they are "
            f"codes: {option} VALUE says which one people want, all others are no. It holds: {_some(there)}."
        )
    return (
        f"Say which value people want: {option} VALUE. All others are no then, an empty one is not known. It "
        f"holds: {_some(there)}."
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _words(name: str) -> list[str]:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return [one for one in re.split(r"[^a-z]+", parted.lower()) if one]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
