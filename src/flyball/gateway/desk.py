"""The desk of a deployment: what its doors keep beside the ledger, opened once and closed in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from litestar.di import NamedDependency

from flyball.evaluation.history.history import History
from flyball.gateway.house import Served
from flyball.gateway.incoming import Incoming
from flyball.gateway.limits.idempotency import Replies
from flyball.gateway.settings import GatewaySettings
from flyball.loop.review_queue import ReviewQueue
from flyball.loop.reviewing import Reviews

__all__ = ["Desk", "Desks", "TheDesks"]


@dataclass(frozen=True, slots=True)
class Desk:
    """What belongs to one deployment.

    Parameters
    ----------
    served : Served
    history : History
    reviews : Reviews
    queue : ReviewQueue
    replies : Replies
    incoming : Incoming
    """

    served: Served
    history: History
    reviews: Reviews
    queue: ReviewQueue
    replies: Replies
    incoming: Incoming

    def close(self) -> None:
        """Release the files."""
        self.replies.close()
        self.incoming.close()


class Desks:
    """The desks of all served deployments.

    Parameters
    ----------
    served : iterable of Served
    settings : GatewaySettings
    """

    def __init__(self, served: Iterable[Served], settings: GatewaySettings) -> None:
        self._desks: Mapping[str, Desk] = {one.name: _open_desk(one, settings) for one in served}

    def of(self, served: Served) -> Desk:
        """Return the desk of a deployment."""
        return self._desks[served.name]

    def close(self) -> None:
        """Close all."""
        for desk in self._desks.values():
            desk.close()


def _open_desk(served: Served, settings: GatewaySettings) -> Desk:
    folder = served.workshop.state / "gateway"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    reviews = Reviews(served.workshop)
    return Desk(
        served,
        served.workshop.history,
        reviews,
        ReviewQueue(served.workshop, reviews),
        Replies(folder, hours=settings.limits.replies_hours),
        Incoming(folder / "incoming"),
    )


TheDesks = NamedDependency[Desks]
"""What a handler that asks for `desks` gets."""
