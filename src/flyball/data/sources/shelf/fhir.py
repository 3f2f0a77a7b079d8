"""FHIR R4: bundles and NDJSON exports of clinical systems, one stream per type of resource."""

from collections.abc import Mapping

from flyball.data.sources.business.fhir import FhirRows
from flyball.data.sources.objects.opening import PLACE_SETTINGS, place_of
from flyball.data.sources.objects.settings import Settings
from flyball.data.sources.objects.source import RowFiles

__all__ = ["fhir"]


def fhir(name: str, settings: Mapping[str, object]) -> RowFiles:
    """Open a source of FHIR files; docs/recipes/fhir.md describes the settings.

    Raises
    ------
    BadSource
        An unknown setting, or one of the wrong type.
    """
    given = Settings(name, settings, PLACE_SETTINGS | {"types"})
    place = place_of(given)
    rows = FhirRows(place, given.number("batch_rows", 10_000), given.texts("types"))
    return RowFiles(name, place, rows, given.flag("only_new"), given.keys())
