from __future__ import annotations

import re
import threading

import pytest

from ops.http.paths import path
from ops.telemetry.record import Event, Record, SectionSpan, TaskSpan

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_run_belongs_to_the_trace_that_the_environment_names() -> None:
    record = Record(GIVEN)

    assert (record.trace_id, record.parent_id) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@pytest.mark.parametrize(
    "given",
    ["", "00-0af7", GIVEN.upper(), f"ff{GIVEN[2:]}", f"00-{'0' * 32}-b7ad6b7169203331-01", f"{GIVEN}\n"],
)
def test_a_traceparent_that_is_not_valid_is_ignored(given: str) -> None:
    record = Record(given)

    assert re.fullmatch("[0-9a-f]{32}", record.trace_id)
    assert record.trace_id not in given
    assert record.parent_id == ""


@pytest.mark.parametrize(("flags", "kept"), [("00", False), ("01", True), ("02", False), ("03", True)])
def test_what_is_started_continues_the_trace_as_the_caller_wants_it(flags: str, kept: bool) -> None:
    record = Record(f"{GIVEN[:-2]}{flags}")
    task = record.begin_task("zones.list")

    assert record.sampled is kept
    assert record.for_children == f"00-{GIVEN.split('-')[1]}-{task.span_id}-{'01' if kept else '00'}"


def test_a_run_of_its_own_is_kept() -> None:
    record = Record()

    assert record.sampled
    assert record.for_children == f"00-{record.trace_id}-{record.root_id}-01"


def test_spans_are_nested_run_task_section() -> None:
    record, seen = Record(clock=lambda: 5.0), list[Event]()
    record.observe(seen.append)

    task = record.begin_task("scan.run")
    with record.section("zones.zone", "account") as section:
        inside = record.span_id
        section.status = "complete"
    record.end_task(4, "Incomplete")

    assert seen == [section, task]
    assert isinstance(section, SectionSpan)
    assert isinstance(task, TaskSpan)
    assert (inside, section.parent_id, task.parent_id) == (section.span_id, task.span_id, record.root_id)
    assert (task.exit_code, task.error, task.ended) == (4, "Incomplete", 5.0)


def test_another_thread_is_not_in_the_section_of_this_one() -> None:
    record, inside = Record(), list[str]()
    task = record.begin_task("scan.run")

    with record.section("zones.zone", "account"):
        thread = threading.Thread(target=lambda: inside.append(record.span_id))
        thread.start()
        thread.join()

    assert inside == [task.span_id]


def test_a_route_has_no_id_and_no_name() -> None:
    value = path("/accounts/{account}/storage/kv/namespaces/{namespace}/values/{key}",
                 account="a" * 32, namespace="b" * 32, key="secret/key")  # fmt: skip

    assert value.route == "/accounts/{account_id}/storage/kv/namespaces/{id}/values/{id}"
    assert path("/zones/{}", "z").below("rulesets/{}", "r").route == "/zones/{zone_id}/rulesets/{id}"
