"""Errors that tell what happened, with the values, and what to do next."""

from typing import ClassVar

__all__ = [
    "BadInput",
    "FlyballError",
    "MissingExtra",
    "Refused",
    "UnknownName",
]


class FlyballError(Exception):
    """Base of every error that Flyball raises on purpose.

    Parameters
    ----------
    message : str
        What happened, with the offending values.
    fix : str
        What the reader can do next, as a sentence.
    **values : object
        The values named in the message, for machines. Never a secret.

    Attributes
    ----------
    code : str
        Dotted code that never changes; the same in CLI, HTTP and ledger.
    retry : bool
        Whether the same call may succeed later.
    exit_code : int
        Exit status of the CLI: 1 refused by a gate, 2 wrong use, 3 try again.
    """

    code: ClassVar[str] = "core.error"
    retry: ClassVar[bool] = False
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, fix: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.values = values

    def __str__(self) -> str:
        return f"[{self.code}] {self.message} {self.fix}"

    def __reduce__(self) -> tuple[object, ...]:
        """Let the error travel between processes, whose results are copies."""
        return _again, (type(self), self.message, self.fix, self.values)

    def as_record(self) -> dict[str, object]:
        """Return the error as plain data, the one shape for every door."""
        return {
            "ok": False,
            "code": self.code,
            "message": self.message,
            "fix": self.fix,
            "retry": self.retry,
            "values": {name: str(value) for name, value in self.values.items()},
        }


def _again(kind: type[FlyballError], message: str, fix: str, values: dict[str, object]) -> FlyballError:
    return kind(message, fix=fix, **values)


class BadInput(FlyballError):
    """The caller gave something that cannot be used."""

    code = "core.bad_input"


class UnknownName(FlyballError):
    """A name is not on its shelf."""

    code = "core.unknown_name"


class MissingExtra(FlyballError):
    """An optional library is not installed."""

    code = "core.missing_extra"


class Refused(FlyballError):
    """A gate refused; nothing was done."""

    code = "core.refused"
    exit_code = 1
