"""Routing rules of email, which one request lists for all zones of an account."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ops.errors import NotFound, OpsError
from ops.http.paths import path
from ops.items import Json, reach
from ops.kinds.paging import Pages
from ops.kinds.resource import Applied, address

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Owner

ROUTING = "/zones/{zone}/email/routing"
ALL_RULES = "/accounts/{account}/email/routing/rules"
RULES = "/zones/{zone}/email/routing/rules"
ADDRESSES = "/accounts/{account}/email/routing/addresses"
PAGING = Pages(50, least=5)
_OPTIONS = ("skip_wizard", "support_subaddress")
_SENT = ("actions", "matchers", "enabled", "name", "priority")


def list_rules(client: Client, account_id: str) -> Listing:
    """Return the rules of all zones; each names its zone."""
    return PAGING.read(client, path(ALL_RULES, account=account_id))


def find_rule(client: Client, account: Owner, rule: Json) -> Json | None:
    """Return the live rule with the id of *rule*, else with its matchers in its zone."""
    if rule.get("id"):
        with suppress(NotFound):
            return _with_zone(client.get(_rules(rule).below("{}", rule["id"])), rule)

    def is_it(one: Json) -> bool:
        if rule.get("id"):
            return bool(one.get("id") == rule["id"])
        same_zone = reach(one, "zone.name") == reach(rule, "zone.name")
        return same_zone and one.get("matchers") == rule.get("matchers")

    return next(filter(is_it, list_rules(client, account.id)), None)


def create_rule(client: Client, _account: Owner, rule: Json) -> Json:
    """Create a rule in the zone that it names."""
    return _with_zone(client.post(_rules(rule), json=_body(rule)), rule)


def update_rule(client: Client, _account: Owner, before: Json, after: Json) -> Json:
    """Replace a rule."""
    return _with_zone(client.put(_rules(before).below("{}", before["id"]), json=_body(after)), before)


def delete_rule(client: Client, _account: Owner, rule: Json) -> None:
    client.delete(_rules(rule).below("{}", rule["id"]))


def change_settings(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Switch Email Routing on or off, with its MX records, and change the other settings.

    Raises Applied if only the first was done.
    """
    where, live = address(ROUTING, zone), before
    switched = bool(after.get("enabled")) != bool(before.get("enabled"))
    if switched:
        records = where.below("dns")
        answer = client.post(records, json={}) if after.get("enabled") else client.delete(records)
        live = {**before, **answer}
    changed = {name: after[name] for name in _OPTIONS if name in after and after[name] != before.get(name)}
    try:
        return {**live, **client.patch(where, json=changed)} if changed else live
    except OpsError as error:
        if not switched:
            raise
        raise Applied(live, f"its {', '.join(changed)} may not be set: {error.message}") from error


def _rules(rule: Json) -> ApiPath:
    return path(RULES, zone=str(reach(rule, "zone.tag")))


def _body(rule: Json) -> Json:
    return {name: rule[name] for name in _SENT if rule.get(name) is not None}


def _with_zone(rule: Json, like: Json) -> Json:
    """Return *rule* with its zone, which only the list of all zones names."""
    return {"zone": like.get("zone"), **rule}
