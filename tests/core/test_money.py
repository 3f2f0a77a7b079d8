"""Money is exact and never mixes currencies."""

from decimal import Decimal

import pytest

from flyball.core.errors import BadInput
from flyball.core.money import Money


def test_ten_cents_thrice_is_exactly_thirty_cents():
    dime = Money(Decimal("0.10"), "EUR")
    assert dime + dime + dime == Money(Decimal("0.30"), "EUR")


def test_two_currencies_are_not_added():
    with pytest.raises(BadInput, match="Cannot add USD to EUR"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


def test_a_currency_is_a_code_of_three_capitals():
    with pytest.raises(BadInput, match="ISO 4217 code such as EUR, got 'euro'"):
        Money(Decimal(1), "euro")
