"""Limits: how often somebody may ask, how deep a request may be, and that asking twice counts once.

In:       the principal and the bytes of a request; the settings `[limits]` of gateway.toml
Out:      nothing, or an error that says when to ask again; for a repeated request its first reply
Imports:  core and the principal of the gateway
Add one:  a limit is one file with the error that it raises
"""

from flyball.gateway.limits.depth import check_depth
from flyball.gateway.limits.idempotency import Replies, Reply
from flyball.gateway.limits.rate import RateLimits
from flyball.gateway.limits.settings import LimitSettings

__all__ = ["LimitSettings", "RateLimits", "Replies", "Reply", "check_depth"]
