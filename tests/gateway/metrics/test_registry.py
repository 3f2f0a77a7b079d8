"""By hand: 0.003 and 0.005 lie in the bucket up to 0.005, 0.02 in that up to 0.025; together 0.028."""

from flyball.gateway.metrics.registry import Counter, Gauge, Histogram, Registry


def test_what_prometheus_reads_is_written_as_it_reads_it():
    requests = Counter("requests_total", "Requests.", ("door", "status"))
    requests.add("/v1/me", "200")
    requests.add("/v1/me", "200", by=2)
    text = Registry([requests]).text()
    assert text == (
        "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
        'requests_total{door="/v1/me",status="200"} 3\n'
    )


def test_buckets_hold_everything_that_is_not_above_their_end():
    seconds = Histogram("seconds", "Time.", ("door",), ends=(0.005, 0.025))
    for value in (0.003, 0.005, 0.02):
        seconds.observe(value, "a")
    assert list(seconds.lines()) == [
        'seconds_bucket{door="a",le="0.005"} 2',
        'seconds_bucket{door="a",le="0.025"} 3',
        'seconds_bucket{door="a",le="+Inf"} 3',
        'seconds_sum{door="a"} 0.028',
        'seconds_count{door="a"} 3',
    ]


def test_a_label_cannot_forge_a_line():
    counter = Counter("c", "C.", ("name",))
    counter.add('a"} 9\nforged{x="')
    assert list(counter.lines()) == [r'c{name="a\"} 9\nforged{x=\""} 1']


def test_very_many_labels_are_counted_together():
    counter = Counter("c", "C.", ("name",))
    for number in range(5000):
        counter.add(str(number))
    lines = list(counter.lines())
    assert len(lines) == 2001
    assert lines[-1] == 'c{name="other"} 3000'


def test_a_counter_without_labels_begins_at_zero_and_a_gauge_is_read_when_asked():
    now = [1.5]
    gauge = Gauge("g", "G.", (), lambda: [((), now[0])])
    assert list(Counter("c", "C.").lines()) == ["c 0"]
    now[0] = 7
    assert list(gauge.lines()) == ["g 7"]
