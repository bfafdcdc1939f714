"""The fault plan: each kind does what it says, at the request it says."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from ops.sandbox.faults import Fault, Faults
from ops.sandbox.seed_scale import scale_namespace, seed_scale
from ops.sandbox.server import Sandbox

from .conftest import Api

HTML = (500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526)


@pytest.fixture
def api(start: Callable[..., Sandbox], sandbox: Sandbox) -> Api:
    """The seeded sandbox without a rate limit."""
    return Api(start(quota=None))


def broken(call: Callable[[], Any]) -> type[Exception]:
    """Return the class of the failure that a call ends in."""
    with pytest.raises(requests.RequestException) as failure:
        call()
    return type(failure.value)


def asked(sandbox: Sandbox, target: str) -> bytes:
    head = f"GET /client/v4{target} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    return f"{head}Authorization: Bearer {sandbox.token}\r\n\r\n".encode()


def exchange(api: Api, target: str) -> bytes:
    """Return every byte that the sandbox sends before it hangs up."""
    with socket.create_connection(("127.0.0.1", api.sandbox.port), timeout=5) as link:
        link.sendall(asked(api.sandbox, target))
        return b"".join(iter(lambda: link.recv(65536), b""))


def test_a_fault_strikes_from_the_nth_match_on_as_often_as_it_says(api: Api) -> None:
    fault = api.sandbox.faults.add(Fault("503", "GET", "/zones*", nth=2, times=2))

    statuses = [api(method, path).status_code for method, path in [("GET", "/zones"), ("GET", "/user")]]
    statuses += [api("GET", "/zones").status_code for _ in range(3)]

    assert statuses == [200, 200, 503, 503, 200]
    assert (fault.seen, fault.fired) == (4, 2)


def test_a_fault_may_last_for_ever(api: Api) -> None:
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


def test_a_line_of_text_is_a_fault() -> None:
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
def test_method_and_path_may_be_left_out(line: str, method: str, everything: bool) -> None:
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
def test_429_comes_with_the_headers_it_is_told(
    api: Api, args: dict[str, Any], expected: dict[str, str]
) -> None:
    api.sandbox.faults.add(Fault("429", **args))

    answer = api("GET", "/zones")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, 971)
    assert {
        name: answer.headers[name] for name in ("retry-after", "Ratelimit") if name in answer.headers
    } == expected


@pytest.mark.fault("A3")
def test_a_write_answered_429_was_not_carried_out(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("429", "POST"))
    record = {"type": "A", "name": "once", "content": "192.0.2.1"}

    statuses = [api("POST", f"/zones/{zone}/dns_records", json=record).status_code for _ in range(3)]

    assert statuses == [429, 200, 400]


@pytest.mark.fault("A6")
@pytest.mark.parametrize("status", HTML)
def test_a_server_error_is_a_page_of_the_edge(api: Api, status: int) -> None:
    api.sandbox.faults.add(Fault(str(status), retry_after=7))

    answer = api("GET", "/zones")

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["cf-ray"] in answer.text
    assert answer.headers["retry-after"] == "7"


@pytest.mark.fault("A7")
def test_the_firewalls_403_is_a_page(api: Api) -> None:
    api.sandbox.faults.add(Fault("403-html"))

    answer = api("GET", "/zones")

    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html; charset=UTF-8")
    assert "blocked" in answer.text


@pytest.mark.fault("A15")
@pytest.mark.parametrize("kind", ["reset", "close"])
def test_a_connection_that_ends_before_the_answer_executed_nothing(api: Api, zone: str, kind: str) -> None:
    api.sandbox.faults.add(Fault(kind, "POST"))
    record = {"type": "A", "name": "once", "content": "192.0.2.1"}

    failure = broken(lambda: api("POST", f"/zones/{zone}/dns_records", json=record))

    assert failure is requests.ConnectionError
    assert api("POST", f"/zones/{zone}/dns_records", json=record).status_code == 200


def test_a_reset_is_a_reset_and_a_close_is_none(api: Api) -> None:
    api.sandbox.faults.add(Fault("reset"))
    with pytest.raises(ConnectionResetError):
        exchange(api, "/zones")

    api.sandbox.faults.add(Fault("close"))
    assert exchange(api, "/zones") == b""


@pytest.mark.fault("A16")
@pytest.mark.parametrize("reset", [False, True])
def test_drop_after_executes_and_says_nothing(api: Api, zone: str, reset: bool) -> None:
    api.sandbox.faults.add(Fault("drop-after", "POST", reset=reset))
    record = {"type": "A", "name": "once", "content": "192.0.2.1"}

    failure = broken(lambda: api("POST", f"/zones/{zone}/dns_records", json=record))

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


def test_cut_chunked_has_no_last_chunk(api: Api) -> None:
    api.sandbox.faults.add(Fault("cut-chunked"))

    answer = exchange(api, "/user")

    assert b"Transfer-Encoding: chunked" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    api.sandbox.faults.add(Fault("cut-chunked"))
    assert broken(lambda: api("GET", "/user")) is requests.exceptions.ChunkedEncodingError


@pytest.mark.fault("A17")
@pytest.mark.parametrize(("execute", "second"), [(False, 200), (True, 400)])
def test_hang_says_nothing_for_a_time(api: Api, zone: str, execute: bool, second: int) -> None:
    api.sandbox.faults.add(Fault("hang", "POST", execute=execute))
    record, place = {"type": "A", "name": "once", "content": "192.0.2.1"}, f"/zones/{zone}/dns_records"

    with pytest.raises(requests.ReadTimeout):
        api.session.post(api.sandbox.url + place, json=record, timeout=0.2)

    assert api("POST", place, json=record).status_code == second


@pytest.mark.fault("A18")
def test_drip_sends_byte_by_byte_and_arrives_whole(api: Api) -> None:
    whole = api("GET", "/zones?per_page=5&page=99").content
    api.sandbox.faults.add(Fault("drip", bytes=7, seconds=0.001))

    started = time.monotonic()
    dripped = api("GET", "/zones?per_page=5&page=99").content

    assert dripped == whole
    assert time.monotonic() - started >= 0.001 * (len(whole) // 7)


def test_delay_waits_before_the_answer(api: Api) -> None:
    api.sandbox.faults.add(Fault("delay", seconds=0.05, jitter=0.01, seed=1))

    started = time.monotonic()
    status = api("GET", "/zones").status_code

    assert status == 200
    assert time.monotonic() - started >= 0.05


def test_stopping_wakes_what_hangs(start: Callable[..., Sandbox]) -> None:
    sandbox = start(seed=None)
    sandbox.faults.add(Fault("hang"))
    with socket.create_connection(("127.0.0.1", sandbox.port)) as link:
        link.sendall(asked(sandbox, "/zones"))

        started = time.monotonic()
        sandbox.stop()

    assert time.monotonic() - started < 2


@pytest.mark.fault("A25")
def test_denied_takes_a_scope_away(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("denied", times=-1, scope="ssl,zone:edit"))

    packs = api("GET", f"/zones/{zone}/ssl/certificate_packs")
    records = api("GET", f"/zones/{zone}/dns_records")
    pause = api("PATCH", f"/zones/{zone}", json={"paused": True})

    assert (packs.status_code, packs.json()["errors"][0]["code"]) == (403, 10000)
    assert records.status_code == 200
    assert (pause.status_code, pause.json()["errors"][0]["code"]) == (403, 9109)


@pytest.mark.fault("A24")
def test_revoked_turns_the_token_off_for_good(api: Api) -> None:
    api.sandbox.faults.add(Fault("revoked", nth=3))

    statuses = [api("GET", "/zones").status_code for _ in range(4)]

    assert statuses == [200, 200, 403, 403]


@pytest.mark.fault("B1")
def test_drift_changes_the_list_between_pages_and_can_be_repeated(
    start: Callable[..., Sandbox], zone: str
) -> None:
    totals = []
    for _ in range(2):
        api = Api(start(quota=None))
        api.sandbox.faults.add(Fault("drift", "GET", "*/dns_records*", nth=2, times=-1, seed=5))
        place = f"/zones/{zone}/dns_records?per_page=10&page="
        totals.append([api("GET", f"{place}{page}").json() for page in range(1, 6)])

    counts = [[page["result_info"]["total_count"] for page in run] for run in totals]
    assert len(set(counts[0])) > 1
    assert totals[0] == totals[1]


def test_drift_changes_the_keys_of_a_namespace(api: Api) -> None:
    seed_scale(api.sandbox.store, zones=0, records=0, keys=50)
    place = f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces/{scale_namespace(1)}/keys"
    before = api("GET", place).json()["result"]
    api.sandbox.faults.add(Fault("drift", path="*/keys*", seed=1, inserts=3, deletes=3))

    after = api("GET", place).json()["result"]

    assert before != after


def test_drift_takes_a_function(api: Api) -> None:
    def pause(request: Any, store: Any) -> None:
        store.run("DELETE FROM document WHERE kind = 'zone' AND sort = 'empty.example'")

    api.sandbox.faults.add(Fault("drift", path="/zones", nth=2, before=pause))

    totals = [api("GET", "/zones").json()["result_info"]["total_count"] for _ in range(2)]

    assert totals == [12, 11]


@pytest.mark.fault("A10")
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"\xff\xfe", "[" * 100_000])
def test_malformed_sends_any_body(api: Api, body: bytes | str) -> None:
    api.sandbox.faults.add(Fault("malformed", body=body))

    assert api("GET", "/zones").content == (body.encode() if isinstance(body, str) else body)


def test_malformed_may_be_a_success_that_is_none(api: Api) -> None:
    body = json.dumps({"success": False, "errors": [{"code": 1, "message": "no"}], "result": None})
    api.sandbox.faults.add(Fault("malformed", body=body, status=200))

    assert api("GET", "/zones").json()["success"] is False


@pytest.mark.fault("B3")
@pytest.mark.parametrize("total", [3, 10**6, "many", None])
def test_total_lies(api: Api, total: Any) -> None:
    api.sandbox.faults.add(Fault("total-lies", total=total))

    info = api("GET", "/zones").json()["result_info"]

    assert info.get("total_count") == total
    assert info["count"] == 12
    assert "total_pages" not in info


@pytest.mark.fault("B5")
def test_lower_per_page_is_answered_honestly(api: Api) -> None:
    api.sandbox.faults.add(Fault("lower-per-page", times=-1, per_page=5))

    info = api("GET", "/zones?per_page=50").json()["result_info"]

    assert (info["per_page"], info["count"], info["total_count"]) == (5, 5, 12)


@pytest.mark.fault("B6")
def test_same_page_for_ever(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("same-page-forever", times=-1))
    rulesets = f"/zones/{zone}/rulesets?per_page=1"

    first, second = (api("GET", f"/zones?per_page=5&page={page}").json()["result"] for page in (1, 2))
    one = api("GET", rulesets).json()
    two = api("GET", f"{rulesets}&cursor={one['result_info']['cursors']['after']}").json()

    assert first == second
    assert one == two


@pytest.mark.fault("B7")
def test_an_expired_cursor_is_refused_and_a_first_page_is_not(api: Api, zone: str) -> None:
    api.sandbox.faults.add(Fault("cursor-expired", times=-1))
    place = f"/zones/{zone}/rulesets?per_page=1"

    first = api("GET", place)
    second = api("GET", f"{place}&cursor={first.json()['result_info']['cursors']['after']}")

    assert (first.status_code, second.status_code) == (200, 400)


@pytest.mark.fault("B11")
def test_a_listing_lags_behind_the_writes(api: Api) -> None:
    namespaces = f"/accounts/{api.sandbox.account_id}/storage/kv/namespaces"
    place = f"{namespaces}/{api.result('GET', namespaces)[0]['id']}"
    api.sandbox.faults.add(Fault("lag", path="*/keys*", times=1, seconds=60))
    api("PUT", f"{place}/values/just-now", data=b"x")

    lagging, later = (api("GET", f"{place}/keys?prefix=just-now").json()["result"] for _ in range(2))

    assert (lagging, [key["name"] for key in later]) == ([], ["just-now"])
    assert api("GET", f"{place}/values/just-now").content == b"x"


@pytest.mark.fault("A26")
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, (404, 7003)),
        ({"status": 410}, (410, 7003)),
        ({"code": 10042, "message": "no R2 here"}, (404, 10042)),
    ],
)
def test_gone_is_a_product_that_is_not_there(
    api: Api, args: dict[str, Any], expected: tuple[int, int]
) -> None:
    api.sandbox.faults.add(Fault("gone", **args))

    assert api.refused("GET", "/zones") == expected


@pytest.mark.fault("E12")
def test_unknown_fields_appear_everywhere(api: Api) -> None:
    api.sandbox.faults.add(Fault("unknown-fields", times=-1))

    body = api("GET", "/zones").json()

    assert all("x_unknown_field" in zone for zone in body["result"])
    assert "x_unknown_envelope_field" in body


def test_two_faults_may_strike_one_request(api: Api) -> None:
    api.sandbox.faults.add(Fault("total-lies", total=7))
    api.sandbox.faults.add(Fault("cut"))

    assert b"Content-Length" in exchange(api, "/zones")
    assert api("GET", "/zones").json()["result_info"]["total_count"] == 12
