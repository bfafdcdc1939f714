"""Rulesets of a zone or an account: written as a whole, and one rule at a time.

Every change makes a new version. With `dry_run` the answer shows the change, and nothing is kept.
"""

from __future__ import annotations

from ops.sandbox.router import route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

A, Z = "/accounts/{account_id}", "/zones/{zone_id}"
_NO_RULESET = Refusal(404, 10000, "could not find ruleset")
_NO_RULE = Refusal(404, 10003, "could not find rule in ruleset")
_POSITIONS = ("before", "after", "index")


def _kind(request: Request) -> str:
    return "ruleset" if "zone_id" in request.args else "account.ruleset"


def _made(store: Store, sent: Json, old: Json | None = None) -> Json:
    """Return a rule as it is stored; a changed one keeps its id, and loses what was not sent again."""
    require(sent.get("action") and sent.get("expression"))
    id, version = (old["id"], int(old["version"]) + 1) if old else (new_id(), 1)
    kept = {name: value for name, value in sent.items() if name != "position"}
    stamps: Json = {"id": id, "version": str(version), "last_updated": store.stamp()}
    return {"enabled": True, "ref": id, **kept, **stamps}


def _save(request: Request, store: Store, about: Json, rules: list[Json]) -> Answer:
    """Write a new version with *rules*."""
    version = str(int(about.get("version", "0")) + 1)
    ruleset = {**about, "rules": rules, "version": version, "last_updated": store.stamp()}
    if request.flag("dry_run"):
        return ok(ruleset)
    return ok(store.put_document(_kind(request), request.owner, ruleset["id"], ruleset, sort=ruleset["id"]))


def _save_all(request: Request, store: Store, about: Json) -> Answer:
    """Replace all rules; every rule gets a new id."""
    return _save(request, store, about, [_made(store, rule) for rule in request.object().get("rules") or ()])


def _described(sent: Json) -> Json:
    return {"description": "", **{name: sent[name] for name in ("name", "description") if name in sent}}


def _found(request: Request, store: Store) -> Json:
    return store.required(_kind(request), request.owner, request.args["ruleset_id"], _NO_RULESET)


def create_ruleset(request: Request, store: Store) -> Answer:
    sent = request.object()
    require(sent.get("kind") and sent.get("name") and sent.get("phase"))
    about = {"id": new_id(), "kind": sent["kind"], "phase": sent["phase"], **_described(sent)}
    return _save_all(request, store, about)


def put_ruleset(request: Request, store: Store) -> Answer:
    return _save_all(request, store, {**_found(request, store), **_described(request.object())})


def put_entrypoint(request: Request, store: Store) -> Answer:
    """Replace the rules of the phase's entry point; create it if there is none."""
    phase, kind = request.args["phase"], "zone" if "zone_id" in request.args else "root"
    held = store.list_documents(_kind(request), request.owner)
    found = next((one for one in held if (one["phase"], one["kind"]) == (phase, kind)), None)
    about = found or {"id": new_id(), "name": "default", "kind": kind, "phase": phase}
    return _save_all(request, store, {**about, **_described(request.object())})


def delete_ruleset(request: Request, store: Store) -> Answer:
    store.delete_document(_kind(request), request.owner, request.args["ruleset_id"])
    return Answer(204, {}, b"")


def _place(rules: list[Json], rule: Json, position: object) -> list[Json]:
    """Return *rules* with *rule* at *position*, by default at the end."""
    if position is None:
        return [*rules, rule]
    require(isinstance(position, dict) and len(position) == 1 and next(iter(position)) in _POSITIONS)
    ((where, what),) = dict(position).items()  # type: ignore[call-overload]  # checked to be an object
    ids = [one["id"] for one in rules]
    if where == "index":
        at = what - 1
        require(0 <= at <= len(rules))
    elif what == "":
        at = 0 if where == "before" else len(rules)
    else:
        require(what in ids)
        at = ids.index(what) + (where == "after")
    return [*rules[:at], rule, *rules[at:]]


def add_rule(request: Request, store: Store) -> Answer:
    found, sent = _found(request, store), request.object()
    rules = _place(found["rules"], _made(store, sent), sent.get("position"))
    return _save(request, store, found, rules)


def _rule(request: Request, found: Json) -> Json:
    for rule in found["rules"]:
        if rule["id"] == request.args["rule_id"]:
            return dict(rule)
    raise _NO_RULE


def change_rule(request: Request, store: Store) -> Answer:
    """Replace the definition of a rule, and move it if a position is sent."""
    found, sent = _found(request, store), request.object()
    old = _rule(request, found)
    rule = _made(store, sent, old)
    if "position" in sent:
        others = [one for one in found["rules"] if one["id"] != old["id"]]
        return _save(request, store, found, _place(others, rule, sent["position"]))
    rules = [rule if one["id"] == old["id"] else one for one in found["rules"]]
    return _save(request, store, found, rules)


def delete_rule(request: Request, store: Store) -> Answer:
    found = _found(request, store)
    old = _rule(request, found)
    return _save(request, store, found, [one for one in found["rules"] if one["id"] != old["id"]])


for _where in (A, Z):
    route("POST", _where + "/rulesets", "rulesets:edit")(create_ruleset)
    route("PUT", _where + "/rulesets/{ruleset_id}", "rulesets:edit")(put_ruleset)
    route("DELETE", _where + "/rulesets/{ruleset_id}", "rulesets:edit")(delete_ruleset)
    route("PUT", _where + "/rulesets/phases/{phase}/entrypoint", "rulesets:edit")(put_entrypoint)
    route("POST", _where + "/rulesets/{ruleset_id}/rules", "rulesets:edit")(add_rule)
    route("PATCH", _where + "/rulesets/{ruleset_id}/rules/{rule_id}", "rulesets:edit")(change_rule)
    route("DELETE", _where + "/rulesets/{ruleset_id}/rules/{rule_id}", "rulesets:edit")(delete_rule)
