"""The items of any kind: a kind, an item or a parent that is named wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID
from tests.conftest import Result

Inv = Callable[..., Result]
TUNNELS = "/accounts/{account_id}/cfd_tunnel"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("items.list access.ap", "no kind is called 'access.ap'\nhint: did you mean access.app?"),
        ("items.list nothing.at_all", "hint: `inv items.kinds` lists the kinds"),
        ("items.show access.app Wikis", "no access.app is called 'Wikis'\nhint: did you mean Wiki?"),
        ("items.show access.app nothing", "hint: `inv items.list access.app` lists them"),
        ("items.list lists.item --parent nothing", "no lists.list is called 'nothing'"),
        ("items.show tunnels.tunnel twice", "2 of tunnels.tunnel are called 'twice': " + "1" * 32),
    ],
)
def test_what_is_named_wrongly_is_refused_with_the_next_step(
    staged: Sandbox, inv: Inv, line: str, words: str
) -> None:
    for id in ("1" * 32, "2" * 32):
        staged.store.put_document(TUNNELS, ACCOUNT_ID, id, {"id": id, "name": "twice"}, sort="twice")

    result = inv(*line.split())

    assert result.code == 1
    assert words in result.err


def test_the_kinds_say_when_they_are_read_and_whether_they_are_restored(inv: Inv) -> None:
    rows = {row["kind"]: row for row in json.loads(inv("items.kinds", "--output", "json").out)}

    assert [rows[kind]["scan"] for kind in ("dns.record", "ssl.pack", "security.insight")] == [
        "always",
        "deep",
        "if named",
    ]
    assert [rows[kind]["restored"] for kind in ("dns.record", "ssl.pack", "email.address")] == [
        "yes",
        "no",
        "if named",
    ]
