"""The exporter against collectors that take spans, refuse them, or never answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence

import pytest

from ops.errors import NotSent
from ops.http.exchange import Reply
from ops.tracing.exporter import BATCH, Exporter

NEVER = 3600.0
DEAD = NotSent("POST /v1/traces?key=secret: collector.example refused the connection")


def encoded(items: Sequence[int]) -> bytes:
    return json.dumps(list(items)).encode()


class Post:
    """Answers with *replies* one after the other, then 200; `bodies` are what was posted."""

    def __init__(self, *replies: Reply | Exception) -> None:
        self.replies, self.bodies = list(replies), []
        self.called = threading.Event()

    def __call__(self, body: bytes) -> Reply:
        self.bodies.append(json.loads(body))
        self.called.set()
        reply = self.replies.pop(0) if self.replies else Reply(200)
        if isinstance(reply, Exception):
            raise reply
        return reply


def exporter(post: Callable[[bytes], Reply], count: int = 3, every: float = NEVER) -> Exporter[int]:
    made: Exporter[int] = Exporter(post, encoded, host="collector.example", every=every)
    for number in range(count):
        made.add(number)
    return made


def test_everything_is_sent_at_the_end_in_batches() -> None:
    post = Post()

    assert exporter(post, BATCH + 5).close() == ""
    assert [len(body) for body in post.bodies] == [BATCH, 5]
    assert [item for body in post.bodies for item in body] == list(range(BATCH + 5))


def test_spans_are_sent_while_the_run_goes_on() -> None:
    post = Post()
    made = exporter(post, every=0.001)

    assert post.called.wait(20)
    assert made.close() == ""


def test_nothing_is_sent_without_spans() -> None:
    post = Post()

    assert exporter(post, 0).close() == ""
    assert post.bodies == []


def test_a_batch_that_was_not_taken_is_sent_again() -> None:
    post = Post(Reply(503), DEAD)
    made = exporter(post, every=0.001)
    while len(post.bodies) < 3:
        post.called.wait(1)

    assert made.close() == ""
    assert post.bodies == [[0, 1, 2]] * 3


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(503), "it answered 503"),
        (Reply(307), "it answered 307"),
        (Reply(401), "it answered 401"),
        (DEAD, "collector.example refused the connection"),
        (ZeroDivisionError("oops"), "ZeroDivisionError: oops"),
    ],
)
def test_what_was_not_sent_is_one_sentence_without_the_url(reply: Reply | Exception, why: str) -> None:
    post = Post(*[reply] * 9)

    where = "" if "collector.example" in why else " to collector.example"
    assert exporter(post, 2 * BATCH).close() == f"1,024 of 1,024 spans were not sent{where}: {why}"
    assert len(post.bodies) == 1


def test_a_collector_that_refuses_permanently_is_asked_once() -> None:
    post = Post(Reply(400))
    made = exporter(post, every=0.001)
    assert post.called.wait(20)

    assert made.close().endswith("it answered 400")
    assert len(post.bodies) == 1


def test_a_collector_that_never_answers_is_left_after_the_given_time() -> None:
    release = threading.Event()

    def post(_body: bytes) -> Reply:
        release.wait(60)
        return Reply(200)

    problem = exporter(post).close(seconds=0.05)
    release.set()

    assert problem == "3 of 3 spans were not sent to collector.example: no answer within 0.05 s"


def test_spans_that_a_collector_rejects_are_counted() -> None:
    body = json.dumps({"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}}).encode()

    problem = exporter(Post(Reply(200, body=body)), BATCH + 1).close()

    assert problem == "2 of 513 spans were not sent to collector.example: too old"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"<html>", b"[]", b'{"partialSuccess":{}}', b'{"partialSuccess":{"rejectedSpans":"x"}}'],
)
def test_an_answer_of_another_shape_is_a_success(body: bytes) -> None:
    assert exporter(Post(Reply(200, body=body))).close() == ""


def test_without_another_thread_the_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)

    assert exporter(Post()).close().endswith("no thread could be started")
