"""Writing to Workers KV: nothing is sent that would be refused, and what was written can be undone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.errors import ApiError, MalformedAnswer, NotFound, Unanswered, UsageError, ValidationError
from ops.http.client import Client
from ops.items import Json
from ops.kinds.resource import Change, Owner
from ops.products.kv import api, pairs, valid
from ops.products.kv.resources import NAMESPACE as NAMESPACE_KIND
from ops.products.kv.resources import PAIR
from ops.products.kv.values import fetch, value_of
from ops.sandbox.faults import Fault
from ops.sandbox.seed_workers import namespace_id
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.products.answers import envelope
from tests.products.connection import connected
from tests.products.kv_stage import fill, new_namespace, sent, stored
from tests.products.writing import undo_id, written

Inv = Callable[..., Result]

ROOT = Path(__file__).parents[2]
ACCOUNT, NAMESPACE = "a" * 32, "b" * 32
SPACE = Owner(ACCOUNT, NAMESPACE, {})
KV = f"{API}/accounts/{ACCOUNT}/storage/kv/namespaces"
MIB = 1 << 20
NOW = 1_800_000_000.0


def item(key: str, value: bytes = b"v", **more: Any) -> Json:
    return {"key": key, "value": value, **more}


def owner(sandbox: Sandbox, namespace: str) -> Owner:
    return Owner(sandbox.account_id, namespace, {"id": namespace, "title": "space"})


# Refused before anything is sent


@pytest.mark.fault("E4", "E5")
@pytest.mark.parametrize("key", [".", "..", "é" * 256 + "a", "a\udcff"])
@pytest.mark.parametrize("command", [("kv.put", "--value", "v"), ("kv.delete", "--yes")])
def test_a_key_that_is_forbidden_is_refused_before_any_request(
    staged: Sandbox, inv: Inv, command: tuple[str, ...], key: str
) -> None:
    result = inv(*command, "--namespace", "sessions", f"--key={key}")

    assert result.code == 1
    assert staged.requests == []


@pytest.mark.fault("E4")
@pytest.mark.parametrize("key", ["", ".", ".."])
def test_no_write_is_sent_with_a_key_that_addresses_another_resource(
    client: Client, http: responses.RequestsMock, key: str
) -> None:
    with pytest.raises(UsageError):
        api.put_value(client, SPACE, item(key))
    with pytest.raises(UsageError):
        api.delete_value(client, SPACE, key)

    assert len(http.calls) == 0


BAD = {
    "no value": [],
    "two values": ["--value", "v", "--file", "x"],
    "a missing file": ["--file", "missing.bin"],
    "a folder": ["--file", "/"],
    "metadata that is not JSON": ["--value", "v", "--metadata", "{n:1}"],
    "metadata that is not finite": ["--value", "v", "--metadata", "NaN"],
    "long metadata": ["--value", "v", "--metadata", json.dumps("x" * 1023)],
    "a short ttl": ["--value", "v", "--ttl", "59"],
    "a ttl of 0": ["--value", "v", "--ttl", "0"],
    "a negative ttl": ["--value", "v", "--ttl", "-1"],
    "an expiration of 0": ["--value", "v", "--expiration", "0"],
    "a ttl of 0 and a moment": ["--value", "v", "--ttl", "0", "--expiration", "4000000000"],
    "a ttl and a moment": ["--value", "v", "--ttl", "60", "--expiration", "4000000000"],
    "a date in the past": ["--value", "v", "--expiration", "2020-01-01"],
    "metadata with an infinite number": ["--value", "v", "--metadata", '{"a": 1e999}'],
    "metadata with a repeated field": ["--value", "v", "--metadata", '{"a": 1, "a": 2}'],
    "metadata that is not UTF-8": ["--value", "v", "--metadata", '"gr\udcfc\udcdfe"'],
    "metadata with half of a character": ["--value", "v", "--metadata", '{"a": "\\ud800"}'],
    "a device": ["--file", "/dev/zero"],
    "milliseconds": ["--value", "v", "--expiration", "1900000000000"],
    "the year 10000": ["--value", "v", "--expiration", "253402300800"],
    "a number of 200 digits": ["--value", "v", "--expiration", "1" * 200],
    "a huge ttl": ["--value", "v", "--ttl", "300000000000"],
    "an unknown date": ["--value", "v", "--expiration", "tomorrow"],
}


@pytest.mark.parametrize("words", BAD.values(), ids=BAD)
def test_invalid_input_has_a_message_and_a_hint_and_sends_no_request(
    staged: Sandbox, inv: Inv, words: list[str]
) -> None:
    result = inv("kv.put", "--namespace", "sessions", "--key", "k", *words)

    assert result.code == 1
    assert "hint: " in result.err
    assert staged.requests == []


HINTS = {
    ("--expiration", 1_900_000_000 * 10**3): "1900000000 (2030-03-17) if it is in milliseconds",
    ("--expiration", 1_900_000_000 * 10**6): "1900000000 (2030-03-17) if it is in microseconds",
    ("--expiration", 1_900_000_000 * 10**9): "1900000000 (2030-03-17) if it is in nanoseconds",
    ("--expiration", valid.LATEST + 1): "without an expiration a value is kept forever",
    (
        "--ttl",
        300_000_000 * 10**3,
    ): "300000000 if it is in milliseconds; 300000 if it is in microseconds; 300 if",
    (
        "--ttl",
        86_400_000 * 10**6,
    ): "86400000 if it is in microseconds; 86400 if it is in nanoseconds; without",
    ("--ttl", 86_400_000 * 10**9): "86400000 if it is in nanoseconds; without",
    ("--ttl", 1_900_000_000 * 10**3): "as an expiration 1900000000 (2030-03-17) if it is in milliseconds",
    ("--ttl", 10**30): "without an expiration a value is kept forever",
}


@pytest.mark.parametrize("source", ["a named pipe", "a pipe of the shell", "/dev/null"])
def test_a_value_is_read_from_a_pipe_that_has_a_writer(staged: Sandbox, inv: Inv, source: str) -> None:
    content = b"" if source == "/dev/null" else b"\x00\xff" * 1000
    reader, writer = os.pipe()
    file = {"a named pipe": "pipe", "a pipe of the shell": f"/dev/fd/{reader}"}.get(source, source)
    os.write(writer, content)
    os.close(writer)
    if file == "pipe":
        os.mkfifo(file)
        threading.Thread(target=Path(file).write_bytes, args=(content,), daemon=True).start()

    result = inv("kv.put", "--namespace", "assets", "--key", "k", "--file", file)
    os.close(reader)

    assert result.code == 0, result.err
    assert stored(staged, namespace_id("assets"))["k"][0] == content


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.files.disk.PATIENCE", 0.1)
    os.mkfifo("pipe")

    result = inv("kv.put", "--namespace", "assets", "--key", "k", "--file", "pipe")

    assert (result.code, staged.requests) == (1, [])
    assert "nothing was written to the pipe pipe within 0.1 s" in result.err


@pytest.mark.parametrize(("option", "number"), HINTS)
def test_a_number_in_another_unit_gets_a_hint_to_the_seconds_that_were_meant(
    staged: Sandbox, inv: Inv, option: str, number: int
) -> None:
    result = inv("kv.put", "--namespace", "sessions", "--key", "k", "--value", "v", option, str(number))

    assert (result.code, staged.requests) == (1, [])
    assert HINTS[option, number] in result.err.partition("hint: ")[2]


@pytest.mark.parametrize(
    "line",
    [
        ("kv.create", "--title", "gr\udcfc"),
        ("kv.keys", "--namespace", "sessions", "--prefix", "\udcff"),
        ("zones.set", "--zone", "example.com", "--setting", "ssl", "--value", "gr\udcfc"),
        ("zones.list", "--name", "gr\udcfc.example"),
        ("dns.put", "--zone", "example.com", "--type", "TXT", "--name", "t", "--content", "gr\udcfc"),
        ("workers.route-create", "--zone", "example.com", "--script", "api", "--pattern", "gr\udcfc"),
    ],
)
def test_text_that_is_not_utf_8_is_refused_before_any_request(
    staged: Sandbox, inv: Inv, line: tuple[str, ...]
) -> None:
    result = inv(*line)

    assert result.code == 1
    assert "is not valid UTF-8" in result.err
    assert staged.requests == []


def test_a_value_on_the_command_line_may_be_any_bytes(staged: Sandbox, inv: Inv) -> None:
    result = inv("kv.put", "--namespace", "assets", "--key", "raw", "--value", "gr\udcfc\udcdfe")

    assert result.code == 0, result.err
    assert stored(staged, namespace_id("assets"))["raw"][0] == b"gr\xfc\xdfe"


def test_a_value_from_a_closed_stdin_is_refused(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    result = inv("kv.put", "--namespace", "assets", "--key", "k", "--file", "-")

    assert result.code == 1
    assert "stdin is closed" in result.err


@pytest.mark.parametrize("title", [" ", "x" * 513])
def test_an_invalid_title_is_refused_before_any_request(staged: Sandbox, inv: Inv, title: str) -> None:
    result = inv("kv.create", "--title", title)

    assert result.code == 1
    assert staged.requests == []


@pytest.mark.fault("E1", "P13")
def test_a_value_may_have_25_mib_but_not_one_byte_more() -> None:
    valid.value(bytes(25 * MIB))

    with pytest.raises(ValidationError, match="26,214,400"):
        valid.value(bytes(25 * MIB + 1))


@pytest.mark.parametrize(("letters", "fits"), [(1022, True), (1023, False)])
def test_metadata_may_have_1024_bytes_as_json(letters: int, fits: bool) -> None:
    text = json.dumps("x" * letters)

    if fits:
        assert valid.metadata(text) == "x" * letters
    else:
        with pytest.raises(ValidationError, match="1,025 bytes"):
            valid.metadata(text)


def test_metadata_is_measured_as_compact_utf_8() -> None:
    assert valid.metadata(json.dumps({"n": ["é" * 500, 1]}, indent=40)) == {"n": ["é" * 500, 1]}


@pytest.mark.parametrize(("ahead", "fits"), [(60, True), (59, False)])
def test_an_expiration_is_at_least_60_seconds_in_the_future(ahead: int, fits: bool) -> None:
    moment = str(int(NOW) + ahead)

    if fits:
        assert valid.expiration(moment, None, now=NOW) == int(moment)
    else:
        with pytest.raises(ValidationError, match="less than 60 s in the future"):
            valid.expiration(moment, None, now=NOW)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-31", 1801353600),
        ("2027-01-31T12:00:00Z", 1801396800),
        ("2027-01-31T13:00:00+01:00", 1801396800),
        ("2027-01-31 12:00", 1801396800),
        ("1801396800", 1801396800),
    ],
)
def test_an_expiration_is_a_date_in_utc_or_epoch_seconds(text: str, moment: int) -> None:
    assert valid.expiration(text, None, now=NOW) == moment


@pytest.mark.parametrize(("ttl", "after"), [(60, 71), (70, 71), (71, 72), (3600, 3601)])
def test_a_ttl_becomes_an_expiration_that_a_late_request_still_meets(ttl: int, after: int) -> None:
    assert valid.expiration("", ttl, now=NOW + 0.5) == int(NOW) + after


def test_no_expiry_is_none() -> None:
    assert valid.expiration("", None, now=NOW) is None


# Single values


@pytest.mark.fault("E2")
def test_a_value_from_stdin_is_written_byte_for_byte(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytes(range(256)) * 3
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    result = inv("kv.put", "--namespace", "assets", "--key", "bytes", "--file", "-")

    assert result.code == 0, result.err
    assert stored(staged, namespace_id("assets"))["bytes"] == (data, None, None)


@pytest.mark.fault("E2")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.binary(max_size=300),
    metadata=st.one_of(
        st.none(), st.integers(), st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.booleans())
    ),
)
def test_a_pair_that_was_put_is_found_equal(
    stocked: tuple[Client, Owner], value: bytes, metadata: Any
) -> None:
    client, namespace = stocked
    expected = pairs.pair("k", value, metadata, 4_000_000_000)

    api.put_value(client, namespace, expected)

    assert pairs.find(client, namespace, {"key": "k"}) == expected
    assert pairs.find_all(client, namespace, [{"key": "k"}, {"key": "none"}]) == [expected, None]


@pytest.fixture
def stocked(sandbox: Sandbox, tmp_path: Path) -> Any:
    """Return a client of the sandbox, and an empty namespace in it."""
    namespace = new_namespace(sandbox, "space")
    with connected(sandbox, tmp_path) as client:
        yield client, owner(sandbox, namespace)


@pytest.mark.fault("E3")
@pytest.mark.parametrize(
    "key", ["a/b", "%2F", "?#&", "a b", "💥", "\u202eabc", "é" * 256, "--dashes", "a\nb"]
)
def test_an_awkward_key_is_written_and_deleted_unchanged(staged: Sandbox, inv: Inv, key: str) -> None:
    namespace = new_namespace(staged, "awkward")

    put = inv("kv.put", "--namespace", "awkward", f"--key={key}", "--value", "v")
    there = list(stored(staged, namespace))
    deleted = inv("kv.delete", "--namespace", "awkward", f"--key={key}", "--yes")

    assert (put.code, deleted.code) == (0, 0), put.err + deleted.err
    assert there == [key]
    assert stored(staged, namespace) == {}


def test_a_value_with_a_ttl_is_sent_with_its_expiration_so_that_a_retry_changes_nothing(
    staged: Sandbox, inv: Inv
) -> None:
    staged.faults.add(Fault("drop-after", "PUT", "*/values/*"))

    with time_machine.travel(time.time(), tick=False):
        moment = int(time.time()) + 3601
        result = inv("kv.put", "--namespace", "sessions", "--key", "k", "--value", "v", "--ttl", "3600")

    assert result.code == 0, result.err
    assert {where.partition("?")[2] for where in sent(staged, "PUT", "/values/k")} == {f"expiration={moment}"}
    assert stored(staged, namespace_id("sessions"))["k"] == (b"v", None, moment)


@pytest.mark.fault("B11")
def test_a_written_value_is_read_by_its_key_because_the_list_may_lag(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("lag", "GET", "*/keys*", times=-1))

    result = inv("kv.put", "--namespace", "sessions", "--key", "fresh", "--value", "v")
    listed = inv("kv.keys", "--namespace", "sessions", "--prefix", "fresh", "--no-headers")

    assert result.code == 0
    assert "warning" not in result.err
    assert "only after a minute" in result.err
    assert listed.out == ""


def test_deleting_a_missing_key_changes_nothing(staged: Sandbox, inv: Inv) -> None:
    result = inv("kv.delete", "--namespace", "sessions", "--key", "nothing", "--output", "json")

    assert result.code == 0
    assert json.loads(result.out)[0]["action"] == "unchanged"
    assert written(staged) == []


def test_putting_an_equal_value_writes_nothing(staged: Sandbox, inv: Inv) -> None:
    line = ("kv.put", "--namespace", "sessions", "--key", "k", "--value", "v", "--metadata", "[1]")
    inv(*line)
    staged.requests.clear()

    again = inv(*line, "--output", "json")

    assert json.loads(again.out)[0]["action"] == "unchanged"
    assert written(staged) == []


@pytest.mark.long
@pytest.mark.fault("E1")
def test_25_mib_are_replaced_by_25_mib_in_less_than_100_mib_of_memory(
    staged: Sandbox, home: Path, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"\xff" + bytes(25 * MIB - 1))
    new.write_bytes(b"\xfe" + bytes(25 * MIB - 1))

    first = put_in_a_process(old)
    second = put_in_a_process(new)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert int(second.stdout.split()[-1]) < 100 * 1024
    assert stored(staged, namespace_id("assets"))["large"][0] == new.read_bytes()


PEAK = """
import sys
from pathlib import Path
from ops.program import OpsProgram, collection
try:
    OpsProgram(name="inv", binary="inv", namespace=collection()).run(sys.argv)
finally:
    # Unlike ru_maxrss it does not include the peak of the parent process.
    print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


def put_in_a_process(file: Path) -> subprocess.CompletedProcess[str]:
    """Run kv.put in a process; the last word of its output is the peak memory in KiB."""
    line = ["kv.put", "--namespace", "assets", "--key", "large", "--file", str(file)]
    command = [sys.executable, "-c", PEAK, *line]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=50, check=False, env=environ)


@pytest.mark.fault("E1")
@pytest.mark.parametrize("source", ["file", "stdin"])
def test_25_mib_and_a_byte_are_refused_before_any_request(
    staged: Sandbox, inv: Inv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(25 * MIB + 1))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file.open("rb")))

    result = inv(
        "kv.put", "--namespace", "assets", "--key", "k", "--file", "-" if source == "stdin" else str(file)
    )

    assert result.code == 1
    assert "25 MiB" in result.err
    assert staged.requests == []


@pytest.mark.fault("A14")
def test_a_value_that_cannot_be_proven_whole_does_not_count_as_the_live_value(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{KV}/{NAMESPACE}/values/k", body=b"half", auto_calculate_content_length=False)
    http.post(f"{KV}/{NAMESPACE}/bulk/get", json=envelope({"values": {"k": "half a value"}}))

    with pytest.raises(MalformedAnswer, match="may not be the whole value"):
        fetch(client, SPACE, "k", like=b"half")


@pytest.mark.parametrize("like", [b"", b"the value", b"the value, longer", b"the vaLue", b"the"])
def test_a_value_is_read_whole_whatever_was_expected(
    client: Client, http: responses.RequestsMock, like: bytes
) -> None:
    http.get(f"{KV}/{NAMESPACE}/values/k", body=b"the value", headers={"Content-Length": "9"})

    assert fetch(client, SPACE, "k", like)[0] == b"the value"


def test_a_missing_key_is_none_and_a_missing_namespace_an_error(stocked: tuple[Client, Owner]) -> None:
    client, namespace = stocked

    assert pairs.find(client, namespace, {"key": "k"}) is None
    assert value_of(client, namespace, "k", None) is None
    with pytest.raises(NotFound):
        pairs.find(client, namespace._replace(id="f" * 32), {"key": "k"})
    with pytest.raises(NotFound):
        value_of(client, namespace._replace(id="f" * 32), "k", None)


@pytest.mark.fault("G1")
@pytest.mark.parametrize("part", ["metadata", "values"])
def test_a_404_that_does_not_prove_the_absence_of_a_key_stops_the_write(
    staged: Sandbox, inv: Inv, part: str
) -> None:
    namespace = new_namespace(staged, "config copy")
    fill(staged, namespace, {"keep": b"old"})
    staged.requests.clear()
    staged.faults.add(Fault("gone", "GET", f"*/{part}/*", times=-1))

    result = inv("kv.put", "--namespace", "config copy", "--key", "keep", "--value", "NEW", "--yes")

    assert result.code == 1
    assert "create" not in result.err
    assert written(staged) == []
    assert stored(staged, namespace)["keep"][0] == b"old"


@pytest.mark.fault("G1")
@pytest.mark.parametrize("parts", [("values",), ("metadata",), ("values", "metadata")])
@pytest.mark.parametrize("line", [("kv.put", "--value", "NEW"), ("kv.delete",)], ids=" ".join)
def test_a_key_of_which_a_part_is_answered_as_missing_is_not_absent_if_the_rest_or_a_listing_has_it(
    staged: Sandbox, inv: Inv, line: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    namespace = new_namespace(staged, "config copy")
    fill(staged, namespace, {"keep": b"old", "keeper": b"old"})
    staged.requests.clear()
    for part in parts:
        staged.faults.add(Fault("gone", "GET", f"*/{part}/keep", times=-1, code=10009, message="no key"))

    result = inv(*line, "--namespace", "config copy", "--key", "keep", "--yes")

    assert result.code == 2
    assert "keep" in result.err
    assert "may exist: it" in result.err
    assert written(staged) == []
    assert stored(staged, namespace)["keep"][0] == b"old"


@pytest.mark.fault("G1")
def test_a_key_that_begins_another_one_is_absent(staged: Sandbox, inv: Inv) -> None:
    namespace = new_namespace(staged, "config copy")
    fill(staged, namespace, {"keeper": b"old"})

    result = inv("kv.put", "--namespace", "config copy", "--key", "keep", "--value", "NEW", "--yes")

    assert result.code == 0, result.err
    assert stored(staged, namespace)["keep"][0] == b"NEW"


@pytest.mark.fault("G1")
def test_a_key_that_is_deleted_between_its_value_and_its_metadata_is_absent(
    client: Client, http: responses.RequestsMock
) -> None:
    absent = {"success": False, "errors": [{"code": 10009, "message": "key not found"}], "result": None}
    http.get(f"{KV}/{NAMESPACE}/values/k", body=b"old", headers={"Content-Length": "3"})
    http.get(f"{KV}/{NAMESPACE}/metadata/k", json=absent, status=404)
    http.get(f"{KV}/{NAMESPACE}/values/k", json=absent, status=404)
    http.get(f"{KV}/{NAMESPACE}/metadata/k", json=absent, status=404)

    assert pairs.find(client, Owner(ACCOUNT, NAMESPACE, {}), {"key": "k"}) is None


@pytest.mark.fault("G1")
def test_a_404_that_does_not_prove_the_absence_of_a_namespace_is_an_error(
    stocked: tuple[Client, Owner], sandbox: Sandbox
) -> None:
    client, namespace = stocked
    account = Owner(namespace.account_id, namespace.account_id, {})
    sandbox.faults.add(Fault("gone", "GET", f"*/namespaces/{namespace.id}", times=-1))

    assert NAMESPACE_KIND.writes
    with pytest.raises(NotFound):
        NAMESPACE_KIND.writes.find(client, account, {"id": namespace.id, "title": "space"})


@pytest.mark.parametrize("result", [[], {"unsuccessful_keys": 7}, {"successful_key_count": "2"}])
def test_the_result_of_a_bulk_write_of_another_shape_is_malformed(
    client: Client, http: responses.RequestsMock, result: Any
) -> None:
    http.put(f"{KV}/{NAMESPACE}/bulk", json=envelope(result))

    with pytest.raises(MalformedAnswer, match="not as documented"):
        pairs.write_all(client, SPACE, [item("a"), item("b")])


# Namespaces


@pytest.mark.parametrize("fault", ["gone", "denied", "reset"])
def test_a_namespace_is_deleted_even_if_its_keys_cannot_be_counted(
    staged: Sandbox, inv: Inv, fault: str
) -> None:
    new_namespace(staged, "uncounted")
    staged.faults.add(Fault(fault, "GET", "*/keys*", times=-1))

    result = inv("kv.remove", "--namespace", "uncounted", "--confirm", "uncounted")

    assert result.code == 0, result.err
    assert "uncounted has an unknown number of keys" in result.err


def test_an_existing_namespace_stays_unchanged(staged: Sandbox, inv: Inv) -> None:
    result = inv("kv.create", "--title", "sessions", "--output", "json")

    (row,) = json.loads(result.out)
    assert (row["action"], row["id"]) == ("unchanged", namespace_id("sessions"))
    assert written(staged) == []


@pytest.mark.fault("G1", "P5")
def test_a_namespace_created_before_the_response_was_lost_counts_as_created(
    staged: Sandbox, inv: Inv
) -> None:
    staged.faults.add(Fault("drop-after", "POST", "*/storage/kv/namespaces"))

    result = inv("kv.create", "--title", "once")
    undone = inv("undo.apply", "--id", undo_id(result.err), "--confirm", "once")

    assert result.code == 0, result.err
    assert len(sent(staged, "POST", "/namespaces")) == 1
    assert undone.code == 0, undone.err
    assert "once" not in inv("kv.list").out


def test_a_title_that_is_taken_is_a_conflict(staged: Sandbox, inv: Inv) -> None:
    result = inv("kv.rename", "--namespace", "sessions", "--title", "assets")

    assert result.code == 1
    assert "already exists (10014)" in result.err


@pytest.mark.fault("G4")
@pytest.mark.parametrize("words", [(), ("--yes",), ("--confirm", "session")])
def test_a_namespace_is_deleted_only_by_typing_its_title(
    staged: Sandbox, inv: Inv, words: tuple[str, ...]
) -> None:
    result = inv("kv.remove", "--namespace", "sessions", *words)

    assert result.code == 1
    assert "sessions has 1,000 keys or more" in result.err
    assert "Workers are bound" in result.err
    assert written(staged) == []


def test_the_number_of_keys_of_a_namespace_is_shown_before_its_deletion(staged: Sandbox, inv: Inv) -> None:
    result = inv("kv.remove", "--namespace", "feature-flags", "--confirm", "feature-flags")

    assert result.code == 0
    assert "feature-flags has 8 keys; `inv kv.dump` saves them first" in result.err
    assert "cannot be undone" in result.err


# Deleting in bulk


def stock(sandbox: Sandbox, count: int) -> str:
    namespace = new_namespace(sandbox, "stock")
    fill(sandbox, namespace, {f"user:{n:06d}": b"%d" % n for n in range(count)})
    fill(sandbox, namespace, {"other": b"stays"})
    sandbox.requests.clear()
    return namespace


@pytest.mark.long
def test_10_001_keys_are_deleted_with_two_requests_and_restored(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 10_001)
    before = stored(staged, namespace)

    deleted = inv("kv.delete", "--namespace", "stock", "--prefix", "user:", "--yes", "--force")
    left = stored(staged, namespace)
    wrote = [how for how, where in written(staged) if "bulk/get" not in where]
    undone = inv("undo.apply", "--id", undo_id(deleted.err), "--yes")

    assert deleted.code == 0, deleted.err
    assert list(left) == ["other"]
    assert wrote == ["POST", "DELETE"]
    assert undone.code == 0, undone.err
    assert stored(staged, namespace) == before


def test_the_undo_of_a_bulk_is_compared_a_hundred_at_a_time(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 1000)
    deleted = inv("kv.delete", "--namespace", "stock", "--prefix", "user:", "--yes", "--force")
    staged.requests.clear()

    inv("undo.apply", "--id", undo_id(deleted.err), "--yes")

    assert len(sent(staged, "POST", "/bulk/get")) == 10
    assert len(sent(staged, "GET", "/values/")) <= 4


@pytest.mark.fault("G2")
@pytest.mark.parametrize(("count", "code"), [(50, 0), (51, 1)])
def test_more_than_50_keys_need_force(staged: Sandbox, inv: Inv, count: int, code: int) -> None:
    namespace = stock(staged, count)

    result = inv("kv.delete", "--namespace", "stock", "--prefix", "user:", "--yes")

    assert result.code == code
    assert len(stored(staged, namespace)) == (1 if code == 0 else count + 1)


@pytest.mark.fault("G4")
def test_a_deletion_asks_with_the_number_of_keys(staged: Sandbox, inv: Inv) -> None:
    stock(staged, 20)

    result = inv("kv.delete", "--namespace", "stock", "--prefix", "user:")

    assert result.code == 1
    assert "delete 20 keys of stock with the prefix 'user:'?" in result.err
    assert [where for _, where in written(staged) if not where.endswith("/bulk/get")] == []


@pytest.mark.parametrize("words", [(), ("--key", "k", "--prefix", "p")])
def test_either_a_key_or_a_prefix_is_deleted(staged: Sandbox, inv: Inv, words: tuple[str, ...]) -> None:
    result = inv("kv.delete", "--namespace", "sessions", "--yes", *words)

    assert result.code == 1
    assert staged.requests == []


@pytest.mark.fault("E4")
def test_a_prefix_may_be_a_dot(staged: Sandbox, inv: Inv) -> None:
    namespace = new_namespace(staged, "dots")
    fill(staged, namespace, {".a": b"1", "..b": b"2", "c": b"3"})

    result = inv("kv.delete", "--namespace", "dots", "--prefix", "..", "--yes")

    assert result.code == 0, result.err
    assert list(stored(staged, namespace)) == [".a", "c"]


# Bulk requests


@pytest.mark.fault("P13")
@pytest.mark.parametrize(("count", "requests"), [(9_999, 1), (10_000, 1), (10_001, 2)])
def test_a_bulk_write_takes_10_000_pairs(count: int, requests: int) -> None:
    made = list(pairs.bodies(item(f"k{n}") for n in range(count)))

    assert len(made) == requests
    assert sum(len(json.loads(body)) for _, body in made) == count


@pytest.mark.fault("P13")
@pytest.mark.parametrize(("limit", "requests"), [(0, 1), (-1, 2)])
def test_a_bulk_write_is_measured_in_bytes_as_sent(limit: int, requests: int) -> None:
    items = [item("a", b"\xff" * 1000), item("b", "é".encode() * 1000), item("c", b"x" * 1000)]
    whole = next(pairs.bodies(items))[1]

    made = list(pairs.bodies(items, limit=len(whole) + limit))

    assert len(made) == requests
    assert all(len(body) <= len(whole) + limit for _, body in made)


def test_a_single_pair_is_sent_however_large_it_is() -> None:
    assert [keys for keys, _ in pairs.bodies([item("a", bytes(99)), item("b", bytes(99))], limit=10)] == [
        ["a"],
        ["b"],
    ]


@pytest.mark.fault("E2")
@given(value=st.binary(max_size=200), metadata=st.one_of(st.none(), st.text(), st.lists(st.integers())))
def test_a_pair_in_a_bulk_write_encodes_the_same_bytes(value: bytes, metadata: Any) -> None:
    from base64 import b64decode

    shown = json.loads(pairs.encoded(pairs.pair("k", value, metadata, 4_000_000_000)))

    report = b64decode(shown["value"]) if shown.get("base64") else shown["value"].encode()
    assert (report, shown.get("metadata"), shown["expiration"]) == (value, metadata, 4_000_000_000)


def test_text_that_would_grow_as_json_is_sent_as_base64() -> None:
    value = bytes(3_000)

    assert len(pairs.encoded(item("k", value))) < 4_100


@pytest.mark.parametrize("failing", [1, 7])
def test_only_the_keys_that_failed_are_sent_again(
    stocked: tuple[Client, Owner], sandbox: Sandbox, failing: int
) -> None:
    client, namespace = stocked
    sandbox.faults.add(Fault("partial-bulk", "PUT", "*/bulk", keys=failing))
    sandbox.faults.add(Fault("partial-bulk", "POST", "*/bulk/delete", keys=failing))
    sizes: list[int] = []
    sandbox.edge.observer = lambda exchange: sizes.append(len(json.loads(exchange.body)))
    items = [item(f"k{n}", b"%d" % n) for n in range(10)]

    pairs.write_all(client, namespace, items)
    there = stored(sandbox, namespace.id)
    pairs.delete_all(client, namespace, [one["key"] for one in items])

    assert {key: value for key, (value, _, _) in there.items()} == {one["key"]: one["value"] for one in items}
    assert stored(sandbox, namespace.id) == {}
    assert sizes == [10, failing, 10, failing]


def test_keys_that_fail_in_every_attempt_are_named(stocked: tuple[Client, Owner], sandbox: Sandbox) -> None:
    client, namespace = stocked
    sandbox.faults.add(Fault("partial-bulk", "PUT", "*/bulk", keys=1, times=-1))

    with pytest.raises(MalformedAnswer, match=r"1 of 3 keys could not be written: 'c'"):
        pairs.write_all(client, namespace, [item(key) for key in "abc"])

    assert len(sent(sandbox, "PUT", "/bulk")) == pairs.ATTEMPTS


def test_a_response_that_does_not_account_for_every_key_is_not_a_success(
    client: Client, http: responses.RequestsMock
) -> None:
    http.put(f"{KV}/{NAMESPACE}/bulk", json=envelope({"successful_key_count": 1, "unsuccessful_keys": []}))

    with pytest.raises(MalformedAnswer, match="counts 1 successful"):
        pairs.write_all(client, SPACE, [item("a"), item("b")])


def test_a_response_without_counts_counts_as_a_success(client: Client, http: responses.RequestsMock) -> None:
    http.put(f"{KV}/{NAMESPACE}/bulk", json=envelope(None))

    pairs.write_all(client, SPACE, [item("a"), item("b")])


def test_a_failure_after_some_were_written_leaves_the_outcome_open(
    client: Client, http: responses.RequestsMock
) -> None:
    http.put(f"{KV}/{NAMESPACE}/bulk", json=envelope({"successful_key_count": 10_000}))
    http.put(
        f"{KV}/{NAMESPACE}/bulk",
        json={"success": False, "errors": [{"code": 1, "message": "no"}]},
        status=400,
    )

    with pytest.raises(Unanswered, match=r"10,000 of 10,001 keys were written, then: .*no"):
        pairs.write_all(client, SPACE, [item(f"k{n}") for n in range(10_001)])


def test_a_refusal_of_the_first_request_is_raised_unchanged(
    client: Client, http: responses.RequestsMock
) -> None:
    http.put(
        f"{KV}/{NAMESPACE}/bulk",
        json={"success": False, "errors": [{"code": 1, "message": "no"}]},
        status=400,
    )

    with pytest.raises(ValidationError):
        pairs.write_all(client, SPACE, [item("a")])


@pytest.mark.fault("A8")
def test_a_bulk_write_whose_response_was_lost_is_found_to_be_done(staged: Sandbox, inv: Inv) -> None:
    namespace = stock(staged, 300)
    before = stored(staged, namespace)
    deleted = inv("kv.delete", "--namespace", "stock", "--prefix", "user:", "--yes", "--force")
    staged.faults.add(Fault("error-after", "PUT", "*/bulk", times=-1))
    staged.requests.clear()

    undone = inv("undo.apply", "--id", undo_id(deleted.err), "--yes")

    assert undone.code == 0, undone.err
    assert stored(staged, namespace) == before
    assert len(sent(staged, "PUT", "/bulk")) <= 2


def test_pairs_that_have_expired_meanwhile_are_not_restored(
    stocked: tuple[Client, Owner], sandbox: Sandbox
) -> None:
    client, namespace = stocked
    soon, later = int(time.time()) + 59, int(time.time()) + 500
    expected = [item("soon", expiration=soon), item("later", expiration=later), item("ever")]

    made = pairs.change(client, namespace, [Change(PAIR, namespace, None, one) for one in expected])

    assert made == [None, expected[1], expected[2]]
    assert list(stored(sandbox, namespace.id)) == ["ever", "later"]


@pytest.mark.fault("G8")
def test_deletions_that_fail_after_others_were_written_leave_the_outcome_open(
    stocked: tuple[Client, Owner], sandbox: Sandbox
) -> None:
    client, namespace = stocked
    sandbox.faults.add(Fault("denied", "DELETE", "*/values/*"))
    changes = [
        Change(PAIR, namespace, None, item("new")),
        Change(PAIR, namespace, item("old"), None),
    ]

    with pytest.raises(Unanswered, match="1 of 2 keys were changed, then: "):
        pairs.change(client, namespace, changes)


@pytest.mark.fault("A7")
def test_a_key_that_the_firewall_refuses_names_the_key(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("403-html", "PUT", "*/values/*", times=-1))

    result = inv("kv.put", "--namespace", "sessions", "--key", "a...", "--value", "v")

    assert result.code == ApiError.exit_code
    assert "'a...'" in result.err


# Dry run


@pytest.mark.fault("G7")
def test_a_dry_run_sees_the_namespace_that_it_would_have_created(staged: Sandbox, inv: Inv) -> None:
    line = "kv.create --title next kv.put --namespace next --key k --value v kv.remove --namespace next"

    result = inv("--dry", *line.split())

    assert result.code == 0, result.err
    assert "it counts as empty" in result.err
    assert written(staged) == []


def test_a_namespace_that_no_task_would_create_does_not_exist_in_a_dry_run(staged: Sandbox, inv: Inv) -> None:
    result = inv("kv.put", "--dry-run", "--namespace", "none", "--key", "k", "--value", "v")

    assert result.code == 1
    assert "`inv kv.list`" in result.err
