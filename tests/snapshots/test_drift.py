"""`inv snapshots.drift`: what differs from the snapshot, who changed it, and a summary to post."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as some

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.catalog import resources
from ops.kinds.resource import AuditEvent
from ops.products.audit.api import events
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.snapshots.compare.report import MOST, MOST_EVENTS, Blame, code, summary
from ops.snapshots.compare.side import Difference
from tests.conftest import API, Result
from tests.products.answers import envelope, page, refusal
from tests.snapshots.making import made
from tests.snapshots.touching import Account, empty_audit_log

Inv = Callable[..., Result]
SOON = "2099-01-01T00:00:00Z"


@pytest.fixture
def account(staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    return Account(staged)


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def test_an_unchanged_account_has_not_drifted(account: Account, inv: Inv, staged: Sandbox) -> None:
    inv("scan.export")

    result = inv("snapshots.drift", "--exit-code", "--output", "json")

    assert (result.code, rows(result)) == (0, [])
    assert not [path for _, path in staged.requests if "audit" in path]


def test_drift_names_who_made_it_and_when(account: Account, inv: Inv, staged: Sandbox) -> None:
    inv("scan.export", "--only", "dns")
    edited, deleted, created = account.touch_records()
    empty_audit_log(staged)
    uri = f"/client/v4/zones/{account.zone_id}/dns_records/{edited}"
    log(staged, "1", uri, "first@example.com", fraction=1)
    log(staged, "2", uri, "last@example.com", fraction=2)
    log(staged, "3", "/client/v4/zones", "creator@example.com", id=created)

    result = inv("snapshots.drift", "--exit-code", "--output", "json")

    found = {row["id"]: (row["change"], row["user"]) for row in rows(result)}
    assert result.code == 5
    assert found == {
        edited: ("changed", "last@example.com"),
        created: ("created", "creator@example.com"),
        deleted: ("deleted", ""),
    }
    assert all(bool(row["time"]) == bool(row["user"]) for row in rows(result))


def log(sandbox: Sandbox, n: str, uri: str, who: str, *, id: str = "", fraction: int = 0) -> None:
    """Write an entry into the audit log; *fraction* is its time in microseconds after the second."""
    when = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.{fraction:06}Z"
    entry = {
        "id": n,
        "action": {"type": "update", "result": "success", "time": when},
        "actor": {"email": who, "type": "user"},
        "raw": {"method": "PATCH", "uri": uri},
        "resource": {"id": id, "product": "dns", "type": "record"},
    }
    sandbox.store.put_document("audit.v2", sandbox.account_id, n, entry, sort=when)


def test_a_log_that_may_not_be_read_hides_only_the_names(account: Account, inv: Inv, staged: Sandbox) -> None:
    inv("scan.export", "--only", "dns")
    account.touch_records()
    staged.faults.add(Fault("denied", path="*/audit*", times=-1))

    result = inv("snapshots.drift", "--exit-code", "--output", "json")

    assert (result.code, len(rows(result))) == (5, 3)
    assert result.err.count("who made the changes is not known") == 1


def test_drift_is_measured_from_the_newest_complete_snapshot(
    account: Account, inv: Inv, staged: Sandbox
) -> None:
    inv("scan.export", "--only", "dns")
    account.touch_records()
    fault = Fault("denied", path="*/dns_records*", times=-1)
    staged.faults.add(fault)
    assert inv("scan.export", "--only", "dns").code == 4
    staged.faults.clear()

    assert inv("snapshots.drift", "--exit-code").code == 5


def test_without_a_snapshot_the_hint_says_how_to_make_one(account: Account, inv: Inv) -> None:
    result = inv("snapshots.drift")

    assert result.code == 1
    assert "hint: `inv scan.export`" in result.err


def test_a_summary_is_written_beside_the_table(account: Account, inv: Inv, tmp_path: Path) -> None:
    inv("scan.export", "--only", "dns")
    account.touch_records()

    table = inv("snapshots.drift", "--markdown", str(tmp_path / "drift.md"), "--no-headers")
    alone = inv("snapshots.drift", "--markdown", "-")

    text = (tmp_path / "drift.md").read_text()
    assert len(table.out.splitlines()) == 3
    assert text == alone.out
    assert "1 created, 1 deleted, 1 changed." in text
    assert text.count("| `dns.record` | `example.com` |") == 3


def test_a_summary_counts_the_rows_that_it_leaves_out() -> None:
    text = summary("Drift", "3 created", ("name",), [{"name": "a"}], 1234)

    assert text.startswith("## Drift\n\n3 created.\n\n| name |\n| --- |\n| `a` |\n")
    assert "1,234 more rows are not shown here" in text


@given(some.text(some.sampled_from("a`|\\ @#<>*_[]()\n\r\x1b\u202e!é")))
def test_no_value_can_leave_its_cell(value: str) -> None:
    cell = code(value)

    assert "\n" not in cell
    assert "\r" not in cell
    assert not re.search(r"(?<!\\)\|", cell)
    assert "\\\\|" not in cell
    fence = re.match(r"`*", cell)
    assert fence is not None
    if cell:
        inside = cell[len(fence[0]) : -len(fence[0])]
        assert cell.endswith(fence[0])
        assert not re.search(rf"(?<!`){fence[0]}(?!`)", inside)


def test_a_long_value_ends_in_an_ellipsis() -> None:
    assert code("x" * 500).endswith("x…`")


ID = "b" * 32


def difference(**more: Any) -> Difference:
    return Difference(
        **{"kind": "dns.record", "scope": "example.com", "change": "changed", "name": "www", **more}
    )


def blamed(events: list[AuditEvent], about: Difference) -> str:
    event = Blame(lambda: events, print).of(about)
    return event.actor if event else ""


def event(actor: str, thing: str, *within: str, when: str = "2026-11-23T06:00:00Z") -> AuditEvent:
    return AuditEvent(when, actor, "update", frozenset([thing]), frozenset(within))


@pytest.mark.parametrize(
    ("about", "who"),
    [
        (difference(ids=(ID, "www"), owners=("z",)), "by id"),
        (difference(kind="zones.setting", ids=("ssl",), name="ssl", owners=("z",)), "by name and owner"),
        (difference(kind="zones.setting", ids=("ssl",), name="ssl", owners=("y",)), ""),
        (difference(kind="zones.dnssec", name="", owners=("z",)), "by kind and owner"),
        (difference(kind="code.script", ids=("router",), name="router"), "by name"),
        (difference(ids=("nobody",), owners=("z",)), ""),
        (difference(change="unknown", ids=(ID,)), ""),
    ],
)
def test_the_newest_event_on_the_item_is_blamed(about: Difference, who: str) -> None:
    events = [
        event("by id, earlier", ID, when="2026-11-22T06:00:00Z"),
        event("by id", ID),
        event("by name and owner", "ssl", "z", "settings"),
        event("by kind and owner", "dnssec", "z"),
        event("by name", "router"),
        event("to an item in it", "c" * 32, ID, "router", when="2026-11-23T07:00:00Z"),
    ]

    assert blamed(events, about) == who


def test_an_endless_log_is_not_read_completely() -> None:
    warnings: list[str] = []
    read = Counter[str]()

    def endless() -> Iterator[AuditEvent]:
        while True:
            read["events"] += 1
            yield event("x", "y")

    Blame(endless, warnings.append).of(difference(ids=("y",)))

    assert read["events"] == MOST_EVENTS + 1
    assert f"{MOST_EVENTS:,}" in warnings[0]


def test_a_refused_log_is_requested_once() -> None:
    warnings: list[str] = []

    def refused() -> Iterator[AuditEvent]:
        raise PermissionDenied("GET /logs: no permission (10000)", 403)

    blame = Blame(refused, warnings.append)

    assert blame.of(difference(ids=("a",))) is blame.of(difference(ids=("b",))) is None
    assert warnings == ["who made the changes is not known: GET /logs: no permission (10000)"]


SPAN = {"since": "2026-11-16T12:00:00Z", "before": "2026-11-23T12:00:00Z"}


def test_a_history_names_the_changed_items(client: Client, http: responses.RequestsMock) -> None:
    entries = [
        {
            "action": {"type": "update", "result": "success", "time": SOON},
            "actor": {"email": "a@example.com"},
            "raw": {"method": "PATCH", "uri": "/client/v4/zones/z/settings/ssl%20mode?x=1"},
            "resource": {"id": "r", "response": {"name": "named"}},
            "zone": {"id": "z", "name": "example.com"},
        },
        {"action": {"type": "update", "result": "failure"}, "raw": {"method": "PATCH"}},
        {"action": {"type": "view", "result": "success"}, "raw": {"method": "GET"}},
    ]
    http.get(f"{API}/accounts/{ID}/logs/audit", json=envelope(entries, count=3, cursor=""))

    (only,) = events(client, ID, **SPAN)

    assert only[:3] == (SOON, "a@example.com", "update")
    assert only.thing == {"r", "named", "ssl mode"}
    assert {"z", "example.com", "settings"} <= only.within
    assert not {"named", "ssl mode"} & only.within


def test_the_older_log_is_read_if_there_is_no_newer_one(client: Client, http: responses.RequestsMock) -> None:
    old = {
        "when": SOON,
        "action": {"type": "change_setting", "result": True},
        "actor": {"email": "a@example.com"},
        "metadata": {"name": "security_level", "zone_name": "example.com"},
        "resource": {"id": "z"},
    }
    http.get(f"{API}/accounts/{ID}/logs/audit", status=404, json=refusal(7003, "no such route"))
    http.get(f"{API}/accounts/{ID}/audit_logs", json=page([old], 1, 1000))

    (only,) = events(client, ID, **SPAN)

    assert (only.when, only.actor) == (SOON, "a@example.com")
    assert "security_level" in only.thing
    assert {"example.com", "z"} <= only.within


def test_a_summary_counts_the_differences_that_it_does_not_list(
    account: Account, inv: Inv, home: Path
) -> None:
    records = [
        {"id": f"r{n}", "name": f"h{n}.example.com", "type": "A", "content": "192.0.2.1"}
        for n in range(MOST + 20)
    ]
    items = {
        ("zones.zone", ""): [{"id": account.zone_id, "name": "example.com"}],
        ("dns.record", account.zone_id): records,
    }
    folder = home / "exports" / account.id / "2026-11-22T06-10-00Z-aaaa"
    made(folder, items, kinds=resources(), account_id=account.id)

    result = inv("snapshots.drift", "--only", "dns", "--to", "-")

    assert result.code == 4  # its zones were not read whole
    assert re.search(r"\n\d+ more rows are not shown here; `--output json` shows all\.", result.out)
