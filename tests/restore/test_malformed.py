"""Malformed responses during a diff or a restore: one part fails, the rest is compared and restored."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.wire import Request
from tests.faults.test_malformed import mutations
from tests.restore.conftest import Inv, Stage, exported
from tests.restore.world import ZONES

ALPHA, BETA = ZONES
LINES = (
    ("snapshots.diff", "latest", "live"),
    ("snapshots.restore", "--dry-run", "--delete"),
    ("snapshots.restore", "--zone", ALPHA, "--dry-run", "--delete"),
    ("snapshots.restore", "--kind", "workers", "--item", "edge", "--dry-run"),
    ("snapshots.restore", "--namespace", "sessions", "--item", "sessions:3", "--dry-run"),
)


def recorded(stage: Stage, inv: Inv, line: tuple[str, ...]) -> dict[tuple[str, str], Any]:
    """Run *line*; return the JSON that the sandbox answered, by method and target."""
    answers: dict[tuple[str, str], Any] = {}

    def keep(exchange: Request) -> None:
        if exchange.answer.body.startswith(b"{"):
            answers[exchange.method, exchange.target] = json.loads(exchange.answer.body)

    stage.sandbox.edge.observer = keep
    done = inv(*line)
    stage.sandbox.edge.observer = None
    assert done.code == 0, done.err
    return answers


def disturb(stage: Stage) -> None:
    """Change something of each kind, so that there is something to restore."""
    for id in stage.world.zones().values():
        stage.world.call("DELETE", f"/zones/{id}/dns_records/{stage.world.records(id)[0]['id']}")
    stage.world.upload("edge", "export default {}", [])
    stage.world.put(stage.world.namespaces()["sessions"], [{"key": "sessions:3", "value": "changed"}])


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("line", LINES, ids=lambda line: " ".join(line[:3]))
def test_a_response_with_any_field_of_another_shape_is_never_a_traceback(
    stage: Stage, inv: Inv, line: tuple[str, ...]
) -> None:
    disturb(stage)
    changed = [
        (method, target, json.dumps({**answer, "result": mutated} if "result" in answer else mutated))
        for (method, target), answer in recorded(stage, inv, line).items()
        for mutated in mutations(answer.get("result", answer))
    ]
    stage.forget()
    failures = []

    for method, target, body in random.Random(str(line)).sample(changed, min(150, len(changed))):
        stage.sandbox.faults.clear()
        stage.sandbox.faults.add(
            Fault("malformed", method, re.compile(re.escape(target)), times=-1, body=body)
        )
        done = inv(*line)
        if "Traceback" in done.err or done.code not in (0, 1, 2, 4):
            failures.append(f"{method} {target} {body[:300]}: {done.code} {done.err[-400:]}")

    assert not failures, "\n\n".join(failures)
    assert stage.wrote() == []


def test_a_script_whose_settings_cannot_be_read_is_reported_and_the_rest_is_restored(
    stage: Stage, inv: Inv
) -> None:
    disturb(stage)
    stage.sandbox.faults.add(Fault("denied", "GET", "*/scripts/edge/settings", times=-1))

    result = inv("snapshots.restore", "--yes", "--output", "json")

    stage.sandbox.faults.clear()
    assert result.code == 4, result.err
    assert "workers.script edge: could not be read completely, so it is not changed" in result.err
    assert json.loads(result.out)["created"] == 2
    assert json.loads(result.out)["changed"] == 1


def test_a_zone_whose_records_are_malformed_does_not_end_the_restore_of_others(
    stage: Stage, inv: Inv
) -> None:
    disturb(stage)
    records = re.compile(f"/zones/{stage.world.zones()[ALPHA]}/dns_records")
    stage.sandbox.faults.add(
        Fault("malformed", "GET", records, times=-1, body='{"success":true,"result":[7]}')
    )

    diff = inv("snapshots.diff", "latest", "live", "--only", "dns", "--output", "json", "--exit-code")
    result = inv("snapshots.restore", "--kind", "dns", "--yes", "--output", "json")

    stage.sandbox.faults.clear()
    found = {(row["in"], row["change"]) for row in json.loads(diff.out)}
    assert (diff.code, found) == (5, {(ALPHA, "unknown"), (BETA, "deleted")})
    assert result.code == 4, result.err
    assert json.loads(result.out)["created"] == 1
    assert f"dns.record in {ALPHA}" in result.err
    assert "could not be read completely, so nothing is created there" in result.err
    assert [len(stage.world.records(id)) for id in stage.world.zones().values()] in ([11, 12], [12, 11])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_after_a_malformed_response_to_a_write_the_same_restore_finishes(
    start: Callable[[], Stage], inv: Inv
) -> None:
    before = exported(start, inv)
    stage = start()
    disturb(stage)
    line = ("snapshots.restore", "--yes")
    answers = {key: answer for key, answer in recorded(stage, inv, line).items() if key[0] != "GET"}
    changed = [
        (method, re.sub("[0-9a-f]{32}", "*", target), json.dumps({**answer, "result": mutated}))
        for (method, target), answer in answers.items()
        for mutated in mutations(answer.get("result"))
    ]
    stage.sandbox.stop()

    for method, target, body in random.Random(7).sample(changed, min(40, len(changed))):
        stage = start()
        disturb(stage)
        stage.sandbox.faults.add(Fault("malformed", method, target, times=1, body=body))

        first = inv(*line)
        stage.sandbox.faults.clear()
        second = inv(*line)

        where = f"{method} {target} {body[:200]}: {first.err[-600:]}"
        assert "Traceback" not in first.err, where
        assert first.code in (0, 1, 2, 4), where
        assert second.code == 0, f"{where}\n{second.err}"
        assert stage.world.state() == before, where
        stage.sandbox.stop()
