"""What can go wrong at the doors, each with its HTTP status and what to do next."""

from typing import ClassVar

from flyball.core.errors import BadInput, FlyballError, Refused, UnknownName

__all__ = [
    "AnswerWithheld",
    "BadRequest",
    "CannotListen",
    "GuardRefused",
    "NoSuchDoor",
    "NoneAnswered",
    "NotLetIn",
    "ShuttingDown",
    "TooLarge",
    "TooSlow",
    "UnknownModel",
    "WrongMethod",
    "status_of",
]


class BadRequest(BadInput):
    """The body of a request cannot be used."""

    code = "gateway.bad_request"
    status: ClassVar[int] = 400


class TooLarge(BadInput):
    """The body is larger than the gateway takes."""

    code = "gateway.too_large"
    status: ClassVar[int] = 413


class TooSlow(BadInput):
    """The caller did not send the whole request in time."""

    code = "gateway.too_slow"
    status: ClassVar[int] = 408
    retry = True


class NoSuchDoor(UnknownName):
    """No such path, or not by this method."""

    code = "gateway.no_such_door"
    status: ClassVar[int] = 404


class WrongMethod(NoSuchDoor):
    """There is such a path, but not by this method."""

    code = "gateway.wrong_method"
    status: ClassVar[int] = 405


class UnknownModel(UnknownName):
    """No deployment is called so, or the caller may not use it."""

    code = "gateway.unknown_model"
    status: ClassVar[int] = 404


class NotLetIn(Refused):
    """The caller has not shown who they are."""

    code = "gateway.not_let_in"
    status: ClassVar[int] = 401


class AnswerWithheld(Refused):
    """An answer breaks a principle of the constitution, and could not be revised."""

    code = "gateway.answer_withheld"
    status: ClassVar[int] = 403
    kept: object = None
    """What came of holding it against the principles, for the ledger."""


class GuardRefused(Refused):
    """A guard found something that may not come in or leave, or could not look."""

    code = "gateway.guard_refused"
    status: ClassVar[int] = 403
    seen: object = None
    """What the guards saw, for the ledger."""


class NoneAnswered(FlyballError):
    """No model of the deployment gave a usable answer."""

    code = "gateway.none_answered"
    status: ClassVar[int] = 503
    retry = True
    exit_code = 3


class CannotListen(FlyballError):
    """The gateway may not, or cannot, listen there."""

    code = "gateway.cannot_listen"


class ShuttingDown(FlyballError):
    """The gateway is going down."""

    code = "gateway.shutting_down"
    status: ClassVar[int] = 503
    retry = True
    exit_code = 3


_STATUS = {
    "router.budget_spent": 429,
    "router.budget_unreadable": 503,
    "loop.nothing_live": 503,
    "ledger.blob_erased": 410,
    "loop.replay_refused": 422,
}
"""Of errors of rooms that know nothing of HTTP."""


def status_of(err: FlyballError) -> int:
    """Return the HTTP status of an error: its own, or the one that its kind has."""
    own = getattr(type(err), "status", None) or _STATUS.get(err.code)
    if isinstance(own, int):
        return own
    if isinstance(err, Refused):
        return 403
    if isinstance(err, UnknownName):
        return 404
    if err.retry:
        return 503
    return 400 if isinstance(err, BadInput) else 500
