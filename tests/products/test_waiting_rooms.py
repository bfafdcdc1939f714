"""Events and rules of waiting rooms, and when they are not asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ops.sandbox.routes.collections import Z
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from tests.conftest import Result
from tests.sandbox.conftest import Api

Inv = Callable[..., Result]
ROOMS, EVENTS, RULES = (f"waiting_rooms.{one}" for one in ("room", "event", "rule"))
ZONE = zone_id("shop.example")


def sections(inv: Inv, *options: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Export waiting rooms; return the status and reason by kind and zone."""
    result = inv("scan.export", "--only", "waiting_rooms", "--output", "json", *options)
    assert result.code == 0, result.err
    manifest = json.loads((Path(json.loads(result.out)["snapshot"]) / "manifest.json").read_text())
    return {(s["kind"], s["scope"]): (s["status"], s.get("reason", "")) for s in manifest["sections"]}


def test_each_item_names_its_room(staged: Sandbox, inv: Inv) -> None:
    events = json.loads(inv("items.list", EVENTS, "--output", "json").out)
    rules = json.loads(inv("items.list", RULES, "--output", "json").out)

    assert [(one["room"], one["name"]) for one in events] == [("sale", "drop")]
    assert [(one["room"], one["action"]) for one in rules] == [("sale", "bypass_waiting_room")]


def test_the_same_is_read_from_a_snapshot(staged: Sandbox, inv: Inv) -> None:
    live = {kind: inv("items.list", kind, "--output", "json").out for kind in (ROOMS, EVENTS, RULES)}
    inv("scan.export", "--only", "waiting_rooms", "--quiet")

    past = {kind: inv("items.list", kind, "--offline", "--output", "json").out for kind in live}

    assert {kind: json.loads(text) for kind, text in past.items()} == {
        kind: json.loads(text) for kind, text in live.items()
    }


def test_a_zone_without_rooms_is_not_asked_for_their_events(staged: Sandbox, inv: Inv) -> None:
    business = zone_id("example.com")

    found = sections(inv)

    reason = "not asked: the zone has no waiting room"
    assert found[EVENTS, business] == found[RULES, business] == ("skipped", reason)
    assert found[EVENTS, ZONE] == found[RULES, ZONE] == ("complete", "")
    assert not any(
        f"/zones/{business}/waiting_rooms/" in path and "/events" in path for _, path in staged.requests
    )


def test_events_are_asked_for_where_the_rooms_could_not_be_read(staged: Sandbox, inv: Inv) -> None:
    staged.faults.parse(f"503 GET */{ZONE}/waiting_rooms times=-1")

    result = inv("scan.export", "--only", "waiting_rooms", "--output", "json")
    manifest = json.loads((Path(json.loads(result.out)["snapshot"]) / "manifest.json").read_text())
    statuses = {(s["kind"], s["scope"]): s["status"] for s in manifest["sections"]}

    assert result.code == 4
    assert statuses[ROOMS, ZONE] == "failed"
    assert statuses[EVENTS, ZONE] != "skipped"


def test_a_room_is_restored_with_its_events_and_rules(staged: Sandbox, inv: Inv) -> None:
    sections(inv)
    for path in (Z + "/waiting_rooms", Z + "/waiting_rooms/{room}/events", Z + "/waiting_rooms/{room}/rules"):
        staged.store.run("DELETE FROM document WHERE kind = ?", (path,))

    restored = inv("snapshots.restore", "--yes")
    again = inv("snapshots.diff", "latest", "live", "--exit-code")

    assert restored.code == 0, restored.err
    assert again.code == 0, again.out
    assert json.loads(inv("items.list", RULES, "--output", "json").out)[0]["room"] == "sale"


def test_an_event_and_a_rule_that_were_added_are_deleted_and_come_back_by_undo(
    staged: Sandbox, inv: Inv
) -> None:
    def named() -> list[str]:
        listed = [json.loads(inv("items.list", kind, "--output", "json").out) for kind in (EVENTS, RULES)]
        return sorted(one.get("name") or one["description"] for items in listed for one in items)

    sections(inv)
    api, room = Api(staged), json.loads(inv("items.list", RULES, "--output", "json").out)[0]["room_id"]
    where, times = f"/zones/{ZONE}/waiting_rooms/{room}", {
        "event_start_time": "2027-06-01T00:00:00Z", "event_end_time": "2027-06-01T01:00:00Z",
    }  # fmt: skip
    api.result("POST", f"{where}/events", json={"name": "second", **times})
    rule = {"action": "bypass_waiting_room", "expression": "true", "description": "Everybody"}
    api.result("POST", f"{where}/rules", json=rule)
    api.session.close()
    added = named()

    restored = inv("snapshots.restore", "--delete", "--yes", "--force")
    left = named()
    undone = inv("undo.last", "--yes")

    assert added == ["Everybody", "Office", "drop", "second"]
    assert (restored.code, left) == (0, ["Office", "drop"]), restored.err
    assert (undone.code, named()) == (0, added), undone.err
