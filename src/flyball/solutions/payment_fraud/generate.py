"""Generate transfers of a small bank: the life of its customers, laundering, and what looks like laundering.

`python -m flyball.solutions.payment_fraud.generate --out transfers.csv`. The same seed gives the same bytes.

Everything in it is invented: accounts, devices, amounts, and how launderers behave. What a model reaches on
it says that the loop works, not how it would do at a bank.
"""

import argparse
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

__all__ = ["COLUMNS", "World", "generated", "main", "rows_of", "written"]

COLUMNS = (
    "transfer_id",
    "time",
    "payer",
    "payee",
    "amount",
    "currency",
    "channel",
    "device",
    "payee_kind",
    "suspicious",
    "typology",
)
_START = datetime(2026, 1, 5, tzinfo=UTC)
_HOUR, _DAY = 3_600.0, 86_400.0
_LIMIT = 10_000.0


@dataclass(frozen=True, slots=True)
class World:
    """How large and how long.

    Parameters
    ----------
    people, businesses, shops, marketplaces : int
    days : int
    schemes : int
        Of each of the five ways of laundering.
    seed : int
        Also part of every name, so that no two worlds share an account.
    """

    people: int = 100
    businesses: int = 6
    shops: int = 20
    marketplaces: int = 2
    days: int = 45
    schemes: int = 3
    seed: int = 1


@dataclass(slots=True)
class _Transfer:
    second: float
    payer: str
    payee: str
    amount: float
    channel: str
    device: str
    typology: str = ""


@dataclass(slots=True)
class _Town:
    """Who lives here, and what they have done."""

    world: World
    draw: np.random.Generator
    people: list[str]
    businesses: list[str]
    shops: list[str]
    marketplaces: list[str]
    device: dict[str, str] = field(default_factory=dict)
    done: list[_Transfer] = field(default_factory=list)
    spare: int = 0

    def pay(
        self,
        second: float,
        payer: str,
        payee: str,
        amount: float,
        *,
        channel: str = "app",
        typology: str = "",
    ) -> None:
        """Write down one transfer, if it still falls into the time."""
        if typology:
            second = self.awake(second)
        if 0.0 <= second < self.world.days * _DAY and payer != payee:
            device = self.device.get(payer, "") if channel in ("app", "web") else ""
            amount = round(max(1.0, amount), 2)
            self.done.append(_Transfer(second, payer, payee, amount, channel, device, typology))

    def pick(self, names: Sequence[str], n: int) -> list[str]:
        """Return different ones of them."""
        return [names[int(one)] for one in self.draw.choice(len(names), size=n, replace=False)]

    def newcomer(self) -> str:
        """Return an account that nobody has seen before."""
        self.spare += 1
        name = f"A{self.world.seed:02d}N{self.spare:04d}"
        self.device[name] = f"D{self.world.seed:02d}N{self.spare:04d}"
        return name

    def mule(self) -> str:
        """Return an account that is used for laundering: new, or of somebody who lends it."""
        return self.newcomer() if self.draw.random() < 0.35 else self.pick(self.people, 1)[0]

    def when(self, low: float, high: float) -> float:
        """Return seconds between two numbers of hours."""
        return float(self.draw.uniform(low, high)) * _HOUR

    def awake(self, second: float) -> float:
        """Return the moment, or one in the next day where people sleep: launderers are people."""
        hour = second % _DAY / _HOUR
        return second if 6.0 <= hour <= 23.5 else second + self.when(6.5, 9)


def generated(world: World | None = None) -> list[_Transfer]:
    """Return all transfers of a world, in the order of their times."""
    world = world or World()
    town = _settled(world)
    for act in _LIFE:
        act(town)
    for scheme in _SCHEMES.values():
        for _ in range(world.schemes):
            scheme(town)
    return sorted(town.done, key=lambda one: (one.second, one.payer, one.payee, one.amount))


def rows_of(world: World | None = None) -> Iterator[dict[str, str]]:
    """Yield the rows of the table."""
    world = world or World()
    for number, one in enumerate(generated(world), start=1):
        kind = {"S": "shop", "B": "business", "M": "marketplace"}.get(one.payee[0], "person")
        yield {
            "transfer_id": f"T{world.seed:02d}-{number:06d}",
            "time": (_START + timedelta(seconds=int(one.second))).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "payer": one.payer,
            "payee": one.payee,
            "amount": f"{one.amount:.2f}",
            "currency": "EUR",
            "channel": one.channel,
            "device": one.device,
            "payee_kind": kind,
            "suspicious": "yes" if one.typology else "no",
            "typology": one.typology,
        }


def written(world: World | None = None) -> bytes:
    """Return the table as CSV."""
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows_of(world))
    return target.getvalue().encode()


def _settled(world: World) -> _Town:
    draw = np.random.default_rng([20_260_105, world.seed])
    names = {
        letter: [f"{letter}{world.seed:02d}{number:05d}" for number in range(size)]
        for letter, size in (
            ("A", world.people),
            ("B", world.businesses),
            ("S", world.shops),
            ("M", world.marketplaces),
        )
    }
    town = _Town(world, draw, names["A"], names["B"], names["S"], names["M"])
    for number, person in enumerate(town.people):
        shared = number > 0 and draw.random() < 0.15  # a family with one tablet
        town.device[person] = (
            town.device[town.people[number - 1]] if shared else f"D{world.seed:02d}{number:05d}"
        )
    for number, business in enumerate([*town.businesses, *town.marketplaces]):
        town.device[business] = f"D{world.seed:02d}B{number:04d}"
    return town


# What customers do.


def _shopping(town: _Town) -> None:
    for person in town.people:
        favourites = town.pick(town.shops, min(5, len(town.shops)))
        for second in _moments(town, 0.22):
            shop = favourites[int(town.draw.integers(len(favourites)))]
            town.pay(second, person, shop, float(town.draw.lognormal(3.4, 0.8)), channel="card")


def _friends(town: _Town) -> None:
    for person in town.people:
        circle = town.pick(town.people, min(4, len(town.people)))
        for second in _moments(town, 0.05):
            friend = circle[int(town.draw.integers(len(circle)))]
            town.pay(second, person, friend, float(town.draw.lognormal(3.6, 1.0)))


def _payrolls(town: _Town) -> None:
    """Fan-out that is none: a business pays everybody on one day of the month."""
    for number, business in enumerate(town.businesses):
        staff = town.people[number :: len(town.businesses)]
        wages = town.draw.lognormal(7.8, 0.35, size=len(staff))
        first = float(town.draw.integers(20, 28))
        for month in range(town.world.days // 30 + 1):
            at = (first + 30 * month) * _DAY + town.when(6, 9)
            for place, (person, wage) in enumerate(zip(staff, wages, strict=True)):
                town.pay(at + place * 20.0, business, person, float(wage), channel="file")


def _invoices(town: _Town) -> None:
    """Amounts near the limit that are none of its business: invoices between companies."""
    for business in town.businesses:
        suppliers = town.pick(town.businesses, min(3, len(town.businesses)))
        usual = float(town.draw.uniform(3_000.0, 11_500.0))
        for second in _moments(town, 0.25):
            supplier = suppliers[int(town.draw.integers(len(suppliers)))]
            town.pay(second, business, supplier, usual * float(town.draw.uniform(0.85, 1.15)), channel="web")


def _rents(town: _Town) -> None:
    for number, person in enumerate(town.people):
        landlord = town.people[(number * 7 + 3) % max(1, len(town.people) // 12)]
        rent = float(town.draw.uniform(400.0, 1_600.0))
        for month in range(town.world.days // 30 + 1):
            town.pay(
                (1 + 30 * month) * _DAY + town.when(7, 20), person, landlord, rent, channel="standing order"
            )


def _marketplaces(town: _Town) -> None:
    """Fan-in and money passed on that are none: a marketplace pays its sellers the next day."""
    for marketplace in town.marketplaces:
        sellers = town.pick(town.people, max(3, len(town.people) // 16))
        for day in range(town.world.days):
            paid = dict.fromkeys(sellers, 0.0)
            for buyer in town.pick(town.people, int(town.draw.integers(2, 7))):
                amount = float(town.draw.lognormal(4.2, 0.7))
                paid[sellers[int(town.draw.integers(len(sellers)))]] += amount * 0.92
                town.pay(day * _DAY + town.when(8, 23), buyer, marketplace, amount, channel="web")
            for place, (seller, amount) in enumerate(paid.items()):
                if amount > 0.0:
                    town.pay(
                        (day + 1) * _DAY + 5 * _HOUR + place, marketplace, seller, amount, channel="file"
                    )


def _collections(town: _Town) -> None:
    """Fan-in to a person that is none: colleagues pay one of them for a present, who buys it."""
    for _ in range(max(2, town.world.days // 10)):
        organiser, *others = town.pick(town.people, int(town.draw.integers(7, 15)))
        start = float(town.draw.uniform(0, town.world.days)) * _DAY
        each = float(town.draw.choice([10.0, 20.0, 25.0, 50.0]))
        for person in others:
            town.pay(start + town.when(0, 48), person, organiser, each)
        town.pay(
            start + town.when(50, 90),
            organiser,
            town.pick(town.shops, 1)[0],
            each * len(others),
            channel="card",
        )


def _lenders(town: _Town) -> None:
    """Cycles that are none: money is lent in a family, passed on, and given back, weeks later or at once."""
    for _ in range(max(2, town.world.days // 12)):
        family = town.pick(town.people, 3)
        at = float(town.draw.uniform(0, town.world.days)) * _DAY
        amount = float(town.draw.uniform(80.0, 900.0))
        for payer, payee in zip(family, [*family[1:], family[0]], strict=True):
            town.pay(at, payer, payee, amount * float(town.draw.uniform(0.9, 1.0)))
            at += town.when(30, 260)


def _savings(town: _Town) -> None:
    """Money passed on at once that is dirty to no one: wages moved to a savings account, a house bought."""
    for person in town.pick(town.people, max(2, len(town.people) // 10)):
        at = float(town.draw.uniform(2, town.world.days)) * _DAY
        amount = float(town.draw.uniform(5_000.0, 40_000.0))
        town.pay(at, town.pick(town.businesses, 1)[0], person, amount, channel="web")
        town.pay(
            at + town.when(2, 60),
            person,
            town.pick(town.people, 1)[0],
            amount * float(town.draw.uniform(0.8, 1)),
        )


def _newcomers(town: _Town) -> None:
    """New accounts that are only new."""
    for _ in range(town.world.people // 8):
        account = town.newcomer()
        start = float(town.draw.uniform(0, town.world.days)) * _DAY
        town.pay(
            start,
            town.pick(town.businesses, 1)[0],
            account,
            float(town.draw.lognormal(7.6, 0.4)),
            channel="file",
        )
        for second in _moments(town, 0.2):
            if second > start:
                shop = town.pick(town.shops, 1)[0]
                town.pay(second, account, shop, float(town.draw.lognormal(3.4, 0.8)), channel="card")


def _large(town: _Town) -> None:
    """Large sums that are nothing but large: cars, loans among relatives, freelancers, weddings."""
    for person in town.people:
        relatives = town.pick(town.people, min(3, len(town.people)))
        for second in _moments(town, 0.016):
            other = relatives[int(town.draw.integers(len(relatives)))]
            town.pay(second, person, other, float(town.draw.lognormal(7.0, 1.0)))
        for second in _moments(town, 0.008):
            business = town.businesses[int(town.draw.integers(len(town.businesses)))]
            town.pay(second, business, person, float(town.draw.lognormal(7.2, 0.9)), channel="web")
    for _ in range(max(2, town.world.days // 8)):  # a journey that one pays for all, who pay it back
        organiser, *others = town.pick(town.people, int(town.draw.integers(8, 15)))
        start = float(town.draw.uniform(0, town.world.days)) * _DAY
        each = float(town.draw.uniform(90.0, 700.0))
        for person in others:
            town.pay(start + town.when(0, 70), person, organiser, each * float(town.draw.uniform(0.8, 1.2)))
        town.pay(start + town.when(60, 110), organiser, town.pick(town.businesses, 1)[0], each * len(others))


_LIFE: tuple[Callable[[_Town], None], ...] = (
    _shopping,
    _friends,
    _payrolls,
    _invoices,
    _rents,
    _marketplaces,
    _collections,
    _lenders,
    _savings,
    _newcomers,
    _large,
)


def _moments(town: _Town, per_day: float) -> list[float]:
    n = int(town.draw.poisson(per_day * town.world.days))
    days = town.draw.integers(0, town.world.days, size=n)
    hours = town.draw.normal(14.0, 4.0, size=n) % 24.0
    return [float(second) for second in (days * _DAY + hours * _HOUR)]


# What launderers do.


def _begin(town: _Town) -> float:
    return float(town.draw.uniform(3, town.world.days - 4)) * _DAY


def _fan_in(town: _Town) -> None:
    collector, at = town.mule(), _begin(town)
    payers = [town.mule() for _ in range(int(town.draw.integers(8, 18)))]
    total = 0.0
    for payer in payers:
        amount = float(town.draw.lognormal(5.6, 0.8))
        total += amount
        town.pay(at + town.when(0, 60), payer, collector, amount, typology="fan_in")
    for _ in range(int(town.draw.integers(1, 4))):
        town.pay(at + town.when(61, 80), collector, town.mule(), total * 0.3, typology="fan_in")


def _fan_out(town: _Town) -> None:
    source, at = town.mule(), _begin(town)
    payees = [town.mule() for _ in range(int(town.draw.integers(8, 18)))]
    each = float(town.draw.lognormal(5.8, 0.7))
    town.pay(at, town.mule(), source, each * len(payees), typology="fan_out")
    for payee in payees:
        amount = each * float(town.draw.uniform(0.7, 1.2))
        town.pay(at + town.when(1, 50), source, payee, amount, typology="fan_out")


def _cycle(town: _Town) -> None:
    ring = [town.mule() for _ in range(int(town.draw.integers(3, 6)))]
    at, amount = _begin(town), float(town.draw.lognormal(7.2, 0.9))
    for payer, payee in zip(ring, [*ring[1:], ring[0]], strict=True):
        town.pay(at, payer, payee, amount, typology="cycle")
        amount *= float(town.draw.uniform(0.92, 1.0))
        at += town.when(1, 60)


def _structuring(town: _Town) -> None:
    payer, at = town.mule(), _begin(town)
    payees = [town.mule() for _ in range(int(town.draw.integers(1, 4)))]
    for _ in range(int(town.draw.integers(4, 9))):
        payee = payees[int(town.draw.integers(len(payees)))]
        amount = _LIMIT * float(town.draw.uniform(0.81, 0.995))
        town.pay(at + town.when(0, 96), payer, payee, amount, channel="web", typology="structuring")


def _pass_through(town: _Town) -> None:
    chain = [town.mule() for _ in range(int(town.draw.integers(3, 6)))]
    at, amount = _begin(town), float(town.draw.lognormal(7.6, 0.9))
    for payer, payee in pairwise(chain):
        town.pay(at, payer, payee, amount, typology="pass_through")
        amount *= float(town.draw.uniform(0.93, 0.99))
        at += town.when(0.2, 10)


_SCHEMES: dict[str, Callable[[_Town], None]] = {
    "fan_in": _fan_in,
    "fan_out": _fan_out,
    "cycle": _cycle,
    "structuring": _structuring,
    "pass_through": _pass_through,
}


def main(arguments: list[str] | None = None) -> int:
    """Write the table; exit status 0."""
    parser = argparse.ArgumentParser(
        prog="python -m flyball.solutions.payment_fraud.generate", description=__doc__
    )
    standard = World()
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    for name in ("people", "businesses", "shops", "marketplaces", "days", "schemes", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(standard, name))
    given = vars(parser.parse_args(arguments))
    out: Path = given.pop("out")
    out.write_bytes(written(World(**given)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
