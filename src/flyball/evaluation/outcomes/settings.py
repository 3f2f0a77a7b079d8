"""`[[outcome_source]]`: a table that a source brings, in which stands what turned out."""

import msgspec

__all__ = ["OutcomeSourceSettings"]


class OutcomeSourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of outcomes.

    Parameters
    ----------
    name : str
        For `flyball outcome load --source NAME`.
    dataset : str
        The dataset that `flyball source sync` made of it; its newest snapshot is read.
    case : str
        Column with the id or the name of the case.
    outcomes : dict of str to str
        In which column stands what is told about a field, or about a business result.
    units : dict of str to str
        Of the results: "EUR".
    observed_at : str
        Column with the time or the day; "" for none.
    minutes : str
        Column with the minutes that a person spent; "" for none.
    by : str
        Column with who says so; "" for the source itself.
    """

    name: str
    dataset: str
    case: str
    outcomes: dict[str, str]
    units: dict[str, str] = {}
    observed_at: str = ""
    minutes: str = ""
    by: str = ""
