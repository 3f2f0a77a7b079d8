"""Money: an exact amount with its currency."""

from dataclasses import dataclass
from decimal import Decimal

from flyball.core.errors import BadInput

__all__ = ["Money"]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency; two currencies are never added.

    Parameters
    ----------
    amount : Decimal
        Units of the currency, not cents. 0 means free.
    currency : str
        ISO 4217 code of three capital letters.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise BadInput(
                f"Currency must be an ISO 4217 code such as EUR, got {self.currency!r}.",
                fix="Write three capital letters.",
                currency=self.currency,
            )

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise BadInput(
                f"Cannot add {other.currency} to {self.currency}.",
                fix="Convert one of them first; Flyball holds no exchange rates.",
                left=self.currency,
                right=other.currency,
            )
        return Money(self.amount + other.amount, self.currency)
