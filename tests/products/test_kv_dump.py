"""A namespace in a file: complete or marked incomplete, resumed after an interruption, loaded equal."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.errors import Locked, UsageError, ValidationError
from ops.products.kv.dumpfile import Dump, ResumableDump, item_line, item_of
from ops.products.kv.pairs import Window
from ops.products.kv.tasks.transfer import FEW
from ops.sandbox.faults import Fault
from ops.sandbox.seed_workers import namespace_id
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.products.kv_stage import fill, new_namespace, sent, stored
from tests.products.writing import undo_id, written

Inv = Callable[..., Result]

ROOT = Path(__file__).parents[2]
LATER = int(time.time()) + 100_000
BYTES = bytes(range(256)) * 3


def stock(sandbox: Sandbox, count: int, title: str = "stock") -> str:
    """Create a namespace of *count* text keys, of which some have metadata and expire."""
    namespace = new_namespace(sandbox, title)
    names = [f"key:{n:06d}" for n in range(count)]
    fill(sandbox, namespace, {name: f"value of {name} é".encode() for name in names[::2]})
    if count > 1:
        fill(
            sandbox,
            namespace,
            dict.fromkeys(names[1::2], b""),
            metadata={"n": [1, "é"]},
            expiration=LATER,
        )
    sandbox.requests.clear()
    return namespace


def dumped(inv: Inv, to: str = "dump.jsonl", *words: str, namespace: str = "stock") -> Result:
    return inv("kv.dump", "--namespace", namespace, "--to", to, *words)


def loaded(inv: Inv, *words: str, namespace: str = "copy", file: str = "dump.jsonl") -> Result:
    return inv("kv.load", "--namespace", namespace, "--file", file, *words)


def lines(file: str = "dump.jsonl") -> list[Any]:
    return [json.loads(line) for line in Path(file).read_bytes().splitlines()]


def requested(sandbox: Sandbox) -> dict[str, int]:
    """Count the requests below a namespace by the part of it that they address."""
    found = [where.partition("/namespaces/")[2].partition("?")[0] for _, where in sandbox.requests]
    kinds = [where.partition("/")[2].partition("/")[0] for where in found if "/" in where]
    return {kind: kinds.count(kind) for kind in kinds}


# The file


def test_a_dump_has_a_line_for_each_pair_and_a_last_line(staged: Sandbox, inv: Inv) -> None:
    namespace = new_namespace(staged, "stock")
    fill(staged, namespace, {"text é": "日本\n\x00".encode()}, metadata={"a": [1, None]}, expiration=LATER)
    fill(staged, namespace, {"bytes": BYTES, "empty": b"", "mark": "\ufffd".encode()})

    result = dumped(inv)

    *pairs, last = lines()
    assert result.code == 0, result.err
    assert [pair["key"] for pair in pairs] == ["bytes", "empty", "mark", "text é"]
    assert pairs[0]["base64"] is True
    assert pairs[1:3] == [{"key": "empty", "value": ""}, {"key": "mark", "value": "\ufffd"}]
    assert pairs[3] == {
        "key": "text é", "value": "日本\n\x00", "expiration": LATER, "metadata": {"a": [1, None]},
    }  # fmt: skip
    assert (last["dump"], last["pairs"], last["gone"], last["unread"]) == ("kv/1", 4, [], [])
    assert last["namespace"] == {"id": namespace, "title": "stock"}
    assert stat.S_IMODE(Path("dump.jsonl").stat().st_mode) == 0o600
    assert not Path("dump.jsonl.partial").exists()


def test_only_values_that_are_not_utf_8_are_read_alone(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 250)
    fill(staged, namespace, {"b1": BYTES, "b2": b"\xff", "mark": "\ufffd".encode()})
    staged.requests.clear()

    result = dumped(inv)

    assert result.code == 0
    assert requested(staged) == {"keys": 1, "bulk": 3, "values": 3}


@pytest.mark.parametrize(("count", "listings", "gets"), [(0, 1, 0), (1, 1, 1), (2000, 2, 20), (2001, 3, 21)])
def test_a_dump_needs_a_listing_for_1000_keys_and_a_bulk_get_for_100(
    staged: Sandbox, inv: Inv, count: int, listings: int, gets: int
) -> None:
    stock(staged, count)

    result = dumped(inv)

    assert result.code == 0
    assert requested(staged) == {kind: n for kind, n in (("keys", listings), ("bulk", gets)) if n}
    assert lines()[-1]["pairs"] == count


def test_a_compressed_dump_has_the_same_content_and_is_reproducible(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 300)

    dumped(inv)
    first = dumped(inv, "one.jsonl.gz")
    dumped(inv, "two.jsonl.gz")

    assert first.code == 0
    assert gzip.decompress(Path("one.jsonl.gz").read_bytes()) == Path("dump.jsonl").read_bytes()
    assert Path("one.jsonl.gz").read_bytes() == Path("two.jsonl.gz").read_bytes()


@pytest.mark.long
def test_values_too_large_for_one_response_are_read_in_several(staged: Sandbox, inv: Inv) -> None:
    namespace = new_namespace(staged, "stock")
    fill(staged, namespace, {f"k{n}": b"x" * (9 << 20) for n in range(4)})
    staged.requests.clear()

    result = dumped(inv)

    assert result.code == 0, result.err
    assert [len(pair["value"]) for pair in lines()[:-1]] == [9 << 20] * 4
    assert requested(staged) == {"keys": 1, "bulk": 3}


@pytest.mark.fault("E2")
@given(
    key=st.text(min_size=1, max_size=50).filter(lambda key: key not in (".", "..")),
    value=st.binary(max_size=100),
    metadata=st.one_of(
        st.none(),
        st.text(max_size=30),
        st.dictionaries(st.text(max_size=5), st.floats(-1e9, 1e9), max_size=9),
    ),
    expiration=st.one_of(st.none(), st.integers(0, 253_402_300_799)),
)
def test_a_line_is_parsed_to_the_same_item(
    key: str, value: bytes, metadata: Any, expiration: int | None
) -> None:
    more = {"metadata": metadata, "expiration": expiration}
    item = {"key": key, "value": value} | {name: one for name, one in more.items() if one is not None}

    assert item_of(json.loads(item_line(item))) == item


# Incomplete dumps


def test_keys_deleted_during_the_dump_are_named(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 200)

    def vanish(exchange: Any) -> None:
        if "/keys" in exchange.target:
            staged.store.run(
                "UPDATE kv_pair SET deleted = 1 WHERE namespace = ? AND name LIKE '%7'", (namespace,)
            )

    staged.edge.observer = vanish
    result = dumped(inv)

    *pairs, last = lines()
    assert result.code == 0, result.err
    assert last["gone"] == [f"key:{n:06d}" for n in range(7, 200, 10)]
    assert last["pairs"] == len(pairs) == 180
    assert "deleted or expired since: 'key:000007'" in result.err


@pytest.mark.fault("A8")
@pytest.mark.parametrize("code", [0, 10009])
def test_a_key_that_is_listed_but_has_no_value_is_named_and_makes_the_dump_incomplete(
    staged: Sandbox, inv: Inv, code: int
) -> None:
    namespace = stock(staged, 30)
    fill(staged, namespace, {f"bytes:{n}": BYTES for n in range(3)})
    staged.faults.add(Fault("gone", "GET", "*/values/bytes%3A1", times=-1, code=code))

    result = dumped(inv)

    *lines, last = map(json.loads, Path("dump.jsonl").read_text().splitlines())
    assert result.code == 4
    assert "1 values could not be read: 'bytes:1'" in result.err
    assert (last["pairs"], last["gone"], last["unread"]) == (32, [], ["bytes:1"])
    assert len(lines) == 32


@pytest.mark.fault("A7")
def test_a_value_that_cannot_be_read_is_named_and_makes_the_dump_incomplete(
    staged: Sandbox, inv: Inv
) -> None:
    namespace = stock(staged, 20)
    fill(staged, namespace, {"a...": BYTES})
    staged.faults.add(Fault("403-html", "GET", "*/values/*", times=-1))

    result = dumped(inv)

    assert result.code == 4
    assert "'a...'" in result.err
    assert lines()[-1]["unread"] == ["a..."]
    assert lines()[-1]["pairs"] == 20


@pytest.mark.fault("B9")
def test_an_incomplete_listing_leaves_the_file_unchanged_and_the_next_run_resumes(
    staged: Sandbox, inv: Inv
) -> None:
    stock(staged, 3000)
    Path("dump.jsonl").write_text("yesterday's")
    failing = staged.faults.add(Fault("cursor-expired", "GET", "*/keys*", nth=3, times=-1))

    cut = dumped(inv, "dump.jsonl", "--force")
    kept = Path("dump.jsonl").read_text()
    failing.times = 0
    staged.requests.clear()
    again = dumped(inv, "dump.jsonl", "--force")

    assert cut.code == 4
    assert "could not all be listed" in cut.err
    assert kept == "yesterday's"
    assert again.code == 0, again.err
    assert lines()[-1]["pairs"] == 3000
    assert requested(staged) == {"keys": 3, "bulk": 10}


def test_an_existing_file_is_replaced_only_with_force(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 3)
    Path("dump.jsonl").write_text("yesterday's")

    refused = dumped(inv)
    asked = staged.requests[:]
    kept = Path("dump.jsonl").read_text()
    forced = dumped(inv, "dump.jsonl", "--force")

    assert (refused.code, forced.code) == (1, 0)
    assert "error: not confirmed: replace dump.jsonl (11 B, 20" in refused.err
    assert "add --force to confirm" in refused.err
    assert (kept, asked) == ("yesterday's", [])
    assert lines()[-1]["pairs"] == 3


# Interruptions


@pytest.mark.parametrize("nth", [1, 4, 11])
def test_a_failed_dump_resumes_and_ends_with_the_same_file(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    monkeypatch.setenv("CFOPS_WORKERS", "1")
    stock(staged, 1100)
    dumped(inv, "whole.jsonl")
    staged.faults.add(Fault("denied", "POST", "*/bulk/get", nth=nth, times=-1))
    failed = dumped(inv)
    staged.faults.clear()
    staged.requests.clear()

    result = dumped(inv)

    assert failed.code == 1
    assert "the same command resumes from there" in failed.err
    assert result.code == 0, result.err
    assert Path("dump.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()
    # Two threads share one connection: the request after the refused one may have been sent before it.
    assert requested(staged)["bulk"] - (11 - (nth - 1)) in (0, 1)
    assert not Path("dump.jsonl.partial").exists()


@pytest.mark.fault("C3")
def test_a_truncated_partial_file_resumes_and_ends_with_the_same_file(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 120)
    dumped(inv, "whole.jsonl")
    staged.faults.add(Fault("denied", "POST", "*/bulk/get", nth=2, times=-1))
    dumped(inv)
    staged.faults.clear()
    partial = Path("dump.jsonl.partial").read_bytes()
    chance = random.Random(1)

    for at in [0, 1, len(partial), *(chance.randrange(len(partial)) for _ in range(12))]:
        Path("dump.jsonl").unlink(missing_ok=True)
        Path("dump.jsonl.partial").write_bytes(partial[:at] + b"\0" * chance.randint(0, 2))
        Path("dump.jsonl.partial").chmod(0o600)

        result = dumped(inv)

        assert result.code == 0, result.err
        assert Path("dump.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()


@pytest.mark.long
@pytest.mark.fault("C3")
def test_a_dump_killed_several_times_is_complete_in_the_end(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 3000)
    dumped(inv, "whole.jsonl")
    staged.faults.add(Fault("delay", "POST", "*/bulk/get", times=-1, seconds=0.02))
    going = threading.Event()
    begun = 0

    def count(_entry: Any) -> None:
        if len(sent(staged, "POST", "/bulk/get")) >= begun + 2:
            going.set()

    staged.edge.observer = count
    for _ in range(6):
        begun = len(sent(staged, "POST", "/bulk/get"))
        going.clear()
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, *DUMP], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert going.wait(30)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert not Path("dump.jsonl").exists()
    staged.edge.observer = None
    staged.faults.clear()
    dumped(inv)

    assert Path("dump.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()


@pytest.mark.fault("D1")
def test_ctrl_c_ends_a_dump_with_its_exit_code_and_keeps_what_was_read(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 3000)
    going = threading.Event()
    staged.faults.add(Fault("delay", "POST", "*/bulk/get", times=-1, seconds=0.05))
    staged.edge.observer = lambda e: going.set() if len(sent(staged, "POST", "/bulk/get")) > 15 else None
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *DUMP], env=environ, stderr=subprocess.PIPE, text=True
    )
    going.wait(20)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "the same command resumes from there" in err
    assert Path("dump.jsonl.partial").stat().st_size > 1000
    assert not Path("dump.jsonl").exists()


RUN = """
import sys
from ops.program import OpsProgram, collection
OpsProgram(name="inv", binary="inv", namespace=collection()).run(sys.argv)
"""
DUMP = ("kv.dump", "--namespace", "stock", "--to", "dump.jsonl", "--quiet")


@pytest.mark.fault("C1")
def test_a_full_disk_keeps_the_old_file_and_what_was_read(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 3000)
    Path("dump.jsonl").write_text("yesterday's")
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))"
    )

    full = subprocess.run(
        [sys.executable, "-c", limited + RUN, *DUMP, "--force"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    old = Path("dump.jsonl").read_text()
    again = dumped(inv, "dump.jsonl", "--force")

    assert full.returncode == 2
    assert "would exceed the allowed size" in full.stderr
    assert old == "yesterday's"
    assert again.code == 0
    assert lines()[-1]["pairs"] == 3000


def test_a_partial_file_of_another_namespace_is_refused(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 10)
    staged.faults.add(Fault("denied", "POST", "*/bulk/get"))
    dumped(inv)

    result = dumped(inv, namespace="sessions")

    assert result.code == 1
    assert "belongs to another namespace" in result.err


@pytest.mark.fault("F14")
def test_a_partial_file_that_other_users_could_have_written_is_refused(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 10)
    Path("dump.jsonl.partial").touch(0o666)
    Path("dump.jsonl.partial").chmod(0o666)

    result = dumped(inv)

    assert result.code == 1
    assert "may have been changed by another user" in result.err


@pytest.mark.fault("C6", "C7")
def test_a_folder_that_is_not_writable_is_refused_before_any_key_is_read(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 10)
    Path("link.jsonl").symlink_to("elsewhere")

    missing = dumped(inv, "no/such/folder.jsonl")
    link = dumped(inv, "link.jsonl")

    assert (missing.code, link.code) == (2, 1)
    assert requested(staged) == {}


@pytest.mark.fault("D6")
def test_two_dumps_to_one_file_exclude_each_other(tmp_path: Path) -> None:
    origin = {"account": "a", "namespace": {"id": "n", "title": "t"}}

    with ResumableDump(tmp_path / "dump", origin), pytest.raises(Locked):
        ResumableDump(tmp_path / "dump", origin).__enter__()


def test_a_namespace_of_large_values_is_read_one_batch_at_a_time() -> None:
    room, entered = Window(8, threading.Event(), memory=100), []

    def enter(number: int) -> None:
        room.enter(number)
        entered.append(number)

    threads = [threading.Thread(target=enter, args=(n,), daemon=True) for n in range(4)]
    for thread in threads:
        thread.start()
    threads[0].join(5)
    assert entered == [0]
    room.leave(1000)
    threads[1].join(5)
    assert entered == [0, 1]
    room.leave(20)
    for thread in threads:
        thread.join(5)
    assert sorted(entered) == [0, 1, 2, 3]


# Loading


def test_a_loaded_dump_equals_the_original(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 1234)
    fill(staged, namespace, {"bytes": BYTES, "large": b"\xff" * (3 << 20)}, metadata="m")
    copy = new_namespace(staged, "copy")
    dumped(inv, "dump.jsonl.gz")

    result = loaded(inv, file="dump.jsonl.gz")

    assert result.code == 0, result.err
    assert stored(staged, copy) == stored(staged, namespace)
    assert "1,236 new, 0 overwritten, 0 equal, 0 expired" in result.err


def test_equal_pairs_stay_unchanged_and_the_others_are_shown_before_the_write(
    staged: Sandbox, inv: Inv
) -> None:
    stock(staged, 300)
    dumped(inv)
    fill(staged, (copy := new_namespace(staged, "copy")), {"key:000000": b"other", "mine": b"stays"})
    loaded(inv)
    staged.requests.clear()

    again = loaded(inv, "--output", "json")

    report = json.loads(again.out)
    assert (report["new"], report["overwritten"], report["equal"], report["differ"]) == (0, 0, 300, 0)
    assert sent(staged, "PUT", "") == []
    assert stored(staged, copy)["mine"][0] == b"stays"


@pytest.mark.parametrize(
    "existing",
    [pytest.param("nothing", marks=pytest.mark.long), pytest.param("all", marks=pytest.mark.long), "more"],
)
def test_live_pairs_are_read_only_for_keys_that_exist(staged: Sandbox, inv: Inv, existing: str) -> None:
    count = FEW + 200
    stock(staged, count)
    copy = new_namespace(staged, "copy")
    if existing != "nothing":
        fill(staged, copy, {f"key:{n:06d}": b"old" for n in range(count)})
    if existing == "more":
        fill(staged, copy, {f"a{n:05d}": b"other" for n in range(12 * count)})
    dumped(inv)
    staged.requests.clear()

    result = loaded(inv, "--force")
    undone = inv("undo.apply", "--id", undo_id(result.err), "--yes")

    assert result.code == 0, result.err
    listings, gets = requested(staged)["keys"], len(sent(staged, "POST", "/bulk/get"))
    expected = {"nothing": (1, 24), "all": (2, 36), "more": (13, 36)}[existing]
    assert (listings, gets) == expected
    assert undone.code == 0
    left = {"nothing": 0, "all": count, "more": 13 * count}[existing]
    assert [value for value, _, _ in stored(staged, copy).values() if value not in (b"old", b"other")] == []
    assert len(stored(staged, copy)) == left


@pytest.mark.long
@pytest.mark.fault("P13")
def test_10_001_pairs_are_written_with_two_requests(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 10_001)
    new_namespace(staged, "copy")
    dumped(inv)
    staged.requests.clear()

    result = loaded(inv)

    assert result.code == 0, result.err
    assert [where.rpartition("/")[2] for where in sent(staged, "PUT", "")] == ["bulk", "key%3A010000"]


def test_only_the_pairs_that_failed_are_sent_again(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 500)
    copy = new_namespace(staged, "copy")
    dumped(inv)
    staged.faults.add(Fault("partial-bulk", "PUT", "*/bulk", keys=3))
    sizes: list[int] = []
    staged.edge.observer = lambda e: (
        sizes.append(len(json.loads(e.body))) if e.target.endswith("/bulk") else None
    )

    result = loaded(inv)

    assert result.code == 0, result.err
    assert sizes == [500, 3]
    assert stored(staged, copy) == stored(staged, namespace)


def test_expired_pairs_are_named_and_skipped(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 4)
    copy = new_namespace(staged, "copy")
    items = [
        {"key": "past", "value": b"v", "expiration": int(time.time()) - 10},
        {"key": "soon", "value": b"v", "expiration": int(time.time()) + 62},
        {"key": "then", "value": b"v", "expiration": LATER},
    ]
    write(items)

    result = loaded(inv)

    assert result.code == 0, result.err
    assert "skipped, expired or expiring within 70 s: 'past', 'soon'" in result.err
    assert list(stored(staged, copy)) == ["then"]


def write(items: list[dict[str, Any]], file: str = "dump.jsonl") -> None:
    """Write a dump of *items* without cfops."""
    from hashlib import sha256

    body = b"".join(map(item_line, items))
    last = {"dump": "kv/1", "pairs": len(items), "sha256": sha256(body).hexdigest()}
    Path(file).write_bytes(body + json.dumps(last).encode() + b"\n")


@pytest.mark.fault("G2")
@pytest.mark.parametrize(("overwritten", "code"), [(50, 0), (51, 1)])
def test_more_than_50_pairs_are_overwritten_only_with_force(
    staged: Sandbox, inv: Inv, overwritten: int, code: int
) -> None:
    stock(staged, 400)
    copy = new_namespace(staged, "copy")
    fill(staged, copy, {f"key:{n:06d}": b"old" for n in range(overwritten)})
    dumped(inv)
    staged.requests.clear()

    refused = loaded(inv)
    forced = loaded(inv, "--force")

    assert (refused.code, forced.code) == (code, 0), refused.err
    assert code == 0 or "would overwrite 51 existing pairs" in refused.err
    assert len(stored(staged, copy)) == 400


def test_pairs_that_differ_from_what_was_written_make_the_load_incomplete(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 250)
    copy = new_namespace(staged, "copy")
    dumped(inv)

    def meddle(exchange: Any) -> None:
        if exchange.method == "PUT":
            staged.store.run(
                "UPDATE kv_pair SET value = x'00' WHERE namespace = ? AND name LIKE '%77'", (copy,)
            )

    staged.edge.observer = meddle
    result = loaded(inv)

    assert result.code == 4
    assert "2 of 250 pairs differ from what was written: 'key:000077', 'key:000177'" in result.err


@pytest.mark.long
def test_a_load_that_failed_halfway_is_completed_by_the_next_one(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 10_100)
    copy = new_namespace(staged, "copy")
    dumped(inv)
    staged.faults.add(Fault("denied", "PUT", "*/bulk", nth=2, times=-1))
    failed = loaded(inv)
    half = len(stored(staged, copy))
    staged.faults.clear()
    staged.requests.clear()

    result = loaded(inv, "--output", "json")

    assert failed.code == 1
    assert half == 10_000
    assert "undo.apply" in failed.err
    assert json.loads(result.out)["equal"] == 10_000
    assert len(sent(staged, "PUT", "/bulk")) == 1
    assert stored(staged, copy) == stored(staged, namespace)


@pytest.mark.fault("G7")
def test_a_dry_load_shows_the_plan_and_writes_nothing(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 100)
    copy = new_namespace(staged, "copy")
    fill(staged, copy, {f"key:{n:06d}": b"old" for n in range(60)})
    dumped(inv)
    staged.requests.clear()

    result = loaded(inv, "--dry-run")

    assert result.code == 0, result.err
    assert "40 new, 60 overwritten, 0 equal" in result.err
    assert "overwritten: 'key:000000', 'key:000001'" in result.err
    assert [where for _, where in written(staged) if not where.endswith("/bulk/get")] == []


def test_a_namespace_moves_in_one_line(staged: Sandbox, inv: Inv) -> None:
    create = ["kv.create", "--title", "moved"]
    dump = ["kv.dump", "--namespace", "assets", "--to", "a.jsonl", "--force"]
    line = [*create, *dump, "kv.load", "--namespace", "moved", "--file", "a.jsonl"]

    dry = inv("--dry", *line)
    result = inv(*line)

    made = "SELECT id FROM document WHERE kind = 'kv.namespace' AND sort = 'moved'"
    ((moved,),) = staged.store.rows(made)
    assert (dry.code, result.code) == (0, 0), dry.err + result.err
    assert stored(staged, moved) == stored(staged, namespace_id("assets"))


@pytest.mark.long
def test_the_undo_of_large_values_keeps_only_one_batch_in_memory(staged: Sandbox, inv: Inv) -> None:
    namespace = new_namespace(staged, "stock")
    for name in ("a", "b", "c"):
        fill(staged, namespace, {name: b"x" * (24 << 20)})
    copy = new_namespace(staged, "copy")
    dumped(inv)
    written_id = undo_id(loaded(inv).err)

    refused = inv("undo.apply", "--id", written_id)
    undone = inv("undo.apply", "--id", written_id, "--yes")

    assert (refused.code, undone.code) == (1, 0), undone.err
    assert "undo 3 changes?" in refused.err
    assert stored(staged, copy) == {}


# Truncated and damaged files


@pytest.mark.fault("F19", "C13")
@pytest.mark.parametrize("form", ["dump.jsonl", "dump.jsonl.gz"])
def test_a_dump_truncated_at_any_byte_is_refused(staged: Sandbox, inv: Inv, form: str) -> None:
    stock(staged, 40)
    dumped(inv, form)
    whole = Path(form).read_bytes()
    chance = random.Random(2)

    for at in [0, 1, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(40))]:
        Path(form).write_bytes(whole[:at])
        if form.endswith("l") and at == len(whole) - 1:
            continue  # only its last newline is gone

        with pytest.raises(ValidationError):
            Dump(Path(form)).check()


@pytest.mark.fault("F19", "C13")
def test_a_dump_with_any_changed_byte_is_refused(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 40)
    dumped(inv)
    whole = Path("dump.jsonl").read_bytes()
    body = whole.rindex(b'{"dump"')
    chance = random.Random(3)

    for at in (chance.randrange(body) for _ in range(100)):
        changed = bytearray(whole)
        changed[at] ^= 1 << chance.randrange(8)
        Path("dump.jsonl").write_bytes(changed)

        with pytest.raises(ValidationError):
            Dump(Path("dump.jsonl")).check()


LAST = b'{"dump":"kv/1","pairs":1,"sha256":"0"}\n'
WRONG = {
    "nothing in it": (b"", "is truncated"),
    "no last line": (b'{"key":"a","value":"v"}\n', "is truncated"),
    "another hash": (b'{"key":"a","value":"v"}\n' + LAST, "the hash"),
    "fewer pairs": (LAST, "0 pairs"),
    "no JSON": (b"{\n", "line 1: not JSON"),
    "deep JSON": (b'{"a":' * 100_000 + b"\n", "line 1: not JSON"),
    "a deep list": (b"[" * 100_000 + b"\n", "is not JSON: nested too deeply"),
    "no object": (b"1\n", "line 1: not a JSON object"),
    "no key": (b'{"value":"v"}\n', "line 1: `key` and `value` must be text"),
    "a key twice": (b'{"key":"a","value":""}\n' * 2, "line 2: the key 'a' is out of order"),
    "a key out of order": (b'{"key":"b","value":""}\n{"key":"a","value":""}\n', "line 2: the key 'a'"),
    "a forbidden key": (b'{"key":"..","value":"v"}\n', "line 1: '..' is not a valid key"),
    "no base64": (b'{"key":"a","value":"%","base64":true}\n', "line 1: the value is not valid base64"),
    "a number that is not JSON": (b'{"key":"a","value":"v","metadata":NaN}\n', "line 1: not JSON"),
    "half a character": (b'{"key":"a","value":"\\ud800"}\n', "line 1: the value is not valid text"),
    "an unknown date": (b'{"key":"a","value":"v","expiration":"soon"}\n', "line 1: the expiration"),
    "long metadata": (
        b'{"key":"a","value":"v","metadata":"%b"}\n' % (b"x" * 1023),
        "line 1: the metadata has",
    ),
    "a newer format": (b'{"dump":"kv/2","pairs":0}\n', "has the format 'kv/2'"),
}


@pytest.mark.fault("C14", "F19")
@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_not_a_valid_dump_is_refused_before_any_write(
    staged: Sandbox, inv: Inv, content: bytes, said: str
) -> None:
    Path("dump.jsonl").write_bytes(content)

    result = loaded(inv, namespace="sessions")

    assert result.code == 1
    assert said in result.err
    assert "hint: " in result.err
    assert written(staged) == []


WRANGLER: list[Any] = [
    {"key": "page/1", "value": "hello"},
    {"key": "logo", "value": "iVBORw0KGgo=", "base64": True, "metadata": {"type": "image/png"}},
    {"key": "promo", "value": "y", "expiration": LATER},
    {"key": "é", "value": ""},
]


@pytest.mark.parametrize("start", ["", "\ufeff", "\n \n"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_bulk_file_of_wrangler_is_loaded(staged: Sandbox, inv: Inv, indent: int | None, start: str) -> None:
    copy = new_namespace(staged, "copy")
    Path("bulk.json").write_text(start + json.dumps(WRANGLER, indent=indent))

    result = loaded(inv, file="bulk.json")

    assert result.code == 0, result.err
    assert stored(staged, copy) == {
        "logo": (b"\x89PNG\r\n\x1a\n", '{"type":"image/png"}', None),
        "page/1": (b"hello", None, None),
        "promo": (b"y", None, LATER),
        "é": (b"", None, None),
    }


def test_the_ttl_of_a_wrangler_pair_becomes_an_expiration(staged: Sandbox, inv: Inv) -> None:
    copy = new_namespace(staged, "copy")
    Path("bulk.json").write_text(json.dumps([{"key": "k", "value": "v", "expiration_ttl": 3600}]))
    before = int(time.time())

    result = loaded(inv, file="bulk.json")

    assert result.code == 0, result.err
    assert before + 3600 <= (stored(staged, copy)["k"][2] or 0) <= time.time() + 3601


PAIR_1 = {"key": "a", "value": "v"}
WRONG_BULK: dict[str, tuple[list[Any], str]] = {
    "a repeated key": ([PAIR_1, PAIR_1], "pair 2: the key 'a' is repeated"),
    "an unknown field": ([{**PAIR_1, "exp": 1}], "pair 1: unknown field 'exp'"),
    "base64 that is text": ([{**PAIR_1, "base64": "no"}], "pair 1: `base64` 'no' is not true or false"),
    "a value that is a number": (
        [PAIR_1, {"key": "b", "value": 7}],
        "pair 2: `key` and `value` must be text",
    ),
    "a short ttl": ([{**PAIR_1, "expiration_ttl": 5}], "pair 1: a TTL of 5 s is too short"),
    "a ttl that is text": ([{**PAIR_1, "expiration_ttl": "60"}], "is not a number of seconds"),
    "milliseconds": ([{**PAIR_1, "expiration": 1_900_000_000_000}], "is after the year 9999"),
    "two expirations": ([{**PAIR_1, "expiration": LATER, "expiration_ttl": 60}], "exclude each other"),
    "a list in the list": ([[PAIR_1]], "pair 1: not a JSON object"),
}


@pytest.mark.parametrize(("pairs", "message"), WRONG_BULK.values(), ids=WRONG_BULK)
def test_a_bulk_file_with_an_invalid_pair_is_refused_before_any_write(
    staged: Sandbox, inv: Inv, pairs: list[Any], message: str
) -> None:
    Path("bulk.json").write_text(json.dumps(pairs))

    result = loaded(inv, namespace="sessions", file="bulk.json")

    assert result.code == 1
    assert message in result.err
    assert "hint: " in result.err
    assert written(staged) == []


def test_an_infinite_number_in_the_metadata_of_a_dump_is_refused(staged: Sandbox, inv: Inv) -> None:
    Path("dump.jsonl").write_bytes(b'{"key":"a","value":"v","metadata":{"n":1e999}}\n' + LAST)

    result = loaded(inv, namespace="sessions")

    assert result.code == 1
    assert "line 1: not JSON" in result.err
    assert written(staged) == []


# Pipes


@pytest.mark.parametrize("form", ["-", "pipe"])
def test_a_dump_is_loaded_from_stdin_and_from_a_pipe(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    namespace = stock(staged, 300)
    copy = new_namespace(staged, "copy")
    content = inv("kv.dump", "--namespace", "stock", "--to", "-").out.encode()
    if form == "-":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    else:
        os.mkfifo(form)
        threading.Thread(target=Path(form).write_bytes, args=(content,), daemon=True).start()

    result = loaded(inv, file=form)

    assert result.code == 0, result.err
    assert stored(staged, copy) == stored(staged, namespace)


def test_a_dump_to_stdout_is_the_dump_of_a_file(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 300)
    dumped(inv)

    result = inv("kv.dump", "--namespace", "stock", "--to", "-")

    assert result.code == 0, result.err
    assert result.out == Path("dump.jsonl").read_text()
    assert not Path("-").exists()


def test_a_failed_dump_to_stdout_writes_nothing(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 300)
    staged.faults.add(Fault("denied", "POST", "*/bulk/get", nth=2, times=-1))

    result = inv("kv.dump", "--namespace", "stock", "--to", "-")

    assert (result.code, result.out) == (1, "")
    assert "nothing was written to stdout" in result.err


def test_an_incomplete_dump_to_stdout_ends_with_4(staged: Sandbox, inv: Inv) -> None:
    fill(staged, stock(staged, 20), {"bytes": BYTES})
    staged.faults.add(Fault("gone", "GET", "*/values/*", times=-1))

    result = inv("kv.dump", "--namespace", "stock", "--to", "-")

    assert result.code == 4
    assert json.loads(result.out.splitlines()[-1])["unread"] == ["bytes"]


@pytest.mark.parametrize("target", ["pipe", ".", "folder"])
def test_a_dump_replaces_only_files(staged: Sandbox, inv: Inv, target: str) -> None:
    os.mkfifo("pipe")
    Path("folder").mkdir()

    result = inv("kv.dump", "--namespace", "sessions", "--to", target)

    assert result.code == 1
    assert f"error: {target} is a " in result.err
    assert sent(staged, "GET", "/keys") == []


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "closed"])
def test_a_source_that_gives_nothing_is_refused(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("ops.files.disk.PATIENCE", 0.1)
    monkeypatch.setattr(sys, "stdin", None)
    os.mkfifo("pipe")
    file, message = {
        "pipe": ("pipe", "nothing was written to the pipe"),
        "device": ("/dev/zero", "/dev/zero is neither a file nor a pipe"),
        "folder": (".", ". is neither a file nor a pipe"),
        "closed": ("-", "stdin is closed"),
    }[kind]

    result = loaded(inv, namespace="sessions", file=file)

    assert result.code == 1
    assert message in result.err
    assert written(staged) == []


def test_lines_after_the_last_line_are_refused(tmp_path: Path) -> None:
    write([], str(tmp_path / "dump"))
    with (tmp_path / "dump").open("ab") as file:
        file.write(b'{"key":"a","value":"v"}\n')

    with pytest.raises(ValidationError, match="line 2: there is more"):
        Dump(tmp_path / "dump").check()


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        Dump(tmp_path / "missing").check()


# Full size


@pytest.mark.long
@pytest.mark.timeout(600)
def test_300_000_keys_need_exactly_3_300_requests_and_less_than_200_mb_and_are_loaded_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(tmp_path / "sandbox.sqlite", quota=None, seed=None) as sandbox:
        namespace, copy = stock(sandbox, 300_000), new_namespace(sandbox, "copy")
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", sandbox.token)
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", sandbox.url)
        monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", sandbox.account_id)
        monkeypatch.setenv("CFOPS_BUDGET", "0")

        dump_peak = measured("kv.dump", "--namespace", namespace, "--to", "dump.jsonl")
        dump_asked = requested(sandbox)
        load_peak = measured("kv.load", "--namespace", copy, "--file", "dump.jsonl")
        load_writes = len(sent(sandbox, "PUT", "/bulk"))
        equal = stored(sandbox, copy) == stored(sandbox, namespace)
        undo_peak = measured("undo.last", "--yes", "--output", "jsonl")

        assert dump_asked == {"keys": 300, "bulk": 3000}
        assert max(dump_peak, load_peak, undo_peak) < 200_000
        assert load_writes == 30
        assert equal
        assert stored(sandbox, copy) == {}


def measured(*line: str) -> int:
    """Run *line* in a separate process; return its peak memory in kB."""
    peak = RUN + 'print(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])'
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", peak, *line],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1]) * 1024 // 1000
