"""What was known at the moment of a transfer: the same in any batch, and nothing of later.

By hand, of four transfers on one day: a pays c 100 at 9, b pays c 300 at 10, c pays d 380 at 11, d pays a 370
at 12. At 10 the payee c had received one transfer of 100 from one account. At 11 the payer c had received 400
from two accounts and passes on 380 / 400. The transfer at 12 would close the cycle a > c > d > a, but a had
sent 100, from which the 380 of c cannot come. Where a pays 400 at 9, it does.
"""

import numpy as np
import pytest

from flyball.models.experts.graph.features import describe, names_of_features
from flyball.models.experts.graph.log import BadTransfers, TransferLog, Transfers
from flyball.models.experts.graph.reasons import phrase

DAY = 86_400


def transfers(n=300, *, seed=0, accounts=11, devices=4):
    draw = np.random.default_rng(seed)
    payer = draw.integers(0, accounts, n)
    payee = (payer + draw.integers(1, accounts, n)) % accounts
    times = np.sort(draw.integers(0, 30 * 24, n)) * 3_600  # whole hours: several at one moment
    return Transfers(
        ids=[f"t{number}" for number in range(n)],
        payers=[f"a{number}" for number in payer],
        payees=[f"a{number}" for number in payee],
        times=times.astype(np.int64),
        amounts=draw.integers(1, 1_200_000, n),
        devices=[None if one == 0 else f"d{one}" for one in draw.integers(0, devices, n)],
    )


def logged(given):
    log = TransferLog()
    return log, describe(log, log.add(given))


def by_hand(first=100.0):
    return Transfers(
        ["1", "2", "3", "4"],
        ["a", "b", "c", "d"],
        ["c", "c", "d", "a"],
        np.array([9, 10, 11, 12]) * 3_600,
        np.rint(np.array([first, 300.0, 380.0, 370.0]) * 100).astype(np.int64),
        ["x", "x", None, "x"],
    )


def test_counts_sums_and_means_are_those_worked_out_by_hand():
    _, told = logged(by_hand())
    assert told.column("payee_received_count_1d").tolist() == [0, 1, 0, 0]
    assert told.column("payee_received_amount_1d").tolist() == [0, 100, 0, 0]
    assert told.column("payer_received_accounts_7d").tolist() == [0, 0, 2, 1]
    assert told.column("payer_received_amount_30d").tolist() == [0, 0, 400, 380]
    assert told.column("payer_received_mean").tolist()[2:] == [200, 380]
    assert told.column("payer_received_deviation").tolist()[2:] == [100, 0]  # 100 and 300 lie 100 from 200
    assert told.column("payer_received_own_minus_mean").tolist()[2:] == [180, -10]
    assert told.column("passed_on_1d").tolist()[2:] == [0.95, 370 / 380]
    assert np.isnan(told.column("passed_on_1d")[:2]).all()
    assert told.column("device_used_accounts_1d").tolist() == [0, 1, 0, 2]
    assert told.column("payer_received_hours_since")[3] == 1


def test_two_hops_tell_of_the_payers_of_the_payer_as_they_were_then():
    _, told = logged(by_hand())
    # Money came to d from c, who at that moment had been paid by two accounts and passed on .95 of it.
    assert told.column("payer_received_payers_received_accounts_7d")[3] == 2
    assert told.column("payer_received_payers_passed_on_1d")[3] == pytest.approx(0.95)


def test_a_cycle_is_found_with_its_path_only_where_the_money_could_have_gone_round():
    assert logged(by_hand(100.0))[1].paths == {}
    _, told = logged(by_hand(400.0))
    assert told.column("cycle_transfers").tolist() == [0, 0, 0, 3]
    assert told.paths == {3: ("a", "c", "d", "a")}


def test_one_batch_any_batches_and_one_by_one_give_identical_columns():
    given = transfers()
    _, whole = logged(given)
    for size in (1, 7, 64):
        log = TransferLog()
        parts = [
            describe(log, log.add(given.take(range(start, min(start + size, len(given))))))
            for start in range(0, len(given), size)
        ]
        assert np.array_equal(np.vstack([one.values for one in parts]), whole.values, equal_nan=True)
        paths = {
            place + size * number: way for number, one in enumerate(parts) for place, way in one.paths.items()
        }
        assert paths == whole.paths
    assert whole.paths  # or the comparison said nothing


def test_deleting_or_permuting_what_is_later_changes_nothing():
    given, cut = transfers(), 180
    _, whole = logged(given)
    _, shorter = logged(given.take(range(cut)))
    assert np.array_equal(shorter.values, whole.values[:cut], equal_nan=True)
    mixed = [*range(cut), *np.random.default_rng(1).permutation(range(cut, len(given)))]
    _, permuted = logged(given.take(mixed))
    assert np.array_equal(permuted.values[:cut], whole.values[:cut], equal_nan=True)


def test_other_transfers_of_the_same_moment_are_not_seen():
    same = Transfers(["1", "2"], ["a", "b"], ["c", "c"], np.array([5, 5]), np.array([100, 100]), [None, None])
    assert logged(same)[1].column("payee_received_count_1d").tolist() == [0, 0]


def test_a_transfer_asked_for_again_after_others_is_described_as_it_was():
    given = transfers()
    log = TransferLog()
    first = describe(log, log.add(given.take(range(150))))
    describe(log, log.add(given.take(range(150, 300))))
    again = describe(log, log.add(given.take(range(150))))
    assert np.array_equal(again.values, first.values, equal_nan=True)
    assert log.n == 300


def test_a_label_counts_from_the_moment_at_which_it_is_known():
    given = Transfers(
        ["1", "2", "3"],
        ["a", "b", "e"],
        ["c", "c", "c"],
        np.array([0, 5, 9]) * DAY,
        np.array([100, 100, 100]),
        [None] * 3,
    )
    log = TransferLog()
    log.add(given)
    log.tell(["1"], [True], [7 * DAY])
    told = describe(log, np.arange(3))
    assert told.column("payee_received_known").tolist() == [0, 0, 1]
    assert told.column("payee_received_suspicious_share").tolist()[2] == 1.0
    assert np.isnan(told.column("payee_received_suspicious_share")[:2]).all()


def test_labels_that_become_known_later_change_no_earlier_column():
    given = transfers()
    cut = int(given.times[150])
    columns = []
    for late in (False, True):
        log = TransferLog()
        log.add(given)
        log.tell(given.ids[:40], [True] * 40, (given.times[:40] + DAY).tolist())
        if late:
            log.tell(given.ids[150:], [True] * 150, (given.times[150:] + DAY).tolist())
        columns.append(describe(log, np.arange(300)).values)
    before = given.times <= cut
    assert np.array_equal(columns[0][before], columns[1][before], equal_nan=True)
    assert not np.array_equal(columns[0], columns[1], equal_nan=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amounts": np.array([-1])}, "Transfer 'x' has the amount -1."),
        ({"payees": [""]}, "Transfer 1 ('x') has no payee."),
        ({"ids": ["x", "y"]}, "Columns of different lengths: [1, 2]."),
    ],
)
def test_a_transfer_that_is_none_is_refused_and_nothing_is_added(change, message):
    good = {
        "ids": ["x"],
        "payers": ["a"],
        "payees": ["b"],
        "times": np.array([0]),
        "amounts": np.array([1]),
        "devices": [None],
    }
    log = TransferLog()
    with pytest.raises(BadTransfers) as caught:
        log.add(Transfers(**(good | change)))
    assert caught.value.message == message
    assert log.n == 0


def test_a_known_id_with_another_amount_is_refused():
    log = TransferLog()
    given = transfers(5)
    log.add(given)
    other = Transfers(given.ids, given.payers, given.payees, given.times, given.amounts + 1, given.devices)
    with pytest.raises(BadTransfers, match="The transfer 't0' came twice, with another"):
        log.add(other)


def test_a_label_from_before_the_transfer_is_refused():
    log = TransferLog()
    given = transfers(5)
    log.add(given)
    with pytest.raises(
        BadTransfers, match="1 label known before the transfer happened, such as that of 't4'"
    ):
        log.tell(["t4"], [True], [int(given.times[4]) - 1])


def test_every_column_has_words():
    for name in names_of_features():
        for value in (0.0, 1.0, 12.5, float("nan")):
            said = phrase(name, value)
            assert said[-1] != "."
            assert "_" not in said, (name, value, said)
