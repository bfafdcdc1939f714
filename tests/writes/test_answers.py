"""Every command that writes against answers that prove nothing: 404, other shapes, a token revoked midway."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Request as Sent
from ops.writes.journal import APPLIED, DONE, FAILED, UNKNOWN, Journal
from tests.conftest import Result
from tests.writes.test_every_write import ASKING, CASES, arranged, seldom, state, wrote

Inv = Callable[..., Result]

WRITE = re.compile(r"(?!.*(/bulk/get|/graphql)).*")
PAGE = {"body": b"<html><title>not here</title></html>", "status": 404, "content_type": "text/html"}
SHAPES = [
    "{}",
    *(
        pytest.param(shape, marks=pytest.mark.long)
        for shape in ("null", "[]", '"text"', "[{}]", '{"data": {}}', "7")
    ),
]

NO_ENVELOPES = ("[{}]", '{"id": 5}', '{"errors": [], "messages": []}')
ZONE = ("--zone", "example.com")
UNPROVEN = [
    ("cache.purge", *ZONE, "--all"),
    ("dns.create", *ZONE, "--type", "A", "--name", "mk", "--content", "192.0.2.7"),
    ("dns.delete", *ZONE, "--name", "docs", "--type", "CNAME"),
    ("kv.create", "--title", "mk"),
    ("r2.create", "--bucket", "made-up"),
    ("zones.create", "--name", "made-up.example"),
    ("workers.schedules", "--script", "cron-reports", "--clear"),
    ("r2.delete", "--bucket", "uploads"),
]


def states(home: Path) -> list[str]:
    journal = home / "state" / "journal"
    if not journal.exists():
        return []
    with Journal(journal) as opened:
        return [entry.state for entry in opened.entries().values()]


class OfWrites(Fault):
    """Strikes what changes something, and not the question before it, which changes nothing."""

    def matches(self, method: str, target: str) -> bool:
        return ASKING not in target and super().matches(method, target)


def on_writes(sandbox: Sandbox, kind: str, **args: object) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        sandbox.faults.add(OfWrites(kind, method, WRITE, times=-1, **args))


@pytest.mark.parametrize("page", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", [seldom(name) for name in CASES])
def test_a_write_that_is_answered_404_is_never_done(
    staged: Sandbox, inv: Inv, home: Path, name: str, page: bool
) -> None:
    case = CASES[name]
    before = arranged(case, staged)
    on_writes(staged, "malformed", **PAGE) if page else on_writes(staged, "gone")

    result = inv(*case.line)

    # A restore leaves the items that cannot be read or written, and says that it is partial.
    assert result.code in ((1, 2, 4) if "restore" in name else (1, 2)), result.err
    assert "Traceback" not in result.err
    assert states(home), result.err
    assert not set(APPLIED) & set(states(home))
    assert state(staged, case.history) == before


@pytest.mark.parametrize("name", [seldom(name) for name in CASES])
def test_a_write_whose_lookups_are_answered_404_sends_nothing(
    staged: Sandbox, inv: Inv, home: Path, name: str
) -> None:
    case = CASES[name]
    before = arranged(case, staged)
    staged.faults.add(Fault("gone", "GET", times=-1))
    staged.faults.add(Fault("gone", "POST", re.compile(r".*(/bulk/get|/graphql)"), times=-1))
    staged.requests.clear()

    result = inv(*case.line)

    assert result.code in (1, 2), result.err
    assert wrote(staged) == []
    assert state(staged, case.history) == before


@pytest.mark.parametrize("name", [seldom(name) for name, case in CASES.items() if case.reversible])
def test_one_lookup_that_is_answered_404_loses_nothing(
    staged: Sandbox, inv: Inv, home: Path, name: str
) -> None:
    case = CASES[name]
    before = arranged(case, staged)
    staged.requests.clear()
    fault = staged.faults.add(Fault("gone", "GET", nth=2))

    result = inv(*case.line)
    confirm = ("--confirm", case.confirm) if case.confirm else ()
    undone = inv("undo.last", "--yes", *confirm) if wrote(staged) else None

    assert fault.fired == 1
    assert "Traceback" not in result.err
    assert undone is None or undone.code == 0, (result.err, undone and undone.err)
    assert state(staged, case.history) == before


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [seldom(name) for name in CASES])
def test_a_success_of_another_shape_that_was_not_carried_out_is_never_done(
    staged: Sandbox, inv: Inv, home: Path, name: str, shape: str
) -> None:
    case = CASES[name]
    before = arranged(case, staged)
    body = json.dumps({"success": True, "result": json.loads(shape), "errors": [], "messages": []})
    on_writes(staged, "malformed", body=body.encode())

    result = inv(*case.line)

    assert "Traceback" not in result.err, result.err
    assert result.code in (2, 4), result.err
    # kv.load may note its batches as done: it compares all pairs at its end.
    assert set(states(home)) <= ({DONE, UNKNOWN} if name == "kv.load" else {UNKNOWN}), result.err
    assert states(home)
    assert state(staged, case.history) == before


@pytest.mark.parametrize("body", ["{}", *(pytest.param(b, marks=pytest.mark.long) for b in NO_ENVELOPES)])
@pytest.mark.parametrize("name", [seldom(name) for name in CASES])
def test_a_write_that_is_answered_without_an_envelope_is_never_done(
    staged: Sandbox, inv: Inv, home: Path, name: str, body: str
) -> None:
    case = CASES[name]
    before = arranged(case, staged)
    on_writes(staged, "malformed", body=body.encode())

    result = inv(*case.line)

    assert result.code == (4 if "restore" in name and result.code == 4 else 2), result.err
    assert "Traceback" not in result.err
    assert "undo: " not in result.err
    assert states(home), result.err
    assert set(states(home)) == {UNKNOWN}
    assert state(staged, case.history) == before


@pytest.mark.parametrize("body", ["null", "{}", "[{}]", '{"id": 5}'])
@pytest.mark.parametrize("line", UNPROVEN, ids=" ".join)
def test_a_success_that_holds_no_item_is_not_done_if_a_lookup_does_not_find_it(
    staged: Sandbox, inv: Inv, home: Path, line: tuple[str, ...], body: str
) -> None:
    answer = f'{{"success": true, "errors": [], "messages": [], "result": {body}}}'
    on_writes(staged, "malformed", body=answer.encode())

    result = inv(*line, "--yes")

    assert result.code == 2, result.err
    assert "Traceback" not in result.err
    assert "undo: " not in result.err
    assert states(home) == [UNKNOWN]


class AfterWrite:
    """Matches every target once *sandbox* has been written to."""

    pattern = "after a write"

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def fullmatch(self, _target: str) -> bool:
        return bool(wrote(self._sandbox))


@pytest.mark.parametrize("name", [seldom(name) for name, case in CASES.items() if case.reversible])
def test_a_write_that_was_answered_stays_done_if_nothing_can_be_read_afterwards(
    staged: Sandbox, inv: Inv, home: Path, name: str
) -> None:
    case = CASES[name]
    before = arranged(case, staged)
    staged.requests.clear()
    fault = staged.faults.add(Fault("denied", "GET", times=-1))
    fault.pattern = AfterWrite(staged)  # type: ignore[assignment]

    result = inv(*case.line)
    staged.faults.clear()
    confirm = ("--confirm", case.confirm) if case.confirm else ()
    undone = inv("undo.last", "--yes", *confirm)

    assert FAILED not in states(home), result.err
    assert "undo" in result.err
    assert undone.code == 0, (result.err, undone.err)
    assert state(staged, case.history) == before


def meanwhile(sandbox: Sandbox, path: str, change: Callable[[], object]) -> None:
    """Call *change* once, right after the first answer to a GET of *path*."""
    left = [change]

    def observe(exchange: Sent) -> None:
        if left and exchange.method == "GET" and path in exchange.target:
            left.pop()()

    sandbox.edge.observer = observe


def test_a_record_that_changes_while_a_file_is_applied_is_not_overwritten(
    staged: Sandbox, inv: Inv, tmp_path: Path
) -> None:
    at = ("--zone", "example.com", "--type", "A", "--name", "moving")
    inv("dns.create", *at, "--content", "192.0.2.1")
    record = {"type": "A", "name": "moving.example.com", "content": "192.0.2.1", "ttl": 600}
    (tmp_path / "file.json").write_text(json.dumps([record]))

    def theirs() -> None:
        (id,) = staged.store.texts("SELECT id FROM dns_record WHERE name = 'moving.example.com'")
        (zone,) = staged.store.texts("SELECT zone FROM dns_record WHERE name = 'moving.example.com'")
        body = json.dumps({"content": "192.0.2.99"}).encode()
        headers = {"Authorization": f"Bearer {staged.token}", "Content-Type": "application/json"}
        url = f"{staged.url}/zones/{zone}/dns_records/{id}"
        urlopen(Request(url, data=body, headers=headers, method="PATCH")).close()

    meanwhile(staged, "/dns_records", theirs)
    result = inv(
        "dns.apply", "--zone", "example.com", "--file", str(tmp_path / "file.json"), "--keep", "--yes"
    )

    assert result.code == 1, result.err
    assert "it has changed since it was read:" in result.err
    assert "192.0.2.1 → 192.0.2.99" in result.err
    assert staged.store.texts("SELECT content FROM dns_record WHERE name = 'moving.example.com'") == [
        "192.0.2.99"
    ]


def test_a_deletion_by_id_whose_lookup_is_answered_404_is_not_unchanged(staged: Sandbox, inv: Inv) -> None:
    (id,) = staged.store.texts("SELECT id FROM dns_record WHERE name = 'www.example.com' LIMIT 1")
    staged.faults.parse("gone GET /zones/*/dns_records/* times=-1")

    result = inv("dns.delete", "--zone", "example.com", "--id", id, "--yes")

    assert result.code == 1
    assert "does not exist" not in result.err
    assert wrote(staged) == []
