"""The heartbeat: an outside monitor is asked after each look, and tells somebody when that stops."""

import logging
import threading

from flyball.core.errors import BadInput, FlyballError
from flyball.core.secrets import secret
from flyball.loop.alerts.posting import ask, checked_url
from flyball.loop.alerts.settings import HeartbeatSettings

__all__ = ["Heartbeat"]

_LOG = logging.getLogger(__name__)
_PATIENCE_SECONDS = 2.0
_MOST_FAILED = 3
"""So many in a row are told: one that is lost on the way is no news."""


class Heartbeat:
    """Asks one address, in a thread of its own.

    Parameters
    ----------
    settings : HeartbeatSettings

    Raises
    ------
    BadInput
        The address is no reference.
    """

    def __init__(self, settings: HeartbeatSettings) -> None:
        self._url = secret(settings.url)
        self._host = settings.host.lower()
        self._thread: threading.Thread | None = None
        self._failed = 0
        self._why = ""

    def beat(self) -> str:
        """Ask, and wait a little; return the kind of error where the last ones have failed, or "".

        One that is still under way is not asked a second time.
        """
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._ask, name="heartbeat", daemon=True)
            self._thread.start()
            self._thread.join(_PATIENCE_SECONDS)
        return self._why if self._failed >= _MOST_FAILED else ""

    def _ask(self) -> None:
        try:
            parts = checked_url(self._url.reveal(), "watch.heartbeat url")
            if parts.netloc.lower() != self._host:
                raise BadInput(
                    "The address of the heartbeat does not lie at watch.heartbeat host.",
                    fix="Correct host in flyball.toml: what is not listed is not reached.",
                )
            ask(parts, "GET", None, {}, name="the heartbeat")
        except FlyballError as err:
            self._failed, self._why = self._failed + 1, err.code
            if self._failed == _MOST_FAILED:
                _LOG.error("The outside monitor does not hear of this watcher: %s", err)
        else:
            self._failed, self._why = 0, ""
