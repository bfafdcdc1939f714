"""Spans and their encoding, judged by the official protobuf."""

from __future__ import annotations

from ops.telemetry.record import CallSeen, Record, SectionSpan, TaskSpan
from ops.tracing.otlp import encode
from ops.tracing.spans import Ended, Kept, span

from .collector import attributes, decoded, spans_of

SERVER = "https://api.cloudflare.com/client/v4"
ROOT = "b7ad6b7169203331"
RECORD = Record(f"00-0af7651916cd43dd8448eb211c80319c-{ROOT}-01")


def call(**changed: object) -> CallSeen:
    usual = CallSeen(
        method="GET",
        route="/zones/{zone_id}/dns_records",
        path="/zones/0123/dns_records",
        status=200,
        error="",
        started=1_790_000_000.25,
        ms=12.5,
        attempt=1,
        ray="8f00-FRA",
        bytes=9_007_199_254_740_993,
        waited_ms=0.0,
        cached=False,
        span_id="00f067aa0ba902b7",
        parent_id="1111111111111111",
    )
    return usual._replace(**changed)


def sent(event: Kept, redact: dict[str, str] | None = None) -> object:
    def redacted(text: str) -> str:
        for secret, shown in (redact or {}).items():
            text = text.replace(secret, shown)
        return text

    body = encode([span(event, SERVER, RECORD, redacted)], RECORD.trace_id, {"service.name": "cfops"})
    return decoded(body)


def one(event: Kept, redact: dict[str, str] | None = None) -> object:
    (found,) = spans_of(sent(event, redact))
    return found


def test_a_call_is_a_client_span_with_the_names_of_the_http_conventions() -> None:
    found = one(call())

    assert (found.name, found.kind) == ("GET /zones/{zone_id}/dns_records", 3)
    assert attributes(found) == {
        "http.request.method": "GET",
        "url.template": "/zones/{zone_id}/dns_records",
        "server.address": "api.cloudflare.com",
        "server.port": 443,
        "http.response.status_code": 200,
        "http.response.body.size": 9_007_199_254_740_993,
        "http.response.header.cf-ray": ["8f00-FRA"],
    }
    assert found.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert (found.span_id.hex(), found.parent_span_id.hex()) == ("00f067aa0ba902b7", "1111111111111111")
    assert found.start_time_unix_nano == 1_790_000_000_250_000_000
    assert found.end_time_unix_nano - found.start_time_unix_nano == 12_500_000
    assert found.status.code == 0
    assert found.flags == 0x101


def test_a_path_with_its_ids_is_not_exported() -> None:
    assert "0123" not in str(sent(call()))


def test_a_repeated_call_that_failed_says_so() -> None:
    found = one(call(status=503, attempt=3, waited_ms=2000.5, bytes=None))

    assert attributes(found)["http.request.resend_count"] == 2
    assert attributes(found)["error.type"] == "503"
    assert attributes(found)["cfops.waited_ms"] == 2000.5
    assert "http.response.body.size" not in attributes(found)
    assert (found.status.code, found.status.message) == (2, "status 503")


def test_a_call_without_a_response_has_the_class_of_its_failure_and_no_status() -> None:
    found = one(
        call(status=0, error="Unanswered", message="GET /zones/0123/dns_records: no answer in time", ray="")
    )

    assert attributes(found)["error.type"] == "Unanswered"
    assert "http.response.status_code" not in attributes(found)
    assert found.status.message == "GET /zones/{zone_id}/dns_records: no answer in time"


def test_an_answer_from_the_cache_is_not_a_request() -> None:
    found = one(call(cached=True))

    assert found.kind == 1
    assert attributes(found)["cfops.cached"] is True


def test_the_run_is_a_program_whose_parent_is_in_another_process() -> None:
    found = one(Ended(1.0, 2.0, "inv", 4711, 4, "Incomplete", 17))

    assert (found.name, found.kind, found.parent_span_id.hex()) == ("inv", 1, ROOT)
    assert found.flags == 0x301
    assert attributes(found) == {
        "process.executable.name": "inv",
        "process.pid": 4711,
        "process.exit.code": 4,
        "cfops.run": RECORD.run,
        "cfops.dropped_spans": 17,
        "error.type": "Incomplete",
    }
    assert found.status.code == 2


def test_a_run_without_a_caller_has_no_parent() -> None:
    record = Record()
    body = encode([span(Ended(1.0, 2.0, "inv", 1, 0, "", 0), SERVER, record, str)], record.trace_id, {})
    (found,) = spans_of(decoded(body))

    assert found.parent_span_id == b""
    assert found.flags == 0x101
    assert "error.type" not in attributes(found)


def test_a_task_and_a_section_say_what_they_worked_on_and_how_they_ended() -> None:
    task = one(TaskSpan("scan.export", "1" * 16, ROOT, 1.0, 2.0, account="a1", profile="p", exit_code=4))
    section = SectionSpan("dns.record", "2" * 16, "1" * 16, 1.0, 2.0, scope="a.example", items=7)
    section.status, section.reason = "denied", "DNS Read is missing"

    assert attributes(task) == {
        "cfops.task": "scan.export",
        "cfops.exit_code": 4,
        "cfops.account": "a1",
        "cfops.profile": "p",
        "error.type": "4",
    }
    assert attributes(one(section)) == {
        "cfops.kind": "dns.record",
        "cfops.section.status": "denied",
        "cfops.items": 7,
        "cfops.parent": "a.example",
        "error.type": "denied",
    }
    assert one(section).status.message == "DNS Read is missing"


def test_a_complete_section_is_not_an_error() -> None:
    assert one(SectionSpan("kv.key", "2" * 16, ROOT, 1.0, 2.0, status="complete")).status.code == 0


def test_a_clock_that_was_set_back_makes_no_negative_duration() -> None:
    found = one(TaskSpan("zones.list", "1" * 16, ROOT, started=5.0, ended=4.0))

    assert found.end_time_unix_nano == found.start_time_unix_nano


def test_secrets_are_removed_from_every_text() -> None:
    section = SectionSpan("kv.key", "2" * 16, ROOT, 1.0, 2.0, scope="hush", reason="hush", status="failed")
    found = one(section, {"hush": "[hidden]"})

    assert "hush" not in str(found)
    assert attributes(found)["cfops.parent"] == "[hidden]"
