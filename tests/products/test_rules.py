"""Single rules: added, changed, moved and deleted by hand, while the others of their phase stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.store import new_id, zone_id
from ops.sandbox.wire import Request
from tests.conftest import Result
from tests.products.writing import written

Inv = Callable[..., Result]
PHASE = "http_request_firewall_custom"
ZONE = ("--zone", "example.com")
OWNER = zone_id("example.com")
NOWHERE, LOGINS = "no traffic from nowhere", "challenge logins from bad places"


def live(inv: Inv, phase: str = PHASE) -> list[dict[str, Any]]:
    result = inv("rulesets.rules", phase, *ZONE, "--output", "json")
    assert result.code == 0, result.err
    rules: list[dict[str, Any]] = json.loads(result.out)
    return rules


def names(inv: Inv, phase: str = PHASE) -> list[str]:
    return [rule["description"] for rule in live(inv, phase)]


def add(inv: Inv, name: str, *options: str, phase: str = PHASE) -> Result:
    rule = ("--action", "block", "--expression", "ip.src eq 192.0.2.1", "--description", name)
    return inv("rulesets.rule-add", phase, *ZONE, *rule, *options)


def replaced(sandbox: Sandbox, **changes: Any) -> None:
    """Replace the id of each rule of the phase, as a replacement of the whole ruleset does."""
    for found in sandbox.store.list_documents("ruleset", OWNER):
        if found["phase"] == PHASE:
            rules = []
            for rule in found["rules"]:
                id = new_id()
                ref = id if rule["ref"] == rule["id"] else rule["ref"]
                rules.append({**rule, "id": id, "ref": ref, **changes})
            sandbox.store.put_document("ruleset", OWNER, found["id"], {**found, "rules": rules})


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ((), [NOWHERE, LOGINS, "new"]),
        (("--before", "first"), ["new", NOWHERE, LOGINS]),
        (("--before", LOGINS), [NOWHERE, "new", LOGINS]),
        (("--after", NOWHERE), [NOWHERE, "new", LOGINS]),
        (("--after", "last"), [NOWHERE, LOGINS, "new"]),
    ],
)
def test_a_rule_is_added_at_its_place_and_the_others_keep_their_ids(
    staged: Sandbox, inv: Inv, options: tuple[str, ...], order: list[str]
) -> None:
    before = {rule["description"]: rule["id"] for rule in live(inv)}

    result = add(inv, "new", *options)

    assert result.code == 0, result.err
    assert names(inv) == order
    assert {rule["description"]: rule["id"] for rule in live(inv)}.items() >= before.items()


def test_a_rule_may_be_switched_off_and_have_parameters(staged: Sandbox, inv: Inv) -> None:
    limit = {"characteristics": ["ip.src"], "period": 10, "requests_per_period": 3}
    response = {"response": {"status_code": 403, "content": "no", "content_type": "text/plain"}}

    add(inv, "new", "--parameters", json.dumps(response), "--ratelimit", json.dumps(limit), "--disabled")

    rule = live(inv)[-1]
    assert (rule["enabled"], rule["action_parameters"], rule["ratelimit"]) == (False, response, limit)


def test_a_rule_with_a_name_of_its_own_is_found_by_it(staged: Sandbox, inv: Inv) -> None:
    add(inv, "new", "--ref", "scanner")

    result = inv("rulesets.rule-update", PHASE, "scanner", *ZONE, "--description", "renamed")

    assert result.code == 0, result.err
    assert [(rule["description"], rule.get("ref")) for rule in live(inv)][-1] == ("renamed", "scanner")


def test_an_equal_rule_is_not_added_twice(staged: Sandbox, inv: Inv) -> None:
    add(inv, "new")
    staged.requests.clear()

    again = add(inv, "new")

    assert "nothing to change" in again.err
    assert written(staged) == []


def test_a_phase_without_rules_gets_its_first_one(staged: Sandbox, inv: Inv) -> None:
    result = add(inv, "first of all", phase="http_request_origin")
    found = names(inv, "http_request_origin")
    undone = inv("undo.last", "--yes")

    assert result.code == 0, result.err
    assert found == ["first of all"]
    assert undone.code == 0, undone.err
    assert names(inv, "http_request_origin") == []


@pytest.mark.parametrize(
    ("options", "order"), [(("--before", "first"), [LOGINS, NOWHERE]), (("--after", "last"), None)]
)
def test_a_rule_moves_and_an_undo_moves_it_back(
    staged: Sandbox, inv: Inv, options: tuple[str, ...], order: list[str] | None
) -> None:
    result = inv("rulesets.rule-update", PHASE, LOGINS, *ZONE, *options)
    after = names(inv)
    undone = inv("undo.last", "--yes")

    assert result.code == 0, result.err
    if order:
        assert "position 2 → 1" in result.err
        assert undone.code == 0, undone.err
    else:
        assert "nothing to change" in result.err
    assert after == (order or [NOWHERE, LOGINS])
    assert names(inv) == [NOWHERE, LOGINS]


def test_a_rule_moves_behind_another_one(staged: Sandbox, inv: Inv) -> None:
    result = inv("rulesets.rule-update", PHASE, NOWHERE, *ZONE, "--after", LOGINS, "--enabled", "no")

    assert result.code == 0, result.err
    assert [(rule["description"], rule["enabled"]) for rule in live(inv)] == [
        (LOGINS, True),
        (NOWHERE, False),
    ]


def test_a_deleted_rule_comes_back_at_its_place(staged: Sandbox, inv: Inv) -> None:
    deleted = inv("rulesets.rule-delete", PHASE, NOWHERE, *ZONE, "--yes")
    between = names(inv)
    undone = inv("undo.last", "--yes")

    assert deleted.code == 0, deleted.err
    assert between == [LOGINS]
    assert undone.code == 0, undone.err
    assert names(inv) == [NOWHERE, LOGINS]


@pytest.mark.parametrize("ref", [(), ("--ref", "scanner")])
def test_a_change_is_undone_after_the_ruleset_was_replaced(
    staged: Sandbox, inv: Inv, ref: tuple[str, ...]
) -> None:
    add(inv, "new", *ref)
    changed = inv("rulesets.rule-update", PHASE, "new", *ZONE, "--enabled", "no")
    replaced(staged)

    undone = inv("undo.last", "--yes")

    assert changed.code == 0, changed.err
    assert undone.code == 0, undone.err
    assert [rule["enabled"] for rule in live(inv)] == [True, True, True]


def test_a_rule_that_was_changed_since_is_not_undone(staged: Sandbox, inv: Inv) -> None:
    inv("rulesets.rule-update", PHASE, LOGINS, *ZONE, "--enabled", "no")
    replaced(staged, logging={"enabled": True})

    undone = inv("undo.last", "--yes")

    assert undone.code == 1
    assert "has changed" in undone.err


def test_of_two_rules_that_are_the_same_one_is_deleted_and_comes_back(staged: Sandbox, inv: Inv) -> None:
    (found,) = (one for one in staged.store.list_documents("ruleset", OWNER) if one["phase"] == PHASE)
    twin = {**found["rules"][0], "id": new_id()}
    staged.store.put_document(
        "ruleset", OWNER, found["id"], {**found, "rules": [*found["rules"], {**twin, "ref": twin["id"]}]}
    )

    ambiguous = inv("rulesets.rule-delete", PHASE, NOWHERE, *ZONE, "--yes")
    deleted = inv("rulesets.rule-delete", PHASE, twin["id"], *ZONE, "--yes")
    between = names(inv)
    undone = inv("undo.last", "--yes")

    assert (ambiguous.code, twin["id"] in ambiguous.err) == (1, True)
    assert deleted.code == 0, deleted.err
    assert between == [NOWHERE, LOGINS]
    assert undone.code == 0, undone.err
    assert names(inv) == [NOWHERE, LOGINS, NOWHERE]


def test_cloudflare_is_asked_before_a_rule_is_written(staged: Sandbox, inv: Inv) -> None:
    staged.faults.parse("gone POST *dry_run=true* status=400 code=20127 times=-1")
    refused = add(inv, "new")
    journal = inv("undo.list", "--output", "json").out
    staged.faults.clear()
    staged.requests.clear()

    done = add(inv, "new")
    inv("rulesets.rule-update", PHASE, "new", *ZONE, "--enabled", "no")
    asked = [(method, path.partition("?")[2]) for method, path in written(staged)]

    assert (refused.code, json.loads(journal or "[]")) == (1, []), refused.err
    assert done.code == 0, done.err
    assert asked == [("POST", "dry_run=true"), ("POST", ""), ("PATCH", "dry_run=true"), ("PATCH", "")]


def test_a_server_that_ignores_dry_run_creates_no_second_rule(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Request, "flag", lambda _request, _name: None)

    result = add(inv, "new")

    assert result.code == 0, result.err
    assert names(inv) == [NOWHERE, LOGINS, "new"]


def test_a_rule_that_somebody_adds_at_the_same_time_is_not_taken_for_ours(staged: Sandbox, inv: Inv) -> None:
    id = "1ca4f0318327d0a1a766729001817ef0"

    def add_another(request: Request) -> None:
        if request.method == "GET" and request.target.endswith(id):
            found: Any = staged.store.get_document("ruleset", OWNER, id)
            new = new_id()
            rules = [*found["rules"], {**found["rules"][0], "id": new, "ref": new, "description": "theirs"}]
            staged.store.put_document("ruleset", OWNER, id, {**found, "rules": rules})

    staged.edge.observer = add_another
    added = add(inv, "ours")
    staged.edge.observer = None
    undone = inv("undo.last", "--yes")

    assert (added.code, undone.code) == (0, 0), added.err + undone.err
    assert set(names(inv)) == {NOWHERE, LOGINS, "theirs"}


def test_an_answer_without_the_new_rule_is_not_taken_for_done(staged: Sandbox, inv: Inv) -> None:
    body = b'{"success": true, "errors": [], "messages": [], "result": {"id": "x", "rules": []}}'
    staged.faults.add(Fault("malformed", "POST", "*/rules", nth=2, body=body))

    result = add(inv, "new")

    assert result.code == 2, result.err
    assert "the answer to a new rule does not hold it" in result.err
    assert json.loads(inv("undo.list", "--output", "json").out)[0]["state"] == "unknown"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("rule-update", PHASE, LOGINS), "name what to change"),
        (("rule-update", PHASE, LOGINS, "--enabled", "maybe"), "--enabled yes or --enabled no"),
        (("rule-update", PHASE, LOGINS, "--before", LOGINS), "beside itself"),
        (("rule-update", PHASE, LOGINS, "--before", "first", "--after", "last"), "not both"),
        (("rule-update", PHASE, LOGINS, "--parameters", "{"), "--parameters is not JSON"),
        (("rule-update", PHASE, LOGINS, "--ratelimit", "[1]"), "--ratelimit is not a JSON object"),
        (("rule-delete", PHASE, "no traffic from anywhere"), f"did you mean {NOWHERE}?"),
        (("rule-delete", "http_request_origin", "x"), "no rule of http_request_origin is called 'x'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_a_write(
    staged: Sandbox, inv: Inv, line: tuple[str, ...], words: str
) -> None:
    result = inv(f"rulesets.{line[0]}", *line[1:], *ZONE, "--yes")

    assert result.code == 1
    assert words in result.err
    assert written(staged) == []


def test_a_rule_that_a_dry_run_adds_is_known_to_its_later_tasks(staged: Sandbox, inv: Inv) -> None:
    rule = ("--action", "block", "--expression", "true", "--description")

    result = inv(
        *("--dry", "rulesets.rule-add", PHASE, *ZONE, *rule, "new"),
        *("rulesets.rule-add", PHASE, *ZONE, *rule, "other", "--after", "new"),
        *("rulesets.rule-update", PHASE, "new", *ZONE, "--action", "log", "--before", "first"),
        *("rulesets.rule-delete", PHASE, "new", *ZONE),
    )

    assert result.code == 0, result.err
    assert "action block → log" in result.err
    assert "delete rulesets.zone_rule new" in result.err
    assert written(staged) == []


@pytest.mark.parametrize("fault", ["5xx", "malformed", "denied", "same-page-forever"])
def test_rules_that_cannot_be_read_are_never_taken_for_absent_ones(
    staged: Sandbox, inv: Inv, fault: str
) -> None:
    for n in range(60):
        staged.store.put_document("ruleset", OWNER, f"{n:032}", {"id": f"{n:032}", "kind": "custom"})
    staged.faults.parse(f"{fault} GET */rulesets* times=-1")

    result = add(inv, "new")

    assert result.code in (1, 2, 4)
    assert written(staged) == []
