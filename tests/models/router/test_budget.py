"""By hand: a limit of 1 euro, requests of a cent each, so a hundred fit; a lease is a two-hundredth."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from flyball.core.errors import BadInput
from flyball.models.router.budget import MoneyBudget, period_of, reserve_all
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.errors import BudgetSpent, BudgetUnreadable

CENT = Decimal("0.01")
ACCOUNT = Account("claims", "acme")


class Hand:
    """A clock that a test moves by hand."""

    def __init__(self, now=datetime(2026, 11, 30, 12, tzinfo=UTC)):
        self.now = now

    def __call__(self):
        return self.now


def budget_in(folder, limit="1", **options):
    options = {"clock": Hand()} | options
    return MoneyBudget(BudgetFile(folder / "money.sqlite"), ACCOUNT, limit_eur=Decimal(limit), **options)


def test_a_hundred_cents_fit_into_a_euro_and_the_next_is_refused(tmp_path):
    budget = budget_in(tmp_path)
    for _ in range(100):
        budget.reserve(CENT).settle(CENT)
    with pytest.raises(BudgetSpent) as refused:
        budget.reserve(CENT)
    assert refused.value.message == (
        "The request may cost 0.01 euros, and 0 of 1 are left of the budget of tenant acme for 2026-11-30."
    )
    assert budget.taken_eur() == 1


def test_what_was_not_needed_is_free_again(tmp_path):
    budget = budget_in(tmp_path)
    budget.reserve(Decimal(1)).settle(Decimal("0.4"))
    with pytest.raises(BudgetSpent):
        budget.reserve(Decimal("0.61"))
    budget.reserve(Decimal("0.6")).release()
    assert budget.left_eur() == Decimal("0.6")


def test_only_the_first_of_settle_and_release_counts(tmp_path):
    budget = budget_in(tmp_path)
    reservation = budget.reserve(Decimal("0.5"))
    reservation.settle(Decimal("0.2"))
    reservation.release()
    reservation.settle(Decimal(0))
    assert budget.left_eur() == Decimal("0.8")


def test_what_leaves_a_with_statement_unsettled_stays_spent(tmp_path):
    budget = budget_in(tmp_path)
    with pytest.raises(ConnectionError), budget.reserve(Decimal("0.5")):
        raise ConnectionError
    assert budget.left_eur() == Decimal("0.5")


def test_an_upstream_that_bills_more_than_was_reserved_is_written_down_beyond_the_limit(tmp_path):
    budget = budget_in(tmp_path)
    budget.reserve(Decimal("0.9")).settle(Decimal("1.5"))
    assert budget.taken_eur() == Decimal("1.5")
    with pytest.raises(BudgetSpent):
        budget.reserve(Decimal("0.000000001"))
    assert budget.left_eur() == 0


def test_fractions_of_a_nano_euro_are_rounded_up_when_spent(tmp_path):
    budget = budget_in(tmp_path)
    budget.reserve(Decimal("0.0000000001")).settle(Decimal("0.0000000001"))
    budget.close()
    assert budget.taken_eur() == Decimal("0.000000001")


def test_the_next_day_begins_with_a_full_budget_and_the_day_before_keeps_what_it_spent(tmp_path):
    hand = Hand()
    budget = budget_in(tmp_path, clock=hand)
    late = budget.reserve(Decimal(1))
    hand.now += timedelta(days=1)
    assert budget.left_eur() == 1
    late.settle(Decimal("0.25"))
    assert budget.left_eur() == 1
    hand.now -= timedelta(days=1)
    assert budget.left_eur() == Decimal("0.75")


@pytest.mark.parametrize(
    ("period", "name", "end"),
    [
        ("hour", "2026-12-31T23", datetime(2027, 1, 1, tzinfo=UTC)),
        ("day", "2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        ("month", "2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        ("ever", "ever", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_periods_are_in_utc(period, name, end):
    found = period_of(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), period)
    assert (found[0], found[2]) == (name, end)


def test_tenants_and_deployments_do_not_share_and_everything_is_told(tmp_path):
    file = BudgetFile(tmp_path / "money.sqlite")
    accounts = [Account("claims", "acme"), Account("claims", "umbra"), Account("fraud", "acme")]
    for account in accounts:
        MoneyBudget(file, account, limit_eur=Decimal(1), clock=Hand()).reserve(Decimal(1))
    assert [(one.account, one.period, one.nano) for one in file.everything()] == [
        (account, "2026-11-30", 1_000_000_000) for account in accounts
    ]


def test_of_several_budgets_all_pay_or_none(tmp_path):
    file = BudgetFile(tmp_path / "money.sqlite")
    whole = MoneyBudget(file, Account("claims"), limit_eur=Decimal(10), clock=Hand())
    tenant = MoneyBudget(file, ACCOUNT, limit_eur=Decimal(1), clock=Hand())
    assert len(reserve_all([whole, tenant], Decimal(1))) == 2
    with pytest.raises(BudgetSpent):
        reserve_all([whole, tenant], Decimal(1))
    assert whole.left_eur() == 9


def test_a_budget_of_nothing_lets_what_is_free_through(tmp_path):
    budget = budget_in(tmp_path, limit="0")
    budget.reserve(Decimal(0)).settle(Decimal(0))
    with pytest.raises(BudgetSpent):
        budget.reserve(Decimal("0.000000001"))


@pytest.mark.parametrize(
    "amount", [Decimal("NaN"), Decimal("-1"), Decimal("Infinity"), 1.0, Decimal("1e300")]
)
def test_amounts_that_are_no_money_are_refused(tmp_path, amount):
    budget = budget_in(tmp_path)
    with pytest.raises(BadInput):
        budget.reserve(amount)
    reservation = budget.reserve(CENT)
    with pytest.raises(BadInput):
        reservation.settle(amount)
    assert budget.left_eur() == Decimal("0.99")


@pytest.mark.parametrize("damage", ["garbage", "deleted", "text", "negative", "folder"])
def test_what_cannot_be_read_counts_as_spent(tmp_path, damage):
    first = budget_in(tmp_path)
    first.reserve(CENT).settle(CENT)
    first._file.close()
    path = tmp_path / "money.sqlite"
    if damage == "garbage":
        path.write_bytes(b"no database" * 1000)
    elif damage == "deleted":
        path.unlink()
    elif damage == "folder":
        shutil.rmtree(tmp_path)
        tmp_path.write_text("not a folder")
    else:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute("UPDATE money SET taken = ?", ("much" if damage == "text" else -5,))
        connection.close()
    with pytest.raises(BudgetUnreadable, match="it counts as all"):
        budget_in(tmp_path).reserve(CENT)


def test_a_file_that_is_taken_away_while_it_is_in_use_counts_as_spent(tmp_path):
    budget = budget_in(tmp_path)
    budget.reserve(CENT)
    (tmp_path / "money.sqlite").unlink()
    with pytest.raises(BudgetUnreadable):
        budget.reserve(Decimal("0.5"))


def test_a_debt_that_could_not_be_written_down_is_not_forgotten(tmp_path):
    budget = budget_in(tmp_path)
    reservation = budget.reserve(Decimal("0.5"))
    moved = tmp_path / "moved"
    (tmp_path / "money.sqlite").rename(moved)
    reservation.settle(Decimal(2))
    moved.rename(tmp_path / "money.sqlite")
    with pytest.raises(BudgetSpent):
        budget.reserve(CENT)


def test_a_forked_child_may_not_hand_out_the_lease_of_its_parent(tmp_path):
    code = f"""
        import os, sys
        from decimal import Decimal
        from pathlib import Path
        from flyball.models.router.budget import MoneyBudget
        from flyball.models.router.budget_file import Account, BudgetFile
        from flyball.models.router.errors import BudgetUnreadable
        budget = MoneyBudget(BudgetFile(Path({str(tmp_path)!r}) / "m"), Account("d"), limit_eur=Decimal(1))
        held = budget.reserve(Decimal("0.5"))
        child = os.fork()
        if child == 0:
            held.release()
            try:
                budget.reserve(Decimal("0.01"))
            except BudgetUnreadable:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert budget.left_eur() == Decimal("0.5")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_threads_together_never_pass_the_limit(tmp_path):
    budget = budget_in(tmp_path, limit="0.5")
    spent = []

    def spend():
        for _ in range(40):
            try:
                budget.reserve(CENT).settle(Decimal("0.005"))
                spent.append(Decimal("0.005"))
            except BudgetSpent:
                return

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The last one leaves less than a cent, so no cent can be reserved though half a cent would do.
    assert sum(spent) in (Decimal("0.495"), Decimal("0.5"))


_SPENDER = """
import os, sys
from decimal import Decimal
from pathlib import Path
from flyball.models.router.budget import MoneyBudget
from flyball.models.router.budget_file import Account, BudgetFile
from flyball.models.router.errors import BudgetSpent

folder, limit, one = Path(sys.argv[1]), Decimal(sys.argv[2]), Decimal(sys.argv[3])
budget = MoneyBudget(BudgetFile(folder / "money.sqlite"), Account("claims"), limit_eur=limit, period="ever")
# One byte a request, appended before the request would leave: what it cannot unsay after a kill.
out = os.open(folder / f"spent-{os.getpid()}", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
while True:
    try:
        reservation = budget.reserve(one)
    except BudgetSpent:
        break
    os.write(out, b"x")
    reservation.settle(one)
budget.close()
"""


def test_processes_that_are_killed_at_any_moment_never_spend_more_than_the_limit(tmp_path):
    """Three spenders at a time, each killed after a moment; the last ones spend the rest of the money."""
    limit, one, most = Decimal(6), Decimal("0.0001"), 60_000
    running, killed = [], 0
    deadline = time.monotonic() + 60
    number = 0
    while time.monotonic() < deadline:
        running = [process for process in running if process.poll() is None]
        if killed >= 12 and not running:
            break
        while len(running) < 3 and number < 15:
            number += 1
            running.append(
                subprocess.Popen([sys.executable, "-c", _SPENDER, str(tmp_path), str(limit), str(one)])
            )
        busy = [process for process in running if (tmp_path / f"spent-{process.pid}").exists()]
        if busy and killed < 12:
            time.sleep(0.002)
            os.kill(busy[0].pid, signal.SIGKILL)
            busy[0].wait()
            killed += 1
        else:
            time.sleep(0.005)
    for process in running:
        process.wait(timeout=30)
    spent = sum(path.stat().st_size for path in tmp_path.glob("spent-*"))
    taken = MoneyBudget(
        BudgetFile(tmp_path / "money.sqlite"), Account("claims"), limit_eur=limit, period="ever"
    ).taken_eur()
    assert killed == 12
    assert spent * one <= taken <= limit
    # Each kill loses at most the lease that was held (a two-hundredth), and the money was all handed out.
    assert most - 12 * most // 200 - 1 <= spent <= most


def test_many_processes_may_begin_at_the_same_moment(tmp_path):
    command = [sys.executable, "-c", _SPENDER, str(tmp_path), "0.01", "0.0001"]
    processes = [subprocess.Popen(command) for _ in range(6)]
    assert [process.wait(timeout=60) for process in processes] == [0] * 6
    assert sum(path.stat().st_size for path in tmp_path.glob("spent-*")) == 100


def test_a_request_costs_no_write_and_little_time(tmp_path, undisturbed):
    """10,000 requests within the leases of one euro: at most 20 microseconds of CPU time each."""
    budget = budget_in(tmp_path)
    one = Decimal("0.00001")
    budget.reserve(one).settle(one)
    before, started = budget._file.taken(ACCOUNT, "2026-11-30"), time.process_time()
    for _ in range(400):
        budget.reserve(one).settle(one)
    assert budget._file.taken(ACCOUNT, "2026-11-30") == before
    for _ in range(10_000):
        budget.reserve(one).settle(one)
    assert (time.process_time() - started) / 10_400 < 20e-6 * 5  # a shared machine: five times the aim


def test_what_is_left_is_known_without_the_file_where_the_lease_is_enough(tmp_path):
    budget = budget_in(tmp_path)
    assert budget.left_eur(enough=CENT) == 1
    budget.reserve(Decimal("0.001")).release()
    (tmp_path / "money.sqlite").unlink()
    assert budget.left_eur(enough=Decimal("0.005")) == Decimal("0.005")
    with pytest.raises(BudgetUnreadable):
        budget.left_eur(enough=CENT)
