"""X12: claims, payments, acknowledgements and orders as insurers and trading partners exchange them."""

from collections.abc import Mapping

from flyball.data.sources.business.records import BusinessRows
from flyball.data.sources.business.x12 import X12_KINDS, X12Reader
from flyball.data.sources.objects.opening import PLACE_SETTINGS, place_of
from flyball.data.sources.objects.settings import Settings
from flyball.data.sources.objects.source import RowFiles

__all__ = ["x12"]


def x12(name: str, settings: Mapping[str, object]) -> RowFiles:
    """Open a source of X12 files; docs/recipes/x12.md describes the settings.

    Raises
    ------
    BadSource
        An unknown setting, or one of the wrong type.
    """
    given = Settings(name, settings, PLACE_SETTINGS | {"checks", "encoding"})
    place = place_of(given)
    reader = X12Reader(given.encoding(), given.flag("checks", True))
    rows = BusinessRows(place, X12_KINDS, reader.rows, given.number("batch_rows", 10_000))
    return RowFiles(name, place, rows, given.flag("only_new"), given.keys())
