"""The arithmetic of a measurement."""

from __future__ import annotations

from typing import Any

import pytest

from ops.products.dns import api as dns
from ops.products.kv import api as kv
from ops.products.zones import api as zones
from ops.sandbox.seed import seed_scale
from ops.sandbox.server import Sandbox
from tests.tools.bench import limits
from tests.tools.bench.jobs import NAMES, module


@pytest.mark.parametrize(
    ("items", "by_number", "by_cursor"),
    [(0, 1, 1), (1, 1, 1), (49, 1, 1), (50, 2, 1), (51, 2, 2), (100, 3, 2), (101, 3, 3)],
)
def test_only_a_list_by_page_number_needs_a_page_after_a_full_one(
    items: int, by_number: int, by_cursor: int
) -> None:
    assert limits.pages(items, 50) == by_number
    assert limits.cursors(items, 50) == by_cursor


def test_the_page_sizes_are_those_that_we_request() -> None:
    assert (zones.PAGING.size, dns.PAGING.size) == (limits.ZONES_PAGE, limits.RECORDS_PAGE)
    assert (limits.KEYS_PAGE, limits.BULK_GET, limits.BULK_PUT) == (
        kv.KEYS_PAGE,
        kv.BULK_GET,
        kv.BULK_PAIRS,
    )


@pytest.mark.parametrize(("workers", "seconds"), [(1, 3.0), (16, 0.2), (60, 0.05), (100, 0.05)])
def test_requests_wait_for_a_free_worker(workers: int, seconds: float) -> None:
    assert limits.seconds(60, delay=0.05, workers=workers) == pytest.approx(seconds)


def test_a_partly_filled_round_takes_as_long_as_a_full_one() -> None:
    assert limits.seconds(17, delay=1.0, workers=16) == 2.0


def test_sequential_steps_take_their_time_however_many_workers_there_are() -> None:
    assert limits.seconds(5, delay=0.1, workers=16, steps=5) == pytest.approx(0.5)


def test_a_scan_sends_as_many_requests_as_computed(inv: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(seed=None, quota=None) as sandbox:
        seed_scale(sandbox.store, zones=50, records=3, keys=0)
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", sandbox.token)
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", sandbox.url)
        result = inv("scan", "--account-id", sandbox.account_id)

        assert result.code == 0, result.err
        assert len(sandbox.requests) == limits.scan(50, 3)


def test_the_share_of_a_budget_counts_whole_windows_only() -> None:
    # 4 at once, 4 after a window of 10 s, 4 after the next, and one more in the fourth.
    moments = [0.0, 0.1, 0.2, 0.3, 10.0, 10.1, 10.2, 10.3, 20.0, 20.1, 20.2, 20.3, 31.0]

    assert limits.share(moments, budget=4, window=10.0) == pytest.approx(30 / 31)
    assert limits.share(list(reversed(moments)), budget=4, window=10.0) == pytest.approx(30 / 31)


def test_a_run_that_the_budget_did_not_limit_has_no_share() -> None:
    with pytest.raises(ValueError, match="fewer than a budget"):
        limits.share([0.0, 1.0], budget=4, window=10.0)


@pytest.mark.parametrize("name", NAMES)
def test_every_job_can_be_measured(name: str) -> None:
    assert callable(module(name).measure)
