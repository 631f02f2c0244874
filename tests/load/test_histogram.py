from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal_sandbox.load.histogram import Histogram

LATENCIES = st.lists(st.floats(0.001, 60_000), min_size=1, max_size=300)


def counted(latencies: list[float]) -> Histogram:
    histogram = Histogram()
    for ms in latencies:
        histogram.add(ms)
    return histogram


@given(LATENCIES, st.sampled_from((1, 50, 90, 99, 99.9, 100)))
def test_a_percentile_is_within_half_a_percent_of_the_sorted_list(
    latencies: list[float], percent: float
) -> None:
    exact = sorted(latencies)[ceil(len(latencies) * percent / 100) - 1]
    assert counted(latencies).percentile(percent) == pytest.approx(exact, rel=0.0051)


@given(LATENCIES, LATENCIES)
def test_two_histograms_add_up_to_that_of_all(first: list[float], other: list[float]) -> None:
    merged, whole = counted(first), counted(first + other)
    merged.merge(counted(other))
    assert (merged.counts, len(merged)) == (whole.counts, len(first + other))
    assert (merged.least_ms, merged.most_ms) == (min(first + other), max(first + other))
    assert merged.mean_ms == pytest.approx(whole.mean_ms)


def test_of_nothing_all_is_zero() -> None:
    empty = Histogram()
    assert (len(empty), empty.mean_ms, empty.percentile(50), list(empty.bars(9))) == (0, 0, 0, [])


def test_no_time_at_all_is_counted_too() -> None:
    assert len(counted([0.0])) == 1
    assert counted([0.0]).percentile(99) == 0


@given(LATENCIES)
def test_bars_follow_each_other_and_leave_out_the_slowest_thousandth_only(
    latencies: list[float],
) -> None:
    bars = list(counted(latencies).bars(20))
    assert len(bars) <= 20
    assert all(bar[1] == pytest.approx(after[0]) for bar, after in pairwise(bars))
    assert sum(count for *_, count in bars) >= len(latencies) * 0.999 - 1
