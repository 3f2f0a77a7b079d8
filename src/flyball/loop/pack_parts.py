"""What a release is made of, as a pack describes it: models, datasets, principles."""

from collections.abc import Mapping

from flyball.core.errors import FlyballError
from flyball.data.datasets.catalogue import open_catalogue
from flyball.data.datasets.records import Snapshot
from flyball.data.datasets.snapshots import list_datasets, list_snapshots
from flyball.governance.evidence.pack import (
    Dataset,
    Model,
    figure_of,
)
from flyball.loop.live import engine_of_release
from flyball.loop.workshop import Workshop

__all__ = ["datasets_of", "models_of", "principles_of"]


def models_of(workshop: Workshop, digest: str, parts: Mapping[str, str]) -> tuple[Model, ...]:
    """Return the experts of a release with what their cards say; digests alone where its files are gone."""
    if not digest:
        return ()
    try:
        cards = engine_of_release(workshop, digest).engine.cards
    except FlyballError:  # its files are no longer kept: names and digests are all that is left
        return tuple(
            Model(name.removeprefix("expert "), "", "", one, "", (), (), "", (), {}, {})
            for name, one in sorted(parts.items())
            if name.startswith("expert ")
        )
    return tuple(
        Model(
            one.name,
            one.version,
            one.kind,
            parts.get(f"expert {one.name}", ""),
            one.summary,
            one.trained_on,
            one.limits,
            one.licence,
            one.fields,
            dict(one.parameters),
            {name: figure_of(figure) for name, figure in one.figures.items()},
        )
        for one in cards
    )


def datasets_of(workshop: Workshop, parts: Mapping[str, str]) -> tuple[Dataset, ...]:
    """Return the snapshots of a release with what their cards say."""
    known: dict[str, Snapshot] = {}
    wanted = {name: one for name, one in parts.items() if name.startswith("snapshot ")}
    if wanted:
        with open_catalogue(workshop.catalogue_url, workshop.state / "warehouse") as catalogue:
            known = {
                one.digest: one
                for name in list_datasets(catalogue)
                for one in list_snapshots(catalogue, name)
            }
    found = []
    for name, digest in sorted(wanted.items()):
        snapshot = known.get(digest)
        card = {} if snapshot is None else {key: _fact(value) for key, value in snapshot.card.items()}
        rows = None if snapshot is None else snapshot.rows
        found.append(Dataset(name.removeprefix("snapshot "), digest, rows, card))
    return tuple(found)


def principles_of(workshop: Workshop, digest: str) -> tuple[str, ...]:
    """Return the principles of a release, as "id: title"; () where its files are gone."""
    try:
        principles = engine_of_release(workshop, digest).engine.constitution.principles if digest else ()
    except FlyballError:
        return ()
    return tuple(f"{one.id}: {one.title}" for one in principles)


def _fact(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
