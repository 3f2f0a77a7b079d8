"""The one place where an optional third-party library is imported."""

import importlib
from types import ModuleType

from flyball.core.errors import MissingExtra

__all__ = ["optional_import"]


def optional_import(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or say which extra brings it.

    Parameters
    ----------
    module : str
        Dotted name of a third-party module.
    extra : str
        Name of the extra in `pyproject.toml` that installs it.

    Returns
    -------
    ModuleType

    Raises
    ------
    MissingExtra
        The module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as err:
        raise MissingExtra(
            f"{module} is not installed ({err}).",
            fix=f"Install it: pip install 'flyball[{extra}]'.",
            module=module,
            extra=extra,
        ) from err
