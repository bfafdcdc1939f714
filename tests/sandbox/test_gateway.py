"""The wire: routing, the Host header, keep-alive, framing."""

from __future__ import annotations

import socket
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from ops.sandbox.router import segments
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id

from .conftest import Api

AUTH = "Authorization: Bearer {}\r\n"


def request(
    sandbox: Sandbox, target: str, *, method: str = "GET", host: str = "127.0.0.1", more: str = ""
) -> bytes:
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{AUTH.format(sandbox.token)}{more}\r\n"
    return head.encode()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/a/b", ["a", "b"]),
        ("/a/b%2Fc", ["a", "b/c"]),
        ("/a/%252F", ["a", "%2F"]),
        ("/a/../b", ["b"]),
        ("/a/%2e%2e/b", ["b"]),
        ("/a/./b//c/", ["a", "b", "c"]),
        ("/a/..b", ["a", "..b"]),
        ("/a/...", ["a", "..."]),
        ("/../../a", ["a"]),
        ("/a/caf%C3%A9", ["a", "café"]),
    ],
)
def test_segments_are_split_before_they_are_decoded(path: str, words: list[str]) -> None:
    assert segments(path) == words


@pytest.mark.fault("E4")
def test_a_key_named_dot_dot_addresses_the_namespace_itself(api: Api, raw: Callable[[bytes], bytes]) -> None:
    namespaces = f"/client/v4/accounts/{api.sandbox.account_id}/storage/kv/namespaces"
    victim = api.result("GET", namespaces.removeprefix("/client/v4"))[0]["id"]

    close = "Connection: close\r\n"
    raw(request(api.sandbox, f"{namespaces}/{victim}/values/..", method="DELETE", more=close))
    raw(request(api.sandbox, f"{namespaces}/{victim}/values/../", method="DELETE", more=close))

    reached = api("GET", f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces/{victim}").status_code
    assert api.sandbox.requests[-2] == (
        "DELETE",
        f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces/{victim}/values/../",
    )
    assert reached == 404


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, 7000)),
        ("GET", "/zones/not-an-id", (404, 7003)),
        ("GET", f"/zones/{'0' * 31}", (404, 7003)),
        ("GET", f"/zones/{'0' * 32}", (404, 1003)),
        ("DELETE", "/zones", (405, 7001)),
    ],
)
def test_an_unroutable_path_has_the_gateways_code(
    api: Api, method: str, path: str, expected: tuple[int, int]
) -> None:
    assert api.refused(method, path) == expected


@pytest.mark.fault("F23")
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", ""])
def test_a_foreign_host_header_is_refused(sandbox: Sandbox, raw: Callable[[bytes], bytes], host: str) -> None:
    answer = raw(request(sandbox, "/client/v4/zones", host=host))

    assert answer.startswith(b"HTTP/1.1 421 ")
    assert sandbox.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1:1234", "localhost", "LOCALHOST:80", "[::1]:8787", "[::1]"])
def test_loopback_host_names_are_accepted(sandbox: Sandbox, raw: Callable[[bytes], bytes], host: str) -> None:
    answer = raw(request(sandbox, "/client/v4/zones", host=host, more="Connection: close\r\n"))

    assert answer.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.fault("F23")
def test_the_sandbox_listens_on_loopback_only(sandbox: Sandbox) -> None:
    assert sandbox._listener.server_address[0] == "127.0.0.1"


def test_requests_on_one_connection_are_answered_in_turn(
    sandbox: Sandbox, raw: Callable[[bytes], bytes]
) -> None:
    last = request(sandbox, "/client/v4/user", more="Connection: close\r\n")
    answer = raw(request(sandbox, "/client/v4/zones?per_page=5") + last)

    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_an_http_1_0_client_is_answered_and_disconnected(
    sandbox: Sandbox, raw: Callable[[bytes], bytes]
) -> None:
    answer = raw(request(sandbox, "/client/v4/user").replace(b"HTTP/1.1", b"HTTP/1.0"))

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /client/v4/zones HTTP/3\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 201 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (1 << 40),
    ],
)
def test_a_malformed_request_ends_the_connection(raw: Callable[[bytes], bytes], sent: bytes) -> None:
    assert raw(sent) == b""


@pytest.mark.parametrize("end", [b"Content-Length: 9\r\n\r\nhalf", b"X-Half: of a head\r\n"])
def test_a_request_that_is_cut_off_is_not_answered(sandbox: Sandbox, end: bytes) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as link:
        link.sendall(b"POST /client/v4/zones HTTP/1.1\r\nHost: localhost\r\n" + end)
        link.shutdown(socket.SHUT_WR)

        assert link.recv(100) == b""
    assert sandbox.requests == []


def test_a_path_outside_the_api_has_no_route(sandbox: Sandbox, raw: Callable[[bytes], bytes]) -> None:
    answer = raw(request(sandbox, "/client/v5/zones", more="Connection: close\r\n"))

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"No route for that URI" in answer
    assert sandbox.requests == []


def test_the_fields_after_a_chunked_body_are_skipped(
    sandbox: Sandbox, raw: Callable[[bytes], bytes], zone: str
) -> None:
    more = "Transfer-Encoding: chunked\r\nConnection: close\r\n"
    head = request(sandbox, f"/client/v4/zones/{zone}/settings/brotli", method="PATCH", more=more)

    answer = raw(head + b'10\r\n{"value": "off"}\r\n0\r\nX-Sum: 1\r\n\r\n')

    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_a_body_that_drips_ends_when_the_sandbox_stops(start: Callable[..., Sandbox]) -> None:
    sandbox = start(seed=None, quota=None)
    sandbox.faults.parse("drip bytes=1 seconds=60")
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as link:
        link.sendall(request(sandbox, "/client/v4/user"))
        head = link.recv(4096)
        sandbox.stop()
        rest = b"".join(iter(lambda: link.recv(4096), b""))

    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"success" not in head + rest


def test_eight_threads_read_and_write_at_once(api: Api) -> None:
    place = f"/zones/{zone_id('empty.example')}/dns_records"

    def write(number: int) -> int:
        own = Api(api.sandbox)
        record = {"type": "A", "name": f"host-{number}", "content": "192.0.2.1"}
        statuses = {own("POST", place, json=record).status_code, own("GET", place).status_code}
        own.session.close()
        return max(statuses)

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(write, range(40)))

    assert statuses == {200}
    assert len(api.result("GET", place)) == 40


def test_a_chunked_body_is_read(api: Api, zone: str) -> None:
    body = iter([b'{"value":', b'"off"}'])

    assert api.result("PATCH", f"/zones/{zone}/settings/rocket_loader", data=body)["value"] == "off"


def test_expect_100_continue_is_answered(sandbox: Sandbox, raw: Callable[[bytes], bytes], zone: str) -> None:
    more = "Expect: 100-continue\r\nContent-Length: 16\r\nConnection: close\r\n"
    head = request(sandbox, f"/client/v4/zones/{zone}/settings/brotli", method="PATCH", more=more)

    answer = raw(head + b'{"value": "off"}')

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize("body", [b"", b"{", b"[1, NaN]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_json_is_refused(api: Api, zone: str, body: bytes) -> None:
    assert api.refused("POST", f"/zones/{zone}/dns_records", data=body) == (400, 9207)


def test_every_response_has_a_ray_and_a_date(api: Api) -> None:
    first, second = (api("GET", "/user").headers for _ in range(2))

    assert first["cf-ray"] != second["cf-ray"]
    assert first["Date"].endswith("GMT")


def test_stop_may_be_called_twice(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "twice.sqlite", seed=None)
    sandbox.start()

    sandbox.stop()
    sandbox.stop()

    assert (tmp_path / "twice.sqlite").exists()


@pytest.mark.fault("C9")
def test_only_the_owner_can_read_the_database(sandbox: Sandbox) -> None:
    files = list(sandbox.store.path.parent.glob("sandbox.sqlite*"))

    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_state_is_kept_between_processes(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "kept.sqlite", seed=None) as first:
        token = first.token
        first.store.set_meta("note", "kept")

    with Sandbox(tmp_path / "kept.sqlite", seed=None) as second:
        assert (second.token, second.store.meta("note")) == (token, "kept")


def test_on_another_address_any_host_name_is_accepted(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "all.sqlite", host="0.0.0.0", seed=None) as sandbox:
        headers = {"Host": "sandbox.internal:80", "Authorization": f"Bearer {sandbox.token}"}
        answer = requests.get(f"http://127.0.0.1:{sandbox.port}/client/v4/user", headers=headers, timeout=5)

        assert answer.status_code == 200
        assert sandbox.url == f"http://{socket.gethostname()}:{sandbox.port}/client/v4"


def test_an_ipv6_address_is_served(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "six.sqlite", host="::1", seed=None) as sandbox:
        assert sandbox.url == f"http://[::1]:{sandbox.port}/client/v4"
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        assert requests.get(f"{sandbox.url}/user", headers=headers, timeout=5).status_code == 200
