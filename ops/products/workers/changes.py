"""What the commands that write make of a script: changes for the road of all writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.kinds.change import Change
from ops.kinds.resource import Owner
from ops.products.workers import api, resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.cli.app import App
    from ops.kinds.resource import Json
    from ops.products.workers.modules import Script


def read(
    app: App, name: str, path: str, main: str, bindings: str, compatibility_date: str
) -> tuple[Script, Json]:
    """Read what shall be deployed from disk: the code, and the metadata that a file names."""
    from pathlib import Path

    from ops.products.workers import source
    from ops.products.workers.deployment import read_metadata

    found = source.read(Path(path), main=main, name=name)
    for file in found.left_out:
        app.note(f"left out, for it is no module: {file}")
    return found.script, read_metadata(bindings, date=compatibility_date, now=app.clock())


def of_deployment(app: App, name: str, script: Script, metadata: Json) -> Change:
    """Give the change that a deployment is; one with migrations can never be taken back."""
    import time

    from ops.products.workers.deployment import wanted

    owner = _account(app)
    live = app.look(resources.SCRIPT, owner, {"id": name})
    today = time.strftime("%Y-%m-%d", time.gmtime(app.clock()))
    item = wanted(name, script, metadata, live, today=today)
    kind = resources.MIGRATED_SCRIPT if "migrations" in item else resources.SCRIPT
    return Change(kind, owner, live, item)


def of_deletion(app: App, name: str, *, with_references: bool) -> Change:
    """Give the change that a deletion is; crons and workers.dev are kept with the script, to come back."""
    owner = _account(app)
    live = app.look(resources.SCRIPT, owner, {"id": name})
    if live is None:
        raise NotFound(f"no script called {name!r}", 404, hint="`inv workers.list` shows what there is")
    crons = [one["cron"] for one in api.list_schedules(app.client, owner.id, name)]
    workers_dev = api.get_script_subdomain(app.client, owner.id, name)
    kind = resources.REFERENCED_SCRIPT if with_references else resources.SCRIPT
    return Change(kind, owner, live | {"schedules": crons, "workers_dev": workers_dev}, None)


def of_schedules(app: App, script: Owner, wanted: Iterable[str]) -> list[Change]:
    """Give the changes that make *wanted* all the cron triggers of a script: what stays, goes and comes."""
    crons = dict.fromkeys(wanted)
    live = _standing(app, script)
    kept = [Change(resources.SCHEDULE, script, one, one) for one in live if one["cron"] in crons]
    gone = [Change(resources.SCHEDULE, script, one, None) for one in live if one["cron"] not in crons]
    known = {one["cron"] for one in live}
    new = [Change(resources.SCHEDULE, script, None, {"cron": cron}) for cron in crons if cron not in known]
    return [*kept, *gone, *new]


def _standing(app: App, script: Owner) -> list[Json]:
    """Give the cron triggers of now; in a dry run, what earlier tasks of the line would have made of them."""
    try:
        live = list(api.list_schedules(app.client, script.account_id, script.id))
    except NotFound:
        if not (app.dry and app.look(resources.SCRIPT, _account(app), {"id": script.id})):
            raise
        live = []
    if not app.dry:
        return live
    pretended = [
        change.after
        for change in app.run.pretended
        if change.resource.kind == resources.SCHEDULE.kind and change.owner[:2] == script[:2] and change.after
    ]
    named = {one["cron"]: one for one in [*live, *pretended]}
    return [one for one in named.values() if app.look(resources.SCHEDULE, script, one)]


def _account(app: App) -> Owner:
    return Owner(app.account_id, app.account_id, {})
