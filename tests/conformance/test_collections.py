"""Every collection that the sandbox declares, compared with both parts of the official document."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from ops.sandbox.routes.collections import COLLECTIONS, SINGLES, A, Collection, Only
from ops.sandbox.seed_collections import ITEMS, owner_of_seed
from ops.sandbox.server import Sandbox

from .contract import Contract

# Where the document and recorded answers of Cloudflare disagree, or the document is older: operation, reason.
DOUBTS = {
    'is not a "uri"': "a destination of Logpush may have {DATE}, which the document itself shows",
    "oneOf": "the document has several schemas that accept the same",
    "anyOf": "the document lacks config_src of tunnels, which recorded answers have",
    "PATCH /accounts/{account_id}/dns_firewall": "the document takes what only Cloudflare sets",
    '"secret" is a required property': "the sandbox never answers the secret of a widget",
    "PATCH /accounts/{account_identifier}/firewall/access_rules": "the document takes ids, and no others",
    "PATCH /zones/{zone_id}/firewall/access_rules": "the document takes ids, and no others",
    "rules/lists/{list_id}: answer 200, result: {": "one list is an object in recorded answers",
    "POST /accounts/{account_id}/rules/lists: answer 200, result: {": "one list is an object",
    "access/tags: the body": "the document takes a text in place of the object of its example",
    'origin: "password"': "Cloudflare never returns it, so no restore sends it",
    "path domain_name=": "domains have dots",
}


class Asking:
    """Sends requests to the sandbox and collects what the document says against them."""

    def __init__(self, sandbox: Sandbox, contract: Contract) -> None:
        self.sandbox, self.contract = sandbox, contract
        self.problems: list[str] = []

    def __call__(self, method: str, path: str, json: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.sandbox.token}"}
        answer = requests.request(method, self.sandbox.url + path, json=json, headers=headers, timeout=10)
        assert answer.ok, f"{method} {path}: {answer.text}"
        sent = dict(answer.request.headers)
        body = answer.request.body if isinstance(answer.request.body, bytes) else b""
        found = self.contract.check_request(method, path, "", sent, body)
        found += self.contract.check_response(
            method, path, answer.status_code, dict(answer.headers), answer.content
        )
        self.problems += [one for one in found if not any(name in one for name in DOUBTS)]
        return answer.json()["result"] if answer.content else None


def where(path: str) -> str:
    """Return *path* with the ids of the seed."""
    ids = owner_of_seed(path).split("/")
    words = [ids.pop(0) if word.startswith("{") else word for word in path.split("/")]
    return "/".join(words)


@pytest.mark.parametrize("one", [c for c in COLLECTIONS if c.path in ITEMS], ids=lambda one: one.path)
def test_a_collection_answers_as_documented(one: Collection, sandbox: Sandbox, contract: Contract) -> None:
    ask, path = Asking(sandbox, contract), where(one.path)

    items = ask("GET", path) if one.listed else []
    for item in items if one.readable else ():
        ask("GET", f"{path}/{item[one.key]}")
    if one.required and one.listed:
        body = dict(ITEMS[one.path][0])
        if one.ids != "id":
            body.pop("id", None)
        sandbox.store.run("DELETE FROM document WHERE kind = ?", (one.used_in,))
        ask("DELETE", f"{path}/{items[0][one.key]}")
        made = ask("POST", path, body)
        for method in one.methods:
            ask(method, f"{path}/{made[one.key]}", body)

    assert ask.problems == [], "\n".join(ask.problems)


@pytest.mark.parametrize("one", SINGLES, ids=lambda one: one.path)
def test_a_single_object_answers_as_documented(one: Only, sandbox: Sandbox, contract: Contract) -> None:
    ask, path = Asking(sandbox, contract), where(one.path)

    found = ask("GET", path)
    if one.method and A not in one.path:
        ask(one.method, path, {name: value for name, value in found.items() if name not in ("id", "status")})

    assert ask.problems == [], "\n".join(ask.problems)
