"""`[limits]` of gateway.toml."""

import msgspec

from flyball.core.errors import BadInput

__all__ = ["LimitSettings"]


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much one caller and one tenant may ask.

    Parameters
    ----------
    requests_per_minute, burst : int
        Of one key or person: on average, and at once. 0 per minute means no limit.
    tenant_requests_per_minute, tenant_burst : int
        Of all keys and people of one tenant together.
    failed_sign_ins_per_minute : int
        Keys, tokens and sign-ins that do not hold, from one address. 0: no limit.
    deepest_json : int
        How deep brackets of a request may nest.
    batch : int
        Cases in one request.
    replies_hours : int
        How long the reply to a request with an idempotency key is kept.
    """

    requests_per_minute: int = 0
    burst: int = 100
    tenant_requests_per_minute: int = 0
    tenant_burst: int = 1000
    failed_sign_ins_per_minute: int = 30
    deepest_json: int = 64
    batch: int = 1000
    replies_hours: int = 24

    def __post_init__(self) -> None:
        wrong = [
            name
            for name in self.__struct_fields__
            if getattr(self, name) < (0 if name.endswith("per_minute") else 1)
        ]
        if wrong:
            raise BadInput(
                f"limits.{wrong[0]} cannot be {getattr(self, wrong[0])}.",
                fix="Give 1 or more; for what is counted per minute, 0 means no limit.",
                name=wrong[0],
            )
