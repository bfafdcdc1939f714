"""`sandbox.seed` and `sandbox.reset`: the content that the lines of the sandbox stage keep."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.conftest import Result

Inv = Callable[..., Result]


def names(inv: Inv) -> set[str]:
    listed = inv("sandbox", "zones.list", "--output", "json")
    assert listed.code == 0, listed.err
    return {zone["name"] for zone in json.loads(listed.out)}


def test_an_account_of_any_size_is_added_and_removed_again(inv: Inv) -> None:
    before = names(inv)

    seeded = inv("sandbox.seed", "--zones", "3", "--records", "2", "--keys", "5", "--output", "json")
    after = names(inv)
    reset = inv("sandbox.reset")

    assert (json.loads(seeded.out)["records"], len(after - before)) == (6, 3)
    assert reset.code == 0
    assert "initial state again" in reset.err
    assert names(inv) == before


def test_a_negative_size_is_refused(inv: Inv) -> None:
    refused = inv("sandbox.seed", "--zones", "-1")

    assert refused.code == 1
    assert "must be 0 or more" in refused.err
