"""Zones that are added, paused and deleted, and their settings: each write, and its undo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import responses
from responses.matchers import json_params_matcher

from ops.errors import Conflict, UsageError, ValidationError
from ops.http.client import Client
from ops.kinds.resource import Owner, Writes
from ops.products.ssl.resources import RESOURCES as SSL
from ops.products.zones import valid
from ops.products.zones.resources import RESOURCES
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope, page, refusal
from tests.products.connection import connected
from tests.products.writing import answer, undo_id, unstamped, written

ACCOUNT, ZONE = "a" * 32, "1" * 32
OWNER = Owner(ACCOUNT, ZONE, {"id": ZONE})
KINDS = {resource.kind: resource for resource in (*RESOURCES, *SSL)}


def writes(kind: str) -> Writes:
    found = KINDS[kind].writes
    assert found
    return found


def rows(result: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def zone(staged: Sandbox, name: str) -> Any:
    return (answer(staged, f"/zones?name={name}") or [None])[0]


def test_the_creation_of_a_zone_can_be_undone(staged: Sandbox, inv: Any) -> None:
    made = inv("zones.create", "--name", "new.example", "--output", "json")
    there = zone(staged, "new.example")
    undone = inv("undo.apply", "--id", undo_id(made.err), "--confirm", "new.example")

    assert (made.code, undone.code) == (0, 0)
    assert rows(made)[0] | {"undo": ""} == {
        "action": "create", "kind": "zones.zone", "name": "new.example", "id": there["id"], "undo": ""
    }  # fmt: skip
    assert (there["type"], there["account"]["id"]) == ("full", staged.account_id)
    assert zone(staged, "new.example") is None


def test_a_unicode_domain_is_added_in_its_ascii_form(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.create", "--name", "Mäuse.Example", "--type", "partial")

    assert result.code == 0
    assert zone(staged, "xn--muse-loa.example")["type"] == "partial"


@pytest.mark.fault("G1")
def test_an_existing_zone_is_unchanged(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.create", "--name", "example.com", "--output", "json")

    assert (result.code, rows(result)[0]["action"]) == (0, "unchanged")
    assert written(staged) == []


def test_an_existing_zone_that_differs_is_a_conflict(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.create", "--name", "example.com", "--type", "secondary")

    assert result.code == 1
    assert "type full → secondary" in result.err
    assert written(staged) == []


def test_a_zone_of_another_account_is_a_conflict_with_a_hint(
    client: Client, http: responses.RequestsMock
) -> None:
    http.post(f"{API}/zones", json=refusal(1061, "new.example already exists"), status=400)
    create = writes("zones.zone").create
    assert create

    with pytest.raises(Conflict) as error:
        create(client, Owner(ACCOUNT, ACCOUNT, {}), {"name": "new.example"})

    assert "inv zones.list --name new.example" in error.value.hint


def test_a_zone_that_was_deleted_and_added_again_is_not_found_by_its_old_id(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{API}/zones", json=page([{"id": "2" * 32, "name": "a.example", "account": {"id": ACCOUNT}}]))
    find = writes("zones.zone").find

    assert find(client, Owner(ACCOUNT, ACCOUNT, {}), {"id": ZONE, "name": "a.example"}) is None
    assert find(client, Owner(ACCOUNT, ACCOUNT, {}), {"name": "a.example"}) is not None


@pytest.mark.fault("G1")
def test_a_zone_whose_creation_is_never_answered_exists_once(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("drop-after POST /zones times=1")

    result = inv("zones.create", "--name", "new.example", "--output", "json")

    assert result.code == 0
    assert rows(result)[0]["id"] == zone(staged, "new.example")["id"]
    assert written(staged) == [("POST", "/zones")]


@pytest.mark.parametrize(
    "name", ["example", "a..example", "-a.example", "1.2.3.4", "a b.example", "*.a.example"]
)
def test_an_invalid_domain_is_refused_before_any_request(staged: Sandbox, inv: Any, name: str) -> None:
    result = inv("zones.create", f"--name={name}")

    assert result.code == 1
    assert "not a domain name" in result.err
    assert staged.requests == []


def test_an_account_that_the_token_cannot_see_is_refused(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.create", "--name", "new.example", "--account-id", "b" * 32)

    assert result.code == 1
    assert "cannot see the account" in result.err
    assert staged.account_id in result.err
    assert written(staged) == []


def test_an_account_id_is_accepted_if_the_token_cannot_list_accounts(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("denied GET /accounts* times=-1")

    result = inv("zones.create", "--name", "new.example", "--account-id", staged.account_id)

    assert result.code == 0
    assert zone(staged, "new.example")["account"]["id"] == staged.account_id


@pytest.mark.parametrize("line", [(), ("--resume",)])
def test_pausing_and_resuming_can_be_undone(staged: Sandbox, inv: Any, line: tuple[str, ...]) -> None:
    if line:
        inv("zones.pause", "--zone", "example.org")
    before = unstamped(zone(staged, "example.org"))

    done = inv("zones.pause", "--zone", "example.org", *line)
    paused = zone(staged, "example.org")["paused"]
    undone = inv("undo.apply", "--id", undo_id(done.err))

    assert (done.code, undone.code) == (0, 0)
    assert paused is not bool(line)
    assert unstamped(zone(staged, "example.org")) == before


def test_pausing_a_paused_zone_changes_nothing(staged: Sandbox, inv: Any) -> None:
    inv("zones.pause", "--zone", "example.org")
    before = len(written(staged))

    result = inv("zones.pause", "--zone", "example.org", "--output", "json")

    assert rows(result)[0]["action"] == "unchanged"
    assert len(written(staged)) == before


def test_settings_are_set_with_one_request_each_and_can_be_undone(staged: Sandbox, inv: Any) -> None:
    where = f"/zones/{zone(staged, 'example.com')['id']}/settings"
    before = unstamped(answer(staged, where))
    pairs = {
        "min_tls_version": "1.3", "browser_cache_ttl": "300", "minify": '{"css": "on"}', "ciphers": '["A"]'
    }  # fmt: skip
    line = [word for name, value in pairs.items() for word in ("--setting", name, "--value", value)]

    done = inv("zones.set", "--zone", "example.com", *line)
    values = {one["id"]: one["value"] for one in answer(staged, where)}
    undone = inv("undo.apply", "--id", undo_id(done.err))

    assert (done.code, undone.code) == (0, 0)
    assert (values["min_tls_version"], values["browser_cache_ttl"]) == ("1.3", 300)
    assert values["minify"] == {"css": "on", "html": "off", "js": "off"}
    assert [method for method, _ in written(staged)] == ["PATCH"] * 8
    assert unstamped(answer(staged, where)) == before


def test_a_setting_that_already_has_the_value_is_unchanged(staged: Sandbox, inv: Any) -> None:
    result = inv(
        "zones.set", "--zone", "example.com", "--setting", "http3", "--value", "on", "--output", "json"
    )

    assert rows(result)[0]["action"] == "unchanged"
    assert "unchanged zones.setting http3" in result.err
    assert written(staged) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("--setting", "min_tls", "--value", "1.2"), "did you mean min_tls_version"),
        (("--setting", "nonsense", "--value", "1"), "inv zones.settings"),
        (("--setting", "browser_cache_ttl", "--value", "soon"), "which is a number"),
        (("--setting", "minify", "--value", "on"), "which is an object"),
        (("--setting", "ssl", "--value", "strict", "--value", "off"), "1 --setting but 2 --value"),
        (
            ("--setting", "ssl", "--value", "full", "--setting", "ssl", "--value", "off"),
            "ssl is given 2 times",
        ),
    ],
)
def test_invalid_settings_and_values_are_refused_before_any_write(
    staged: Sandbox, inv: Any, line: tuple[str, ...], said: str
) -> None:
    result = inv("zones.set", "--zone", "example.com", *line)

    assert result.code == 1
    assert said in result.err
    assert written(staged) == []


def test_a_setting_that_the_plan_does_not_allow_is_refused(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.set", "--zone", "example.com", "--setting", "advanced_ddos", "--value", "on")

    assert result.code == 1
    assert "the zone's plan does not allow a change" in result.err
    assert written(staged) == []


@pytest.mark.parametrize(
    ("current", "text", "value"),
    [
        ("1.0", "1.2", "1.2"),
        ("off", '"on"', '"on"'),
        (100, "200", 200),
        (False, "true", True),
        ([], '["a"]', ["a"]),
        ({"a": {"b": 1, "c": 2}}, '{"a": {"b": 3}}', {"a": {"b": 3, "c": 2}}),
        (None, "plain", "plain"),
        (None, "5", 5),
        (None, "null", None),
    ],
)
def test_a_value_is_parsed_with_the_type_of_the_setting(current: Any, text: str, value: Any) -> None:
    assert valid.value_for({"id": "x", "value": current}, text) == value


@pytest.mark.parametrize(
    ("current", "text"), [(1, "true"), (True, "1"), (1, "NaN"), ([], "{}"), ({}, "[]"), (1, '"1"'), (1, "")]
)
def test_a_value_of_another_type_is_refused(current: Any, text: str) -> None:
    with pytest.raises(ValidationError):
        valid.value_for({"id": "x", "value": current}, text)


def test_each_setting_is_paired_with_its_value() -> None:
    assert valid.paired(("a", "b"), ("1", "2")) == [("a", "1"), ("b", "2")]
    with pytest.raises(UsageError):
        valid.paired(("a",), ())


def test_a_zone_is_deleted_after_its_name_is_typed_and_its_contents_are_shown(
    staged: Sandbox, inv: Any
) -> None:
    result = inv("zones.delete", "--zone", "example.org", "--confirm", "example.org")

    assert result.code == 0
    assert "example.org has " in result.err
    assert "a deletion is permanent for its DNS records" in result.err
    assert "cannot be undone" in result.err
    assert "undo.apply" not in result.err
    assert zone(staged, "example.org") is None


@pytest.mark.fault("G4")
@pytest.mark.parametrize("line", [(), ("--yes",), ("--confirm", "example.com")])
def test_a_zone_whose_name_is_not_typed_is_kept(staged: Sandbox, inv: Any, line: tuple[str, ...]) -> None:
    result = inv("zones.delete", "--zone", "example.org", *line)

    assert result.code == 1
    assert written(staged) == []


@pytest.mark.fault("G3")
def test_a_zone_with_a_similar_name_is_never_deleted(staged: Sandbox, inv: Any) -> None:
    for line in (
        ("delete", "--confirm", "ample.com"),
        ("pause",),
        ("set", "--setting", "ssl", "--value", "off"),
    ):
        assert inv(f"zones.{line[0]}", "--zone", "ample.com", *line[1:]).code == 1

    assert written(staged) == []


def test_a_dry_run_shows_a_zone_that_an_earlier_task_would_have_added(staged: Sandbox, inv: Any) -> None:
    line = ("zones.create", "--name", "new.example")

    result = inv("--dry", *line, *line, "zones.pause", "--zone", "example.com")

    assert result.code == 0
    assert result.err.count("create zones.zone new.example") == 1
    assert "paused false → true" in result.err
    assert written(staged) == []


@pytest.mark.parametrize(("kind", "after"), [("zones.dnssec", "active"), ("ssl.universal", False)])
def test_kinds_without_a_task_can_be_restored(
    sandbox: Sandbox, tmp_path: Path, kind: str, after: object
) -> None:
    field, way = KINDS[kind].label, writes(kind)
    plain = next(one for one in answer(sandbox, "/zones") if one["name"] == "mail.example")
    owner = Owner(sandbox.account_id, plain["id"], plain)
    assert way.update
    with connected(sandbox, tmp_path) as client:
        stood = way.find(client, owner, {}) or {}

        changed = way.update(client, owner, stood, stood | {field: after})
        way.update(client, owner, changed, stood)

        found = way.find(client, owner, {}) or {}

    assert changed[field] != stood[field]
    assert unstamped(found) == unstamped(stood)


def test_dnssec_is_requested_as_active_or_disabled(client: Client, http: responses.RequestsMock) -> None:
    match = [json_params_matcher({"status": "active", "dnssec_presigned": True})]
    http.patch(f"{API}/zones/{ZONE}/dnssec", json=envelope({"status": "pending"}), match=match)
    update = writes("zones.dnssec").update
    assert update

    update(client, OWNER, {"status": "disabled"}, {"status": "pending", "dnssec_presigned": True})


@pytest.mark.parametrize("result", [{"id": "ssl"}, {"id": 7, "value": "full"}, [], "full"])
def test_a_setting_of_another_shape_is_malformed(staged: Sandbox, inv: Any, result: Any) -> None:
    body = json.dumps({"success": True, "errors": [], "messages": [], "result": result})
    staged.faults.add(Fault("malformed", "GET", "*/settings/ssl", times=-1, body=body))

    done = inv("zones.set", "--zone", "example.com", "--setting", "ssl", "--value", "strict")

    assert done.code == 2
    assert "not as documented" in done.err
    assert written(staged) == []
