from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.config.credentials import Credentials
from ops.errors import NotFound, OpsError, Unanswered
from ops.http.answers import readable
from ops.http.cache import Cache, with_cache
from ops.http.client import Client
from ops.http.exchange import WRITE, Call, Reply, Send
from ops.http.paths import path
from tests.http.conftest import CANARY, FakeTime
from tests.wire import Wire, answer, failed, ok

ZONES = Call("GET", "/zones", (("name", "a.example"),), fresh=300.0)


class Server:
    """A Send that counts: its n-th answer is {"result": n}."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: dict[str, Any] = {"success": True}
        self.status = 200
        self.failure: OpsError | None = None

    def __call__(self, call: Call) -> Reply:
        if self.failure:
            raise self.failure
        self.calls.append(call)
        body = json.dumps({**self.answer, "result": len(self.calls)}).encode()
        return Reply(self.status, {"date": "Mon, 23 Nov 2026 09:00:00 GMT"}, body)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def cached(
    server: Server, tmp_path: Path, fake_time: FakeTime, notes: list[str]
) -> Iterator[Callable[..., Send]]:
    made: list[Cache] = []

    def make(owner: str = "token") -> Send:
        made.append(Cache(tmp_path / "cache" / "a.sqlite", owner=(owner,), say=notes.append, clock=fake_time))
        return with_cache(readable(server), made[-1])

    yield make
    for cache in made:
        cache.close()


def result(reply: Reply) -> Any:
    return reply.data["result"]


def test_an_answer_is_given_again_while_it_is_fresh(
    cached: Callable[..., Send], server: Server, fake_time: FakeTime
) -> None:
    send = cached()
    first = send(ZONES)
    fake_time.now += 299
    again = send(ZONES)
    fake_time.now += 2
    later = send(ZONES)

    assert [result(reply) for reply in (first, again, later)] == [1, 1, 2]
    assert (first.cached, again.cached) == (False, True)
    assert again.headers["date"] == "Mon, 23 Nov 2026 09:00:00 GMT"


def test_the_order_of_parameters_does_not_matter(cached: Callable[..., Send], server: Server) -> None:
    send = cached()
    send(ZONES._replace(params=(("a", "1"), ("b", "2"))))
    send(ZONES._replace(params=(("b", "2"), ("a", "1"))))
    send(ZONES._replace(params=(("b", "1"), ("a", "2"))))

    assert len(server.calls) == 2


def test_what_must_be_new_is_neither_kept_nor_given(cached: Callable[..., Send], server: Server) -> None:
    send = cached()
    for _ in range(2):
        send(ZONES._replace(fresh=0.0))
    send(ZONES)

    assert len(server.calls) == 3


@pytest.mark.fault("F15")
def test_one_token_is_not_given_what_another_read(cached: Callable[..., Send], server: Server) -> None:
    assert result(cached("A")(ZONES)) == 1
    assert result(cached("B")(ZONES)) == 2
    assert result(cached("A")(ZONES)) == 1


@pytest.mark.fault("F15")
def test_clients_of_two_tokens_share_nothing(opened: Callable[..., Client]) -> None:
    with Wire(lambda x: x.send(ok(x.seen.headers["authorization"][-1]))) as wire:
        for letter in "abab":
            token = Credentials(token="sandbox_" + "t" * 39 + letter)
            assert opened(wire.url, credentials=token).lookup(path("/zones")) == letter

    assert len(wire.requests) == 2


@pytest.mark.fault("D8")
def test_a_stamp_of_the_future_is_stale(
    cached: Callable[..., Send], server: Server, fake_time: FakeTime
) -> None:
    send = cached()
    send(ZONES)
    fake_time.now -= 86400
    send(ZONES)

    assert len(server.calls) == 2


@pytest.mark.fault("A9")
def test_failures_are_not_kept(cached: Callable[..., Send], server: Server) -> None:
    send = cached()
    server.answer = {"success": False, "errors": []}
    send(ZONES)
    server.answer, server.status = {"success": True}, 404
    send(ZONES)
    server.status = 200
    send(ZONES)
    send(ZONES)

    assert len(server.calls) == 3


@pytest.mark.parametrize(
    ("read", "written", "forgotten"),
    [
        ("/zones/z/settings", "/zones/z/settings/ssl", True),
        ("/zones/z/dns_records", "/accounts/a/workers/domains", True),
        ("/accounts/a/storage/kv/namespaces", "/accounts/a/storage/kv/namespaces", True),
        ("/zones", "/zones", True),
        ("/zones", "/zones/z", True),
        ("/zones", "/zones/z/dns_records", False),
        ("/accounts", "/zones/z/purge_cache", False),
        ("/zones", "/accounts/a", True),
    ],
)
def test_a_write_makes_forgotten_what_it_may_have_changed(
    cached: Callable[..., Send], server: Server, read: str, written: str, forgotten: bool
) -> None:
    send = cached()
    send(Call("GET", read, fresh=300.0))
    send(Call("POST", written, kind=WRITE))
    send(Call("GET", read, fresh=300.0))

    assert len(server.calls) == (3 if forgotten else 2)


def test_a_write_that_failed_may_have_been_carried_out(cached: Callable[..., Send], server: Server) -> None:
    send = cached()
    read = Call("GET", "/zones/z/settings", fresh=300.0)
    send(read)

    server.failure = Unanswered("gone")
    with pytest.raises(Unanswered):
        send(Call("PATCH", "/zones/z/settings/ssl", kind=WRITE))
    server.failure = None
    send(read)

    assert len(server.calls) == 2


def test_what_was_read_while_something_was_written_is_not_kept(
    tmp_path: Path, server: Server, cached: Callable[..., Send]
) -> None:
    writer = cached()
    other = Cache(tmp_path / "cache" / "a.sqlite", owner=("token",), clock=lambda: 1000.0)

    def slow(call: Call) -> Reply:
        reply = readable(server)(call)
        writer(Call("POST", "/zones/z/dns_records", kind=WRITE))
        return reply

    read = Call("GET", "/zones/z/dns_records", fresh=300.0)
    with_cache(slow, other)(read)
    other.close()

    assert not writer(read).cached


def test_a_large_answer_is_not_kept(cached: Callable[..., Send], server: Server) -> None:
    send = cached()
    server.answer = {"padding": "x" * 1_100_000}
    send(ZONES)
    send(ZONES)

    assert len(server.calls) == 2


def test_a_full_cache_is_started_again(cached: Callable[..., Send], server: Server, tmp_path: Path) -> None:
    send = cached()
    server.answer = {"padding": "x" * 1_000_000}
    for n in range(45):
        send(ZONES._replace(path=f"/zones/{n}"))

    assert (tmp_path / "cache" / "a.sqlite").stat().st_size <= 8192 * 4096
    assert send(ZONES._replace(path="/zones/44")).cached


@pytest.mark.fault("F14")
@pytest.mark.parametrize("damage", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_replaced_with_a_note(
    cached: Callable[..., Send], server: Server, tmp_path: Path, notes: list[str], damage: bytes
) -> None:
    file = tmp_path / "cache" / "a.sqlite"
    file.parent.mkdir()
    file.write_bytes(damage)
    file.chmod(0o600)
    send = cached()

    send(ZONES)

    assert send(ZONES).cached
    assert notes == [f"the cache {file} was damaged and has been replaced"]


def test_a_file_that_is_damaged_again_and_again_is_not_a_reason_to_fail(
    cached: Callable[..., Send], server: Server, notes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise sqlite3.DatabaseError("file is not a database")

    monkeypatch.setattr(sqlite3, "connect", broken)

    assert result(cached()(ZONES)) == 1
    assert notes
    assert len(server.calls) == 1


def test_a_write_before_anything_was_kept_makes_no_file(cached: Callable[..., Send], tmp_path: Path) -> None:
    cached()(Call("POST", "/zones", kind=WRITE, body=b"{}"))

    assert not (tmp_path / "cache").exists()


@pytest.mark.fault("F14")
@pytest.mark.parametrize("body", [b"not json", b"[]", b"\x80\x04K\x01.", None, "text"])
def test_what_does_not_parse_is_not_there(
    cached: Callable[..., Send], server: Server, tmp_path: Path, body: object
) -> None:
    send = cached()
    send(ZONES)
    with sqlite3.connect(tmp_path / "cache" / "a.sqlite") as db:
        db.execute("UPDATE answers SET body = ?", (body,))
    db.close()

    assert result(send(ZONES)) == 2


@pytest.mark.fault("F14")
def test_a_file_that_others_may_write_is_replaced(
    cached: Callable[..., Send], tmp_path: Path, notes: list[str]
) -> None:
    send = cached()
    send(ZONES)
    file = tmp_path / "cache" / "a.sqlite"
    file.chmod(0o666)

    fresh = cached()

    assert not fresh(ZONES).cached
    assert "accessible to other users" in notes[0]


def test_a_cache_that_cannot_be_used_is_not_a_reason_to_fail(
    cached: Callable[..., Send], server: Server, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    send = cached()

    send(ZONES)
    send(ZONES)

    assert len(server.calls) == 2


@pytest.mark.fault("C9")
def test_every_file_is_for_its_owner_alone_from_the_start(
    cached: Callable[..., Send], tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        cached()(ZONES)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "cache").iterdir()}
    finally:
        os.umask(before)

    assert set(modes.values()) == {0o600}
    assert "a.sqlite-wal" in modes
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


@pytest.mark.fault("F1")
def test_no_secret_is_in_the_cache(opened: Callable[..., Client], tmp_path: Path) -> None:
    with Wire(ok([{"id": "1"}])) as wire:
        client = opened(wire.url)
        client.lookup(path("/zones"), name="a.example")
        client.close()

    content = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert CANARY.encode() not in content


def test_a_lookup_is_kept_for_the_next_command(opened: Callable[..., Client]) -> None:
    with Wire(ok([{"id": "1"}])) as wire:
        for _ in range(2):
            assert opened(wire.url).lookup(path("/zones"), name="a.example") == [{"id": "1"}]

    assert len(wire.requests) == 1


def test_other_reads_are_kept_only_when_the_settings_ask(opened: Callable[..., Client]) -> None:
    with Wire(ok({"id": "1"})) as wire:
        for seconds in (0, 0, 60, 60):
            opened(wire.url, cache=seconds).get(path("/zones"))

    assert len(wire.requests) == 3


def test_only_a_list_of_a_single_page_comes_from_the_cache(opened: Callable[..., Client]) -> None:
    def listed(*ids: str, page: int, total: int) -> bytes:
        info = {"page": page, "per_page": 2, "count": len(ids), "total_count": total}
        dated = [{"id": i, "created_on": "2020-01-01T00:00:00Z"} for i in ids]
        return answer(200, json.dumps({"success": True, "result": dated, "result_info": info}))

    with Wire(
        listed("a", page=1, total=1),
        listed("a", "b", page=1, total=3),
        listed("c", page=2, total=3),
        listed("a", "b", page=1, total=3),
        listed("c", page=2, total=3),
    ) as wire:
        client = opened(wire.url, cache=60)
        single = [list(client.pages(path("/zones"), per_page=2)) for _ in range(2)]
        several = [
            [item["id"] for item in client.pages(path("/zones/z/dns_records"), per_page=2)] for _ in range(2)
        ]

    assert single[0] == single[1]
    assert several == [["a", "b", "c"], ["a", "b", "c"]]
    assert len(wire.requests) == 5


def test_a_failure_is_asked_for_again(opened: Callable[..., Client]) -> None:
    with Wire(failed(404, 7003, "no"), ok([])) as wire:
        client = opened(wire.url)
        with pytest.raises(NotFound):
            client.lookup(path("/zones/z"))

        assert client.lookup(path("/zones/z")) == []
