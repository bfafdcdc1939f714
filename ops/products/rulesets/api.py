"""Rulesets of a zone or of the account, each with its rules."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ops.errors import NotFound, PermissionDenied
from ops.http.shape import require
from ops.items import Json
from ops.kinds.resource import address

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Change, Owner

ACCOUNT_PATH, ZONE_PATH = "/accounts/{account}/rulesets", "/zones/{zone}/rulesets"
# Cloudflare writes and changes the rules of these, the same for everybody; the listing has their version.
MANAGED, CUSTOM = "managed", "custom"
# What Cloudflare sets in each rule.
RULE_VOLATILE = ("id", "version", "last_updated", "categories")
UNREAD = "rules_unread"
_RULE_SENT = (
    "action", "action_parameters", "description", "enabled", "exposed_credential_check", "expression",
    "logging", "ratelimit",
)  # fmt: skip


def list_rulesets(client: Client, template: str, owner: Owner) -> Listing:
    """Return the rulesets without their rules. The bounds of `per_page` are not documented."""
    return client.cursor(address(template, owner))


def with_rules(
    client: Client, template: str, owner: Owner, ruleset: Json, earlier: Json | None = None
) -> Json:
    """Return *ruleset* with its rules, unless Cloudflare manages it.

    Every change makes a new version: rules of the same one are those of *earlier*. Each phase has its own
    permission: rules that may not be read are named as such.
    """
    # Without its id its rules would be looked for elsewhere, and not found.
    if require(ruleset, "a ruleset", id=str).get("kind") == MANAGED:
        return ruleset
    if earlier and UNREAD not in earlier and _version(earlier) == _version(ruleset) != (None, None):
        return {**earlier, **ruleset}
    try:
        return client.get(address(template, owner).below("{}", ruleset["id"]))
    except PermissionDenied as error:
        return {**ruleset, UNREAD: error.message}


def _version(ruleset: Json) -> tuple[object, object]:
    return ruleset.get("version"), ruleset.get("last_updated")


def canonical(ruleset: Json) -> Json:
    """Return *ruleset* without what Cloudflare sets in its rules; a `ref` is its id unless one was chosen."""
    rules = ruleset.get("rules")
    if not isinstance(rules, list):
        return ruleset
    return {**ruleset, "rules": [_plain(rule) for rule in rules]}


def _plain(rule: Json) -> Json:
    kept = {name: value for name, value in rule.items() if name not in RULE_VOLATILE}
    if rule.get("ref") == rule.get("id"):
        kept.pop("ref", None)
    return kept


def find_ruleset(client: Client, template: str, owner: Owner, wanted: Json) -> Json | None:
    """Return the live ruleset with the id of *wanted*, else of its phase and kind, and its name if custom."""
    id, who = wanted.get("id"), _who(wanted)
    if id:
        with suppress(NotFound):
            return client.get(address(template, owner).below("{}", id))
    listed = list_rulesets(client, template, owner)
    found = next((one for one in listed if (one["id"] == id if id else _who(one) == who)), None)
    return found and with_rules(client, template, owner, found)


def _who(ruleset: Json) -> tuple[object, ...]:
    kind = ruleset.get("kind")
    return (ruleset.get("phase"), kind, ruleset.get("name") if kind in (CUSTOM, MANAGED) else "")


def create_ruleset(client: Client, template: str, owner: Owner, ruleset: Json) -> Json:
    """Create a custom ruleset, or the entry point of a phase."""
    where = address(template, owner)
    if ruleset.get("kind") == CUSTOM:
        return client.post(where, json={**_body(ruleset), "kind": CUSTOM, "phase": ruleset["phase"]})
    return client.put(where.below("phases/{}/entrypoint", str(ruleset["phase"])), json=_body(ruleset))


def ask(client: Client, template: str, change: Change) -> None:
    """Ask Cloudflare whether it would accept *change*. Raises its refusal.

    A custom ruleset is not asked about before its creation: where `dry_run` is not known, the request would
    create one.
    """
    before, after = change.before, change.after
    if after is None or (before is None and after.get("kind") == CUSTOM):
        return
    where = address(template, change.owner)
    tail = "phases/{}/entrypoint", str(after["phase"])
    where = where.below("{}", before["id"]) if before else where.below(*tail)
    client.put(where, json=_body(after), dry_run="true")


def update_ruleset(client: Client, template: str, owner: Owner, before: Json, after: Json) -> Json:
    """Replace all rules of a ruleset."""
    return client.put(address(template, owner).below("{}", before["id"]), json=_body(after))


def delete_ruleset(client: Client, template: str, owner: Owner, ruleset: Json) -> None:
    """Delete a ruleset with all its versions."""
    client.delete(address(template, owner).below("{}", ruleset["id"]))


def _body(ruleset: Json) -> Json:
    rules = [rule_body(rule) for rule in ruleset.get("rules") or ()]
    return {"name": ruleset.get("name"), "description": ruleset.get("description") or "", "rules": rules}


def rule_body(rule: Json) -> Json:
    """Return what a request sends of *rule*; a `ref` only if it was chosen."""
    sent = {name: rule[name] for name in _RULE_SENT if rule.get(name) is not None}
    return {**sent, "ref": rule["ref"]} if rule.get("ref") not in (None, rule.get("id")) else sent
