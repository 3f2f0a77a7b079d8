"""HL7 v2: messages of hospitals and laboratories, from files, batches or recorded MLLP connections."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flyball.data.sources.business.hl7 import HL7_KINDS, Hl7Reader
from flyball.data.sources.business.records import BusinessRows
from flyball.data.sources.objects.opening import PLACE_SETTINGS, place_of
from flyball.data.sources.objects.settings import Settings
from flyball.data.sources.objects.source import RowFiles

__all__ = ["hl7"]


def hl7(name: str, settings: Mapping[str, object]) -> RowFiles:
    """Open a source of HL7 v2 files; docs/recipes/hl7.md describes the settings.

    Raises
    ------
    BadSource
        An unknown setting, or one of the wrong type.
    """
    given = Settings(name, settings, PLACE_SETTINGS | {"checks", "encoding", "timezone"})
    place = place_of(given)
    reader = Hl7Reader(given.flag("checks", True), given.encoding(), _zone(given))
    rows = BusinessRows(place, HL7_KINDS, reader.rows, given.number("batch_rows", 10_000))
    return RowFiles(name, place, rows, given.flag("only_new"), given.keys())


def _zone(given: Settings) -> ZoneInfo | None:
    name = given.text("timezone")
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise given.bad("timezone", "a time zone such as Europe/Berlin") from err
