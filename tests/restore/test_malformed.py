"""Malformed responses during a diff or a restore: one part fails, the rest is compared and restored."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.wire import Request
from tests.conftest import Result
from tests.faults.bench import Bench
from tests.faults.fields import Mutation
from tests.faults.test_malformed import mutations
from tests.restore.conftest import Inv, Stage, exported
from tests.restore.world import ZONES

ALPHA, BETA = ZONES
PRODUCTS = ("zones", "dns", "workers", "kv")


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
@pytest.mark.timeout(600)
@pytest.mark.parametrize("product", PRODUCTS)
def test_a_restore_of_which_any_field_of_an_answer_is_changed(
    stage: Stage, inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch, product: str
) -> None:
    disturb(stage)
    bench = Bench(stage.sandbox, inv, home, monkeypatch)
    bench.save()
    line = ("snapshots.restore", "--kind", product, "--output", "json")

    faults = bench.faults_of_reading((*line, "--dry-run", "--delete"), set(), _is_compared)
    faults += bench.faults_of_writing((*line, "--yes", "--delete"), ("worker.module",), _is_compared)

    assert not faults, "\n\n".join(faults)


def _is_compared(mutation: Mutation, done: Result) -> bool:
    """True if the changed field may be one that the restore compares, and so another number of changes."""
    return done.code == 0 and bool(mutation.path) and mutation.path[0] == "result"


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
