from __future__ import annotations

import errno
import gzip
import os
import pickle
import resource
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.config.credentials import Credentials
from ops.errors import ApiError, MalformedAnswer, NotSent, OpsError, SystemFailure, Unanswered, UsageError
from ops.http.exchange import WRITE, Call
from ops.http.session import Session
from tests.http.conftest import CANARY
from tests.timing import Within, timed
from tests.wire import Exchange, Wire, answer, chunked, cut, drip, head, ok, reset, stall

Open = Callable[..., Session]
READ_X = Call("GET", "/x")


def test_a_call_carries_the_token_and_says_who_asks(session: Open) -> None:
    with Wire(ok([])) as wire:
        reply = session(wire.url)(Call("GET", "/zones", (("name", "a b&c.example"),)))

    seen = wire.requests[0]
    assert reply.status == 200
    assert (seen.method, seen.target) == ("GET", "/client/v4/zones?name=a%20b%26c.example")
    assert seen.headers["authorization"] == f"Bearer {CANARY}"
    assert seen.headers["user-agent"] == "cfops/test"


def test_a_global_key_goes_with_its_address_and_without_bearer(session: Open) -> None:
    with Wire(ok([])) as wire:
        session(wire.url, credentials=Credentials(email="a@example.com", key="k" * 37))(READ_X)

    headers = wire.requests[0].headers
    assert (headers["x-auth-email"], headers["x-auth-key"]) == ("a@example.com", "k" * 37)
    assert "authorization" not in headers


def test_calls_of_one_thread_share_a_connection(session: Open) -> None:
    with Wire(ok([])) as wire:
        send = session(wire.url)
        for _ in range(5):
            send(READ_X)

        assert wire.connections == 1


@pytest.mark.fault("D10")
def test_no_two_threads_use_a_connection_at_once(session: Open) -> None:
    failures: list[BaseException] = []
    with Wire(lambda x: x.send(ok(x.seen.target))) as wire:
        send = session(wire.url)

        def work(n: int) -> None:
            try:
                for turn in range(10):
                    reply = send(Call("GET", f"/{n}/{turn}"))
                    assert f"/{n}/{turn}".encode() in reply.body
            except BaseException as failure:  # noqa: BLE001 (asserted below)
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []
    assert len(wire.requests) == 200
    assert wire.connections <= 20


@pytest.mark.fault("A13")
@pytest.mark.parametrize("kind", ["length", "chunks"])
def test_a_body_shorter_than_announced_is_unanswered(session: Open, kind: str) -> None:
    short = answer(200, "x" * 100)[:-50] if kind == "length" else chunked(b"x" * 50, end=False)
    with Wire(cut(short)) as wire, pytest.raises(Unanswered, match="broke off, after"):
        session(wire.url)(READ_X)

    assert len(wire.requests) == 1


@pytest.mark.fault("A14")
@pytest.mark.parametrize(
    ("content", "complete"),
    [
        (cut(head(200, connection="close") + b"value"), False),
        (answer(200, b"value"), True),
        (chunked(b"val", b"ue"), True),
    ],
)
def test_only_an_announced_length_or_the_end_of_chunks_proves_completeness(
    session: Open, content: object, complete: bool
) -> None:
    with Wire(content) as wire:  # type: ignore[arg-type]
        reply = session(wire.url)(Call("GET", "/x", stream=True))
        assert reply.chunks

        assert b"".join(reply.chunks) == b"value"
        assert reply.complete is complete


@pytest.mark.fault("A15")
def test_a_reset_within_the_body_is_unanswered(session: Open) -> None:
    with Wire(reset(answer(200, "x" * 100)[:-50])) as wire, pytest.raises(Unanswered):
        session(wire.url)(READ_X)


@pytest.mark.fault("A16")
@pytest.mark.parametrize("end", [reset(), cut(b"")])
def test_a_connection_closed_without_an_answer_is_unanswered(session: Open, end: object) -> None:
    with Wire(end) as wire, pytest.raises(Unanswered, match="lost before the answer"):  # type: ignore[arg-type]
        session(wire.url)(READ_X)


@pytest.mark.fault("A17")
def test_a_server_that_says_nothing_is_given_up(session: Open) -> None:
    with Wire(stall()) as wire, pytest.raises(Unanswered, match="no answer in time"):
        session(wire.url, read_timeout=0.05)(READ_X)


@timed
@pytest.mark.fault("A18")
@pytest.mark.parametrize("kind", ["head", "body", "chunks"])
def test_a_server_that_drips_does_not_outlast_the_call(session: Open, kind: str, within: Within) -> None:
    shapes = {"head": answer(200, "x" * 500), "body": answer(200, "x" * 500), "chunks": chunked(b"x" * 500)}
    whole = shapes[kind]
    if kind == "head":
        slow = drip(whole)
    else:
        start = whole.index(b"\r\n\r\n") + 4

        def slow(exchange: object) -> None:
            exchange.send(whole[:start])  # type: ignore[attr-defined]
            drip(whole[start:])(exchange)  # type: ignore[arg-type, operator]

    with within(1.5), Wire(slow) as wire, pytest.raises(Unanswered, match="in time"):
        session(wire.url, seconds=0.2)(READ_X)


def test_an_upload_has_the_time_of_the_call_and_not_that_of_connecting(session: Open) -> None:
    """The server begins to read only after the connect timeout is over, with its buffers full."""
    with Wire(ok(), patience=0.3) as wire:
        body = b"x" * 16_000_000
        call = Call("PUT", "/x", kind=WRITE, body=body)

        assert session(wire.url, connect_timeout=0.1, seconds=20.0)(call).status == 200

    assert len(wire.requests[0].body) == len(body)


@pytest.mark.fault("A19")
@pytest.mark.parametrize(("size", "accepted"), [(999_999, True), (1_000_000, True), (1_000_001, False)])
def test_a_body_may_be_as_large_as_the_limit(session: Open, size: int, accepted: bool) -> None:
    packed = gzip.compress(b"x" * size)
    with Wire(answer(200, packed, content_encoding="gzip")) as wire:
        call = Call("GET", "/x", limit=1_000_000)

        if accepted:
            assert len(session(wire.url)(call).body) == size
        else:
            with pytest.raises(ApiError, match="larger than 1,000,000 bytes"):
                session(wire.url)(call)


@pytest.mark.fault("A19")
def test_a_gzip_bomb_is_not_unpacked(session: Open) -> None:
    bomb = gzip.compress(bytes(300_000_000), 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with Wire(answer(200, bomb, content_encoding="gzip")) as wire, pytest.raises(ApiError, match="larger"):
        session(wire.url)(Call("GET", "/x", limit=1_000_000))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_what_is_not_gzip_though_it_says_so_is_malformed(session: Open) -> None:
    with Wire(answer(200, b"plain", content_encoding="gzip")) as wire, pytest.raises(MalformedAnswer):
        session(wire.url)(READ_X)


@pytest.mark.fault("A20")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_redirect_is_returned_and_not_followed(session: Open, status: int, method: str) -> None:
    with Wire(answer(status, "", location="/client/v4/y")) as wire:
        reply = session(wire.url)(Call(method, "/x", kind=WRITE))

    assert reply.status == status
    assert [seen.target for seen in wire.requests] == ["/client/v4/x"]


@pytest.mark.fault("A21")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_other_host_hears_of_a_redirect(session: Open, status: int) -> None:
    with Wire(ok(), host="127.0.0.2") as other, Wire(answer(status, location=other.url)) as wire:
        session(wire.url)(Call("PUT", "/x", kind=WRITE, body=b"secret"))

        assert other.connections == 0


@pytest.mark.fault("A21")
def test_the_body_of_a_redirect_is_limited_too(session: Open) -> None:
    with Wire(answer(302, b"x" * 5000, location="/y")) as wire, pytest.raises(ApiError, match="larger"):
        session(wire.url)(Call("GET", "/x", limit=1000))


@pytest.mark.fault("A22")
def test_a_refused_connection_is_not_sent_and_says_so(session: Open) -> None:
    with Wire() as wire:
        pass

    with pytest.raises(NotSent, match=r"127\.0\.0\.1 refused the connection"):
        session(wire.url)(READ_X)


@pytest.mark.fault("A22")
def test_plain_http_where_tls_is_due_is_not_sent_and_says_so(session: Open) -> None:
    plain = answer(400, "<html>plain HTTP request</html>")
    with Wire(greeting=plain) as wire, pytest.raises(NotSent, match="does not speak TLS") as failure:
        session(wire.url.replace("http:", "https:"))(READ_X)

    assert "plain HTTP" in failure.value.hint


@pytest.mark.parametrize(("alert", "reason"), [(40, "HANDSHAKE_FAILURE"), (70, "ALERT_PROTOCOL_VERSION")])
def test_a_handshake_that_the_server_refuses_is_not_sent_and_says_why(
    session: Open, alert: int, reason: str
) -> None:
    greeting = bytes((0x15, 3, 3, 0, 2, 2, alert))
    with Wire(greeting=greeting) as wire, pytest.raises(NotSent, match="TLS with 127") as failure:
        session(wire.url.replace("http:", "https:"))(READ_X)

    assert f"{reason}" in failure.value.message
    assert "`inv doctor` checks the connection" in failure.value.hint


@pytest.mark.parametrize(
    ("error", "raised", "words"),
    [
        (OSError(errno.EMFILE, "Too many open files"), SystemFailure, "cannot open another connection"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), NotSent, "127.0.0.1 could not be reached"),
    ],
)
def test_a_connection_that_the_machine_cannot_open_is_not_sent(
    session: Open, monkeypatch: pytest.MonkeyPatch, error: OSError, raised: type[OpsError], words: str
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr("urllib3.util.connection.create_connection", refuse)

    with pytest.raises(raised) as failure:
        session("http://127.0.0.1:1/client/v4")(READ_X)

    assert words in failure.value.message
    assert failure.value.hint


def test_the_rest_of_an_answer_is_not_waited_for_after_the_deadline(session: Open) -> None:
    now = [0.0]

    def late(exchange: Exchange) -> None:
        now[0] = 100.0
        stall(ok()[:30])(exchange)  # type: ignore[operator]  # a function of the exchange

    with Wire(late) as wire, pytest.raises(Unanswered, match="in time"):
        session(wire.url, seconds=20.0, clock=lambda: now[0])(READ_X)


@pytest.mark.fault("A23")
def test_a_ca_file_that_is_missing_is_reported_before_the_first_call(session: Open, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"CA file .*No such file"):
        session("https://api.cloudflare.com/client/v4", ca_file=str(tmp_path / "none.pem"))


@pytest.mark.fault("A23")
def test_a_ca_file_that_is_a_named_pipe_is_reported_and_not_waited_for(session: Open, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UsageError, match=r"CA file .*pipe cannot be read: it is not a regular file"):
        session("https://api.cloudflare.com/client/v4", ca_file=str(tmp_path / "pipe"))


@pytest.mark.fault("A23")
def test_a_ca_file_that_is_not_a_certificate_is_reported_before_the_first_call(
    session: Open, tmp_path: Path
) -> None:
    file = tmp_path / "no.pem"
    file.write_text("hello")

    with pytest.raises(UsageError, match="CA file"):
        session("https://api.cloudflare.com/client/v4", ca_file=str(file))


@pytest.mark.fault("A23")
@pytest.mark.fault("F10")
def test_variables_of_the_environment_play_no_part(session: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(ok()) as proxy, Wire(ok([])) as wire:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
        session(wire.url)(READ_X)

        assert proxy.connections == 0
        assert len(wire.requests) == 1


@pytest.mark.fault("F9")
def test_a_netrc_does_not_replace_the_token(
    session: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password wrong\ndefault login me password wrong\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    with Wire(ok([])) as wire:
        session(wire.url)(READ_X)

    assert wire.requests[0].headers["authorization"] == f"Bearer {CANARY}"


def test_cookies_are_not_sent_back(session: Open) -> None:
    with Wire(ok([], set_cookie="__cf_bm=abc; path=/")) as wire:
        send = session(wire.url)
        send(READ_X)
        send(READ_X)

    assert "cookie" not in wire.requests[1].headers


@pytest.mark.fault("F2")
def test_a_call_prints_nothing(session: Open, capfd: pytest.CaptureFixture[str]) -> None:
    with Wire(ok([])) as wire:
        session(wire.url)(READ_X)

    assert capfd.readouterr() == ("", "")


@pytest.mark.fault("F4")
@pytest.mark.parametrize("end", [reset(), answer(200, "x" * 100)[:-50], stall()])
def test_a_failure_carries_no_token_however_it_is_looked_at(session: Open, end: bytes) -> None:
    with Wire(cut(end) if isinstance(end, bytes) else end) as wire:
        send = session(wire.url, read_timeout=0.1)
        with pytest.raises(OpsError) as failure:
            send(READ_X)

    error = failure.value
    reported = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    assert error.__context__ is None
    assert error.__cause__ is None
    assert CANARY not in reported + repr(error) + repr(vars(error)) + repr(send)
    assert CANARY.encode() not in pickle.dumps(error)


@pytest.mark.fault("F5")
def test_a_header_that_cannot_be_sent_is_refused_without_showing_it(session: Open) -> None:
    with Wire(ok()) as wire:
        call = Call("GET", "/x", headers={"X-Note": "line\nbreak-" + CANARY})
        with pytest.raises(UsageError) as failure:
            session(wire.url)(call)

        assert CANARY not in str(failure.value) + failure.value.hint
        assert wire.requests == []


@pytest.mark.fault("A18")
def test_no_call_outlasts_the_run(session: Open) -> None:
    with Wire(stall()) as wire, pytest.raises(Unanswered):
        session(wire.url, until=time.monotonic() + 0.1)(READ_X)
