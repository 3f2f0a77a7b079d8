"""By hand: 6 a minute are 6 at once and then one every 10 s, for each address by itself."""

import pytest

from flyball.gateway.limits.errors import TooManyRequests
from flyball.gateway.limits.failures import FailedSignIns, source_of
from flyball.gateway.limits.settings import LimitSettings


class Watch:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def failures(watch):
    return FailedSignIns(LimitSettings(failed_sign_ins_per_minute=6), monotonic=watch)


def test_the_seventh_failure_of_an_address_is_one_too_many_and_the_wait_is_said(failures, watch):
    for _ in range(6):
        failures.check("192.0.2.1")
        failures.count("192.0.2.1")
    for refuse in (failures.check, failures.count):
        with pytest.raises(TooManyRequests, match=r"came from 192\.0\.2\.1; 6 a minute") as caught:
            refuse("192.0.2.1")
        assert caught.value.retry_after == 10
    failures.count("192.0.2.2")
    watch.now = 10.0
    failures.count("192.0.2.1")
    with pytest.raises(TooManyRequests):
        failures.check("192.0.2.1")


def test_a_clock_that_goes_backwards_frees_nobody_and_locks_nobody_up(failures, watch):
    for _ in range(5):
        failures.count("192.0.2.1")
    watch.now = -10.0
    with pytest.raises(TooManyRequests):
        failures.count("192.0.2.1")
    watch.now = 60.0
    failures.count("192.0.2.1")


def test_strangers_from_everywhere_take_no_memory(failures):
    for number in range(30_000):
        failures.count(str(number))
    assert len(failures._left) == 10_000


def test_zero_means_no_limit(watch):
    failures = FailedSignIns(LimitSettings(failed_sign_ins_per_minute=0), monotonic=watch)
    for _ in range(1000):
        failures.count("192.0.2.1")
    failures.check("192.0.2.1")


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("nonsense" * 100, ("nonsense" * 100)[:100]),
    ],
)
def test_an_ipv6_network_is_one_source(host, source):
    assert source_of(host) == source
