"""Secrets are named, never written: a reference to the environment, a file or a command."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from flyball.core.errors import BadInput

__all__ = ["Secret", "is_reference", "names_secret", "secret"]

_KINDS = ("env", "file", "command")
_COMMAND_SECONDS = 30
_LARGEST_BYTES = 1_000_000
_SECRET_NAMES = re.compile(
    r"(passw(or)?d|passphrase|pwd|secret|token|(api|private|account|secret)_?key|credentials?|"
    r"authorization|signature|^sig|^sas|connection_?string)$",
    re.IGNORECASE,
)


class Secret:
    """A value that is fetched when it is needed and printed as `***`.

    It has no text, JSON or pickled form, so that it cannot get into a log, a record or another
    process by accident.

    Parameters
    ----------
    kind : {"env", "file", "command"}
    named : str or tuple of str
        Variable, path, or program with its arguments.
    """

    __slots__ = ("_kind", "_named")

    def __init__(self, kind: str, named: str | tuple[str, ...]) -> None:
        self._kind = kind
        self._named = named

    @property
    def reference(self) -> str:
        """Where it comes from, for people: "env CORE_PASSWORD"."""
        named = self._named if isinstance(self._named, str) else self._named[0]
        return f"{self._kind} {named}"

    def reveal(self) -> str:
        """Return the value, without the line break at its end.

        Raises
        ------
        BadInput
            The variable is not set, the file cannot be read, the command fails, or it is empty.
        """
        try:
            value, why = self._value().rstrip("\r\n"), "it is empty"
        except (OSError, ValueError, subprocess.SubprocessError) as err:
            value, why = "", type(err).__name__
        # Not in the except clause: the error of a decoder or of a late command holds what it has read.
        if not value:
            raise self._missing(why)
        return value

    def _value(self) -> str:
        if self._kind == "env":
            if str(self._named) not in os.environ:
                raise self._missing("it is not set")
            return os.environ[str(self._named)]
        if self._kind == "file":
            with Path(str(self._named)).expanduser().open("rb") as file:
                content = file.read(_LARGEST_BYTES + 1)
            if len(content) > _LARGEST_BYTES:
                raise self._missing(f"it is larger than {_LARGEST_BYTES:,} bytes")
            return content.decode()
        done = subprocess.run(  # noqa: S603 - the deployment's owner names the program in flyball.toml
            list(self._named),
            stdin=subprocess.DEVNULL,  # what is piped into flyball is not for the program
            capture_output=True,
            encoding="utf-8",
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise self._missing(f"it ended with {done.returncode}")
        return done.stdout

    def _missing(self, why: str) -> BadInput:
        return BadInput(
            f"The secret from {self.reference} cannot be had: {why}.",
            fix="Set the variable, write the file, or mend the command that flyball.toml names.",
            reference=self.reference,
        )

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("A secret does not travel; hand over its reference.")


def is_reference(value: object) -> bool:
    """Return whether a value of flyball.toml has the form of a reference: `{ env = "NAME" }`."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in _KINDS


def names_secret(name: str) -> bool:
    """Return whether a setting or a parameter of a URL is called like a secret: "password", "sas_token"."""
    return _SECRET_NAMES.search(name) is not None


def secret(value: object) -> Secret:
    """Read a reference from flyball.toml.

    Parameters
    ----------
    value : mapping
        `{ env = "NAME" }`, `{ file = "PATH" }` or `{ command = ["PROGRAM", "ARGUMENT"] }`.

    Raises
    ------
    BadInput
        Anything else, a literal password above all; the value is not repeated.
    """
    if isinstance(value, Mapping) and is_reference(value):
        kind, named = next(iter(value.items()))
        if kind == "command" and isinstance(named, list | tuple) and named:
            if all(isinstance(word, str) and word for word in named):
                return Secret(kind, tuple(named))
        elif kind != "command" and isinstance(named, str) and named:
            return Secret(kind, named)
    raise BadInput(
        "A secret is a reference to the environment, a file or a command, not the secret itself.",
        fix='Write { env = "NAME" }, { file = "PATH" } or { command = ["PROGRAM", "ARGUMENT"] }.',
    )
