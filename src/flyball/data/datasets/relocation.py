"""Relocation: a warehouse whose folder was moved or copied is written down at its new place.

Iceberg keeps absolute addresses: in the catalogue, the metadata of each table, and its lists of files. Here
they are written anew beside the old ones, and the catalogue then names the new metadata.
No data file is touched, so snapshots, tags, digests and states of sources stay what they are.
"""

import contextlib
import json
import uuid
from pathlib import Path
from typing import cast

import sqlalchemy
from pyiceberg.avro.file import AvroFile, AvroOutputFile
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import Record
from pyiceberg.types import StructType

from flyball.core.errors import BadInput
from flyball.data.datasets.catalogue import Catalogue, address_of, connected, recorded_places
from flyball.data.datasets.errors import BadCatalogue, Conflict

__all__ = ["relocate"]

_LISTS = {"manifest_path": "manifest_file", "data_file": "manifest_entry"}
"""A field of the records of a list of files, and the name of such a record."""


def relocate(url: str, warehouse: Path) -> tuple[str, ...]:
    """Write down where the tables of a moved warehouse are now. Killed at any point, the same call goes on.

    Parameters
    ----------
    url : str
        Of the catalogue, as for `open_catalogue`.
    warehouse : Path
        The folder as it is now, with all its files.

    Returns
    -------
    tuple of str
        The datasets that were written down anew; () where all are in place.

    Raises
    ------
    BadCatalogue
        A dataset is not below `warehouse`, or its old place is still there and has the same catalogue.
    BadInput
        A dataset has files of deleted rows, which name data files themselves.
    Conflict
        Somebody else wrote at the same time.
    """
    with connected(url, warehouse) as catalogue:
        root = address_of(warehouse)
        moved = {name: at for name, at in recorded_places(catalogue).items() if not at.startswith(f"{root}/")}
        for name, old in moved.items():
            new = f"{root}/{'/'.join(old.split('/')[-4:])}"
            _check(catalogue, url, warehouse, name, old, new)
        for name, old in moved.items():
            new = f"{root}/{'/'.join(old.split('/')[-4:])}"
            replaced = _table(catalogue, name, old, new)
            for path in replaced:  # what a crash leaves here belongs to no snapshot: `retain` finds it
                with contextlib.suppress(OSError):
                    PyArrowFileIO().delete(path)
    return tuple(moved)


def _check(catalogue: Catalogue, url: str, warehouse: Path, name: str, old: str, new: str) -> None:
    files = PyArrowFileIO()
    if not files.new_input(new).exists():
        raise BadCatalogue(
            f"The dataset {name} was at {_folder(old)} and is not at {_folder(new)}.",
            fix="Move or copy the whole folder of the deployment, then try again.",
            url=catalogue.url,
        )
    inside = url == f"sqlite:///{warehouse.resolve().parent}/{url.rpartition('/')[2]}"
    if not inside and files.new_input(old).exists():
        raise BadCatalogue(
            f"The dataset {name} is still at {_folder(old)}, and the catalogue {catalogue.url} is not part "
            "of the copy: both folders would write to one dataset.",
            fix="Give the copy a catalogue of its own (state.catalogue in flyball.toml), "
            "or take the old folder away.",
            url=catalogue.url,
        )


def _table(catalogue: Catalogue, name: str, old: str, new: str) -> list[str]:
    """Write a table down at its new place; return the files that are no longer needed."""
    files = PyArrowFileIO()
    before, after = _folder(old), _folder(new)
    with files.new_input(new).open() as opened:
        text = opened.read().decode()
    metadata = json.loads(text.replace(f"{before}/", f"{after}/"))
    metadata["location"] = after
    replaced = {new: ""} | {one["metadata-file"]: "" for one in metadata.get("metadata-log", [])}
    metadata["metadata-log"] = []
    lists: dict[str, tuple[str, int]] = {}
    for snapshot in metadata.get("snapshots", []):
        snapshot["manifest-list"] = _list(files, name, snapshot["manifest-list"], before, after, lists)[0]
    written = (
        f"{new.rpartition('/')[0]}/{int(new.rpartition('/')[2].partition('-')[0]) + 1:05d}-{uuid.uuid4()}"
    )
    written += ".metadata.json"
    with files.new_output(written).create() as out:
        out.write(json.dumps(metadata).encode())
    with catalogue.sql.engine.begin() as database:
        done = database.execute(
            sqlalchemy.text(
                "UPDATE iceberg_tables SET metadata_location = :new, previous_metadata_location = NULL "
                "WHERE table_name = :name AND metadata_location = :old"
            ),
            {"new": written, "name": name, "old": old},
        )
    if done.rowcount != 1:
        raise Conflict(
            f"Somebody else wrote to the dataset {name} at the same time.", fix="Try again.", dataset=name
        )
    return [*replaced, *lists]


def _list(
    files: FileIO, dataset: str, path: str, before: str, after: str, done: dict[str, tuple[str, int]]
) -> tuple[str, int]:
    """Write a list of files anew, and those that it lists; return its place and its size."""
    if path in done:
        return done[path]
    with AvroFile[Record](files.new_input(path)) as reader:
        records, schema, facts = list(reader), reader.schema, dict(reader.header.meta)
    names = [one.name for one in schema.fields]
    kind = next(_LISTS[name] for name in names if name in _LISTS)
    for record in records:
        if "manifest_path" in names:
            if record[names.index("content")] != 0:
                raise BadInput(
                    f"Another program has deleted rows of {dataset} in files of their own, with addresses.",
                    fix="Move the folder back, rewrite its data files there (Spark: rewrite_data_files), "
                    "then move it again.",
                    dataset=dataset,
                )
            at, size = names.index("manifest_path"), names.index("manifest_length")
            inner = record[at].replace(f"{before}/", f"{after}/")
            record[at], record[size] = _list(files, dataset, inner, before, after, done)
        else:
            file = record[names.index("data_file")]
            inner_names = [one.name for one in cast("StructType", schema.find_type("data_file")).fields]
            where = inner_names.index("file_path")
            file[where] = file[where].replace(f"{before}/", f"{after}/")
    begin = "snap-" if path.rpartition("/")[2].startswith("snap-") else ""
    made = f"{path.rpartition('/')[0]}/{begin}{uuid.uuid4()}.avro"
    with AvroOutputFile[Record](files.new_output(made), schema, kind, metadata=facts) as writer:
        writer.write_block(records)
    done[path] = (made, len(files.new_input(made)))
    return done[path]


def _folder(metadata: str) -> str:
    """Return the place of a table from that of its metadata."""
    return metadata.rpartition("/metadata/")[0]
