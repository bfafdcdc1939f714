"""Everything of every kind that can be written is deleted, and restored from a snapshot."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.kinds.catalog import resources
from ops.sandbox.routes import devices, nested, platforms, snippets, written_whole
from ops.sandbox.routes.collections import COLLECTIONS, SINGLES, A, Z
from ops.sandbox.routes.nested import LISTS
from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
EXPORT = ("scan.export", "--deep", "--quiet", "--kv", "none", "--secrets", "keep")
# Kinds that exist in the sandbox for reading only, and those that Cloudflare or a deployment makes.
DOCUMENTS = tuple(
    one.document for one in COLLECTIONS if one.required and "/cfd_tunnel/{tunnel}" not in one.path
)
OTHERS = (
    nested.ITEMS, nested.GATEWAY_LIST, nested.RULES, nested.ROUTES, nested.DOMAINS, "r2.cors",
    "r2.lifecycle", written_whole.SNIPPET_RULES, written_whole.ROOM_RULES, written_whole.VARIANTS,
    written_whole.NOTIFIED, devices.PROFILES, devices.PROFILE, snippets.SNIPPETS, "ruleset",
    "account.ruleset", "queue", "d1.database", platforms.NAMESPACES, platforms.WORKFLOWS, platforms.SITES,
)  # fmt: skip
# What is in them is deleted with them.
PARENTS = (LISTS, A + "/gateway/lists", A + "/cfd_tunnel", "pages.project", Z + "/waiting_rooms")
# They exist in the sandbox but cannot be created: their passwords are never returned.
NOT_CREATED = (A + "/hyperdrive/configs",)
# A monitor is recognized by its description; an index cannot be changed.
NOT_CHANGED = ("lb.monitor", A + "/vectorize/v2/indexes")
# A restore never deletes them.
KEPT = ("d1.database", "queue", "pages.project", platforms.NAMESPACES, platforms.WORKFLOWS)
# What a restore never touches unless it is named.
NAMED = sorted(one.kind for one in resources() if one.writes and one.restore.named)
# Where the id of an item that is created again is unknown, its name stands for it.
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
_NAMES = ("name", "queue_name", "email", "hostname", "network", "phase", "description")


@pytest.fixture(autouse=True)
def unlimited(staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests send as many requests as they need."""
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    staged.limiter.quota = None


def state(sandbox: Sandbox) -> dict[str, list[str]]:
    """Return all documents by kind, with names instead of ids and without times and versions."""
    kinds = (*DOCUMENTS, *OTHERS, *(one.path for one in SINGLES))
    rows = sandbox.store.rows("SELECT kind, owner, id, body FROM document")
    names = {id: _name(kind, json.loads(body)) for kind, _, id, body in rows if body.startswith("{")}

    def named(text: str) -> str:
        return _ID.sub(lambda id: names.get(id[0], id[0]), text)

    found: dict[str, list[str]] = {}
    for kind, owner, _, body in rows:
        if kind in kinds and not _is_managed(kind, body):
            text = json.dumps(_plain(json.loads(body)), sort_keys=True)
            found.setdefault(kind, []).append(f"{named(owner)} {named(text)}")
    return {kind: sorted(texts) for kind, texts in found.items()}


def _is_managed(kind: str, body: str) -> bool:
    return "ruleset" in kind and json.loads(body)["kind"] == "managed"


def _name(kind: str, item: Any) -> str:
    return next((f"{kind} {item[name]}" for name in _NAMES if item.get(name)), kind)


_VOLATILE = re.compile(
    r"id|uuid|tag|ref|version|sitekey|aud|number|num_items|count|status|queue_id|consumer_id|.*_on|.*_at"
    r"|created|modified|last_updated|producers|service|environment|.*_count|priority|queue_name"
    r"|policy_id|site_token|doh_subdomain|updated_at|creation_date|zoneName|subdomain|domains|.*script_name|verified"
    r"|created_time|modified_time|createdAt|ruleId|queueId|framework.*|ssl|read_replication"
)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _plain(one)
            for name, one in value.items()
            if not _VOLATILE.fullmatch(name) and one not in ("", None, [], {})
        }
    return [_plain(one) for one in value] if isinstance(value, list) else value


def delete(sandbox: Sandbox, kinds: list[str]) -> None:
    # Cloudflare deletes a virtual network only when no route uses it.
    for kind in (*kinds, nested.ROUTES) if A + "/teamnet/virtual_networks" in kinds else kinds:
        if kind in PARENTS:
            ids = sandbox.store.texts("SELECT id FROM document WHERE kind = ?", (kind,))
            for id in ids:
                sandbox.store.run("DELETE FROM document WHERE owner LIKE ?", (f"%/{id}",))
        managed = " AND json_extract(body, '$.kind') <> 'managed'" if "ruleset" in kind else ""
        sandbox.store.run(f"DELETE FROM document WHERE kind = ?{managed}", (kind,))


def change(sandbox: Sandbox) -> None:
    """Change a field of every document that has one of those that people write."""
    kinds = (*DOCUMENTS, *OTHERS, *(one.path for one in SINGLES))
    for kind, owner, id, body in sandbox.store.rows("SELECT kind, owner, id, body FROM document"):
        item = json.loads(body)
        if kind not in kinds or _is_managed(kind, body) or not isinstance(item, dict):
            continue
        for field in ("description", "comment", "enabled", "paused"):
            if field in item and kind not in NOT_CHANGED:
                item[field] = not item[field] if isinstance(item[field], bool) else "changed"
        where = "kind = ? AND owner = ? AND id = ?"
        sandbox.store.run(f"UPDATE document SET body = ? WHERE {where}", (json.dumps(item), kind, owner, id))


def differing(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    return sorted(kind for kind in one.keys() | other.keys() if one.get(kind) != other.get(kind))


def everything() -> list[str]:
    kinds = sorted({resource.kind for resource in resources() if resource.writes})
    return [word for kind in kinds for word in ("--kind", kind)]


def restored(inv: Inv, *options: str) -> None:
    result = inv("snapshots.restore", *everything(), *options, "--yes", "--force", "--output", "json")
    assert result.code == 0, result.err
    done = json.loads(result.out)
    assert (done["refused"], done["differ"]) == (0, 0), result.err


def exported(inv: Inv) -> str:
    """Return the name of a new snapshot: two of one second have no order."""
    return Path(json.loads(inv(*EXPORT, "--output", "json").out)["snapshot"]).name


def deletable(sandbox: Sandbox) -> list[str]:
    held = state(sandbox)
    return [kind for kind in (*DOCUMENTS, *OTHERS) if kind in held and kind not in NOT_CREATED]


def test_what_was_deleted_of_every_kind_is_restored(staged: Sandbox, inv: Inv) -> None:
    assert inv(*EXPORT).code == 0
    before = state(staged)
    delete(staged, deletable(staged))
    assert state(staged).keys() < before.keys()

    restored(inv)

    assert state(staged) == before


def test_what_was_changed_of_every_kind_is_changed_back(staged: Sandbox, inv: Inv) -> None:
    assert inv(*EXPORT).code == 0
    before = state(staged)
    change(staged)
    assert len(differing(before, state(staged))) > 15

    restored(inv)

    assert differing(before, state(staged)) == []


def test_what_was_created_of_every_kind_is_deleted_with_the_option(staged: Sandbox, inv: Inv) -> None:
    whole = exported(inv)
    delete(staged, [kind for kind in deletable(staged) if kind not in KEPT])
    without, bare = state(staged), exported(inv)
    assert inv("snapshots.restore", whole, *everything(), "--yes", "--force").code == 0
    assert len(differing(without, state(staged))) > 30

    restored(inv, bare, "--delete")

    left = differing(without, state(staged))
    assert [kind for kind in left if kind in DOCUMENTS] == []


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_what_was_deleted_at_random_is_restored(staged: Sandbox, inv: Inv, block: int) -> None:
    assert inv(*EXPORT).code == 0
    before = state(staged)
    for seed in range(10 * block, 10 * block + 10):
        chance = random.Random(seed)
        chosen = deletable(staged)
        delete(staged, chance.sample(chosen, chance.randint(1, len(chosen))))

        restored(inv)

        assert state(staged) == before, f"seed {seed}"


def test_what_reaches_people_or_money_is_restored_only_if_it_is_named(staged: Sandbox, inv: Inv) -> None:
    assert inv(*EXPORT).code == 0
    addresses = A + "/email/routing/addresses"
    delete(staged, [addresses])

    without = inv("snapshots.restore", "--yes", "--force")
    absent = state(staged).get(addresses)
    named = inv("snapshots.restore", "--kind", "email.address", "--yes")

    assert without.code == 0, without.err
    assert "sends a mail to a new address" in without.err
    assert "--kind email.address restores them" in without.err
    assert absent is None
    assert named.code == 0, named.err
    assert state(staged)[addresses]
    assert NAMED == [
        "access.organization", "accounts.account", "argo.smart_routing", "devices.default_profile",
        "devices.profile", "email.address", "email.settings",
        "notifications.webhook", "r2.custom_domain", "r2.lock", "r2.managed_domain", "registrar.domain",
        "ssl.total_tls", "workers.account_settings",
    ]  # fmt: skip


def test_a_restore_of_rules_can_be_undone(staged: Sandbox, inv: Inv) -> None:
    assert inv(*EXPORT, "--only", "rulesets").code == 0
    before = state(staged)
    row = staged.store.one(
        "SELECT owner, id, body FROM document WHERE kind = 'ruleset' AND body LIKE '%www%'"
    )
    assert row is not None
    ruleset = json.loads(row[2])
    ruleset["rules"][0]["enabled"] = False
    staged.store.put_document("ruleset", row[0], row[1], ruleset)
    changed = state(staged)

    assert inv("snapshots.restore", "--yes").code == 0
    whole = state(staged)
    undone = inv("undo.last", "--yes")

    assert whole == before
    assert undone.code == 0, undone.err
    assert state(staged) == changed != before
