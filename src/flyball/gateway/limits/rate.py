"""Token buckets: so many requests on average, so many at once, for each caller and each tenant."""

import math
import threading
import time
from collections.abc import Callable

from flyball.gateway.limits.errors import TooManyRequests
from flyball.gateway.limits.settings import LimitSettings
from flyball.gateway.principal import Principal

__all__ = ["RateLimits"]

_MOST_BUCKETS = 10_000


class RateLimits:
    """Counts requests in this process. A clock that jumps does not matter: only time that passes counts.

    Parameters
    ----------
    settings : LimitSettings
    monotonic : callable
        Seconds that pass.
    """

    def __init__(self, settings: LimitSettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._kinds = (
            ("caller", settings.requests_per_minute / 60, settings.burst),
            ("tenant", settings.tenant_requests_per_minute / 60, settings.tenant_burst),
        )
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}
        """(kind, tenant, caller) -> requests left, and when that was so."""
        self._lock = threading.Lock()

    def take(self, principal: Principal) -> None:
        """Count one request; where either bucket is empty, neither is touched.

        Raises
        ------
        TooManyRequests
            With the seconds until the next one is taken.
        """
        if not any(rate for _, rate, _ in self._kinds):
            return
        now = self._monotonic()
        with self._lock:
            left = {}
            for kind, rate, burst in self._kinds:
                if not rate:
                    continue
                name = (kind, principal.tenant, principal.id if kind == "caller" else "")
                had, at = self._buckets.get(name, (float(burst), now))
                has = min(float(burst), had + (now - at) * rate)
                if has < 1.0:
                    raise _too_many(principal, kind, (1.0 - has) / rate, rate * 60)
                left[name] = (has - 1.0, now)
            self._buckets.update(left)
            if len(self._buckets) > _MOST_BUCKETS:
                self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full again: they say nothing that a new one would not say."""
        rates = {kind: (rate, burst) for kind, rate, burst in self._kinds}
        self._buckets = {
            name: (had, at)
            for name, (had, at) in self._buckets.items()
            if had + (now - at) * rates[name[0]][0] < rates[name[0]][1]
        }


def _too_many(principal: Principal, kind: str, seconds: float, per_minute: float) -> TooManyRequests:
    who = principal.id if kind == "caller" else f"the tenant {principal.tenant}"
    wait = max(1, math.ceil(seconds))
    return TooManyRequests(
        f"{who} may ask {per_minute:.0f} times a minute.",
        fix=f"Ask again in {wait} s, or have [limits] in gateway.toml changed.",
        retry_after=wait,
    )
