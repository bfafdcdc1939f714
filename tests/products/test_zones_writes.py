"""Zones that come, are paused and go, and their settings: each write, and what takes it back."""

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


def test_a_zone_is_added_and_taken_back(staged: Sandbox, inv: Any) -> None:
    made = inv("zones.create", "--name", "new.example", "--output", "json")
    there = zone(staged, "new.example")
    undone = inv("undo.apply", "--id", undo_id(made.err), "--confirm", "new.example")

    assert (made.code, undone.code) == (0, 0)
    assert rows(made)[0] | {"undo": ""} == {
        "action": "create", "kind": "zones.zone", "name": "new.example", "id": there["id"], "undo": ""
    }  # fmt: skip
    assert (there["type"], there["account"]["id"]) == ("full", staged.account_id)
    assert zone(staged, "new.example") is None


def test_a_domain_in_the_letters_of_its_language_is_added_in_those_of_dns(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.create", "--name", "Mäuse.Example", "--type", "partial")

    assert result.code == 0
    assert zone(staged, "xn--muse-loa.example")["type"] == "partial"


@pytest.mark.fault("G1")
def test_a_zone_that_is_there_is_adopted_as_unchanged(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.create", "--name", "example.com", "--output", "json")

    assert (result.code, rows(result)[0]["action"]) == (0, "unchanged")
    assert written(staged) == []


def test_a_zone_that_is_there_in_another_way_is_a_conflict(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.create", "--name", "example.com", "--type", "secondary")

    assert result.code == 1
    assert "type full → secondary" in result.err
    assert written(staged) == []


def test_a_zone_of_another_account_is_a_conflict_that_says_where_to_look(
    client: Client, http: responses.RequestsMock
) -> None:
    http.post(f"{API}/zones", json=refusal(1061, "new.example already exists"), status=400)
    create = writes("zones.zone").create
    assert create

    with pytest.raises(Conflict) as error:
        create(client, Owner(ACCOUNT, ACCOUNT, {}), {"name": "new.example"})

    assert "inv zones.list --name new.example" in error.value.hint


def test_a_zone_that_was_added_anew_is_not_the_one_that_is_looked_for(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{API}/zones", json=page([{"id": "2" * 32, "name": "a.example"}]))
    find = writes("zones.zone").find

    assert find(client, Owner(ACCOUNT, ACCOUNT, {}), {"id": ZONE, "name": "a.example"}) is None
    assert find(client, Owner(ACCOUNT, ACCOUNT, {}), {"name": "a.example"}) is not None


@pytest.mark.fault("G1")
def test_a_zone_whose_creation_is_never_answered_is_there_once(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("drop-after POST /zones times=1")

    result = inv("zones.create", "--name", "new.example", "--output", "json")

    assert result.code == 0
    assert rows(result)[0]["id"] == zone(staged, "new.example")["id"]
    assert written(staged) == [("POST", "/zones")]


@pytest.mark.parametrize(
    "name", ["example", "a..example", "-a.example", "1.2.3.4", "a b.example", "*.a.example"]
)
def test_what_is_no_domain_is_refused_before_anything_is_asked(staged: Sandbox, inv: Any, name: str) -> None:
    result = inv("zones.create", f"--name={name}")

    assert result.code == 1
    assert "not a domain name" in result.err
    assert staged.requests == []


def test_an_account_that_the_token_does_not_see_is_refused(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.create", "--name", "new.example", "--account-id", "b" * 32)

    assert result.code == 1
    assert "does not see the account" in result.err
    assert staged.account_id in result.err
    assert written(staged) == []


def test_an_account_is_taken_at_its_word_where_the_token_may_list_none(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("denied GET /accounts* times=-1")

    result = inv("zones.create", "--name", "new.example", "--account-id", staged.account_id)

    assert result.code == 0
    assert zone(staged, "new.example")["account"]["id"] == staged.account_id


@pytest.mark.parametrize("line", [(), ("--resume",)])
def test_a_pause_and_its_end_are_taken_back(staged: Sandbox, inv: Any, line: tuple[str, ...]) -> None:
    if line:
        inv("zones.pause", "--zone", "example.org")
    before = unstamped(zone(staged, "example.org"))

    done = inv("zones.pause", "--zone", "example.org", *line)
    paused = zone(staged, "example.org")["paused"]
    undone = inv("undo.apply", "--id", undo_id(done.err))

    assert (done.code, undone.code) == (0, 0)
    assert paused is not bool(line)
    assert unstamped(zone(staged, "example.org")) == before


def test_pausing_what_is_paused_changes_nothing(staged: Sandbox, inv: Any) -> None:
    inv("zones.pause", "--zone", "example.org")
    before = len(written(staged))

    result = inv("zones.pause", "--zone", "example.org", "--output", "json")

    assert rows(result)[0]["action"] == "unchanged"
    assert len(written(staged)) == before


def test_settings_are_set_one_request_each_and_taken_back(staged: Sandbox, inv: Any) -> None:
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


def test_a_setting_that_has_its_value_already_is_said_to_be_unchanged(staged: Sandbox, inv: Any) -> None:
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
        (("--setting", "ssl", "--value", "strict", "--value", "off"), "do not make pairs"),
        (("--setting", "ssl", "--value", "full", "--setting", "ssl", "--value", "off"), "do not make pairs"),
    ],
)
def test_what_no_setting_takes_is_refused_before_anything_is_written(
    staged: Sandbox, inv: Any, line: tuple[str, ...], said: str
) -> None:
    result = inv("zones.set", "--zone", "example.com", *line)

    assert result.code == 1
    assert said in result.err
    assert written(staged) == []


def test_a_setting_that_the_plan_does_not_allow_is_refused(staged: Sandbox, inv: Any) -> None:
    result = inv("zones.set", "--zone", "example.com", "--setting", "advanced_ddos", "--value", "on")

    assert result.code == 1
    assert "cannot be changed on this zone's plan" in result.err
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
def test_a_value_is_read_as_what_the_setting_holds(current: Any, text: str, value: Any) -> None:
    assert valid.value_for({"id": "x", "value": current}, text) == value


@pytest.mark.parametrize(
    ("current", "text"), [(1, "true"), (True, "1"), (1, "NaN"), ([], "{}"), ({}, "[]"), (1, '"1"'), (1, "")]
)
def test_a_value_of_another_sort_is_refused(current: Any, text: str) -> None:
    with pytest.raises(ValidationError):
        valid.value_for({"id": "x", "value": current}, text)


def test_pairs_are_made_of_as_many_settings_as_values() -> None:
    assert valid.paired(("a", "b"), ("1", "2")) == [("a", "1"), ("b", "2")]
    with pytest.raises(UsageError):
        valid.paired(("a",), ())


def test_a_zone_is_deleted_once_its_name_is_typed_and_what_goes_with_it_is_told(
    staged: Sandbox, inv: Any
) -> None:
    result = inv("zones.delete", "--zone", "example.org", "--confirm", "example.org")

    assert result.code == 0
    assert "example.org holds " in result.err
    assert "a deletion is permanent for its DNS records" in result.err
    assert "cannot be undone" in result.err
    assert "undo.apply" not in result.err
    assert zone(staged, "example.org") is None


@pytest.mark.fault("G4")
@pytest.mark.parametrize("line", [(), ("--yes",), ("--confirm", "example.com")])
def test_a_zone_whose_name_is_not_typed_stays(staged: Sandbox, inv: Any, line: tuple[str, ...]) -> None:
    result = inv("zones.delete", "--zone", "example.org", *line)

    assert result.code == 1
    assert written(staged) == []


@pytest.mark.fault("G3")
def test_a_zone_of_a_similar_name_is_never_taken(staged: Sandbox, inv: Any) -> None:
    for line in (
        ("delete", "--confirm", "ample.com"),
        ("pause",),
        ("set", "--setting", "ssl", "--value", "off"),
    ):
        assert inv(f"zones.{line[0]}", "--zone", "ample.com", *line[1:]).code == 1

    assert written(staged) == []


def test_a_dry_line_shows_a_zone_that_its_own_task_before_would_have_added(staged: Sandbox, inv: Any) -> None:
    line = ("zones.create", "--name", "new.example")

    result = inv("--dry", *line, *line, "zones.pause", "--zone", "example.com")

    assert result.code == 0
    assert result.err.count("create zones.zone new.example") == 1
    assert "paused false → true" in result.err
    assert written(staged) == []


@pytest.mark.parametrize(("kind", "after"), [("zones.dnssec", "active"), ("ssl.universal", False)])
def test_what_has_no_task_of_its_own_can_be_put_back(
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


def test_dnssec_is_asked_for_in_the_two_words_that_the_api_knows(
    client: Client, http: responses.RequestsMock
) -> None:
    match = [json_params_matcher({"status": "active", "dnssec_presigned": True})]
    http.patch(f"{API}/zones/{ZONE}/dnssec", json=envelope({"status": "pending"}), match=match)
    update = writes("zones.dnssec").update
    assert update

    update(client, OWNER, {"status": "disabled"}, {"status": "pending", "dnssec_presigned": True})
