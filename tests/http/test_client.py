from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

import pytest
import responses
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.errors import CredentialsError, MalformedAnswer, NotFound, PermissionDenied, Unanswered, UsageError
from ops.http.client import Client
from ops.http.exchange import QUERY, READ, WRITE, Call, Reply
from ops.http.paths import path
from ops.http.stack import DryRun, open_client
from tests.http.conftest import CANARY
from tests.wire import Exchange, Wire, answer, chunked, cut, failed, head, ok, reset

Open = Callable[..., Client]
VALUE = path("/accounts/a/storage/kv/namespaces/n/values/{}", "key")
MIB25 = 25 * 1024 * 1024


def test_the_envelope_is_given_whole(opened: Open) -> None:
    body = {"success": True, "result": [1], "result_info": {"page": 1}, "messages": [{"code": 10000}]}
    with Wire(answer(200, json.dumps(body))) as wire:
        assert opened(wire.url).envelope(path("/zones")) == body


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_write_sends_its_json(opened: Open, method: str) -> None:
    with Wire(ok({"id": "1"})) as wire:
        send = getattr(opened(wire.url), method)

        assert send(path("/zones"), json={"name": "é"}, dry=True) == {"id": "1"}

    seen = wire.requests[0]
    assert (seen.method, seen.target) == (method.upper(), "/client/v4/zones?dry=true")
    assert json.loads(seen.body) == {"name": "é"}
    assert seen.headers["content-type"] == "application/json"


def test_a_write_sends_bytes_as_they_are(opened: Open) -> None:
    with Wire(ok()) as wire:
        opened(wire.url).put(VALUE, data=b"\x00\xff", headers={"Content-Type": "application/octet-stream"})

    assert wire.requests[0].body == b"\x00\xff"
    assert wire.requests[0].headers["content-type"] == "application/octet-stream"


def test_a_write_without_a_body_says_that_it_has_none(opened: Open) -> None:
    with Wire(ok()) as wire:
        opened(wire.url).delete(VALUE)

    assert wire.requests[0].headers["content-length"] == "0"


def test_a_write_sends_files_as_a_form(opened: Open) -> None:
    files = {
        "metadata": '{"main_module": "a.js"}',
        "a.js": ("a.js", b"export{}", "application/javascript+module"),
    }
    with Wire(ok()) as wire:
        opened(wire.url).put(path("/accounts/a/workers/scripts/{}", "s"), files=files)

    seen = wire.requests[0]
    assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert (
        b'name="a.js"; filename="a.js"\r\nContent-Type: application/javascript+module\r\n\r\nexport{}'
        in seen.body
    )


def test_a_query_is_repeated_like_a_read(opened: Open) -> None:
    with Wire(failed(502, 1, "bad gateway"), ok({"values": {}})) as wire:
        client = opened(wire.url, attempts=2)

        assert client.query(path("/accounts/a/storage/kv/namespaces/n/bulk/get"), {"keys": []}) == {
            "values": {}
        }
    assert [seen.method for seen in wire.requests] == ["POST", "POST"]


@pytest.mark.fault("E2")
def test_raw_content_comes_byte_for_byte_with_its_headers(opened: Open) -> None:
    content = bytes(range(256)) * 10
    with Wire(answer(200, content, expiration="123", content_type="application/octet-stream")) as wire:
        raw = opened(wire.url).raw(VALUE, limit=MIB25)

        assert raw.content() == content
    assert raw.headers["Expiration"] == "123"
    assert raw.verified
    assert wire.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.fault("A14")
def test_raw_content_without_a_length_is_not_verified(opened: Open) -> None:
    with Wire(cut(head(200, connection="close") + b"value")) as wire:
        raw = opened(wire.url).raw(VALUE, limit=MIB25)

        assert raw.content() == b"value"
    assert not raw.verified


@pytest.mark.fault("A13")
@pytest.mark.parametrize("short", [cut(answer(200, b"x" * 100)[:-1]), cut(chunked(b"x" * 50, end=False))])
def test_raw_content_that_breaks_off_is_read_again(opened: Open, short: Any) -> None:
    with Wire(short, answer(200, b"x" * 100)) as wire:
        assert opened(wire.url).raw(VALUE, limit=MIB25).content() == b"x" * 100


@pytest.mark.fault("A15")
def test_raw_content_that_always_breaks_off_is_a_failure(opened: Open) -> None:
    with Wire(reset(answer(200, b"x" * 100)[:-1])) as wire, pytest.raises(Unanswered, match="broke off"):
        opened(wire.url).raw(VALUE, limit=MIB25).content()

    assert len(wire.requests) == 3


def test_raw_content_that_is_not_there_is_not_found(opened: Open) -> None:
    with Wire(failed(404, 10009, "key not found")) as wire, pytest.raises(NotFound, match="key not found"):
        opened(wire.url).raw(VALUE, limit=MIB25)


@pytest.mark.fault("E1")
@pytest.mark.parametrize(("size", "fits"), [(MIB25 - 1, True), (MIB25, True), (MIB25 + 1, False)])
def test_raw_content_may_be_as_large_as_the_limit(opened: Open, size: int, fits: bool) -> None:
    with Wire(answer(200, bytes(size))) as wire:
        raw = opened(wire.url).raw(VALUE, limit=MIB25)

        if fits:
            assert sum(map(len, raw.chunks())) == size
        else:
            with pytest.raises(Exception, match="larger than 26,214,400 bytes"):
                list(raw.chunks())


def test_a_connection_serves_again_after_its_stream_was_read(opened: Open) -> None:
    with Wire(answer(200, b"value")) as wire:
        client = opened(wire.url)
        for _ in range(3):
            client.raw(VALUE, limit=100).content()

    assert wire.connections == 1


def test_a_stream_that_is_left_does_not_disturb_the_next_call(opened: Open) -> None:
    with Wire(answer(200, b"x" * 1_000_000), ok({"id": "1"})) as wire:
        client = opened(wire.url)
        chunks = client.raw(VALUE, limit=MIB25).chunks()
        next(chunks)

        assert client.get(path("/zones")) == {"id": "1"}


@pytest.mark.fault("P10")
@pytest.mark.fault("E3")
@rules(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=60).filter(lambda text: text not in (".", "..")))
@pytest.mark.fault("P10")
def test_any_key_is_exactly_one_segment_of_the_path(echo: Client, name: str) -> None:
    try:
        place = path("/accounts/a/storage/kv/namespaces/n/values/{}", name)
    except UsageError:
        assert any(0xD800 <= ord(c) <= 0xDFFF for c in name)
        return

    target = str(echo.get(place, a="b")["target"]).partition("?")[0]

    assert target.count("/") == 10
    assert unquote(target.rpartition("/")[2]) == name


@pytest.fixture
def echo(opened: Open) -> Any:
    """A client of a server that answers with the target it was asked for."""
    with Wire(lambda x: x.send(ok({"target": x.seen.target}))) as wire:
        yield opened(wire.url)


@pytest.mark.fault("E3")
@pytest.mark.parametrize(
    "name", ["/", "%", "?", "#", "+", ";", " ", "\n", "é", "💥", "\u202e", "a/../b", "...", "%2e%2e", "~"]
)
def test_a_key_with_a_hostile_character_stays_one_segment(echo: Client, name: str) -> None:
    target = echo.get(path("/accounts/a/values/{}", name))["target"]

    assert target.count("/") == 6
    assert unquote(target.rpartition("/")[2]) == name


@pytest.mark.fault("P10")
@pytest.mark.fault("E4")
@pytest.mark.fault("E5")
@pytest.mark.parametrize("name", ["", ".", "..", "\ud800", "a\udcff"])
def test_a_name_that_cannot_be_sent_is_refused_before_any_request(opened: Open, name: str) -> None:
    with Wire(ok()) as wire, pytest.raises(UsageError):
        opened(wire.url).delete(path("/accounts/a/storage/kv/namespaces/n/values/{}", name))

    assert wire.requests == []


@pytest.mark.fault("E5")
def test_a_parameter_that_is_not_text_is_refused_before_any_request(opened: Open) -> None:
    with Wire(ok()) as wire, pytest.raises(UsageError):
        opened(wire.url).get(path("/zones"), name="a\udcff")

    assert wire.requests == []


@pytest.mark.fault("A24")
@pytest.mark.parametrize(
    "refusal", [failed(401, 1000, "Invalid API Token"), failed(403, 9109, "Invalid access token")]
)
def test_a_token_revoked_halfway_is_tried_no_more(opened: Open, refusal: bytes) -> None:
    with Wire(ok({}), refusal) as wire:
        client = opened(wire.url, attempts=4)
        client.get(path("/zones"))
        for _ in range(5):
            with pytest.raises(CredentialsError):
                client.get(path("/zones"))

    assert len(wire.requests) == 2


@pytest.mark.fault("A24")
def test_workers_storm_on_no_longer_than_their_calls_in_flight(opened: Open) -> None:
    with Wire(failed(401, 1000, "Invalid API Token")) as wire:
        client = opened(wire.url)

        def work() -> None:
            for _ in range(20):
                with pytest.raises(CredentialsError):
                    client.get(path("/zones"))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(wire.requests) <= 4


def test_a_missing_permission_does_not_stop_other_calls(opened: Open) -> None:
    with Wire(failed(403, 10000, "Authentication error"), ok({})) as wire:
        client = opened(wire.url)
        with pytest.raises(PermissionDenied):
            client.get(path("/zones/z/dns_records"))

        assert client.get(path("/zones")) == {}


def test_a_token_that_one_endpoint_does_not_know_may_be_verified_by_another(opened: Open) -> None:
    with Wire(failed(401, 1000, "Invalid API Token"), ok({"status": "active"}), ok({})) as wire:
        client = opened(wire.url)
        with pytest.raises(CredentialsError):
            client.get(path("/user/tokens/verify"))

        assert client.get(path("/accounts/{}/tokens/verify", "a")) == {"status": "active"}
        assert client.get(path("/zones")) == {}


@pytest.mark.fault("D9")
@pytest.mark.parametrize(("off", "told"), [(0, 0), (50, 0), (-50, 0), (3600, 1), (-3600, 1)])
def test_a_clock_that_is_off_is_reported_once(opened: Open, off: int, told: int) -> None:
    notes: list[str] = []

    def dated(exchange: Exchange) -> None:
        moment = datetime.now(UTC) + timedelta(seconds=off)
        exchange.send(ok({}, date=format_datetime(moment, usegmt=True)))

    with Wire(dated) as wire:
        client = opened(wire.url, say=notes.append)
        for _ in range(3):
            client.get(path("/zones"))

    assert len(notes) == told
    assert all("the clock of this machine is 36" in note or "359" in note for note in notes)


def test_a_date_that_is_nonsense_is_passed_over(opened: Open) -> None:
    notes: list[str] = []
    with Wire(ok({}, date="yesterday")) as wire:
        opened(wire.url, say=notes.append).get(path("/zones"))

    assert notes == []


@pytest.mark.fault("F1")
@pytest.mark.fault("E14")
def test_the_debug_log_is_one_line_an_attempt_and_holds_no_secret(
    opened: Open, capfd: pytest.CaptureFixture[str]
) -> None:
    with Wire(failed(502, 1, CANARY, cf_ray="8a-FRA"), ok({})) as wire:
        client = opened(wire.url, attempts=2, debug=True)
        client.get(path("/zones/{}", 'x\n{"level":' + CANARY), name=CANARY)

    out, err = capfd.readouterr()
    lines = [json.loads(line) for line in err.splitlines()]
    assert out == ""
    assert CANARY not in err
    calls = [line["call"] for line in lines]
    assert [(call["method"], call["status"], call["attempt"]) for call in calls] == [
        ("GET", 502, 1),
        ("GET", 200, 2),
    ]
    assert calls[0]["ray"] == "8a-FRA"
    assert calls[0]["route"] == "/zones/{zone_id}"


def test_the_debug_log_tells_of_failures_without_an_answer(
    opened: Open, capfd: pytest.CaptureFixture[str]
) -> None:
    with Wire(reset()) as wire, pytest.raises(Unanswered):
        opened(wire.url, debug=True).get(path("/zones"))

    assert json.loads(capfd.readouterr().err)["error"] == {"error": "Unanswered"}


def test_nothing_is_logged_unless_asked_for(opened: Open, capfd: pytest.CaptureFixture[str]) -> None:
    with Wire(ok({})) as wire:
        opened(wire.url).get(path("/zones"))

    assert capfd.readouterr() == ("", "")


def test_the_client_shows_nothing_of_its_token(opened: Open) -> None:
    with Wire(ok({})) as wire:
        client = opened(wire.url)

    assert CANARY not in repr(client) + repr(client.budget)


class Recorder:
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        return Reply(200, body=b'{"success":true,"result":{}}')


@pytest.mark.fault("G7")
def test_a_dry_run_reads_and_queries_but_does_not_write() -> None:
    sent, said = Recorder(), list[str]()
    dry = DryRun(sent, said.append)
    client = Client(dry)

    client.get(path("/zones"))
    client.query(path("/accounts/a/bulk/get"), {"keys": []})
    created = client.post(path("/zones/z/dns_records"), json={"name": "a", "secret": "hunter2"})
    client.put(VALUE, data=b"12345")
    client.delete(path("/zones/z/dns_records/r"))

    assert [call.kind for call in sent.calls] == [READ, QUERY]
    assert [call.kind for call in dry.withheld] == [WRITE] * 3
    assert created == {"name": "a", "secret": "hunter2"}
    assert said == [
        "dry run, not sent: POST /zones/z/dns_records, 34 bytes",
        f"dry run, not sent: PUT {VALUE}, 5 bytes",
        "dry run, not sent: DELETE /zones/z/dns_records/r",
    ]


@pytest.mark.fault("G7")
def test_the_body_of_a_withheld_write_need_not_be_an_object() -> None:
    client = Client(DryRun(Recorder(), lambda text: None))

    assert client.put(path("/accounts/a/schedules"), json=[{"cron": "* * * * *"}]) == {}
    assert client.put(VALUE, data=b"{", headers={"Content-Type": "application/json"}) == {}


def test_a_deletion_of_what_is_not_there_is_not_found(opened: Open) -> None:
    with Wire(failed(404, 81044, "Record does not exist.")) as wire, pytest.raises(NotFound):
        opened(wire.url, attempts=4).delete(path("/zones/z/dns_records/r"))


def test_the_wire_may_be_stubbed(settings: Callable[..., Settings]) -> None:
    live = settings(credentials=Credentials(token="cfut_" + "A" * 48))
    with responses.RequestsMock() as stubs:
        found = {"success": True, "result": [{"id": "z"}], "result_info": {"per_page": 50, "total_count": 1}}
        stubs.get("https://api.cloudflare.com/client/v4/zones", json=found)
        stubs.get("https://api.cloudflare.com/client/v4/x", body=b"value")

        client = open_client(live, say=print)

        assert list(client.pages(path("/zones"), per_page=50, name="a.example")) == [{"id": "z"}]
        assert client.raw(path("/x"), limit=10).content() == b"value"
        assert str(stubs.calls[0].request.url).endswith("/zones?name=a.example&page=1&per_page=50")


@pytest.mark.parametrize("body", [b"[]", b"null", b"1"])
def test_a_malformed_success_after_a_write_is_not_repeated_for_a_post(opened: Open, body: bytes) -> None:
    with Wire(answer(200, body)) as wire, pytest.raises(MalformedAnswer):
        opened(wire.url, attempts=4).post(path("/zones"), json={})

    assert len(wire.requests) == 1
