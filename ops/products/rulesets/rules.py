"""One rule in the entry point of a phase: read, added, changed, moved and deleted; the others stay.

A rule is an item of its zone or account that names its `phase`. Its `index` counts from 1; a change to or
from a `position` moves it. Its id is another one after its ruleset was replaced as a whole; then it is the
rule with its `ref`, or with its identity if no fewer rules have that now.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ops.errors import Incomplete, MalformedAnswer, NotFound
from ops.http.shape import require
from ops.items import Json
from ops.kinds.resource import address
from ops.products.rulesets import api

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Change, Owner

IDENTITY = ("phase", "action", "expression", "description")
# Where a rule is, and how many rules have its identity: what changes with other rules.
AROUND = ("index", "alike", "ruleset", "beside")


def entry_point(client: Client, template: str, owner: Owner, phase: str) -> Json | None:
    """Return the entry point of *phase* with its rules, None if it has none."""
    kind = "zone" if template == api.ZONE_PATH else "root"
    listing = api.list_rulesets(client, template, owner)
    for head in listing:
        if (head.get("phase"), head.get("kind")) == (phase, kind):
            id = require(head, "a ruleset", id=str)["id"]
            return require(client.get(address(template, owner).below("{}", id)), "a ruleset", id=str)
    if listing.problem:
        raise Incomplete(f"the rulesets could not be listed completely: {listing.problem}")
    return None


def list_rules(client: Client, template: str, owner: Owner, phase: str) -> list[Json]:
    """Return the rules of the entry point of *phase* in their order; none if it has no entry point."""
    ruleset = entry_point(client, template, owner, phase)
    return rules_of(ruleset, phase) if ruleset else []


def rules_of(ruleset: Json, phase: str) -> list[Json]:
    """Return the rules of *ruleset* as items; a `ref` that is only the id is left out."""
    rules = require(ruleset, "a ruleset", id=str, rules=list, optional=("rules",)).get("rules") or ()
    found, seen = [], Counter[tuple[object, ...]]()
    for index, rule in enumerate(rules, 1):
        require(rule, "a rule", id=str, action=str, expression=str, optional=("action", "expression"))
        item = {**rule, "phase": phase, "index": index, "ruleset": ruleset["id"]}
        if item.get("ref") == item["id"]:
            del item["ref"]
        seen[_who(item)] += 1
        found.append(item)
    return [{**item, "alike": seen[_who(item)]} for item in found]


def find_rule(client: Client, template: str, owner: Owner, rule: Json) -> Json | None:
    """Return the live rule that *rule* is, None if it does not exist."""
    live = list_rules(client, template, owner, str(rule["phase"]))
    found = _same(live, rule)
    if found and "position" in rule:
        return {**found, "position": found["index"]}
    return found


def _same(live: list[Json], rule: Json) -> Json | None:
    """Return the rule of *live* with the id of *rule*, else its `ref`, else its identity."""
    for name in ("id", "ref"):
        for one in live:
            if rule.get(name) and one.get(name) == rule[name]:
                return one
    alike = [one for one in live if _who(one) == _who(rule)]
    # With fewer of them, this rule is the one that is missing.
    return alike[0] if len(alike) >= max(1, rule.get("alike", 1)) else None


def _who(rule: Json) -> tuple[object, ...]:
    return tuple(rule.get(name) or "" for name in IDENTITY)


def create_rule(client: Client, template: str, owner: Owner, rule: Json) -> Json:
    """Add *rule*, at its `index` or `beside` another one if it names either; create a missing entry point.

    One that exists already is returned: so `ask` changes nothing twice where `dry_run` is not known.
    """
    phase = str(rule["phase"])
    ruleset = entry_point(client, template, owner, phase)
    if ruleset is None:
        return _added(api.create_ruleset(client, template, owner, _first(phase, rule)), rule)
    live = rules_of(ruleset, phase)
    if found := _same(live, rule):
        return found
    made = client.post(_rules(template, owner, ruleset), json=_placed(rule, live))
    return _added(made, rule, frozenset(one["id"] for one in live))


def _added(ruleset: Json, rule: Json, before: frozenset[str] = frozenset()) -> Json:
    """Return *rule* as *ruleset* has it now; others may have added rules since those of *before*."""
    new = [one for one in rules_of(ruleset, str(rule["phase"])) if one["id"] not in before]
    found = new[0] if len(new) == 1 else _same(new, {**rule, "alike": 1})
    if found is None:
        raise MalformedAnswer("the answer to a new rule does not hold it")
    return found


def update_rule(client: Client, template: str, owner: Owner, before: Json, after: Json) -> Json:
    """Replace the definition of a rule, and move it if its `position` differs."""
    live = _live(client, template, owner, before)
    made = client.patch(_rule(template, owner, live), json=_changed(before, after))
    found = _same(rules_of(made, live["phase"]), live)
    if found and "position" in after:
        return {**found, "position": found["index"]}
    return found or {}


def delete_rule(client: Client, template: str, owner: Owner, rule: Json) -> None:
    client.delete(_rule(template, owner, _live(client, template, owner, rule)))


def ask(client: Client, template: str, change: Change) -> None:
    """Ask Cloudflare whether it would accept a new or changed rule. Raises its refusal."""
    before, after, owner = change.before, change.after, change.owner
    if after is None:
        return
    if before is not None:
        live = _live(client, template, owner, before)
        client.patch(_rule(template, owner, live), json=_changed(before, after), dry_run="true")
        return
    phase = str(after["phase"])
    ruleset = entry_point(client, template, owner, phase)
    if ruleset is None:
        api.ask(client, template, change._replace(after=_first(phase, after)))
        return
    wanted = _placed(after, rules_of(ruleset, phase))
    client.post(_rules(template, owner, ruleset), json=wanted, dry_run="true")


def _live(client: Client, template: str, owner: Owner, rule: Json) -> Json:
    found = find_rule(client, template, owner, rule)
    if found is None:
        raise NotFound(f"the rule {rule.get('description') or rule.get('id')!r} no longer exists", 404)
    return found


def _first(phase: str, rule: Json) -> Json:
    """Return an entry point that has only *rule*."""
    return {"name": "default", "kind": "", "phase": phase, "rules": [rule]}


def _placed(rule: Json, live: list[Json]) -> Json:
    """Return what creates *rule* among the *live* rules."""
    body = api.rule_body(rule)
    if "beside" in rule:
        return {**body, "position": rule["beside"]}
    if "index" in rule:
        return {**body, "position": {"index": min(rule["index"], len(live) + 1)}}
    return body


def _changed(before: Json, after: Json) -> Json:
    """Return what replaces the definition of a rule; PATCH keeps nothing that is not sent."""
    body = api.rule_body(after)
    if after.get("position") not in (None, before.get("position")):
        return {**body, "position": {"index": after["position"]}}
    return body


def _rules(template: str, owner: Owner, ruleset: Json) -> ApiPath:
    return address(template, owner).below("{}/rules", ruleset["id"])


def _rule(template: str, owner: Owner, rule: Json) -> ApiPath:
    return address(template, owner).below("{}/rules/{}", rule["ruleset"], rule["id"])
