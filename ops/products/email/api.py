"""Routing rules of email, which one request lists for all zones of an account.

That list is newer than those of single zones. Where it does not exist, or the token may not read it, the
zones are asked one after the other.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from ops.errors import Incomplete, NotFound, OpsError, PermissionDenied, UserError, ValidationError
from ops.http.pages import Listing, Tally
from ops.http.paths import path
from ops.items import Json, reach
from ops.kinds.paging import NO_ROUTE, Pages
from ops.kinds.resource import Applied, address
from ops.products.zones.api import list_zones

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.http.client import Client
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Owner

ROUTING = "/zones/{zone}/email/routing"
ALL_RULES = "/accounts/{account}/email/routing/rules"
RULES = "/zones/{zone}/email/routing/rules"
ADDRESSES = "/accounts/{account}/email/routing/addresses"
PAGING = Pages(50, least=5)
_OPTIONS = ("skip_wizard", "support_subaddress")
_SENT = ("actions", "matchers", "enabled", "name", "priority")
# As many zones are asked one by one, at most; if the first few refuse, the token lacks the permission.
MOST, FEW = 500, 3
_REFUSALS = (NotFound, PermissionDenied, ValidationError)


def list_rules(client: Client, account_id: str, zone: Json | None = None) -> Listing:
    """Return the rules of all zones, each with its zone. If zones must be asked, only *zone* is, if given."""
    listed = PAGING.read(client, path(ALL_RULES, account=account_id))
    try:
        first = next(listed, None)
    except _REFUSALS as error:
        zones: Iterable[Json] = [zone] if zone else list_zones(client, account_id=account_id)
        if not zone:
            client.say(f"reading the rules of each zone, {MOST} at most, because {error.message}")
        tally = Tally()
        return Listing(_zone_by_zone(client, zones, tally, error), tally)
    return listed.of(chain(() if first is None else (first,), listed))


def _zone_by_zone(client: Client, zones: Iterable[Json], tally: Tally, refusal: UserError) -> Iterator[Json]:
    """Yield the rules of *zones*. Raises *refusal* of the list of all zones if no zone can be read either."""
    asked = refused = 0
    for zone in zones:
        if asked == MOST:
            tally.problem = f"only the rules of the first {MOST} zones were read"
            return
        asked += 1
        listed = PAGING.read(client, path(RULES, zone=str(zone["id"])))
        try:
            rules = list(listed)
        except _REFUSALS as error:
            # Where Email Routing was never switched on, a zone has no rules.
            off = isinstance(error, NotFound) and not NO_ROUTE & set(error.codes)
            refused += not off
            if refused == asked == FEW:
                raise refusal from error
            continue
        tally.problem = tally.problem or listed.problem
        for rule in rules:
            yield {**rule, "zone": {"name": zone["name"], "tag": zone["id"]}}
    if refused and refused == asked:
        raise refusal
    if refused:
        tally.problem = f"the rules of {refused} of {asked} zones could not be read"
    tally.problem = tally.problem or getattr(zones, "problem", "")


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

    zone = rule.get("zone") or {}
    known = {"id": zone["tag"], "name": zone.get("name")} if zone.get("tag") else None
    listing = list_rules(client, account.id, known)
    found = next(filter(is_it, listing), None)
    if found is None and listing.problem:
        raise Incomplete(f"the routing rules could not be listed completely: {listing.problem}")
    return found


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
