"""No score on cases that an expert saw in training."""

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from flyball.core.errors import BadInput, Refused
from flyball.core.text import count
from flyball.evaluation.records import LeftOut

__all__ = ["SEEN_IN_TRAINING", "LeakedCases", "leaked", "unseen"]

SEEN_IN_TRAINING = "was seen in training by an expert"
"""Why a case is not scored."""


class LeakedCases(Refused):
    """Cases to be scored were part of an expert's training data."""

    code = "evaluation.leaked_cases"


def leaked(cases: pa.Table, seen_text_digests: Collection[str]) -> list[str]:
    """Return the cases whose text an expert saw in training.

    Parameters
    ----------
    cases : Table with the columns `case_id` and `text_digest`
    seen_text_digests : collection of str
        "sha256:..." of every training text. Only texts that are equal to the last character are
        recognised; a training text with one changed word is not.

    Returns
    -------
    list of str
        Their `case_id`, in the order of the table.

    Raises
    ------
    BadInput
        A case has no digest: what cannot be checked is not scored.
    """
    without = cases.filter(pc.equal(cases.column("text_digest"), ""))
    if without.num_rows:
        raise BadInput(
            f"{count(without.num_rows, 'case')} without a text digest, first "
            f"{without.column('case_id')[0].as_py()}.",
            fix="Build the cases with the data layer; it writes the digests.",
            cases=without.num_rows,
        )
    seen = set(seen_text_digests)
    pairs = zip(cases.column("case_id").to_pylist(), cases.column("text_digest").to_pylist(), strict=True)
    return [case_id for case_id, digest in pairs if digest in seen]


def unseen(
    cases: pa.Table, seen_text_digests: Collection[str], *, without_seen: bool = False
) -> tuple[pa.Table, tuple[LeftOut, ...]]:
    """Return the cases that may be scored.

    Parameters
    ----------
    cases : Table of schema CASES
    seen_text_digests : collection of str
    without_seen : bool
        Drop the cases seen in training and count them as left out, instead of refusing.

    Returns
    -------
    cases : Table
    left_out : tuple of LeftOut
        Hand it to `scored_cases`.

    Raises
    ------
    LeakedCases
        Some were seen, and `without_seen` is off; or all were.
    """
    found = leaked(cases, seen_text_digests)
    if not found:
        return cases, ()
    if not without_seen or len(found) == cases.num_rows:
        fix = (
            "Leave them out with --without-seen."
            if not without_seen
            else "Bring cases from elsewhere; a score on training cases would say nothing."
        )
        raise LeakedCases(
            f"{len(found)} of {count(cases.num_rows, 'case')} were seen in training by an expert of this "
            f"deployment, first {found[0]}.",
            fix=fix,
            leaked=len(found),
            cases=cases.num_rows,
        )
    kept = cases.filter(pc.invert(pc.is_in(cases.column("case_id"), pa.array(found, pa.string()))))
    return kept, tuple(LeftOut("case", case_id, SEEN_IN_TRAINING) for case_id in found)
