"""Plans in a file: the changes, and a hash of the zone that they were made for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.errors import Conflict, OpsError, ValidationError
from ops.files.formats import check_number
from ops.kinds.resource import Change
from ops.products.dns import checks
from ops.products.dns.files import read_text
from ops.products.dns.names import full_name
from ops.products.dns.plan import Plan, state
from ops.products.dns.rdata import RDATA, TYPES, fields_of, text_of
from ops.products.dns.record import full, managed
from ops.products.dns.resources import RECORDS

if TYPE_CHECKING:
    from ops.items import Json
    from ops.kinds.resource import Owner

VERSION = 1


def save(plan: Plan, zone: Json, live: list[Json], path: Path) -> None:
    """Write *plan* to *path*, readable for its owner only. Raises DiskError."""
    from ops.files.disk import atomic

    facts = {"plan": VERSION, "zone": zone["name"], "zone_id": zone["id"], "state": state(live)}
    changes = [{"before": change.before, "after": change.after} for change in plan.changes]
    with atomic(path) as file:
        file.write(json.dumps({**facts, "unchanged": plan.unchanged, "changes": changes}, indent=1).encode())


def load(path: Path, zone: Owner, live: list[Json]) -> Plan:
    """Return the plan in *path*. Raise ValidationError if not for *zone*, Conflict if *live* differs."""
    try:
        found = json.loads(read_text(path, "--plan", regular=True))
    except (ValueError, RecursionError):
        raise _not_a_plan(path, "it is not JSON") from None
    if isinstance(found, dict):
        check_number(found.get("plan"), VERSION, path)
    if not isinstance(found, dict) or found.get("plan") != VERSION:
        raise _not_a_plan(path, f"it is not of version {VERSION}")
    if found.get("zone_id") != zone.id:
        raise ValidationError(
            f"{path} is a plan for {found.get('zone')}, not for {zone.item['name']}",
            hint=f"--zone {found.get('zone')}",
        )
    if found.get("state") != state(live):
        hint = "make a new one: `inv dns.plan`"
        raise Conflict(f"{zone.item['name']} has changed since the plan was made", hint=hint)
    by_id = {record["id"]: record for record in live}
    try:
        changes = [_change(one, zone, by_id) for one in found["changes"]]
        return Plan(changes, int(found["unchanged"]), len(live))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _not_a_plan(path, f"{type(error).__name__} {error}") from None
    except OpsError as error:
        raise ValidationError(f"{path}: {error.message}", hint=error.hint) from None


def _not_a_plan(path: Path, why: str) -> ValidationError:
    hint = "`inv dns.plan --to FILE` makes one"
    return ValidationError(f"{path} is not a plan of dns.plan: {why}", hint=hint)


def _change(one: Json, zone: Owner, by_id: dict[str, Json]) -> Change:
    """Return a change as it was saved, checked as if it had been typed: a file can be edited."""
    before, after = one["before"], one["after"]
    live: Any = by_id[before["id"]] if before is not None else None
    for record in (live, after):
        if record is not None and managed(record):
            raise ValidationError(
                f"Cloudflare manages the {record['type']} record {record['name']}", hint="make a new plan"
            )
    if after is not None:
        changed = [field for field in after if live is None or after[field] != live.get(field)]
        full_name(full(after)["name"] + ".", zone.item["name"], exported=True)
        if changed:
            checks.check(after, zone.item, changed)
        if after["type"] in TYPES and set(changed) & set(RDATA):
            fields_of(str(after["type"]), text_of(after))
    return Change(RECORDS, zone, live, after)
