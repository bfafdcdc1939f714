"""Rulesets of a zone or an account, with their rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import MalformedAnswer, PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.rulesets.resources import RESOURCES
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.products.answers import envelope, refusal

Inv = Callable[..., Result]
ACCOUNT, ZONE = "a" * 32, "1" * 32
URL = f"{API}/zones/{ZONE}/rulesets"
OWNER = Owner(ACCOUNT, ZONE, {})
NAMED = {"name": "default", "phase": "http_request_redirect"}


def test_the_rules_of_each_ruleset_are_read(client: Client, http: responses.RequestsMock) -> None:
    for cursor, name, following in (("", "a", "next"), ("next", "b", "")):
        answer = envelope([{"id": name, "kind": "zone", **NAMED}], cursors={"after": following})
        http.get(URL, json=answer, match=[query_param_matcher({"cursor": cursor} if cursor else {})])
        http.get(f"{URL}/{name}", json=envelope({"id": name, "rules": [{"ref": name}]}))

    assert list(RESOURCES[0].list(client, OWNER)) == [
        {"id": "a", "rules": [{"ref": "a"}]},
        {"id": "b", "rules": [{"ref": "b"}]},
    ]


def test_the_rules_of_managed_rulesets_are_not_read(client: Client, http: responses.RequestsMock) -> None:
    managed = {"id": "m", "kind": "managed", "version": "71", **NAMED}
    http.get(URL, json=envelope([managed]))

    assert list(RESOURCES[0].list(client, OWNER)) == [managed]


def test_the_rulesets_of_an_account_are_read_with_their_rules(
    client: Client, http: responses.RequestsMock
) -> None:
    url = f"{API}/accounts/{ACCOUNT}/rulesets"
    http.get(url, json=envelope([{"id": "a", "kind": "root", **NAMED}]))
    http.get(f"{url}/a", json=envelope({"id": "a", "rules": []}))

    assert list(RESOURCES[1].list(client, Owner(ACCOUNT, ACCOUNT, {}))) == [{"id": "a", "rules": []}]


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Zone WAF" in error.value.hint


def test_the_kind_lists_the_items_of_its_zone(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=envelope([{"id": "m", "kind": "managed", **NAMED}]))

    assert list(RESOURCES[0].list(client, OWNER)) == [{"id": "m", "kind": "managed", **NAMED}]


@pytest.mark.parametrize("id", [None, 7])
def test_a_ruleset_without_its_id_is_a_malformed_answer(
    client: Client, http: responses.RequestsMock, id: object
) -> None:
    http.get(URL, json=envelope([{"id": id, "kind": "zone", "name": "default", "phase": "x"}]))

    with pytest.raises(MalformedAnswer):
        list(RESOURCES[0].list(client, OWNER))


def fetched(sandbox: Sandbox) -> list[str]:
    """Return the ids of the rulesets whose rules were requested since the last call."""
    asked = [path for method, path in sandbox.requests if method == "GET" and "/rulesets/" in path]
    sandbox.requests.clear()
    return [path.rpartition("/")[2] for path in asked]


def exported(inv: Inv, *options: str) -> dict[str, dict[str, object]]:
    """Export the rulesets; return them by their ids."""
    result = inv("scan.export", "--only", "rulesets", "--output", "json", *options)
    assert result.code == 0, result.err
    folder = Path(json.loads(result.out)["snapshot"])
    lines = [line for kind in ("zone", "account") for line in (folder / f"rulesets.{kind}.jsonl").open()]
    return {item["id"]: item for item in (json.loads(line)["item"] for line in lines)}


def test_rules_are_read_again_only_where_the_version_changed(staged: Sandbox, inv: Inv) -> None:
    first = exported(inv)
    own = sorted(id for id, one in first.items() if one["kind"] != "managed")
    assert sorted(fetched(staged)) == own
    changed = next(id for id in own if first[id]["kind"] == "zone")
    row = staged.store.one("SELECT owner, body FROM document WHERE id = ?", (changed,))
    assert row is not None
    rules = [{"action": "block", "expression": "true"}]
    staged.store.put_document(
        "ruleset", row[0], changed, {**json.loads(row[1]), "version": "99", "rules": rules}
    )

    second = exported(inv)
    read = fetched(staged)
    whole = exported(inv, "--deep")

    assert read == [changed]
    assert second[changed]["rules"] == rules
    assert second == first | {changed: second[changed]} == whole
    assert sorted(fetched(staged)) == own


def test_rules_that_were_denied_are_asked_for_again(staged: Sandbox, inv: Inv) -> None:
    staged.faults.parse("denied GET */zones/*/rulesets/* times=-1")
    first = exported(inv)
    fetched(staged)
    staged.faults.clear()

    second = exported(inv)

    unread = {id for id, one in first.items() if "rules_unread" in one}
    assert unread != set()
    assert unread == set(fetched(staged))
    assert not any("rules_unread" in one for one in second.values())


def test_cloudflare_is_asked_before_rules_are_written(staged: Sandbox, inv: Inv) -> None:
    before = exported(inv)
    own = next(id for id, one in before.items() if one["kind"] == "zone")
    row = staged.store.one("SELECT owner, body FROM document WHERE id = ?", (own,))
    assert row is not None
    staged.store.put_document("ruleset", row[0], own, {**json.loads(row[1]), "rules": []})
    staged.requests.clear()

    staged.faults.parse("gone PUT *dry_run=true* status=400 code=20120 times=-1")
    refused = inv("snapshots.restore", "--yes")
    sent = [path for method, path in staged.requests if method == "PUT"]
    journal = inv("undo.list", "--output", "json").out
    staged.faults.clear()
    staged.requests.clear()
    done = inv("snapshots.restore", "--yes")
    written = [path.partition("?")[2] for method, path in staged.requests if method == "PUT"]

    assert (refused.code, json.loads(journal or "[]")) == (4, []), refused.err
    assert len(sent) == 1
    assert done.code == 0, done.err
    assert written == ["dry_run=true", ""]
