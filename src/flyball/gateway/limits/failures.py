"""Failed sign-ins by the address that they come from, so that nobody can try without end."""

import math
import threading
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from flyball.gateway.limits.errors import TooManyRequests
from flyball.gateway.limits.settings import LimitSettings

__all__ = ["FailedSignIns", "source_of"]

_MOST_SOURCES = 10_000
_PREFIX = 64
"""Bits of an IPv6 address that one household or server gets whole."""


def source_of(host: str) -> str:
    """Return what a caller is counted under: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:100]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> _PREFIX << _PREFIX))
    return str(address)


class FailedSignIns:
    """Counts in this process. Only time that passes counts, so that a clock that jumps frees nobody.

    Parameters
    ----------
    settings : LimitSettings
    monotonic : callable
        Seconds that pass.
    """

    def __init__(self, settings: LimitSettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = settings.failed_sign_ins_per_minute
        self._monotonic = monotonic
        self._left: dict[str, tuple[float, float]] = {}
        """Source -> failures that are left, and when that was so; the longest unseen first."""
        self._lock = threading.Lock()

    def check(self, source: str) -> None:
        """Refuse a source that has failed too often, before anything is done for it.

        Raises
        ------
        TooManyRequests
            With the seconds until it may try again.
        """
        if not self._most:
            return
        with self._lock:
            left = self._left_of(source, self._monotonic())
        if left < 1.0:
            rate = self._most / 60
            wait = max(1, math.ceil((1.0 - left) / rate))
            raise TooManyRequests(
                f"Too many keys, tokens or sign-ins that do not hold came from {source}; "
                f"{self._most} a minute are looked at.",
                fix=f"Try again in {wait} s with one that holds.",
                retry_after=wait,
            )

    def count(self, source: str) -> None:
        """Count one that did not hold.

        Raises
        ------
        TooManyRequests
            It was one too many.
        """
        if not self._most:
            return
        self.check(source)
        now = self._monotonic()
        with self._lock:
            left = self._left_of(source, now)
            self._left.pop(source, None)
            self._left[source] = (left - 1.0, now)
            while len(self._left) > _MOST_SOURCES:
                del self._left[next(iter(self._left))]

    def _left_of(self, source: str, now: float) -> float:
        left, at = self._left.get(source, (float(self._most), now))
        return min(float(self._most), left + (now - at) * self._most / 60)
