"""The settings of explanations: `[explanation]` of flyball.toml."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from flyball.core.errors import BadInput, UnknownName
from flyball.core.records import Field

__all__ = [
    "CheckSettings",
    "ColumnSettings",
    "CreditReport",
    "ExplanationSettings",
    "Party",
    "checked_against",
]

_Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of `[explanation]`; an unknown key is an error."""


class Party(_Section, frozen=True):
    """Somebody whom a letter names: `[explanation.sender]`, `[explanation.agency]`."""

    name: str = ""
    address: str = ""
    contact: str = ""


class CreditReport(_Section, frozen=True):
    """`[explanation.credit_report]`: where columns of a case come from a consumer reporting agency.

    `columns` are those that come from its report. `score_column` holds the agency's own score of the case,
    `score_day_column` its day, `score_factor_columns` the key factors that came with it, in words: four, and
    a fifth where the number of inquiries is one (15 U.S.C. 1681g(f)(1)(C) and (f)(9)).
    """

    name: str = ""
    address: str = ""
    telephone: str = ""
    website: str = ""
    columns: tuple[str, ...] = ()
    score_column: str = ""
    score_day_column: str = ""
    score_factor_columns: Annotated[tuple[str, ...], msgspec.Meta(max_length=5)] = ()
    score_lowest: float = 300.0
    score_highest: float = 850.0


class ColumnSettings(_Section, frozen=True):
    """`[explanation.column.NAME]`: what may be told about a column, and what a person can change in it.

    Parameters
    ----------
    reason : str
        Specific reason that stands in a notice when this column counted against somebody; "": the expert's
        own words.
    change : {"no", "lower", "higher"}
        In which direction the person could bring the value.
    down_to, up_to : float, optional
        How far.
    step : float
        Values are told in whole steps; 0: three digits.
    words : str
        How to say the change, with {value}.
    """

    reason: str = ""
    change: Literal["no", "lower", "higher"] = "no"
    down_to: float | None = None
    up_to: float | None = None
    step: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    words: str = ""


class CheckSettings(_Section, frozen=True):
    """`[explanation.checks]`: how hard explanations are checked, and what each check asks at least.

    `copies` of the case with small noise, `noise` of the usual difference between two cases in each column.
    """

    copies: Annotated[int, msgspec.Meta(ge=10, le=10_000)] = 100
    noise: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 0.01
    stable_at_least: _Share = 0.8
    agrees_at_least: _Share = 0.5
    deletion_at_least: _Share = 0.8
    fidelity_at_least: _Share = 0.8


class ExplanationSettings(_Section, frozen=True):
    """`[explanation]`: how decisions are explained, to whom, in which words.

    Parameters
    ----------
    letters : str
        Folder of the deployment with templates and words of its own.
    language : str
        Of letters, where none is asked for.
    against : dict of field to answer
        Which answer of a field goes against a person: { repaid = "false" }.
    ask_remote : bool
        Whether a model in another house may be asked about the case with values left out, and with those of
        other cases in their place.
    most_asks : int
        Questions put to a model that does not explain itself, for one explanation.
    most_eur : str
        What these may cost, as a decimal; "0": only models that cost nothing are asked.
    seed : int
        Of everything that is drawn: the same decision gives the same explanation.
    """

    letters: str = "letters"
    language: str = "en"
    against: dict[str, str] = {}
    ask_remote: bool = False
    most_asks: Annotated[int, msgspec.Meta(ge=64, le=100_000)] = 1024
    most_eur: str = "0"
    seed: int = 20
    sender: Party = Party()
    agency: Party = Party()
    credit_report: CreditReport = CreditReport()
    column: dict[str, ColumnSettings] = {}
    checks: CheckSettings = CheckSettings()


def checked_against(settings: ExplanationSettings, fields: Sequence[Field]) -> None:
    """Refuse an answer "against somebody" that can never be given: its letters would never be written.

    Raises
    ------
    UnknownName
        There is no such field.
    BadInput
        The field has no such answer.
    """
    known = {one.key: one for one in fields}
    for key, answer in settings.against.items():
        if key not in known:
            raise UnknownName(
                f"flyball.toml: against of [explanation] names the field {key!r}, which is not there.",
                fix=f"Known: {', '.join(known) or 'none'}.",
                field=key,
            )
        possible = _answers(known[key])
        if possible and answer not in possible:
            raise BadInput(
                f"flyball.toml: against of [explanation] says that {answer!r} to {key} goes against "
                "somebody, and no answer to it is written so.",
                fix=f"Write it as decisions have it: {', '.join(possible)}.",
                field=key,
                answer=answer,
            )


def _answers(field: Field) -> tuple[str, ...]:
    """Return the answers to a field as JSON text; () where there is no list of them."""
    if field.kind in ("flag", "spans"):
        return ("true", "false")
    return tuple(msgspec.json.encode(one).decode() for one in field.choices) if field.kind == "label" else ()
