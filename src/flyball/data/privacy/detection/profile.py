"""Profile: which columns of a table hold personal data, from a sample of values and from the names."""

import re
from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from flyball.data.privacy.detection.detector import Detector, default_detector
from flyball.data.privacy.detection.errors import DetectionFailed

__all__ = ["ColumnProfile", "KindShare", "profile_table"]

_NAMES: tuple[tuple[str, str], ...] = (
    (r"e?.?mail", "EMAIL_ADDRESS"),
    (r"phone|telephone|mobile|fax|(?:^|_)tel(?:$|_)", "PHONE_NUMBER"),
    (r"ssn|social.?security", "US_SSN"),
    (r"iban", "IBAN_CODE"),
    (r"(?:credit|debit|payment)?.?card.?(?:no|number|num)|(?:^|_)pan(?:$|_)", "CREDIT_CARD"),
    (r"passport", "US_PASSPORT"),
    (r"licen[sc]e", "US_DRIVER_LICENSE"),
    (r"(?:first|last|full|given|family|sur|middle|maiden|customer|employee|patient).?name", "PERSON"),
    (r"birth|(?:^|_)dob(?:$|_)", "DATE_TIME"),
    (r"street|address|city|town|country", "LOCATION"),
    (r"zip|post.?code|postal", "ZIP_CODE"),
    (r"nationality|religion|ethnic|race", "NRP"),
    (r"(?:^|_)ip(?:$|_)|ip.?address", "IP_ADDRESS"),
    (r"(?:^|_)age(?:$|_)", "AGE"),
)


@dataclass(frozen=True, slots=True)
class KindShare:
    """One kind found in a column.

    Parameters
    ----------
    kind : str
    share : float
        Of the sampled values that hold it, in [0, 1].
    whole : float
        Of the sampled values that are nothing else but it, in [0, 1].
    """

    kind: str
    share: float
    whole: float


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What one column seems to hold.

    Parameters
    ----------
    column : str
    kinds : tuple of KindShare
        The most frequent first; () where nothing was found, which is no promise.
    named : str
        The kind that the column's name speaks for; "" for none.
    confidence : float
        In [0, 1]: 0 nothing speaks for personal data; 1 every value and the name do.
    uniqueness : float
        Distinct values / values in the sample, in (0, 1]; 0 where all are null. Near 1 a column tells people
        apart even where it holds no personal data.
    n : int
        Values looked at, null ones left out.
    """

    column: str
    kinds: tuple[KindShare, ...]
    named: str
    confidence: float
    uniqueness: float
    n: int


def profile_table(
    table: pa.Table, *, sample: int = 1000, detector: Detector | None = None
) -> tuple[ColumnProfile, ...]:
    """Return a profile of each column.

    Parameters
    ----------
    table : Table of shape (n, n_columns)
    sample : int
        Values looked at in each column, evenly spaced.
    detector : Detector, optional
        Default: all kinds.

    Returns
    -------
    tuple of ColumnProfile, in the order of the columns
        Numbers, dates and texts are read as they are written; nested columns, and bytes that are no UTF-8,
        are known by their names only.

    Raises
    ------
    DetectionFailed
        Nothing is known then about any column.
    """
    if sample < 1:
        raise DetectionFailed(f"sample must be at least 1, got {sample}.", fix="Look at some values.")
    detector = detector or default_detector()
    return tuple(_profile(name, table.column(name), sample, detector) for name in table.column_names)


def _profile(name: str, column: pa.ChunkedArray, sample: int, detector: Detector) -> ColumnProfile:
    there = column.drop_null()
    step = max(1, len(there) // sample)
    taken = there.take(pa.array(range(0, len(there), step)[:sample], pa.int64()))
    named = _named(name)
    try:
        texts = [str(one) for one in pc.cast(taken, pa.string()).to_pylist()]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return ColumnProfile(name, (), named, 0.5 if named else 0.0, 0.0, 0)
    if not texts:
        return ColumnProfile(name, (), named, 0.5 if named else 0.0, 0.0, 0)
    # The name of the column stands before each value: a bare number is told by the words around it.
    words = f"{re.sub(r'[_.-]+', ' ', name)}: "
    holding: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for text, found in zip(texts, detector.scan([words + text for text in texts]), strict=True):
        inside = [one for one in found if one.start >= len(words)]
        holding.update({one.kind for one in inside})
        whole.update(
            {one.kind for one in inside if one.start == len(words) and one.end == len(words) + len(text)}
        )
    n = len(texts)
    kinds = tuple(
        KindShare(kind, times / n, whole[kind] / n)
        for kind, times in sorted(holding.items(), key=lambda item: (-item[1], item[0]))
    )
    most = kinds[0].share if kinds else 0.0
    confidence = max(most, 0.5 * bool(named)) if not (named and kinds) else 0.5 + most / 2
    return ColumnProfile(name, kinds, named, confidence, len(set(texts)) / n, n)


def _named(name: str) -> str:
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return next((kind for pattern, kind in _NAMES if re.search(pattern, plain)), "")
