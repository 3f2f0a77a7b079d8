"""What a limit says, with the status and the header that tell a program when to ask again."""

from typing import ClassVar

from flyball.core.errors import BadInput, FlyballError

__all__ = [
    "BadIdempotencyKey",
    "DoubledName",
    "RequestReused",
    "RequestUnderWay",
    "TooDeep",
    "TooManyRequests",
]


class TooManyRequests(FlyballError):
    """The caller, or everyone of the tenant together, has asked too often."""

    code = "limits.too_many_requests"
    status: ClassVar[int] = 429
    retry = True
    exit_code = 3

    @property
    def retry_after(self) -> int:
        """Whole seconds until the next request is taken, at least 1."""
        return int(str(self.values["retry_after"]))


class TooDeep(BadInput):
    """The brackets of a request nest too deep."""

    code = "limits.too_deep"
    status: ClassVar[int] = 400


class DoubledName(BadInput):
    """A name stands twice in one object of a request."""

    code = "limits.doubled_name"
    status: ClassVar[int] = 400


class BadIdempotencyKey(BadInput):
    """An idempotency key cannot be used in this form."""

    code = "limits.bad_idempotency_key"
    status: ClassVar[int] = 400


class RequestReused(BadInput):
    """The idempotency key stands for another request already."""

    code = "limits.request_reused"
    status: ClassVar[int] = 422
    exit_code = 1


class RequestUnderWay(FlyballError):
    """The same request is being answered at this moment."""

    code = "limits.request_under_way"
    status: ClassVar[int] = 409
    retry = True
    exit_code = 3
    retry_after: ClassVar[int] = 1
