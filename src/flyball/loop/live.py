"""The live release made ready to decide."""

from dataclasses import dataclass
from pathlib import Path

from flyball.core.digests import from_json, short
from flyball.loop.engine import Engine, load_engine
from flyball.loop.guarding import CaseGuards, open_case_guards
from flyball.loop.kit import kit_of_bundle, lay_out
from flyball.loop.releases import Release, read_release, require_live
from flyball.loop.settings import Settings, load_settings
from flyball.loop.workshop import Workshop
from flyball.models.router.thresholds import Thresholds

__all__ = ["LiveEngine", "engine_of_kit", "engine_of_release", "live_engine"]


@dataclass(frozen=True, slots=True)
class LiveEngine:
    """A release with its engine.

    Parameters
    ----------
    digest : str
    release : Release
    settings : Settings
        As they were released, not as they stand in the working folder.
    engine : Engine
    guards : CaseGuards
        Of the release, for cases that come in by a door.
    """

    digest: str
    release: Release
    settings: Settings
    engine: Engine
    guards: CaseGuards


def live_engine(workshop: Workshop) -> LiveEngine:
    """Load what is live.

    Raises
    ------
    NothingLive
        Nothing ever went live.
    """
    return engine_of_release(workshop, require_live(workshop.ledger, workshop.deployment.name).release)


def engine_of_release(workshop: Workshop, digest: str) -> LiveEngine:
    """Load any release: its files are laid out once and checked against its digests every time.

    Raises
    ------
    ReleaseForged, KitAltered
        The release or one of its files was altered.
    """
    release = read_release(workshop.state, digest, workshop.key.verifier).release
    folder = lay_out(release.files, workshop.blobs, workshop.state / "kits" / short(digest))
    settings = load_settings(folder / "flyball.toml", environ={})
    return LiveEngine(digest, release, settings, engine_of_kit(folder), open_case_guards(settings))


def engine_of_kit(folder: Path) -> Engine:
    """Load a release that was laid out and checked."""
    thresholds = from_json((folder / "thresholds.json").read_bytes(), Thresholds)
    about = load_settings(folder / "flyball.toml", environ={}).deployment
    return load_engine(kit_of_bundle(folder), thresholds, about)
