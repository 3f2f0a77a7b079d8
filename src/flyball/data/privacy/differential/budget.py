"""The budget: reserved in the ledger before anything is released, never overdrawn.

A reservation is an entry of the ledger under the key "privacy:<dataset and group>:<number>". The
number is one more than the reservations that its writer has read, and the ledger takes a key once.
So of two processes that read the same state one is refused by the ledger, reads again and decides
again: compare and swap, in the transaction of the append. A process that dies after its reservation
has spent it. See docs/decisions/0007-privacy-budget.md.
"""

import hashlib
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import msgspec

from flyball.core.digests import canonical_json
from flyball.core.errors import FlyballError
from flyball.data.privacy.differential.accounting import (
    ATTO,
    PICO,
    Composition,
    Spend,
    epsilon_of_rho,
    spend_of,
)
from flyball.data.privacy.differential.errors import (
    BadPrivateQuery,
    BudgetChanged,
    BudgetExhausted,
    BudgetUnreadable,
)
from flyball.ledger.errors import KeyReused
from flyball.ledger.ledger import Ledger
from flyball.ledger.merkle import leaf_hash, verify_inclusion
from flyball.ledger.records import Entry

__all__ = ["RELEASED", "RESERVED", "Budget", "Declaration", "Reservation", "statement"]

RESERVED = "privacy.reserved"
RELEASED = "privacy.released"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a company is willing to spend on one dataset and one group of its subjects.

    Parameters
    ----------
    dataset : str
        Name of the dataset: "hmda_2018".
    group : str
        Whose privacy: "applicants". One budget per dataset and group.
    unit : str
        What is added or removed, for people: "one application", "one person".
    epsilon : float
        Limit of everything ever released together, in [0.0001, 100].
    delta : float
        0 for pure differential privacy with basic composition; else below 0.01, and best well below
        one over the number of units: zCDP.
    rows_per_unit_at_most : int
        Rows of one unit that may count, at least 1. More of them are left out, the last ones first.
    unit_column : str
        Column that names the unit. "" where every row is a unit; then `rows_per_unit_at_most` is 1.
    neighbouring : "add_remove"
        Two tables are neighbours if one has all rows of one unit more. (Replacing a unit is two such
        steps: at most twice the epsilon.)
    """

    dataset: str
    group: str
    unit: str
    epsilon: float
    delta: float = 0.0
    rows_per_unit_at_most: int = 1
    unit_column: str = ""
    neighbouring: Literal["add_remove"] = "add_remove"

    def __post_init__(self) -> None:
        if not (self.dataset and self.group and self.unit):
            raise BadPrivateQuery(
                f"A privacy budget needs dataset, group and unit, got {self.dataset!r}, "
                f"{self.group!r} and {self.unit!r}.",
                fix='For instance dataset = "hmda_2018", group = "applicants", unit = "one application".',
            )
        if not 0.0 <= self.delta < 0.01 or 0.0 < self.delta < 1e-15:
            raise BadPrivateQuery(
                f"Delta of the budget {self.name} must be 0 or lie in [1e-15, 0.01), got {self.delta}.",
                fix="Take well below one over the number of units.",
                delta=self.delta,
            )
        most = self.rows_per_unit_at_most
        if type(most) is not int or most < 1 or (most > 1 and not self.unit_column):
            raise BadPrivateQuery(
                f"The budget {self.name} counts {most} rows per unit, with the unit in "
                f"column {self.unit_column!r}.",
                fix="Give a whole number of at least 1, and unit_column where it is more than 1.",
            )
        if self.neighbouring != "add_remove":
            raise BadPrivateQuery(
                f"The budget {self.name} names the neighbouring relation {self.neighbouring!r}.",
                fix='The only one is "add_remove"; replacing a unit costs at most twice its epsilon.',
            )
        spend_of(self.epsilon, 0.0, budget_delta=self.delta)

    @property
    def name(self) -> str:
        """Dataset and group, for people."""
        return f"{self.dataset}/{self.group}"

    @property
    def composition(self) -> Composition:
        """How releases add up."""
        return "zcdp" if self.delta else "basic"

    @property
    def limit(self) -> Spend:
        """All that may be spent: a loss, and half of delta for unknown keys."""
        return spend_of(self.epsilon, self.delta / 2.0, budget_delta=self.delta)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Part of a budget that is spent, whatever comes of it.

    Parameters
    ----------
    declaration : Declaration
    number : int
        Place among the reservations of this budget, from 1.
    query : str
        What is asked, for people.
    epsilon, delta : float
        Of this release alone.
    mechanism, bounds : str
        How it is answered, and what is known of the data beforehand.
    spend : Spend
    entry : int
        Index of the entry in the ledger.
    """

    declaration: Declaration
    number: int
    query: str
    epsilon: float
    delta: float
    mechanism: str
    bounds: str
    spend: Spend
    entry: int


class _Limits(msgspec.Struct, frozen=True):
    epsilon: float
    delta: float
    rows_per_unit_at_most: int
    unit_column: str
    unit: str
    neighbouring: str


class _Reserved(msgspec.Struct, frozen=True):
    """Body of an entry RESERVED."""

    dataset: str
    group: str
    number: int
    query: str
    epsilon: float
    delta: float
    mechanism: str
    bounds: str
    composition: Composition
    loss: int
    delta_attos: int
    limits: _Limits
    nonce: str


@dataclass(frozen=True, slots=True)
class _Spent:
    loss: int
    delta: int
    lines: tuple[tuple[Entry, _Reserved], ...]


class Budget:
    """What may still be learned about one group of people from one dataset.

    Parameters
    ----------
    declaration : Declaration
    ledger : Ledger
        Where reservations stand. Opened with a key, every reservation is signed before its release.
    actor : str
        Who draws on it, for the ledger.
    """

    def __init__(self, declaration: Declaration, ledger: Ledger, *, actor: str = "system:privacy") -> None:
        self.declaration = declaration
        self._ledger = ledger
        self._actor = actor
        self._ours: list[tuple[Entry, _Reserved]] = []
        self._read_to = 0
        self._reading = threading.Lock()

    def reserve(
        self, query: str, *, epsilon: float, delta: float = 0.0, mechanism: str, bounds: str
    ) -> Reservation:
        """Spend part of the budget, durably, before anything is computed.

        Parameters
        ----------
        query : str
            What will be asked; no value of any row.
        epsilon, delta : float
            Of this release alone; see `accounting.spend_of`.
        mechanism, bounds : str
            For whoever reads the budget later.

        Returns
        -------
        Reservation

        Raises
        ------
        BudgetExhausted
            It would cost more than is left; nothing was spent.
        BudgetChanged
            The declaration is looser than the one that earlier releases were made under.
        BudgetUnreadable
            Earlier reservations are missing or altered, or the ledger cannot be read.
        BadPrivateQuery
            Epsilon or delta make no sense.
        """
        declared = self.declaration
        spend = spend_of(epsilon, delta, budget_delta=declared.delta)
        limit = declared.limit
        refused = 0
        while True:
            spent = self._spent()
            if spent.loss + spend.loss > limit.loss or spent.delta + spend.delta > limit.delta:
                raise BudgetExhausted(
                    f"The privacy budget of {declared.name} has epsilon {self._left(spent):.4g} left of "
                    f"{declared.epsilon:g} for one more release, and this one asks for {epsilon:g}"
                    + (f" with delta {delta:g}" if delta else "")
                    + ".",
                    fix="Ask for less, or do without: what was learned cannot be unlearned.",
                    dataset=declared.dataset,
                    group=declared.group,
                    epsilon=epsilon,
                )
            number = len(spent.lines) + 1
            if number == refused:  # the ledger holds it under this key, and does not show it
                raise _unreadable(declared, f"reservation {number} is hidden")
            body = _Reserved(
                dataset=declared.dataset,
                group=declared.group,
                number=number,
                query=query,
                epsilon=float(epsilon),
                delta=float(delta),
                mechanism=mechanism,
                bounds=bounds,
                composition=spend.composition,
                loss=spend.loss,
                delta_attos=spend.delta,
                limits=_limits(declared),
                nonce=secrets.token_hex(16),  # two processes never write the same content
            )
            try:
                receipt = self._ledger.append(
                    kind=RESERVED,
                    body=msgspec.to_builtins(body),
                    actor=self._actor,
                    key=_key(declared, number),
                )
            except KeyReused:
                refused = number  # another process was first: read again, decide again
                continue
            if self._ledger.key is not None:
                self._ledger.checkpoint()
            return Reservation(
                declared, number, query, epsilon, delta, mechanism, bounds, spend, receipt.index
            )

    def settle(self, reservation: Reservation, digest: str) -> None:
        """Write down that a reservation has led to a release, by its digest."""
        self._ledger.append(
            kind=RELEASED,
            body={
                "dataset": self.declaration.dataset,
                "group": self.declaration.group,
                "number": reservation.number,
                "digest": digest,
            },
            actor=self._actor,
            key=f"{_key(self.declaration, reservation.number)}:released",
        )

    def statement(self) -> dict[str, object]:
        """Return limits, what is spent, what is left and every release, as plain data.

        Raises
        ------
        BudgetChanged, BudgetUnreadable
            As for `reserve`.
        """
        declared = self.declaration
        spent = self._spent()
        settled = {
            (entry.body.get("number")): str(entry.body.get("digest", ""))
            for entry in self._ledger.entries(kind=RELEASED)
            if (entry.body.get("dataset"), entry.body.get("group")) == (declared.dataset, declared.group)
        }
        return {
            **_heading(declared),
            "epsilon_spent": self._epsilon(spent.loss),
            "delta_spent": (declared.delta / 2.0 + spent.delta / ATTO)
            if spent.lines and declared.delta
            else 0.0,
            "remaining": self._left(spent),
            "releases": [
                {
                    "number": line.number,
                    "at": entry.at.isoformat(),
                    "query": line.query,
                    "epsilon": line.epsilon,
                    "delta": line.delta,
                    "mechanism": line.mechanism,
                    "bounds": line.bounds,
                    "state": "released" if line.number in settled else "reserved",
                    "digest": settled.get(line.number, ""),
                    "entry": entry.index,
                }
                for entry, line in spent.lines
            ],
        }

    def _epsilon(self, loss: int) -> float:
        if not self.declaration.delta:
            return loss / PICO
        return min(epsilon_of_rho(loss / PICO, self.declaration.delta / 2.0), self.declaration.epsilon)

    def _left(self, spent: _Spent) -> float:
        """Return the epsilon of the largest single release that can still be made; 0 means none."""
        left = max(0, self.declaration.limit.loss - spent.loss)
        return self._epsilon(left)

    def _spent(self) -> _Spent:
        with self._reading:
            return self._read_on()

    def _read_on(self) -> _Spent:
        declared = self.declaration
        try:
            size = self._ledger.size()
            root = self._signed_root(size)
            fresh = [
                self._read(entry, size, root)
                for entry in self._ledger.entries(kind=RESERVED, start=self._read_to, stop=size)
            ]
        except BudgetUnreadable:
            raise
        except (FlyballError, ValueError, LookupError, OSError) as err:
            raise _unreadable(declared, f"the ledger cannot be read ({type(err).__name__})") from err
        # What was read once is kept: the tree only grows, and what was spent cannot become less.
        self._read_to = max(self._read_to, size)
        self._ours += [
            (entry, line)
            for entry, line in fresh
            if (line.dataset, line.group) == (declared.dataset, declared.group)
        ]
        for place, (entry, line) in enumerate(self._ours, start=1):
            if line.number != place or entry.key != _key(declared, place):
                raise _unreadable(declared, f"reservation {place} is missing or out of place")
            if line.loss < 1 or line.delta_attos < 0:
                raise _unreadable(declared, f"reservation {place} costs {line.loss}")
            _must_not_loosen(declared, line)
        return _Spent(
            sum(line.loss for _, line in self._ours),
            sum(line.delta_attos for _, line in self._ours),
            tuple(self._ours),
        )

    def _signed_root(self, size: int) -> bytes:
        """Return the root of the ledger; refuse one that lost what its last checkpoint signed."""
        for last in self._ledger.checkpoints()[-1:]:
            if last.size > size or self._ledger.root(last.size) != last.root:
                raise _unreadable(self.declaration, "entries that were signed are gone")
        return self._ledger.root(size)

    def _read(self, entry: Entry, size: int, root: bytes) -> tuple[Entry, _Reserved]:
        """Decode a reservation, and hold it against the Merkle tree of the ledger."""
        held = leaf_hash(self._ledger.leaf(entry.index))
        if not verify_inclusion(
            held, entry.index, size, self._ledger.inclusion_proof(entry.index, size), root
        ):
            raise _unreadable(self.declaration, f"entry {entry.index} of the ledger was altered")
        try:
            return entry, msgspec.convert(entry.body, _Reserved, strict=True)
        except msgspec.ValidationError as err:
            raise _unreadable(self.declaration, f"entry {entry.index} is no reservation: {err}") from err


def statement(declarations: Iterable[Declaration], ledger: Ledger) -> dict[str, object]:
    """Return the state of every declared budget: what `flyball privacy budget --json` prints.

    Parameters
    ----------
    declarations : iterable of Declaration
    ledger : Ledger

    Returns
    -------
    dict
        "ok" is False where a budget cannot be read or was loosened; such a budget has the keys
        "problem" and "code", and counts as spent: nothing remains. A budget that was drawn on and is
        declared no more, or under another name, is shown too, with "declared" False.

    Raises
    ------
    BudgetUnreadable
        No declared budget shows it, and what was reserved under another cannot be read.
    """
    budgets: list[Mapping[str, object]] = []
    ok = True
    known = list(declarations)
    for declared in known:
        try:
            budgets.append({**Budget(declared, ledger).statement(), "declared": True})
        except (BudgetChanged, BudgetUnreadable) as err:
            ok = False
            budgets.append(
                {
                    **_heading(declared),
                    "declared": True,
                    "epsilon_spent": declared.epsilon,
                    "delta_spent": declared.delta,
                    "remaining": 0.0,
                    "releases": [],
                    "problem": f"{err.message} {err.fix}",
                    "code": err.code,
                }
            )
    if ok:  # else something cannot be read, and this could not either
        budgets += [
            {**Budget(one, ledger).statement(), "declared": False} for one in _undeclared(known, ledger)
        ]
    return {"ok": ok, "budgets": budgets}


def _undeclared(known: Iterable[Declaration], ledger: Ledger) -> list[Declaration]:
    """Return the budgets that were drawn on and are not among those known, under their last terms."""
    names = {(one.dataset, one.group) for one in known}
    found: dict[tuple[str, str], Declaration] = {}
    for entry in ledger.entries(kind=RESERVED):
        try:
            line = msgspec.convert(entry.body, _Reserved, strict=True)
        except msgspec.ValidationError as err:
            raise BudgetUnreadable(
                f"Entry {entry.index} of the ledger is no reservation of a privacy budget: {err}.",
                fix="It counts as spent. Run flyball verify to find what was altered.",
                entry=entry.index,
            ) from err
        if (line.dataset, line.group) not in names:
            found[line.dataset, line.group] = Declaration(
                line.dataset, line.group, **msgspec.structs.asdict(line.limits)
            )
    return list(found.values())


def _heading(declared: Declaration) -> dict[str, object]:
    how = {
        "basic": "basic composition of pure differential privacy",
        "zcdp": "zCDP; rho is converted at half of delta, the other half pays for unknown keys",
    }
    plain = asdict(declared)
    plain["epsilon_limit"] = plain.pop("epsilon")
    plain["delta_limit"] = plain.pop("delta")
    return {**plain, "composition": how[declared.composition]}


def _limits(declared: Declaration) -> _Limits:
    return _Limits(
        epsilon=float(declared.epsilon),
        delta=float(declared.delta),
        rows_per_unit_at_most=declared.rows_per_unit_at_most,
        unit_column=declared.unit_column,
        unit=declared.unit,
        neighbouring=declared.neighbouring,
    )


def _must_not_loosen(declared: Declaration, line: _Reserved) -> None:
    """Refuse a declaration that promises less than an earlier release was made under.

    Only epsilon may change, and only downwards: costs in rho depend on delta, and a promise for
    another unit is another promise.
    """
    then, now = line.limits, _limits(declared)
    fixed = [
        name
        for name in ("delta", "rows_per_unit_at_most", "unit_column", "unit", "neighbouring")
        if getattr(then, name) != getattr(now, name)
    ]
    if now.epsilon > then.epsilon:
        fixed.append("epsilon")
    if fixed or line.composition != declared.composition:
        name = fixed[0] if fixed else "delta"
        raise BudgetChanged(
            f"The budget {declared.name} is declared with {name} = {getattr(now, name)!r}, and release "
            f"{line.number} was made under {getattr(then, name)!r}.",
            fix=f"Declare {name} as it was; of all its terms only epsilon may change, and only downwards.",
            dataset=declared.dataset,
            group=declared.group,
            setting=name,
        )


def _key(declared: Declaration, number: int) -> str:
    whose = hashlib.sha256(canonical_json([declared.dataset, declared.group])).hexdigest()[:32]
    return f"privacy:{whose}:{number}"


def _unreadable(declared: Declaration, why: str) -> BudgetUnreadable:
    return BudgetUnreadable(
        f"The privacy budget of {declared.name} cannot be read: {why}.",
        fix="It counts as spent. Run flyball verify to find what was altered.",
        dataset=declared.dataset,
        group=declared.group,
    )
