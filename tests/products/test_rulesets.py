"""Rulesets of a zone or an account, with their rules."""

from __future__ import annotations

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import MalformedAnswer, PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.rulesets.resources import RESOURCES
from tests.conftest import API
from tests.products.answers import envelope, refusal

ACCOUNT, ZONE = "a" * 32, "1" * 32
URL = f"{API}/zones/{ZONE}/rulesets"
OWNER = Owner(ACCOUNT, ZONE, {})


def test_the_rules_of_each_ruleset_are_read(client: Client, http: responses.RequestsMock) -> None:
    for cursor, name, following in (("", "a", "next"), ("next", "b", "")):
        answer = envelope([{"id": name, "kind": "zone"}], cursors={"after": following})
        http.get(URL, json=answer, match=[query_param_matcher({"cursor": cursor} if cursor else {})])
        http.get(f"{URL}/{name}", json=envelope({"id": name, "rules": [{"ref": name}]}))

    assert list(RESOURCES[0].list(client, OWNER)) == [
        {"id": "a", "rules": [{"ref": "a"}]},
        {"id": "b", "rules": [{"ref": "b"}]},
    ]


def test_the_rules_of_managed_rulesets_are_not_read(client: Client, http: responses.RequestsMock) -> None:
    managed = {"id": "m", "kind": "managed", "version": "71"}
    http.get(URL, json=envelope([managed]))

    assert list(RESOURCES[0].list(client, OWNER)) == [managed]


def test_the_rulesets_of_an_account_are_read_with_their_rules(
    client: Client, http: responses.RequestsMock
) -> None:
    url = f"{API}/accounts/{ACCOUNT}/rulesets"
    http.get(url, json=envelope([{"id": "a", "kind": "root"}]))
    http.get(f"{url}/a", json=envelope({"id": "a", "rules": []}))

    assert list(RESOURCES[1].list(client, Owner(ACCOUNT, ACCOUNT, {}))) == [{"id": "a", "rules": []}]


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(RESOURCES[0].list(client, OWNER))

    assert "Zone WAF" in error.value.hint


def test_the_kind_lists_the_items_of_its_zone(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=envelope([{"id": "m", "kind": "managed"}]))

    assert list(RESOURCES[0].list(client, OWNER)) == [{"id": "m", "kind": "managed"}]


@pytest.mark.parametrize("id", [None, 7])
def test_a_ruleset_without_its_id_is_a_malformed_answer(
    client: Client, http: responses.RequestsMock, id: object
) -> None:
    http.get(URL, json=envelope([{"id": id, "kind": "zone", "name": "default", "phase": "x"}]))

    with pytest.raises(MalformedAnswer):
        list(RESOURCES[0].list(client, OWNER))
