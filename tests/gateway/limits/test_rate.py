"""By hand: 60 a minute are one a second; a burst of 2 empties a bucket that is full again after 2 s."""

import pytest

from flyball.core.errors import BadInput
from flyball.gateway.limits.errors import TooManyRequests
from flyball.gateway.limits.rate import RateLimits
from flyball.gateway.limits.settings import LimitSettings
from flyball.gateway.principal import Principal

ANN, BOB = Principal("key:ann", "acme"), Principal("key:bob", "acme")
OTHER = Principal("key:ann", "other")


class Watch:
    now = 0.0

    def __call__(self):
        return self.now


def limits(watch, **settings):
    return RateLimits(LimitSettings(**settings), monotonic=watch)


def test_a_burst_is_taken_and_then_one_a_second():
    watch = Watch()
    rate = limits(watch, requests_per_minute=60, burst=2)
    rate.take(ANN)
    rate.take(ANN)
    with pytest.raises(TooManyRequests) as caught:
        rate.take(ANN)
    assert caught.value.retry_after == 1
    watch.now = 1.0
    rate.take(ANN)
    with pytest.raises(TooManyRequests):
        rate.take(ANN)
    watch.now = 100.0
    rate.take(ANN)
    rate.take(ANN)
    with pytest.raises(TooManyRequests):
        rate.take(ANN)


def test_each_caller_and_each_tenant_has_a_bucket_of_its_own():
    watch = Watch()
    rate = limits(watch, requests_per_minute=60, burst=1)
    for one in (ANN, BOB, OTHER):
        rate.take(one)
        with pytest.raises(TooManyRequests, match=r"key:\w+ may ask 60 times a minute"):
            rate.take(one)


def test_a_tenant_is_counted_over_all_its_keys_and_the_wait_is_said():
    watch = Watch()
    rate = limits(watch, tenant_requests_per_minute=6, tenant_burst=2)
    rate.take(ANN)
    rate.take(BOB)
    with pytest.raises(TooManyRequests, match="the tenant acme") as caught:
        rate.take(ANN)
    assert caught.value.retry_after == 10
    rate.take(OTHER)


def test_a_request_that_the_tenant_may_not_make_costs_the_caller_nothing():
    watch = Watch()
    rate = limits(watch, requests_per_minute=1, burst=2, tenant_requests_per_minute=60, tenant_burst=1)
    rate.take(ANN)
    with pytest.raises(TooManyRequests, match="tenant"):
        rate.take(ANN)
    watch.now = 1.0
    rate.take(ANN)


def test_a_million_callers_take_no_memory_once_their_buckets_are_full_again():
    watch = Watch()
    rate = limits(watch, requests_per_minute=6000, burst=5)
    for number in range(30_000):
        watch.now += 0.001
        rate.take(Principal(f"key:{number}", "acme"))
    assert len(rate._buckets) <= 10_001


def test_no_limit_is_said_by_zero_and_nonsense_is_refused():
    rate = limits(Watch())
    for _ in range(10_000):
        rate.take(ANN)
    with pytest.raises(BadInput, match=r"limits\.burst cannot be 0"):
        LimitSettings(burst=0)
