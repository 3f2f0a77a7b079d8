"""A view without personal data, for a report that may leave the house."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import TypeVar

from flyball.core.estimates import NotMeasured
from flyball.core.records import Field
from flyball.data.privacy.detection.records import Found
from flyball.evaluation.reports.records import BadReportView, ContractView, ObligationView, ReportView
from flyball.models.decisions.records import Decision

__all__ = ["PersonalFinder", "redacted_view"]

PersonalFinder = Callable[[str], Iterable[Found]]
"""Finds personal data in a text, such as `data.privacy.personal_data.find_people`."""

T = TypeVar("T")

_BAR = "█"
_LEFT = frozenset(
    [
        "id",
        "key",
        "field",
        "fields",
        "rule",
        "principle",
        "cites",
        "digest",
        "text_digest",
        "content_digest",
        "release",
        "case_id",
        "deployment",
        "outcome",
        "status",
        "severity",
        "unit",
        "media_type",
        "root",
        "price_eur",
        "cost_eur",
        "jurisdictions",
        "obligations",
        "url",
        "verify",
    ]
)
"""Names of attributes that hold identifiers or closed words. Every other text is masked, whatever it is."""


def redacted_view(view: ReportView, find_personal: PersonalFinder) -> ReportView:
    """Return the view with every personal stretch of text covered by bars of the same length.

    What was found in a contract's text is also covered wherever else it stands word for word: in values,
    reasons, file names.

    Parameters
    ----------
    view : ReportView
    find_personal : PersonalFinder

    Returns
    -------
    ReportView
        Offsets still hold, digests still name the originals.

    Raises
    ------
    BadReportView
        The finder named a stretch outside the text.
    """
    contracts = []
    everything: set[str] = set()
    for contract in view.contracts:
        stretches = _stretches(contract.text, find_personal)
        said = {contract.text[start:end].strip() for start, end in stretches}
        said = {words for words in said if len(words) >= 3}
        everything |= said
        cover = _Cover(find_personal, said)
        masked = dataclasses.replace(_walk(contract, cover), text=cover(contract.text))
        contracts.append(masked)
    cover = _Cover(find_personal, everything)
    rest = dataclasses.replace(view, contracts=(), fields=())
    return dataclasses.replace(_walk(rest, cover), contracts=tuple(contracts), fields=view.fields)


class _Cover:
    def __init__(self, find_personal: PersonalFinder, said: set[str]) -> None:
        self._find = find_personal
        self._said = sorted(said, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        covered = list(text)
        stretches = _stretches(text, self._find)
        for words in self._said:
            at = text.find(words)
            while at >= 0:
                stretches.append((at, at + len(words)))
                at = text.find(words, at + len(words))
        for start, end in stretches:
            covered[start:end] = [one if one in " \n" else _BAR for one in covered[start:end]]
        return "".join(covered)


def _stretches(text: str, find_personal: PersonalFinder) -> list[tuple[int, int]]:
    found = [(one.start, one.end) for one in find_personal(text)]
    for start, end in found:
        if not 0 <= start <= end <= len(text):
            raise BadReportView(
                f"The finder of personal data named [{start}, {end}) of a text of {len(text)} characters.",
                fix="Mend the finder; without it nothing can be masked, so no report was made.",
            )
    return found


def _walk(record: T, cover: Callable[[str], str]) -> T:
    changes: dict[str, object] = {}
    for attribute in dataclasses.fields(record):  # type: ignore[arg-type]
        value = getattr(record, attribute.name)
        if not _is_left(record, attribute.name, value):
            changes[attribute.name] = _masked(value, cover)
    return dataclasses.replace(record, **changes)  # type: ignore[type-var]


def _is_left(record: object, name: str, value: object) -> bool:
    if isinstance(record, ContractView) and name == "text":
        return True  # covered before, with its offsets
    if isinstance(record, ObligationView | NotMeasured) and name == "kind":
        return True
    plain = isinstance(value, str) or (
        isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    )
    return plain and name in _LEFT


def _masked(value: object, cover: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return cover(value)
    if isinstance(value, tuple):
        return tuple(_masked(item, cover) for item in value)
    if isinstance(value, Decision | ContractView) or (
        dataclasses.is_dataclass(value) and not isinstance(value, type | Field)
    ):
        return _walk(value, cover)
    return value
