"""Rules that a task names, by their id, ref or description, and where it places them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ops.errors import AmbiguousName, NotFound, UsageError, did_you_mean
from ops.kinds.resource import Change, Owner
from ops.products.rulesets import api, rules
from ops.products.rulesets.resources import ACCOUNT_RULE, ZONE_RULE
from ops.products.zones.api import as_owner
from ops.writes.make import lookup, make, simulated

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.ui.shapes import Rows

FIRST, LAST = "first", "last"


def described(action: str, expression: str, description: str, parameters: str, ratelimit: str) -> Json:
    """Return the fields of a rule that were typed. Raises UsageError for what is not a JSON object."""
    fields = {
        "action": action,
        "expression": expression,
        "description": description,
        "action_parameters": _object("--parameters", parameters),
        "ratelimit": _object("--ratelimit", ratelimit),
    }
    return {name: value for name, value in fields.items() if value}


def _object(option: str, text: str) -> Json | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{option} is not JSON: {error}") from None
    if not isinstance(value, dict) or not value:
        raise UsageError(f"{option} is not a JSON object", hint=f'e.g. {option} \'{{"name": "value"}}\'')
    return value


class Rules:
    """The rules of the entry point of *phase*, of a *zone* or, without it, of the account."""

    def __init__(self, app: App, phase: str, zone: str) -> None:
        self._app, self._phase = app, phase
        self._resource = ZONE_RULE if zone else ACCOUNT_RULE
        self._template = api.ZONE_PATH if zone else api.ACCOUNT_PATH
        self._owner = as_owner(app.zone(zone)) if zone else Owner(app.account_id, app.account_id, {})

    def live(self) -> list[Json]:
        return rules.list_rules(self._app.client, self._template, self._owner, self._phase)

    def add(self, wanted: Json, before: str, after: str) -> Rows:
        """Create a rule *before* or *after* another one; an equal one stays unchanged."""
        wanted = {**wanted, "phase": self._phase}
        if where := self._beside(before, after):
            wanted["beside"] = where
        return make(self._app, Change(self._resource, self._owner, None, wanted))

    def update(self, name: str, changes: Json, before: str, after: str) -> Rows:
        """Change fields of the rule called *name*, and move it *before* or *after* another one."""
        live = self.live()
        found = self._find(name, live)
        place: Json = {}
        if where := self._beside(before, after):
            found["position"] = found.get("index")
            others = [one["id"] for one in live if one["id"] != found.get("id")]
            place = {"position": _place(where, found, others)}
        return make(self._app, Change(self._resource, self._owner, found, {**found, **changes, **place}))

    def delete(self, name: str) -> Rows:
        return make(self._app, Change(self._resource, self._owner, self._find(name, self.live()), None))

    def _beside(self, before: str, after: str) -> Json:
        """Return the position that the options name, as the API takes it; {} for none."""
        if before and after:
            raise UsageError("a rule is placed --before or --after another one, not both")
        if not (before or after):
            return {}
        where, name, end = ("before", before, FIRST) if before else ("after", after, LAST)
        return {where: "" if name == end else self._find(name, self.live()).get("id", "")}

    def _find(self, name: str, live: list[Json]) -> Json:
        """Return the rule of *live* called *name*; simulated changes count. Raises NotFound."""
        resource, owner = self._resource, self._owner
        if self._app.dry:
            known = {"phase": self._phase, "description": name}
            changed, pretended = simulated(self._app.run.pretended, resource, owner, known)
            if changed and pretended is not None:
                return pretended
        named = [one for one in live if one["id"] == name] or [one for one in live if one.get("ref") == name]
        named = named or [one for one in live if one.get("description") == name]
        if not named:
            hint = did_you_mean(name, [str(one.get("description") or one["id"]) for one in live])
            hint = hint or f"`inv rulesets.rules {self._phase}` lists them"
            raise NotFound(f"no rule of {self._phase} is called {name!r}", 404, hint=hint)
        if len(named) > 1:
            ids = ", ".join(one["id"] for one in named)
            raise AmbiguousName(
                f"{len(named)} rules of {self._phase} are called {name!r}", hint=f"use an id: {ids}"
            )
        if (found := lookup(self._app, resource, owner, named[0])) is None:
            raise NotFound(f"the rule {name!r} no longer exists", 404)
        return found


def _place(where: Json, rule: Json, others: list[str]) -> int:
    """Return the place, from 1, of *rule* beside that of the *others* which *where* names."""
    ((side, id),) = where.items()
    if id == rule.get("id"):
        raise UsageError("a rule cannot be placed beside itself")
    if not id:
        return 1 if side == "before" else len(others) + 1
    return others.index(id) + (1 if side == "before" else 2)
