"""The checker reports each kind of contradiction."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.telemetry.audit import AuditLog
from tests.tools.soak.drawing import Task
from tests.tools.soak.episode import complain
from tests.tools.soak.plan import Plan
from tests.tools.soak.round import Round, play
from tests.tools.soak.stage import Ended, Stage, open_stage
from tests.tools.soak.truth import Spot

pytestmark = pytest.mark.enable_socket

RECORD = ("record", "example.org", "A", "made.example.org")
AT = ("--zone", "example.org", "--type", "A", "--name", "made")
CREATE = Task(
    ("dns.create", *AT, "--content", "192.0.2.5"), writes=True, leaves={RECORD: frozenset({"192.0.2.5"})}
)
LIST = Task(("dns.list", "--zone", "example.org"), reads=("records", "example.org"))
EXPORT = Task(("scan.export",))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


@pytest.fixture(scope="module")
def listed() -> Iterator[Round]:
    """Return a round that only reads."""
    with open_stage() as opened:
        yield played(opened, LIST)


def played(stage: Stage, *tasks: Task, **plan: Any) -> Round:
    round = play(stage, Plan(tasks, format="json", **plan))
    assert list(complain(round)) == []
    return round


def complaints(round: Round, **changed: Any) -> str:
    return "\n".join(complain(round._replace(**changed)))


def ended_with(round: Round, **changed: Any) -> Ended:
    return round.ended._replace(**changed)


def made(round: Round) -> Spot:
    """Return the spot of the record that a round created."""
    (spot,) = round.after.keys() - round.before.keys()
    return spot


def test_a_record_that_was_not_created_is_reported(stage: Stage) -> None:
    round = played(stage, CREATE)

    found = complaints(round, after=round.before)

    assert "ended with 0, but ('record', 'example.org'" in found
    assert "is done, but of" in found


def test_a_record_that_differs_from_the_journal_is_reported(stage: Stage) -> None:
    round = played(stage, CREATE)
    other = {**round.after[made(round)], "ttl": 77}

    assert "is done, but of" in complaints(round, after={**round.after, made(round): other})


def test_a_record_that_is_not_in_the_journal_is_reported(listed: Round) -> None:
    stranger = {"id": "0", "type": "A", "name": "stranger.example.org", "content": "192.0.2.6"}
    spot = next(spot for spot in listed.after if spot.family == "dns_record")._replace(id="0")

    assert "changed, but not in the journal" in complaints(listed, after={**listed.after, spot: stranger})


def test_a_record_that_was_created_twice_is_reported(stage: Stage) -> None:
    round = played(stage, CREATE)
    twin = {made(round)._replace(id="0"): {**round.after[made(round)], "id": "0"}}

    assert "created 2 times, intended 1 times" in complaints(round, after=round.after | twin)


def test_a_deletion_that_did_not_happen_is_reported(stage: Stage) -> None:
    played(stage, CREATE)
    round = played(stage, Task(("dns.delete", *AT, "--yes"), writes=True, leaves={RECORD: frozenset()}))

    found = complaints(round, after=round.before)

    assert "is done, but there is still" in found
    assert "ended with 0, but ('record', 'example.org'" in found


def test_a_write_of_a_line_that_only_reads_is_reported(listed: Round) -> None:
    assert "has sent" in complaints(listed, requests=[("POST", "/zones")])
    assert "has sent" not in complaints(listed, requests=[("POST", "/accounts/a/storage/kv/bulk/get")])


def test_a_request_without_an_intent_is_reported(stage: Stage) -> None:
    stage.run(("version",), Plan((Task(("version",)),)))
    sandbox = stage.sandbox
    request = urllib.request.Request(
        f"{sandbox.url}/zones", b"{}", {"Authorization": f"Bearer {sandbox.token}"}, method="POST"
    )

    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request)

    assert stage.unannounced == ["POST /zones"]


@pytest.mark.parametrize("file", ["journal/journal.jsonl", "audit/audit.jsonl"])
def test_a_line_that_was_tampered_with_is_reported(stage: Stage, file: str) -> None:
    round = played(stage, CREATE)
    log = stage.state / file
    log.write_bytes(log.read_bytes().replace(b"made", b"mAde", 1))

    found = complaints(round)

    assert "the journal cannot be read" in found or "the audit log:" in found


def test_a_task_with_another_result_in_the_audit_log_is_reported(stage: Stage) -> None:
    round = played(stage, CREATE)

    missing = complaints(round, audited=1)
    AuditLog(stage.state).record({"task": "dns.create", "exit_code": 3})

    assert "the audit log has 0 lines of 1 tasks that write" in missing
    assert "the audit log says [0, 3], but the line ended with 0" in complaints(round)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"code": 7}, "exit code 7 is not expected"),
        ({"code": 130}, "exit code 130 is not expected"),
        ({"code": 3, "err": "no answer"}, "exit code 3 though nothing went wrong"),
        ({"code": None}, "the line did not end"),
        ({"code": 1, "err": ""}, "exit code 1 without a message"),
        ({"code": 1, "err": '{"error": "NotFound", "exit_code": 2}'}, "exit code 1, but"),
        ({"err": "Traceback (most recent call last)"}, "a traceback"),
        ({"out": b"[{]"}, "the output is not valid json"),
        ({"out": b"[]"}, "dns.list: missing"),
    ],
)
def test_the_output_of_a_line_is_compared_with_its_exit_code(
    listed: Round, changed: Any, complaint: str
) -> None:
    assert complaint in complaints(listed, ended=ended_with(listed, **changed))


@pytest.mark.parametrize("spell", [str, lambda token: token.encode().hex()])
def test_the_token_is_found_in_the_output(listed: Round, spell: Any) -> None:
    assert "the token is in output" in complaints(listed, ended=ended_with(listed, err=spell(listed.token)))


def test_a_wrong_line_that_was_accepted_is_reported(listed: Round) -> None:
    assert "a wrong line was accepted" in complaints(listed, plan=listed.plan._replace(mistyped="dns.lst"))


def test_a_snapshot_that_lacks_an_item_is_reported(stage: Stage) -> None:
    round = played(stage, EXPORT)
    file = snapshot(stage) / "dns.record.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[1:]))

    assert "dns.record of" in complaints(round)


@pytest.mark.parametrize(
    ("status", "sections", "complaint"),
    [
        ("complete", "denied", "claims to be complete"),
        ("partial", "complete", "is partial, but the line ended with 0"),
        ("partial", "complete", "latest leads to a snapshot that is not complete"),
    ],
)
def test_a_snapshot_with_a_false_status_is_reported(
    stage: Stage, status: str, sections: str, complaint: str
) -> None:
    round = played(stage, EXPORT)
    file = snapshot(stage) / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["sections"][-1]["status"] = sections
    file.write_text(json.dumps({**manifest, "status": status}))

    assert complaint in complaints(round)


def test_a_partial_snapshot_that_is_left_behind_is_reported(stage: Stage) -> None:
    round = played(stage, EXPORT)
    (snapshot(stage).parent / ".partial-1-00000000").mkdir()

    assert "left behind" in complaints(round)


def snapshot(stage: Stage) -> Path:
    return next(stage.exports.glob("*/latest")).resolve()
