from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.errors import (
    ApiError,
    Conflict,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    OpsError,
    PermissionDenied,
    RateLimited,
    ValidationError,
)
from ops.http import answers
from ops.http.client import Client
from ops.http.exchange import NOTHING, WRITE, Call, Reply
from ops.http.paths import path
from ops.kinds import paths
from tests.wire import Wire, answer, failed, ok

RECORDS = Call("GET", "/zones/z1/dns_records")
Open = Callable[..., Client]


def refusal(
    status: int, *errors: Any, call: Call = RECORDS, headers: Mapping[str, str] = NOTHING
) -> OpsError:
    body = json.dumps({"success": False, "errors": list(errors), "result": None}).encode()
    reply = Reply(status, headers, body)
    reply.paths = paths
    with pytest.raises(OpsError) as failure:
        answers.envelope(call, reply)
    return failure.value


def error(code: int, message: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "message": message, **more}


def test_an_error_names_the_call_and_every_reason_with_its_code() -> None:
    failure = refusal(400, error(9005, "Not an address"), error(9021, "Invalid TTL."))

    assert failure.message == "GET /zones/z1/dns_records: Not an address (9005); Invalid TTL. (9021)"
    assert failure.codes == (9005, 9021)
    assert failure.status == 400


def test_causes_in_a_chain_are_reasons_too() -> None:
    chain = [error(9021, "Invalid TTL.", error_chain=[error(7, "deep")])]

    failure = refusal(400, error(1004, "DNS Validation Error", error_chain=chain))

    assert failure.codes == (1004, 9021, 7)
    assert "DNS Validation Error (1004); Invalid TTL. (9021); deep (7)" in failure.message


@pytest.mark.parametrize("errors", [None, [], {}, "x", [1], [None], [{"code": "x"}]])
def test_errors_of_any_shape_are_survived(errors: Any) -> None:
    body = json.dumps({"success": False, "errors": errors}).encode()

    with pytest.raises(ValidationError):
        answers.envelope(RECORDS, Reply(400, {}, body))


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, 1000, "Invalid API Token", CredentialsError),
        (400, 1000, "Invalid API Token", CredentialsError),
        (403, 9109, "Invalid access token", CredentialsError),
        (403, 9109, "Unauthorized to access requested resource", PermissionDenied),
        (400, 6003, "Invalid request headers", CredentialsError),
        (400, 9106, "Missing X-Auth-Key", CredentialsError),
        (403, 9103, "Unknown X-Auth-Key or X-Auth-Email", CredentialsError),
        (401, 10000, "Authentication error", CredentialsError),
        (403, 10000, "Authentication error", PermissionDenied),
        (400, 10000, "Authentication error", PermissionDenied),
        (404, 81044, "Record does not exist.", NotFound),
        (404, 7003, "Could not route", NotFound),
        (410, 1, "Gone", NotFound),
        (400, 81058, "An identical record already exists.", Conflict),
        (400, 10014, "a namespace with this title already exists", Conflict),
        (409, 1, "Conflict", Conflict),
        (400, 1004, "DNS Validation Error", ValidationError),
        (429, 971, "Please wait", RateLimited),
        (500, 10013, "workers.api.error.unknown", ApiError),
    ],
)
def test_status_and_code_decide_the_class_of_a_failure(
    status: int, code: int, message: str, kind: type[OpsError]
) -> None:
    assert type(refusal(status, error(code, message))) is kind


def test_a_missing_permission_is_named_as_the_dashboard_names_it() -> None:
    denied = refusal(403, error(9109, "Unauthorized to access requested resource"))
    writing = refusal(403, error(9109, "Unauthorized"), call=RECORDS._replace(method="POST", kind=WRITE))

    assert "Zone > DNS > Read" in denied.hint
    assert "Zone > DNS > Edit" in writing.hint
    assert "inv doctor" in denied.hint


def test_an_authentication_error_says_that_it_may_be_the_token_or_a_permission() -> None:
    hint = refusal(403, error(10000, "Authentication error")).hint

    assert "lacks a permission" in hint
    assert "not valid" in hint


@pytest.mark.fault("A6")
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524])
def test_a_page_of_the_edge_is_reported_in_a_sentence(status: int, opened: Callable[..., Client]) -> None:
    page = "<html>\x1b]52;c;x\x07" + "bad " * 200
    with (
        Wire(answer(status, page, content_type="text/html", cf_ray="8a-FRA")) as wire,
        pytest.raises(ApiError) as failure,
    ):
        opened(wire.url).get(path("/zones"))

    message = failure.value.message
    assert message.startswith(f"GET /zones: the edge answered HTML ({status}, ray 8a-FRA): <html>")
    assert len(message) < 280
    assert message.isprintable()
    assert failure.value.ray == "8a-FRA"


@pytest.mark.fault("A7")
def test_a_refusal_of_the_firewall_names_the_key_and_is_not_a_matter_of_permission(opened: Open) -> None:
    page = answer(403, "<html>Sorry, you have been blocked</html>", content_type="text/html; charset=UTF-8")
    with Wire(page) as wire, pytest.raises(ApiError) as failure:
        opened(wire.url, attempts=4).get(path("/accounts/a/storage/kv/namespaces/n/values/{}", "weird..."))

    assert "'weird...'" in failure.value.hint
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(404, ApiError), (429, RateLimited), (405, ApiError), (500, ApiError)]
)
def test_an_answer_that_is_not_of_the_api_has_its_class_by_its_status(
    status: int, kind: type[OpsError]
) -> None:
    with pytest.raises(kind, match=rf"the edge answered text \({status}\): nope") as failure:
        answers.envelope(RECORDS, Reply(status, {}, b"nope"))

    assert type(failure.value) is kind


def test_a_ray_that_is_not_one_is_not_shown() -> None:
    assert refusal(500, error(1, "no"), headers={"cf-ray": "8a\x1b]52"}).ray == ""


@pytest.mark.parametrize(
    ("headers", "hint"),
    [({}, "5 min 0 s"), ({"retry-after": "17"}, "17 s"), ({"ratelimit": '"default";r=0;t=30'}, "30 s")],
)
def test_a_limit_says_when_to_try_again(headers: dict[str, str], hint: str) -> None:
    assert refusal(429, error(971, "Please wait"), headers=headers).hint == f"try again in {hint}"


@pytest.mark.parametrize("errors", [["plain text"], [{"message": "plain text"}]])
def test_a_reason_without_a_code_is_reported_all_the_same(errors: list[Any]) -> None:
    assert refusal(400, *errors).message == "GET /zones/z1/dns_records: plain text"


@pytest.mark.parametrize("body", [b'{"data": null}', b"{}"])
def test_graphql_without_data_is_malformed(opened: Open, body: bytes) -> None:
    with Wire(answer(200, body)) as wire, pytest.raises(MalformedAnswer, match="no data"):
        opened(wire.url).graphql("{ viewer }", {})


def test_graphql_may_be_refused(opened: Open) -> None:
    with Wire(failed(403, 10000, "Authentication error")) as wire, pytest.raises(PermissionDenied):
        opened(wire.url).graphql("{ viewer }", {})


@pytest.mark.fault("A20")
@pytest.mark.parametrize(
    ("location", "words"),
    [("/y", "the same host"), ("http://[bad", "an unreadable address"), ("", "the same host")],
)
def test_a_redirect_to_nowhere_is_refused_in_words(location: str, words: str) -> None:
    with pytest.raises(ApiError, match=f"redirected to {words} "):
        answers.envelope(RECORDS, Reply(302, {"location": location}))


@pytest.mark.fault("A9")
def test_a_success_that_says_it_failed_is_a_failure(opened: Open) -> None:
    body = json.dumps({"success": False, "errors": [error(1, "no")], "result": None})
    with Wire(answer(200, body)) as wire, pytest.raises(ApiError, match=r"no \(1\)"):
        opened(wire.url, cache=60).get(path("/zones"))


@pytest.mark.parametrize("body", [b"{}", b'{"id": 5}', b'{"errors": [], "messages": []}'])
def test_an_answer_to_a_write_without_success_and_result_is_malformed(body: bytes) -> None:
    call = Call("DELETE", "/zones/z/dns_records/r", kind=WRITE)

    with pytest.raises(MalformedAnswer, match="the answer has no result"):
        answers.result(call, Reply(200, body=body))


def test_an_answer_without_success_is_a_success() -> None:
    call = Call("DELETE", "/zones/z/dns_records/r", kind=WRITE)

    assert answers.result(call, Reply(200, {}, b'{"result":{"id":"r"}}')) == {"id": "r"}


def test_a_deletion_may_answer_nothing() -> None:
    call = Call("DELETE", "/accounts/a/workers/scripts/s", kind=WRITE)

    assert answers.result(call, Reply(204)) is None
    assert answers.result(call, Reply(200)) is None


@pytest.mark.fault("A10")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"1",
        b"true",
        b"hello",
        b"{",
        b'{"success":true,"result":null}',
        b"{}",
        b"\xff\xfe{}",
        b'{"success":true}',
    ],
)
def test_what_is_not_a_envelope_is_a_malformed_answer(opened: Open, body: bytes) -> None:
    with Wire(answer(200, body)) as wire, pytest.raises(MalformedAnswer, match="GET /zones"):
        opened(wire.url).get(path("/zones"))


@pytest.mark.fault("A11")
@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000])
def test_an_answer_nested_without_end_is_malformed(opened: Open, body: bytes) -> None:
    with Wire(answer(200, body)) as wire, pytest.raises(MalformedAnswer, match="nested too deeply"):
        opened(wire.url).get(path("/zones"))


@pytest.mark.fault("A12")
@pytest.mark.parametrize(
    "body",
    [
        b'{"success":true,"result":NaN}',
        b'{"success":true,"result":-Infinity}',
        b'{"success":false,"success":true,"result":1}',
        b'{"success":true,"result":{"a":1,"a":2}}',
        b'{"success":true,"result":' + b"9" * 5000 + b"}",
        b'{"success":true,"result":"\xed\xa0\x80"}',
    ],
)
def test_what_json_does_not_allow_is_refused(opened: Open, body: bytes) -> None:
    with Wire(answer(200, body)) as wire, pytest.raises(MalformedAnswer):
        opened(wire.url).get(path("/zones"))


@pytest.mark.fault("A12")
def test_large_numbers_lone_surrogates_and_a_bom_survive(opened: Open) -> None:
    body = b'\xef\xbb\xbf{"success":true,"result":{"a":[123456789012345678901234567890,"\\ud800"]}}'
    with Wire(answer(200, body)) as wire:
        found = opened(wire.url).get(path("/zones"))

    assert found["a"] == [123456789012345678901234567890, "\ud800"]


@pytest.mark.fault("A12")
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_json_comes_through_unchanged(value: Any) -> None:
    assert answers.parse(json.dumps(value).encode()) == value


def test_graphql_raises_the_errors_that_come_with_a_success(opened: Open) -> None:
    body = json.dumps({"data": None, "errors": [{"message": "unknown field"}]})
    with Wire(answer(200, body)) as wire, pytest.raises(ApiError, match="unknown field"):
        opened(wire.url).graphql("{ viewer }", {})


def test_graphql_gives_the_data(opened: Open) -> None:
    with Wire(answer(200, '{"data": {"viewer": {}}, "errors": null}')) as wire:
        assert opened(wire.url).graphql("{ viewer }", {"a": 1}) == {"viewer": {}}

    assert json.loads(wire.requests[0].body) == {"query": "{ viewer }", "variables": {"a": 1}}


@pytest.mark.fault("F1")
def test_a_token_that_a_server_echoes_is_hidden(opened: Open) -> None:
    with (
        Wire(lambda x: x.send(failed(400, 6003, "bad " + x.seen.headers["authorization"]))) as wire,
        pytest.raises(CredentialsError) as failure,
    ):
        opened(wire.url).get(path("/zones"))

    assert "bad Bearer [hidden] (6003)" in failure.value.message


@pytest.mark.fault("F1")
def test_a_token_that_a_malformed_answer_echoes_is_hidden(opened: Open) -> None:
    with (
        Wire(lambda x: x.send(answer(200, "hello " + x.seen.headers["authorization"]))) as wire,
        pytest.raises(MalformedAnswer, match=r"hello Bearer \[hidden\]"),
    ):
        opened(wire.url).get(path("/zones"))


@pytest.mark.fault("A20")
def test_a_redirect_is_refused_with_the_host_it_points_to(opened: Open) -> None:
    with (
        Wire(answer(302, location="https://user:secret@evil.example/x?token=1")) as wire,
        pytest.raises(ApiError, match=r"redirected to evil\.example \(302\)") as failure,
    ):
        opened(wire.url).delete(path("/zones/z"))

    assert "secret" not in failure.value.message
    assert failure.value.exit_code == 2


def test_parameters_that_say_nothing_are_left_out_and_booleans_are_spelt_as_json(opened: Open) -> None:
    with Wire(ok({})) as wire:
        opened(wire.url).get(path("/zones"), name="", type=None, all=True, none=False, zero=0, **{"a.b": "x"})

    assert wire.requests[0].target == "/client/v4/zones?all=true&none=false&zero=0&a.b=x"
