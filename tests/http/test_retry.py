from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.errors import Interrupted, MalformedAnswer, NotSent, OpsError, RateLimited, Unanswered
from ops.http.client import Client
from ops.http.exchange import QUERY, READ, WRITE, Call, Reply
from ops.http.paths import path
from ops.http.pause import LONGEST, Pause, allowance, retry_after
from ops.http.retry import Quota, backoff, with_retry
from tests.http.conftest import FakeTime
from tests.timing import Within, timed
from tests.wire import Wire, cut, failed, ok, reset


class Script:
    """A Send that gives these outcomes one after the other, the last one for ever."""

    def __init__(self, *outcomes: Reply | OpsError) -> None:
        self.outcomes = outcomes
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        outcome = self.outcomes[min(len(self.calls), len(self.outcomes)) - 1]
        if isinstance(outcome, OpsError):
            raise outcome
        return outcome


def good() -> Reply:
    return Reply(200, body=b"{}")


def run(script: Script, call: Call, fake_time: FakeTime, **options: object) -> Reply:
    send = with_retry(script, pause=fake_time.pause(), rand=lambda: 0.5, **options)  # type: ignore[arg-type]
    return send(call)


def call(method: str) -> Call:
    return Call(method, "/x", kind=READ if method == "GET" else WRITE)


UNKNOWN = [
    Unanswered("gone"),
    MalformedAnswer("what"),
    *(Reply(s) for s in (500, 502, 503, 504, 520, 524, 530)),
]
REFUSED = [Reply(429), Reply(429, {"retry-after": "1"}), Reply(503, {"retry-after": "1"})]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("failure", [NotSent("no name"), *REFUSED])
def test_what_was_not_carried_out_is_repeated_forevery_method(
    fake_time: FakeTime, method: str, failure: Reply | OpsError
) -> None:
    script = Script(failure, failure, failure, good())

    assert run(script, call(method), fake_time).status == 200
    assert len(script.calls) == 4


@pytest.mark.fault("A6")
@pytest.mark.parametrize("failure", UNKNOWN)
@pytest.mark.parametrize("kind", [READ, QUERY])
def test_a_read_or_query_of_unknown_outcome_is_repeated(
    fake_time: FakeTime, kind: str, failure: Reply | OpsError
) -> None:
    script = Script(failure, failure, failure, good())

    reply = run(script, Call("GET" if kind == READ else "POST", "/x", kind=kind), fake_time)

    assert reply.status == 200
    assert [one.attempt for one in script.calls] == [1, 2, 3, 4]


@pytest.mark.fault("A8")
@pytest.mark.parametrize("failure", UNKNOWN)
def test_a_post_of_unknown_outcome_is_not_repeated(fake_time: FakeTime, failure: Reply | OpsError) -> None:
    script = Script(failure)

    try:
        assert run(script, call("POST"), fake_time) is failure
    except OpsError as error:
        assert error is failure
    assert len(script.calls) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_that_leads_to_the_same_state_is_repeated_once(fake_time: FakeTime, method: str) -> None:
    script = Script(Reply(502))

    assert run(script, call(method), fake_time).status == 502
    assert len(script.calls) == 2


def test_a_post_is_not_repeated_after_an_attempt_of_unknown_outcome(fake_time: FakeTime) -> None:
    script = Script(Reply(429), Unanswered("gone"), good())

    with pytest.raises(Unanswered):
        run(script, call("POST"), fake_time)
    assert len(script.calls) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 501])
def test_what_would_fail_again_is_not_repeated(fake_time: FakeTime, status: int) -> None:
    script = Script(Reply(status))

    assert run(script, call("GET"), fake_time).status == status
    assert len(script.calls) == 1


def test_a_reply_after_an_attempt_of_unknown_outcome_says_so(fake_time: FakeTime) -> None:
    assert run(Script(Unanswered("gone"), Reply(404)), call("DELETE"), fake_time).replayed
    assert not run(Script(NotSent("gone"), Reply(404)), call("DELETE"), fake_time).replayed


def test_deleting_what_an_attempt_before_may_have_deleted_is_a_success(
    opened: Callable[..., Client],
) -> None:
    with Wire(reset(), failed(404, 81044, "Record does not exist.")) as wire:
        client = opened(wire.url, attempts=4)

        assert client.delete(path("/zones/z/dns_records/r")) == {}
    assert [seen.method for seen in wire.requests] == ["DELETE", "DELETE"]


@pytest.mark.fault("A1")
def test_retry_after_is_waited_for_exactly_and_reported(fake_time: FakeTime) -> None:
    script = Script(Reply(429, {"retry-after": "17"}), good())

    run(script, call("GET"), fake_time)

    assert fake_time.waits == [17.5]
    assert fake_time.said == ["waiting 18 s: Cloudflare asked for a pause (GET /x: 429)"]


@pytest.mark.fault("A1")
def test_a_wait_beyond_the_deadline_ends_at_once_and_says_when_to_try_again(fake_time: FakeTime) -> None:
    script = Script(Reply(429, {"retry-after": "300"}))
    send = with_retry(script, pause=fake_time.pause(until=fake_time.now + 100))

    with pytest.raises(RateLimited) as failure:
        send(call("GET"))

    assert fake_time.waits == []
    assert "try again at" in failure.value.hint
    assert failure.value.exit_code == 2


@pytest.mark.fault("A2")
def test_without_retry_after_the_rest_of_the_window_is_waited_for(fake_time: FakeTime) -> None:
    run(Script(Reply(429, {"ratelimit": '"default";r=0;t=30'}), good()), call("GET"), fake_time)

    assert fake_time.waits == [30.5]


@pytest.mark.fault("A2")
def test_without_a_word_the_waits_double(fake_time: FakeTime) -> None:
    run(Script(Reply(429)), call("GET"), fake_time, attempts=9)

    assert fake_time.waits == [5.5, 10.5, 20.5, 40.5, 80.5, 160.5, 300.5, 300.5]


@pytest.mark.fault("A3")
def test_a_post_that_was_limited_is_sent_again(opened: Callable[..., Client]) -> None:
    limited = failed(429, 971, "Please wait", retry_after="0")
    with Wire(limited, ok({"id": "1"})) as wire:
        client = opened(wire.url, attempts=2)

        assert client.post(path("/zones"), json={"name": "a.example"}) == {"id": "1"}
    assert len(wire.requests) == 2
    assert wire.requests[0].body == wire.requests[1].body


@pytest.mark.fault("A4")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("1000000000", LONGEST),
        ("9" * 5000, LONGEST),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("\u0661\u0667", None),
        ("Mon, 99 Xyz 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_read_or_ignored(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}) == seconds


@pytest.mark.fault("A4")
def test_retry_after_may_be_a_date_by_the_servers_clock() -> None:
    served = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    headers = {
        "date": format_datetime(served, usegmt=True),
        "retry-after": format_datetime(served + timedelta(seconds=40), usegmt=True),
    }

    assert retry_after(headers, now=0.0) == 40.0
    assert retry_after({"retry-after": headers["date"]}, now=served.timestamp() + 9) == 0.0
    assert retry_after({"retry-after": headers["date"]}, now=served.timestamp() - 9) == 9.0


@pytest.mark.fault("A4")
@given(st.text() | st.integers().map(str) | st.datetimes().map(format_datetime))
def test_no_retry_after_breaks_anything_or_waits_too_long(text: str) -> None:
    seconds = retry_after({"retry-after": text})

    assert seconds is None or 0 <= seconds <= LONGEST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"default";r=50;t=30', (50, 30.0)),
        ('"burst";r=3;t=9, "default";r=50;t=30', (3, 9.0)),
        ('"a,b;r=1";r=7;t=2', (7, 2.0)),
        ("default; r=5; t=6", (5, 6.0)),
        ('"default";r=5', None),
        ('"default";r=-5;t=1', None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_allowance_that_binds_first_is_read(text: str, expected: tuple[int, float] | None) -> None:
    assert allowance({"ratelimit": text}) == expected


@given(st.text())
def test_no_ratelimit_header_breaks_anything(text: str) -> None:
    allowance({"ratelimit": text})


@given(st.integers(1, 50), st.floats(0, 1))
def test_backoff_is_any_part_of_a_limit_that_doubles_up_to_twenty_seconds(
    attempt: int, chance: float
) -> None:
    assert backoff(attempt, chance) == chance * min(20.0, 0.5 * 2 ** (attempt - 1))


def test_what_was_never_sent_ends_with_its_own_error(fake_time: FakeTime) -> None:
    failure = NotSent("no name")

    with pytest.raises(NotSent) as ended:
        run(Script(failure), call("POST"), fake_time)

    assert ended.value is failure


def test_a_long_backoff_is_reported_with_what_is_tried_again(fake_time: FakeTime) -> None:
    run(Script(Reply(502)), call("GET"), fake_time)

    assert fake_time.waits == [0.25, 0.5, 1.0]
    run(Script(Reply(502)), call("GET"), fake_time, attempts=5)
    assert fake_time.said == ["waiting 2 s: retrying GET /x"]


def test_short_waits_are_not_reported(fake_time: FakeTime) -> None:
    run(Script(Reply(502), good()), call("GET"), fake_time)

    assert fake_time.waits == [0.25]
    assert fake_time.said == []


def test_a_backoff_beyond_the_deadline_gives_the_failure_itself(fake_time: FakeTime) -> None:
    script = Script(Reply(502))
    send = with_retry(script, pause=fake_time.pause(until=fake_time.now + 0.1), rand=lambda: 1.0)

    assert send(call("GET")).status == 502
    assert len(script.calls) == 1


@pytest.mark.fault("G10")
def test_an_outage_does_not_become_a_storm(fake_time: FakeTime) -> None:
    script = Script(Reply(503))
    send = with_retry(script, pause=fake_time.pause(), quota=Quota())

    for _ in range(1000):
        send(call("GET"))

    assert len(script.calls) == 1000 + 100


@pytest.mark.fault("G10")
def test_a_repetition_after_a_silence_costs_twice_as_much(fake_time: FakeTime) -> None:
    script = Script(Unanswered("gone"))
    send = with_retry(script, pause=fake_time.pause())

    for _ in range(100):
        with pytest.raises(Unanswered):
            send(call("GET"))

    assert len(script.calls) == 100 + 50


def test_successes_earn_repetitions_back(fake_time: FakeTime) -> None:
    quota = Quota()
    for _ in range(100):
        quota.take(5)
    assert not quota.take(5)

    send = with_retry(Script(good()), pause=fake_time.pause(), quota=quota)
    for _ in range(5):
        send(call("GET"))

    assert quota.take(5)
    assert not quota.take(1)


@pytest.mark.fault("A16")
@pytest.mark.parametrize("end", [reset(), cut(b"")])
@pytest.mark.parametrize(("method", "requests"), [("get", 2), ("put", 2), ("delete", 2), ("post", 1)])
def test_a_lost_connection_is_survived_by_all_but_a_post(
    opened: Callable[..., Client], end: bytes, method: str, requests: int
) -> None:
    with Wire(end, ok({"id": "1"})) as wire:
        client = opened(wire.url, attempts=4)
        try:
            assert getattr(client, method)(path("/zones/z")) == {"id": "1"}
        except Unanswered:
            assert method == "post"

    assert len(wire.requests) == requests


@pytest.mark.fault("A13")
def test_a_truncated_answer_is_read_again(opened: Callable[..., Client]) -> None:
    with Wire(cut(ok({"id": "1"})[:-5]), ok({"id": "1"})) as wire:
        assert opened(wire.url, attempts=2).get(path("/zones/z")) == {"id": "1"}


@pytest.mark.fault("A14")
def test_json_cut_off_without_an_announced_length_is_read_again(opened: Callable[..., Client]) -> None:
    short = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + b'{"success":true,"result":{"i'
    with Wire(cut(short), ok({"id": "1"})) as wire:
        assert opened(wire.url, attempts=2).get(path("/zones/z")) == {"id": "1"}


@timed
@pytest.mark.fault("D5")
def test_a_long_wait_ends_when_the_run_is_stopped(within: Within) -> None:
    stop = threading.Event()
    pause = Pause(say=lambda text: stop.set(), stop=stop)

    with within(2), pytest.raises(Interrupted):
        with_retry(Script(Reply(429, {"retry-after": "300"})), pause=pause)(call("GET"))


def test_waits_for_the_same_moment_are_reported_once(fake_time: FakeTime) -> None:
    pause = Pause(say=fake_time.said.append, clock=fake_time, wait=lambda seconds: False)

    for _ in range(8):
        pause(30, "why")

    assert fake_time.said == ["waiting 30 s: why"]


def test_an_answer_of_success_is_not_touched(fake_time: FakeTime) -> None:
    reply = good()

    assert run(Script(reply), call("GET"), fake_time) is reply
    assert reply.replayed is False
