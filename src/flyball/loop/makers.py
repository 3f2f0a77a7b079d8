"""Makers: the accounts of this machine that had a hand in something, as the system says and not who acts."""

import os
import pwd
from collections.abc import Iterable
from pathlib import Path

__all__ = ["account_now", "makers_now"]


def account_now() -> str:
    """Return the account that this process runs under; no variable of the environment changes it."""
    return _name(os.geteuid())


def makers_now(files: Iterable[Path]) -> list[str]:
    """Return the account of this process and those that own the files, sorted.

    Parameters
    ----------
    files : iterable of Path
        One that is not there is left out.
    """
    owners = {path.stat().st_uid for path in files if path.is_file()}
    return sorted({account_now(), *map(_name, owners)})


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # an account that this machine does not know, as in many containers
        return f"uid {uid}"
