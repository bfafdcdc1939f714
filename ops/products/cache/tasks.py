"""The `cache` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.command import command
from ops.products.cache import api
from ops.products.zones.parts import Part, attempt, tell
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.app import App
    from ops.resource import Json


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
    rows = [row for part in parts for row in _rows(tell(app, part))]
    return Rows(rows, ("id", "value", "editable", "status", "modified_on"))


def _rows(part: Part) -> list[Json]:
    if part.value is None:
        return [{"id": part.name, "value": None, "status": part.status, "reason": part.problem}]
    return [item | {"status": part.status} for item in part.value]
