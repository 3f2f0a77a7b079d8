"""Opening a place: this machine for a path, a store for a URL."""

from pathlib import Path

from flyball.data.sources.errors import BadSource
from flyball.data.sources.objects.local import LocalPlace
from flyball.data.sources.objects.place import Place
from flyball.data.sources.objects.settings import Settings
from flyball.data.sources.objects.stores import STORE_SETTINGS, open_store

__all__ = ["PLACE_SETTINGS", "place_of"]

PLACE_SETTINGS = frozenset({"path", "url", "batch_rows", "only_new", "streams", *STORE_SETTINGS})


def place_of(settings: Settings) -> Place:
    """Return where the files of a source lie: this machine for `path`, a store for `url`.

    Raises
    ------
    BadSource
        Neither or both are written, or something of a store is missing.
    """
    paths, url = settings.texts("path"), settings.text("url")
    if bool(paths) == bool(url):
        raise BadSource(
            f"Source {settings.source} needs a path or a url, and not both.",
            fix='For instance: path = "exports" or url = "s3://bucket/exports/*.parquet".',
            source=settings.source,
        )
    if paths:
        return LocalPlace(settings.source, [Path(path) for path in paths])
    return open_store(settings, url)
