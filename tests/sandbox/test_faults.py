"""The fault plan: each kind has its effect on the configured request."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from ops.sandbox.faults import Fault, Faults
from ops.sandbox.server import Sandbox
from tests.timing import Within, timed

from .conftest import Api

HTML = (500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526)


def failure_of(call: Callable[[], Any]) -> type[Exception]:
    """Return the class of the exception that a call raises."""
    with pytest.raises(requests.RequestException) as failure:
        call()
    return type(failure.value)


def request_bytes(sandbox: Sandbox, target: str) -> bytes:
    head = f"GET /client/v4{target} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    return f"{head}Authorization: Bearer {sandbox.token}\r\n\r\n".encode()


def exchange(api: Api, target: str) -> bytes:
    """Return every byte that the sandbox sends before it disconnects."""
    with socket.create_connection(("127.0.0.1", api.sandbox.port), timeout=5) as link:
        link.sendall(request_bytes(api.sandbox, target))
        return b"".join(iter(lambda: link.recv(65536), b""))


def test_a_fault_starts_at_the_nth_match_and_repeats_as_configured(api: Api) -> None:
    fault = api.sandbox.faults.add(Fault("503", "GET", "/zones*", nth=2, times=2))

    statuses = [api(method, path).status_code for method, path in [("GET", "/zones"), ("GET", "/user")]]
    statuses += [api("GET", "/zones").status_code for _ in range(3)]

    assert statuses == [200, 200, 503, 503, 200]
    assert (fault.seen, fault.fired) == (4, 2)


def test_a_fault_may_repeat_without_limit(api: Api) -> None:
    api.sandbox.faults.add(Fault("500", times=-1))

    assert {api("GET", "/zones").status_code for _ in range(5)} == {500}


@pytest.mark.parametrize(
    ("path", "target", "matches"),
    [
        ("", "/zones", True),
        ("/zones", "/zones?page=2", True),
        ("/zones?page=2", "/zones?page=2", True),
        ("/zones?page=2", "/zones?page=3", False),
        ("/zones*", "/zones/x/dns_records", True),
        ("*/dns_records", "/zones/x/dns_records", True),
        ("/zones", "/zones/x", False),
        (re.compile(r"/zones/\w+"), "/zones/x", True),
        ("/a.b", "/axb", False),
    ],
)
def test_a_path_is_a_glob_or_a_pattern(path: Any, target: str, matches: bool) -> None:
    assert Fault("reset", path=path).matches("GET", target) is matches


def test_a_line_of_text_is_parsed_as_a_fault() -> None:
    fault = Faults().parse("429 GET /zones* nth=3 times=2 after=17 ratelimit=true")

    assert (fault.kind, fault.method, fault.nth, fault.times) == ("429", "GET", 3, 2)
    assert fault.args == {"after": 17, "ratelimit": True}
    assert fault.matches("GET", "/zones/x")


@pytest.mark.parametrize(
    ("line", "method", "everything"),
    [
        ("reset", "", True),
        ("502 /user", "", False),
        ("drip DELETE", "DELETE", True),
        ("cut * /user", "", False),
    ],
)
def test_method_and_path_are_optional(line: str, method: str, everything: bool) -> None:
    fault = Faults([line])._plan[0]

    assert fault.method == method
    assert fault.matches(method or "GET", "/any") is everything


@pytest.mark.parametrize("line", ["nonsense GET /zones", "429 GET /zones afters=3", "418"])
def test_an_unknown_kind_or_argument_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="fault"):
        Faults([line])


def test_a_plan_can_be_cleared(api: Api) -> None:
    api.sandbox.faults.add(Fault("500", times=-1))

    api.sandbox.faults.clear()

    assert api("GET", "/zones").status_code == 200


@pytest.mark.fault("A1")
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"after": 17}, {"retry-after": "17"}),
        ({"after": "soon"}, {"retry-after": "soon"}),
        ({}, {}),
        ({"after": 5, "ratelimit": True}, {"retry-after": "5", "Ratelimit": '"default";r=0;t=5'}),
    ],
)
def test_429_has_the_configured_headers(api: Api, args: dict[str, Any], expected: dict[str, str]) -> None:
    api.sandbox.faults.add(Fault("429", **args))

    answer = api("GET", "/zones")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, 971)
    assert {
        name: answer.headers[name] for name in ("retry-after", "Ratelimit") if name in answer.headers
    } == expected


@pytest.mark.fault("A3")
def test_a_write_answered_with_429_was_not_executed(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("429", "POST"))
    record = {"type": "A", "name": "once", "content": "192.0.2.1"}

    statuses = [api("POST", f"/zones/{zone}/dns_records", json=record).status_code for _ in range(3)]

    assert statuses == [429, 200, 400]


@pytest.mark.fault("A6")
@pytest.mark.parametrize("status", HTML)
def test_a_server_error_is_an_html_page_of_the_edge(api: Api, status: int) -> None:
    api.sandbox.faults.add(Fault(str(status), retry_after=7))

    answer = api("GET", "/zones")

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["cf-ray"] in answer.text
    assert answer.headers["retry-after"] == "7"


@pytest.mark.fault("A7")
def test_the_firewalls_403_is_an_html_page(api: Api) -> None:
    api.sandbox.faults.add(Fault("403-html"))

    answer = api("GET", "/zones")

    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html; charset=UTF-8")
    assert "blocked" in answer.text


@pytest.mark.fault("A15")
@pytest.mark.parametrize("kind", ["reset", "close"])
def test_a_connection_closed_before_the_response_executed_nothing(api: Api, zone: str, kind: str) -> None:
    api.sandbox.faults.add(Fault(kind, "POST"))
    record = {"type": "A", "name": "once", "content": "192.0.2.1"}

    failure = failure_of(lambda: api("POST", f"/zones/{zone}/dns_records", json=record))

    assert failure is requests.ConnectionError
    assert api("POST", f"/zones/{zone}/dns_records", json=record).status_code == 200


def test_reset_sends_a_tcp_reset_and_close_does_not(api: Api) -> None:
    api.sandbox.faults.add(Fault("reset"))
    with pytest.raises(ConnectionResetError):
        exchange(api, "/zones")

    api.sandbox.faults.add(Fault("close"))
    assert exchange(api, "/zones") == b""


@pytest.mark.fault("A16")
@pytest.mark.parametrize("reset", [False, True])
def test_drop_after_executes_without_a_response(api: Api, zone: str, reset: bool) -> None:
    api.sandbox.faults.add(Fault("drop-after", "POST", reset=reset))
    record = {"type": "A", "name": "once", "content": "192.0.2.1"}

    failure = failure_of(lambda: api("POST", f"/zones/{zone}/dns_records", json=record))

    assert failure is requests.ConnectionError
    assert api.refused("POST", f"/zones/{zone}/dns_records", json=record) == (400, 81058)


@pytest.mark.fault("A8")
def test_error_after_executes_and_answers_524(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("error-after", "POST"))
    record = {"type": "A", "name": "once", "content": "192.0.2.1"}

    first = api("POST", f"/zones/{zone}/dns_records", json=record)

    assert (first.status_code, first.headers["Content-Type"]) == (524, "text/html; charset=UTF-8")
    assert api.refused("POST", f"/zones/{zone}/dns_records", json=record) == (400, 81058)


@pytest.mark.fault("A13")
@pytest.mark.parametrize("at", [None, 0, 10])
def test_cut_declares_more_than_it_sends(api: Api, at: int | None) -> None:
    whole = len(api("GET", "/user").content)
    api.sandbox.faults.add(Fault("cut", at=at))

    head, _, body = exchange(api, "/user").partition(b"\r\n\r\n")

    assert f"Content-Length: {whole}".encode() in head
    assert len(body) == (whole // 2 if at is None else at)


@pytest.mark.fault("A14")
def test_no_length_ends_with_the_connection(api: Api) -> None:
    api.sandbox.faults.add(Fault("no-length"))

    head, _, body = exchange(api, "/user").partition(b"\r\n\r\n")

    assert b"Content-Length" not in head
    assert b"Transfer-Encoding" not in head
    assert 0 < len(body) < len(api("GET", "/user").content)


@pytest.mark.parametrize("at", [None, 0])
def test_cut_chunked_has_no_last_chunk(api: Api, at: int | None) -> None:
    api.sandbox.faults.add(Fault("cut-chunked", at=at))

    answer = exchange(api, "/user")

    assert b"Transfer-Encoding: chunked" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    api.sandbox.faults.add(Fault("cut-chunked"))
    assert failure_of(lambda: api("GET", "/user")) is requests.exceptions.ChunkedEncodingError


@pytest.mark.fault("A17")
@pytest.mark.parametrize(("execute", "second"), [(False, 200), (True, 400)])
def test_hang_sends_nothing_for_a_time(api: Api, zone: str, execute: bool, second: int) -> None:
    api.sandbox.faults.add(Fault("hang", "POST", execute=execute))
    record, place = {"type": "A", "name": "once", "content": "192.0.2.1"}, f"/zones/{zone}/dns_records"

    with pytest.raises(requests.ReadTimeout):
        api.session.post(api.sandbox.url + place, json=record, timeout=0.2)

    assert api("POST", place, json=record).status_code == second


@pytest.mark.fault("A18")
def test_drip_sends_the_complete_body_byte_by_byte(api: Api) -> None:
    whole = api("GET", "/zones?per_page=5&page=99").content
    api.sandbox.faults.add(Fault("drip", bytes=7, seconds=0.001))

    started = time.monotonic()
    dripped = api("GET", "/zones?per_page=5&page=99").content

    assert dripped == whole
    assert time.monotonic() - started >= 0.001 * (len(whole) // 7)


def test_delay_waits_before_the_response(api: Api) -> None:
    api.sandbox.faults.add(Fault("delay", seconds=0.05, jitter=0.01, seed=1))

    started = time.monotonic()
    status = api("GET", "/zones").status_code

    assert status == 200
    assert time.monotonic() - started >= 0.05


@timed
def test_stopping_ends_hanging_requests(start: Callable[..., Sandbox], within: Within) -> None:
    sandbox = start(seed=None)
    sandbox.faults.add(Fault("hang"))
    with socket.create_connection(("127.0.0.1", sandbox.port)) as link:
        link.sendall(request_bytes(sandbox, "/zones"))

        with within(2):
            sandbox.stop()


def test_two_faults_may_affect_one_request(api: Api) -> None:
    api.sandbox.faults.add(Fault("total-lies", total=7))
    api.sandbox.faults.add(Fault("cut"))

    assert b"Content-Length" in exchange(api, "/zones")
    assert api("GET", "/zones").json()["result_info"]["total_count"] == 12
