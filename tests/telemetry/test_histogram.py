"""The latency histogram: bounds, percentiles, and that merging loses nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.telemetry.histogram import BOUNDS, BUCKETS, Histogram

DURATIONS = st.lists(st.floats(0.01, 400_000), min_size=1, max_size=200)


def of(durations: list[float]) -> Histogram:
    made = Histogram()
    for ms in durations:
        made.add(ms)
    return made


def test_the_buckets_reach_from_a_millisecond_to_five_minutes() -> None:
    assert (len(BOUNDS), BUCKETS) == (32, 32)
    assert (BOUNDS[0], round(BOUNDS[-1])) == (1, 300_000)
    assert all(1.4 < high / low < 1.6 for low, high in pairwise(BOUNDS))


@given(DURATIONS, DURATIONS)
def test_the_histograms_of_two_runs_merge_into_that_of_both(first: list[float], second: list[float]) -> None:
    merged = of(first)
    merged.merge(of(second))

    assert merged.counts == of(first + second).counts


@given(DURATIONS, st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_in_the_bucket_of_the_true_one(durations: list[float], part: float) -> None:
    found = of(durations).quantile(part)

    capped = sorted(min(ms, BOUNDS[-1]) for ms in durations)
    true = capped[max(0, -int(-part * len(capped) // 1) - 1)]
    assert found is not None
    assert true / 1.6 - 1 <= found <= true * 1.6 + 1


@given(st.lists(st.floats(0.01, 400_000), max_size=50))
def test_what_is_kept_of_a_histogram_is_the_histogram(durations: list[float]) -> None:
    assert Histogram.from_json(of(durations).as_json()).counts == of(durations).counts


def test_without_durations_there_is_no_percentile() -> None:
    assert Histogram().quantile(0.5) is None


@pytest.mark.parametrize("kept", [[-1, 2], [0, -2], [0, 1.5], ["0", 1]])
def test_what_is_not_a_histogram_is_refused(kept: list[int]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Histogram.from_json(kept)
