"""The `cache` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError, ValidationError
from ops.ui.shapes import KEY, LOW, TIME, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.products.zones.parts import AnswerPart


@command("settings", required=("zone",), needs="Zone > Zone Settings > Read")
def list_settings(app: App, zone: str = "") -> Rows:
    """List how a zone caches: level, TTLs, development mode, tiered cache, cache reserve, variants.

    Parts that the token may not read are shown as denied, those that the plan lacks as unavailable. Takes 6
    requests.

    inv cache.settings example.com
    """
    from ops.products.cache import api
    from ops.products.zones.parts import attempt, report

    client, zone_id = app.client, app.zone_id(zone)

    def read(name: str) -> AnswerPart:
        if name == "settings":
            part = attempt("zone settings", lambda: api.list_settings(client, zone_id))
            # Every plan has these.
            return part._replace(status="failed") if part.status == "unavailable" else part
        return attempt(name, lambda: [api.get_part(client, zone_id, name)])

    parts = app.parallel(read, ("settings", *api.PARTS))
    rows: list[Json] = []
    for part in parts:
        report(part, app.gap)
        if part.value is None:
            rows.append({"id": part.name, "value": None, "status": part.status, "reason": part.problem})
        else:
            rows += [item | {"status": part.status} for item in part.value]
    columns = (
        Column("id", KEY), "value", "editable", "status", Column("modified_on", LOW, TIME),
    )  # fmt: skip
    return Rows(rows, columns, "setting")


@command(
    "purge",
    required=("zone",),
    writes=True,
    needs="Zone > Cache Purge > Purge",
    help={
        "all": "everything that is cached for the zone",
        "files": "complete URLs, or JSON with `url` and `headers`; - reads them from stdin, one per line",
        "tags": "responses with these values in Cache-Tag",
        "hosts": "all URLs of these hosts of the zone",
        "prefixes": "host and beginning of the path, e.g. www.example.com/images/",
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

    A request holds up to 100 values. A list on stdin may have comments (#). A purge cannot be undone: the
    cache fills again by itself.

    inv cache.purge example.com --files https://example.com/a.css,https://example.com/b.css
    inv cache.purge example.com --files - < urls.txt
    inv cache.purge example.com --all
    """
    from ops.kinds.resource import Change
    from ops.products.cache import valid
    from ops.products.cache.resources import PURGE
    from ops.products.zones.api import as_owner
    from ops.writes.make import make

    rule = valid.the_rule(all=all, files=files, tags=tags, hosts=hosts, prefixes=prefixes)
    found = app.zone(zone)
    owner = as_owner(found)
    if all:
        rate = valid.RATES.get((found.get("plan") or {}).get("legacy_id", ""), "a few times a minute")
        question = (
            f"purge everything that is cached for {found['name']}? The origin will receive all requests again"
            f" (the plan allows this {rate})"
        )
        everything = {"name": "everything", "rule": "purge_everything", "values": True}
        return make(app, Change(PURGE, owner, None, everything), question=question)
    wanted = valid.values(rule, files or tags or hosts or prefixes, found["name"], _lines)
    return make(app, *[Change(PURGE, owner, None, item) for item in valid.items(rule, wanted)])


def _lines() -> list[str]:
    import sys

    if sys.stdin is None:
        raise UsageError("stdin is closed", hint="cache.purge --zone example.com --files - < urls.txt")
    try:
        return list(sys.stdin)
    except UnicodeDecodeError:
        raise ValidationError("the list on stdin is not UTF-8", hint="convert it, e.g. with iconv") from None
