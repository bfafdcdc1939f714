"""Keys and values at the edges: responses that are too large, broken or late, listings that end early."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.products.kv import api
from ops.products.kv.tasks import transfer
from ops.sandbox.faults import Fault
from ops.sandbox.routes import kv
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.products.kv_stage import fill, new_namespace, sent, stored
from tests.products.test_kv_dump import BYTES, dumped, lines, loaded, requested, stock

Inv = Callable[..., Result]


def test_a_dump_reads_what_is_too_large_for_one_response_in_halves(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = new_namespace(staged, "stock")
    fill(staged, namespace, {f"key:{n}": b"x" * 100 for n in range(8)})
    staged.requests.clear()
    monkeypatch.setattr(kv, "VALUE_BYTES", 250)

    result = dumped(inv)

    assert result.code == 0, result.err
    assert [pair["value"] for pair in lines()[:-1]] == ["x" * 100] * 8
    assert requested(staged)["bulk"] == 7


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Fault("gone", "POST", "*/bulk/get", times=-1, status=400, code=10001),
            "This product is not available",
        ),
        (
            Fault("gone", "GET", "*/values/*", times=-1, status=400, code=10001),
            "This product is not available",
        ),
        (
            Fault("gone", "GET", "*/values/*", times=-1, code=api.NO_NAMESPACE),
            "This product is not available",
        ),
        (Fault("malformed", "GET", "*/values/*", times=-1, status=302), "redirects are not followed"),
        (Fault("cut", "GET", "*/values/*", times=-1), "GET /accounts"),
    ],
)
def test_a_dump_ends_with_what_says_nothing_about_a_single_key(
    staged: Sandbox, inv: Inv, fault: Fault, words: str
) -> None:
    namespace = stock(staged, 3)
    fill(staged, namespace, {"bytes": BYTES})
    staged.faults.add(fault)

    result = dumped(inv)

    assert result.code not in (0, 4)
    assert words in result.err
    assert not Path("dump.jsonl").exists()


def test_a_value_whose_connection_broke_is_read_again(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 3)
    fill(staged, namespace, {"bytes": BYTES})
    staged.faults.add(Fault("cut", "GET", "*/values/bytes", times=2))

    result = dumped(inv)

    assert result.code == 0, result.err
    assert lines()[-1]["unread"] == []
    assert len(sent(staged, "GET", "/values/bytes")) == 3


def test_a_partial_file_resumes_behind_its_last_whole_line(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 120)
    dumped(inv, "whole.jsonl")
    staged.faults.add(Fault("denied", "POST", "*/bulk/get", nth=2, times=-1))
    dumped(inv)
    staged.faults.clear()
    partial = Path("dump.jsonl.partial").read_bytes()

    for end in (partial.removesuffix(b"\n"), partial + b"5\n"):
        Path("dump.jsonl").unlink(missing_ok=True)
        Path("dump.jsonl.partial").write_bytes(end)
        Path("dump.jsonl.partial").chmod(0o600)
        result = dumped(inv)

        assert result.code == 0, result.err
        assert Path("dump.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()


def test_the_keys_without_a_value_are_looked_up_one_by_one_if_they_are_few(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "KEYS_PAGE", 10)
    namespace = stock(staged, 30)
    staged.faults.add(Fault("gone", "GET", "*/values/bytes*", times=-1, code=10009))
    fill(staged, namespace, {"bytes:1": BYTES, "bytes:2": BYTES})

    def vanish(exchange: Any) -> None:
        if "/bulk/get" in exchange.target:
            staged.store.run("UPDATE kv_pair SET deleted = 1 WHERE name = 'bytes:2'")

    staged.edge.observer = vanish
    result = dumped(inv)

    assert result.code == 4
    assert (lines()[-1]["unread"], lines()[-1]["gone"]) == (["bytes:1"], ["bytes:2"])
    assert len(sent(staged, "GET", "prefix=bytes")) == 2


def test_keys_without_a_value_are_not_called_gone_if_the_listing_ends_early(
    staged: Sandbox, inv: Inv
) -> None:
    namespace = stock(staged, 1100)
    fill(staged, namespace, {"bytes:1": BYTES, "bytes:2": BYTES})
    staged.faults.add(Fault("gone", "GET", "*/values/bytes*", times=-1, code=10009))
    staged.faults.add(Fault("cursor-expired", "GET", "*/keys*", nth=4, times=-1))

    result = dumped(inv)

    assert result.code == 4
    assert (lines()[-1]["unread"], lines()[-1]["gone"]) == (["bytes:1", "bytes:2"], [])


def test_nothing_is_loaded_if_the_live_keys_cannot_all_be_listed(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "FEW", 10)
    stock(staged, 1100)
    assert dumped(inv).code == 0
    staged.faults.add(Fault("cursor-expired", "GET", "*/keys*", nth=2, times=-1))
    staged.requests.clear()

    result = loaded(inv, namespace="stock")

    assert result.code == 4
    assert "nothing was written, because the keys of stock could not all be listed" in result.err
    assert sent(staged, "PUT", "/bulk") == []


def test_a_pair_that_disappears_while_it_is_compared_counts_as_new(staged: Sandbox, inv: Inv) -> None:
    namespace = new_namespace(staged, "copy")
    pairs = [{"key": "bytes", "value": "AP8=", "base64": True}, {"key": "text", "value": "x"}]
    Path("bulk.json").write_text(json.dumps(pairs))
    fill(staged, namespace, {"bytes": BYTES, "text": b"x"})

    def vanish(exchange: Any) -> None:
        if "/bulk/get" in exchange.target:
            staged.store.run("UPDATE kv_pair SET deleted = 1 WHERE name = 'bytes'")
            staged.edge.observer = None

    staged.edge.observer = vanish
    result = loaded(inv, "--output", "json", file="bulk.json")

    done = json.loads(result.out)
    assert result.code == 0, result.err
    assert (done["new"], done["equal"], done["overwritten"]) == (1, 1, 0)
    assert stored(staged, namespace)["bytes"][0] == b"\x00\xff"


def test_a_pair_that_expires_while_others_are_compared_is_skipped_with_a_warning(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace, now, passed = new_namespace(staged, "copy"), time.time, [0.0]
    pairs = [{"key": "soon", "value": "x", "expiration": int(now()) + 600}, {"key": "ever", "value": "x"}]
    Path("bulk.json").write_text(json.dumps(pairs))
    monkeypatch.setattr(time, "time", lambda: now() + passed[0])

    def wait(exchange: Any) -> None:
        if "/bulk/get" in exchange.target:
            passed[0] = 590.0

    staged.edge.observer = wait
    result = loaded(inv, file="bulk.json")

    assert result.code == 0, result.err
    assert "skipped, it has expired meanwhile, or is about to: 'soon'" in result.err
    assert list(stored(staged, namespace)) == ["ever"]


def test_keys_of_a_namespace_that_a_dry_run_would_create_are_not_there_to_delete(
    staged: Sandbox, inv: Inv
) -> None:
    key = ("kv.delete", "--namespace", "planned", "--key", "a", "--yes")

    result = inv("--dry", "kv.create", "--title", "planned", *key)

    assert result.code == 0, result.err
    assert sent(staged, "DELETE", "") == []


def test_a_deletion_by_prefix_of_a_listing_that_ends_early_says_so(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 1100)
    staged.faults.add(Fault("cursor-expired", "GET", "*/keys*", nth=2, times=-1))

    result = inv("kv.delete", "--namespace", "stock", "--prefix", "key:", "--yes", "--force")

    assert result.code == 4
    assert "the keys with the prefix 'key:': " in result.err
    assert len(stored(staged, namespace)) == 100


def test_the_beginning_of_a_key_of_a_snapshot_is_not_that_key(staged: Sandbox, inv: Inv) -> None:
    fill(staged, new_namespace(staged, "stock"), {"keeper": b"x"})
    assert inv("scan.export", "--only", "kv", "--kv", "keys", "--quiet").code == 0

    found, missing = (
        inv("kv.get", "--namespace", "stock", "--key", key, "--metadata", "--offline", "--output", "json")
        for key in ("keeper", "keep")
    )

    assert (found.code, json.loads(found.out)["name"]) == (0, "keeper")
    assert missing.code == 1
    assert "no key 'keep'" in missing.err
