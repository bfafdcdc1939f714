from __future__ import annotations

import gc
import os
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.errors import Interrupted, NetworkError, OpsError, RateLimited, Unanswered
from ops.http.client import Client
from ops.http.paths import path
from ops.http.stack import open_client
from tests.http.conftest import CANARY
from tests.wire import Exchange, Wire, failed, ok, reset

Open = Callable[..., Client]
ROOT = Path(__file__).parents[2]


@pytest.mark.fault("D5")
def test_a_stop_during_a_wait_of_five_minutes_ends_it(settings: Callable[..., Settings]) -> None:
    stop, said = threading.Event(), list[str]()

    def heard(text: str) -> None:
        said.append(text)
        stop.set()

    with Wire(failed(429, 971, "Please wait", retry_after="300")) as wire:
        client = open_client(settings(base_url=wire.url, attempts=4), say=heard, stop=stop)
        with pytest.raises(Interrupted):
            client.get(path("/zones"))

    assert len(wire.requests) == 1
    assert "waiting 5 min" in said[0]


@pytest.mark.fault("D2")
def test_no_request_is_made_after_a_stop(settings: Callable[..., Settings]) -> None:
    stop = threading.Event()
    with Wire(ok({})) as wire:
        client = open_client(settings(base_url=wire.url), say=print, stop=stop)
        stop.set()
        with pytest.raises(Interrupted):
            client.delete(path("/zones/z"))

    assert wire.requests == []


@pytest.mark.fault("A1")
def test_a_wait_longer_than_the_run_may_last_is_reported_at_once(opened: Open) -> None:
    with (
        Wire(failed(429, 971, "Please wait", retry_after="300")) as wire,
        pytest.raises(RateLimited, match="longer than this run's deadline allows") as failure,
    ):
        opened(wire.url, attempts=4, deadline=60.0).get(path("/zones"))

    assert len(wire.requests) == 1
    assert "try again at" in failure.value.hint


def test_the_last_429_is_reported_when_no_attempt_is_left(opened: Open) -> None:
    with (
        Wire(failed(429, 971, "Please wait", retry_after="300")) as wire,
        pytest.raises(RateLimited, match="971"),
    ):
        opened(wire.url, attempts=1).get(path("/zones"))


def test_a_run_whose_time_is_over_makes_no_request(settings: Callable[..., Settings]) -> None:
    now = [100.0]
    with Wire(ok({})) as wire:
        client = open_client(settings(base_url=wire.url, deadline=10.0), say=print, clock=lambda: now[0])
        now[0] += 11
        with pytest.raises(NetworkError, match="deadline of this run has passed"):
            client.get(path("/zones"))

    assert wire.requests == []


@pytest.mark.fault("A1")
def test_a_429_stops_the_other_threads_too(opened: Open) -> None:
    """Of eight workers, those whose call was not in flight send nothing until the wait is over."""
    moments: list[str] = []
    lock = threading.Lock()

    def play(exchange: Exchange) -> None:
        with lock:
            moments.append(exchange.seen.target)
            first = len(moments) == 1
        exchange.send(failed(429, 971, "Please wait", retry_after="300") if first else ok({}))

    with Wire(play) as wire:
        client = opened(wire.url, attempts=2, deadline=100.0)
        with pytest.raises(RateLimited):
            client.get(path("/zones"))
        for _ in range(8):
            with pytest.raises(RateLimited):
                client.get(path("/zones"))

    assert len(moments) == 1


@pytest.mark.fault("F1")
@pytest.mark.fault("F4")
@pytest.mark.parametrize("end", [reset(), failed(500, 1, "no"), b"HTTP/1.1 200 OK\r\n\r\n"])
def test_no_traceback_holds_the_token(opened: Open, end: bytes) -> None:
    with Wire(end) as wire:
        client = opened(wire.url, read_timeout=0.2)
        with pytest.raises(OpsError) as failure:
            client.get(path("/zones"), name="x")

    chain = "".join(traceback.format_exception(failure.value, chain=True))
    assert CANARY not in chain
    assert not failure.value.__context__ or isinstance(failure.value.__context__, OpsError | ValueError)


@pytest.mark.fault("P2")
@pytest.mark.fault("F1")
@pytest.mark.fault("C9")
def test_no_file_holds_the_token_and_all_are_private(opened: Open, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Wire(ok({})) as wire:
            client = opened(wire.url, cache=60)
            client.get(path("/zones"))
            client.lookup(path("/accounts"))
            client.post(path("/zones"), json={})
    finally:
        os.umask(before)

    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) >= 2
    for file in files:
        assert CANARY.encode() not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.fault("F11")
def test_a_host_that_was_allowed_is_reported(settings: Callable[..., Settings]) -> None:
    said: list[str] = []
    live = Credentials(token="cfut_" + "A" * 48)
    url = "https://api.example.com/client/v4"

    open_client(settings(credentials=live, base_url=url, allow_base_url="api.example.com"), say=said.append)

    assert said == [f"requests go to {url}, as allow_base_url allows"]


def test_a_closed_client_leaves_no_connection_open(opened: Open) -> None:
    with Wire(ok({})) as wire:
        client = opened(wire.url)
        client.get(path("/zones"))
        client.close()
        gc.collect()

        assert wire.connections == 1


def test_a_call_without_a_network_fails_with_its_own_class(opened: Open) -> None:
    with Wire() as wire:
        pass

    with pytest.raises(NetworkError) as failure:
        opened(wire.url).get(path("/zones"))

    assert failure.value.exit_code == 3
    assert not isinstance(failure.value, Unanswered)


@pytest.mark.unmeasured
def test_opening_the_client_loads_neither_sqlite_nor_other_heavy_things() -> None:
    heavy = {"sqlite3", "tabulate", "tqdm", "cryptography"}
    code = f"import sys, ops.http.stack; print(sorted({heavy} & set(sys.modules)))"

    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
