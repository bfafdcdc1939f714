"""The `cache` collection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.kinds.resource import Owner
from ops.products.cache import api
from ops.products.zones.parts import Part, attempt, report
from ops.ui.shapes import Rows
from ops.writes.make import make

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json


@command(
    "settings",
    required=("zone",),
    needs="Zone > Zone Settings > Read",
    help={"zone": "domain or id, e.g. example.com"},
)
def list_settings(app: App, zone: str = "") -> Rows:
    """List how a zone caches: level, TTLs, development mode, tiered cache, cache reserve, variants.

    What the token may not read is shown as denied, what the plan lacks as unavailable. Takes 6 requests.

    inv cache.settings --zone example.com
    """
    client, zone_id = app.client, app.zone_id(zone)

    def read(name: str) -> Part:
        if name == "settings":
            return attempt("zone settings", lambda: api.list_settings(client, zone_id))
        return attempt(name, lambda: [api.get_part(client, zone_id, name)])

    parts = app.parallel(read, ("settings", *api.PARTS))
    rows = [row for part in parts for row in _rows(report(part, app.gap))]
    return Rows(rows, ("id", "value", "editable", "status", "modified_on"))


@command(
    "purge",
    required=("zone",),
    writes=True,
    needs="Zone > Cache Purge > Purge",
    help={
        "zone": "domain or id, e.g. example.com",
        "all": "everything that is cached for the zone",
        "files": "complete URLs; - reads them from stdin, one a line",
        "tags": "what carried these in Cache-Tag",
        "hosts": "these hosts of the zone",
        "prefixes": "host and beginning of the path, e.g. www.example.com/images",
    },
)
def purge(
    app: App,
    zone: str = "",
    all: bool = False,
    files: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    hosts: tuple[str, ...] = (),
    prefixes: tuple[str, ...] = (),
) -> Rows:
    """Purge the cache of a zone by exactly one rule; values are separated by commas, or the option repeated.

    100 values go into a request. A purge cannot be taken back: the cache fills again by itself.

    inv cache.purge --zone example.com --files https://example.com/a.css,https://example.com/b.css
    inv cache.purge --zone example.com --files - < urls.txt
    inv cache.purge --zone example.com --all
    """
    from ops.kinds.change import Change
    from ops.products.cache import valid
    from ops.products.cache.resources import PURGE

    given: dict[str, object] = {
        "all": all, "files": files, "tags": tags, "hosts": hosts, "prefixes": prefixes
    }  # fmt: skip
    rule = valid.the_rule(given)
    found = app.zone(zone)
    owner = Owner(found["account"]["id"], found["id"], found)
    if all:
        everything = {"name": "everything", "rule": "purge_everything", "values": True}
        return make(app, Change(PURGE, owner, None, everything), question=_question(found))
    wanted = valid.values(rule, (files or tags or hosts or prefixes), found["name"], _lines)
    return make(app, *[Change(PURGE, owner, None, item) for item in valid.items(rule, wanted)])


def _question(zone: Json) -> str:
    from ops.products.cache import valid

    rate = valid.RATES.get((zone.get("plan") or {}).get("legacy_id", ""), "a few times a minute")
    return (
        f"purge everything that is cached for {zone['name']}? All of it is asked of the origin again"
        f" (the plan allows this {rate})"
    )


def _lines() -> Iterator[str]:
    import sys

    yield from sys.stdin


def _rows(part: Part) -> list[Json]:
    if part.value is None:
        return [{"id": part.name, "value": None, "status": part.status, "reason": part.problem}]
    return [item | {"status": part.status} for item in part.value]
