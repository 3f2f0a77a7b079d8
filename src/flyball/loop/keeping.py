"""Keeping an expert: its folder is replaced as a whole, so that whoever dies in between leaves one version.

A new version is written beside the old one, under a name that no release takes along. Then the two change
places in one step of the file system.
"""

import ctypes
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["drafted", "take_place"]

_EXCHANGE = 2
_HERE = -100


@contextmanager
def drafted(target: Path, *, empty: bool = False) -> Iterator[Path]:
    """Yield a folder beside `target` in which a new version is made; afterwards it is gone in any case.

    Parameters
    ----------
    target : Path
        Folder of an expert, there already or not.
    empty : bool
        False: the draft begins as a copy, so that what people put beside the files of an expert stays.
    """
    draft = target.with_name(f".draft-{os.getpid()}-{target.name}")
    for left in target.parent.glob(f".draft-*-{target.name}"):  # of those who died
        if not _alive(left.name.split("-")[1]):
            shutil.rmtree(left, ignore_errors=True)
    shutil.rmtree(draft, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not empty:
        shutil.copytree(target, draft)
    else:
        draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def take_place(draft: Path, target: Path) -> None:
    """Put a finished draft where the version before is, which is gone afterwards."""
    if not target.exists():
        draft.rename(target)
    elif _exchanged(draft, target):
        shutil.rmtree(draft, ignore_errors=True)
    else:  # a file system, or a system, that cannot do it in one step: two, with hardly anything between
        old = draft.with_name(f"{draft.name}-old")
        target.rename(old)
        draft.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where that cannot be done."""
    exchange: Callable[..., int] | None = getattr(ctypes.CDLL(None), "renameat2", None)
    return exchange is not None and not exchange(
        _HERE, os.fsencode(one), _HERE, os.fsencode(other), ctypes.c_uint(_EXCHANGE)
    )


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True
