"""Files: a folder, single files, patterns, or objects of a store; always in the same order."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa

from flyball.core.digests import digest_of
from flyball.core.text import sayable
from flyball.data.sources.errors import BadSource, NothingThere, UnknownStream
from flyball.data.sources.objects.copies import Copies
from flyball.data.sources.objects.settings import Settings
from flyball.data.sources.objects.stores import STORE_SETTINGS, open_store
from flyball.data.sources.shelf._digest_cache import DigestCache
from flyball.data.sources.source import Batch, Item, Listing, Skipped, Stream

__all__ = ["FILES", "FileSource", "StoreFiles", "files"]

FILES = pa.schema(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("modified_ns", pa.int64(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
    ]
)
"""One row per file, as in `Item`."""

_CHUNK = 1 << 20
_PATTERN = frozenset("*?[")
_TEMPORARY_ENDINGS = (".tmp", ".temp", ".part", ".crdownload", ".swp", "~")
_TEMPORARY_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FileSource:
    """Files below some paths.

    Folders are searched through. Hidden and temporary files are skipped, and so are links that
    lead out of the folder and links to folders: neither a circle nor a foreign file gets in.

    Parameters
    ----------
    name : str
        Its name in flyball.toml.
    paths : sequence of Path
        Folders, files, or patterns with `*`, `?`, `[...]` and `**`.
    cache : Path, optional
        A file that keeps digests by size, modification time and inode, so that unchanged files are
        not read again. It believes the file system: a program that changes a file and then sets
        all three back goes unseen. Without it every file is read every time.
    batch_rows : int
        Rows in a batch, at least 1.
    """

    name: str
    paths: Sequence[Path]
    cache: Path | None = None
    batch_rows: int = 1_000

    def listing(self, *, digests: bool = True, progress: Progress | None = None) -> Listing:
        """Return what is there.

        Parameters
        ----------
        digests : bool
            False does not open the files; the listing then has no digest.
        progress : callable, optional
            Called with (files done, files in all).

        Returns
        -------
        Listing

        Raises
        ------
        NothingThere
            A path does not exist, or nothing matches a pattern.
        """
        skipped: list[Skipped] = []
        found = _named(self.paths, skipped)
        cache = DigestCache(self.cache)
        items: list[Item] = []
        for raw_name, path in found:
            name = sayable(raw_name)
            status = _status(path)
            if status is None or not stat.S_ISREG(status.st_mode):
                items.append(Item(name, path, 0, 0, ""))  # its reader says what is wrong with it
            else:
                digest = cache.digest(path, status, _digest) if digests else ""
                items.append(Item(name, path, status.st_size, status.st_mtime_ns, digest))
            if progress is not None:
                progress(len(items), len(found))
        cache.save()
        whole = digest_of([[item.name, item.digest] for item in items]) if digests else ""
        return Listing(self.name, tuple(items), whole, tuple(skipped))

    def check(self) -> Mapping[str, str]:
        """Return how many files there are; none is opened."""
        found = self.listing(digests=False)
        return {"files": str(len(found.items)), "left out": str(len(found.skipped))}

    def streams(self) -> tuple[Stream, ...]:
        """Return the one stream there is: "files", one row per file."""
        return (Stream("files", FILES, ("name",)),)

    def batches(self, stream: str = "files", state: str = "") -> Iterator[Batch]:
        """Yield one row per file, by name; unchanged files, and nothing else, yield no rows."""
        yield from _listed(self.name, self.listing, self.batch_rows, stream, state)


@dataclass(frozen=True, slots=True)
class StoreFiles:
    """Objects of a store as whole files: they are fetched into a folder, changed ones alone.

    Parameters
    ----------
    name : str
        Its name in flyball.toml.
    copies : Copies
    cache : Path, optional
        As of `FileSource`.
    batch_rows : int
    """

    name: str
    copies: Copies
    cache: Path | None = None
    batch_rows: int = 1_000

    def listing(self, *, digests: bool = True, progress: Progress | None = None) -> Listing:
        """Fetch what is new and return what is there, as of `FileSource`."""
        cache = DigestCache(self.cache)
        items = []
        for one, path in self.copies.fetched(progress):
            digest = cache.digest(path, path.stat(), _digest) if digests else ""
            items.append(Item(one.name, path, one.size, one.modified_ns, digest))
        cache.save()
        whole = digest_of([[item.name, item.digest] for item in items]) if digests else ""
        return Listing(self.name, tuple(items), whole)

    def check(self) -> Mapping[str, str]:
        """Sign in and list; nothing is fetched."""
        place = self.copies.place
        return {**place.facts(), "files": str(len(place.found()))}

    def streams(self) -> tuple[Stream, ...]:
        """Return the one stream there is: "files", one row per object."""
        return (Stream("files", FILES, ("name",)),)

    def batches(self, stream: str = "files", state: str = "") -> Iterator[Batch]:
        """Yield one row per object, by name; unchanged ones, and nothing else, yield no rows."""
        yield from _listed(self.name, self.listing, self.batch_rows, stream, state)


def files(name: str, settings: Mapping[str, object]) -> FileSource | StoreFiles:
    """Open a file source from its settings: `path`, a text or a list of texts, and `cache`.

    With a `url` the files are objects of a store, and `copies` is the folder that they are fetched into;
    docs/recipes/object-stores.md describes the settings.

    Raises
    ------
    BadSource
        An unknown setting, or one of the wrong type.
    """
    if "url" in settings:
        return _store_files(name, settings)
    unknown = sorted(set(settings) - {"path", "cache", "batch_rows"})
    path, cache = settings.get("path"), settings.get("cache")
    paths = path if isinstance(path, list | tuple) else [path]
    rows = settings.get("batch_rows", 1_000)
    wrong = not paths or not all(isinstance(one, str) and one for one in paths)
    if unknown or wrong or not isinstance(rows, int) or rows < 1:
        raise BadSource(
            f"Source {name} takes path (a text or a list of texts), cache and batch_rows, got "
            f"{', '.join(f'{key} = {value!r}' for key, value in sorted(settings.items())) or 'nothing'}.",
            fix='For instance: path = "contracts".',
            source=name,
        )
    folder = Path(cache) if isinstance(cache, str) else None
    return FileSource(name, [Path(str(one)) for one in paths], folder, rows)


def _store_files(name: str, settings: Mapping[str, object]) -> StoreFiles:
    given = Settings(name, settings, STORE_SETTINGS | {"url", "copies", "cache", "batch_rows"})
    place = open_store(given, given.text("url"))
    folder, cache = given.text("copies"), given.text("cache")
    if not folder:
        raise given.bad("copies", "the folder that objects are fetched into")
    rows = given.number("batch_rows", 1_000)
    return StoreFiles(name, Copies(place, Path(folder)), Path(cache) if cache else None, rows)


def _listed(
    name: str, look: Callable[[], Listing], batch_rows: int, stream: str, state: str
) -> Iterator[Batch]:
    """Yield one row per file of a listing that is new to a state."""
    if stream != "files":
        raise UnknownStream(f"Source {name} has no stream {stream!r}.", fix="Known: files.", source=name)
    listing = look()
    done, _, behind = state.partition(" ")
    if done == listing.digest and not behind:
        return
    items = [item for item in listing.items if done != listing.digest or item.name > behind]
    for start in range(0, len(items), batch_rows):
        part = items[start : start + batch_rows]
        rows = [
            {
                "name": item.name,
                "path": str(item.path),
                "size": item.size,
                "modified_ns": item.modified_ns,
                "digest": item.digest,
            }
            for item in part
        ]
        last = part[-1].name == listing.items[-1].name
        state = listing.digest if last else f"{listing.digest} {part[-1].name}"
        yield Batch(pa.RecordBatch.from_pylist(rows, schema=FILES), state)


def _named(paths: Sequence[Path], skipped: list[Skipped]) -> list[tuple[str, Path]]:
    """Return every file once with a name of its own, sorted by name."""
    found: list[tuple[str, Path]] = []
    for path in paths:
        found.extend(_below(path, skipped))
    once = {os.path.abspath(path): (name, path) for name, path in reversed(found)}
    names = [name for name, _ in once.values()]
    if len(set(names)) < len(names):  # the same name below two paths: name all from where the paths meet
        top = os.path.commonpath([os.path.dirname(path) for path in once])
        return sorted((Path(path).relative_to(top).as_posix(), file) for path, (_, file) in once.items())
    return sorted(once.values())


def _below(path: Path, skipped: list[Skipped]) -> list[tuple[str, Path]]:
    if path.is_dir():
        return list(_walk(path, skipped))
    if _PATTERN & set(str(path)) and not os.path.lexists(path):
        return _matching(path, skipped)
    if not os.path.lexists(path):
        raise NothingThere(f"There is nothing at {path}.", fix="Check the path.", path=path)
    return [(path.name, path)]


def _matching(pattern: Path, skipped: list[Skipped]) -> list[tuple[str, Path]]:
    parts = pattern.parts
    fixed = next(index for index, part in enumerate(parts) if _PATTERN & set(part))
    folder = Path(*parts[:fixed])
    wanted = str(PurePosixPath(*parts[fixed:]))
    matches = set(folder.glob(wanted)) if folder.is_dir() else set()
    found = [(name, path) for name, path in _walk(folder, skipped) if path in matches] if matches else []
    if not found:
        raise NothingThere(f"Nothing matches {pattern}.", fix="Check the pattern.", path=pattern)
    return found


def _walk(folder: Path, skipped: list[Skipped]) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder; the reason for leaving one out goes to `skipped`."""
    root = folder.resolve()
    for here, folders, names in os.walk(folder, followlinks=False):
        kept = []
        for name in sorted(folders):
            path = Path(here, name)
            relative = path.relative_to(folder).as_posix()
            reason = _temporary(name) or ("a link to a folder" if path.is_symlink() else "")
            if reason:
                skipped.append(Skipped(sayable(relative), reason))
            else:
                kept.append(name)
        folders[:] = kept
        for name in sorted(names):
            path = Path(here, name)
            relative = path.relative_to(folder).as_posix()
            reason = _temporary(name) or _stray_link(path, root)
            if reason:
                skipped.append(Skipped(sayable(relative), reason))
            else:
                yield relative, path


def _temporary(name: str) -> str:
    lowered = name.lower()
    if name.startswith("."):
        return "hidden"
    if name.startswith("~$") or lowered in _TEMPORARY_NAMES or lowered.endswith(_TEMPORARY_ENDINGS):
        return "temporary"
    return ""


def _stray_link(path: Path, root: Path) -> str:
    if not path.is_symlink():
        return ""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a circle, before Python 3.13
        return "a link to nothing or in a circle"
    return "" if target.is_relative_to(root) else "a link out of the folder"


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _digest(path: Path) -> str:
    """Return the digest of a file's content, "" where it cannot be read."""
    whole = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                whole.update(chunk)
    except OSError:
        return ""
    return "sha256:" + whole.hexdigest()
