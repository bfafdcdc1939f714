"""The tasks that work with files of records: export, import, plan, apply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import DifferencesFound, UsageError
from ops.products.dns import api
from ops.products.dns.options import EDIT, READ, ZONE
from ops.ui.shapes import Rows, Text
from ops.writes.make import make

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Owner
    from ops.products.dns.plan import Plan

FILE = "YAML, JSON, CSV (by its ending) or a BIND zone file"
KEEP = "leave the records that are not in the file; else they are deleted"
PLANNED = ("action", "name", "type", "content", "changes", "id")


@command(
    "export",
    required=("zone",),
    needs=READ,
    help={
        "zone": ZONE,
        "format": "from the records: json or yaml (keep everything), or bind; else the API's own",
    },
)
def export_records(app: App, zone: str = "", format: str = "") -> Text:
    """Print a zone as a BIND file, as the API exports it; or its records, whole, as JSON or YAML.

    inv dns.export --zone example.com > example.com.zone
    inv dns.export --zone example.com --format json > example.com.json
    """
    from ops.products.dns import export, live

    if format and format not in export.FORMATS:
        raise UsageError(f"unknown format {format!r}", hint=f"--format takes {', '.join(export.FORMATS)}")
    found = app.zone(zone)
    if app.offline and not format:
        app.note("a snapshot holds the records, not the file that the API makes of them: --format bind")
        format = "bind"
    if not format:
        return Text(api.export_records(app.client, found["id"]))
    records = live.records(app, found)
    if format != "bind":
        return Text(_text(export.document(found, records), format))
    text, losses = export.bind(found, records)
    for loss in losses:
        app.warn(loss)
    return Text(text)


def _text(document: Json, format: str) -> str:
    if format == "yaml":
        from ops.ui.yaml_text import yaml_text

        return yaml_text(document)
    from ops.ui.escape import json_text

    return json_text(document, indent=1) + "\n"


@command(
    "import",
    writes=True,
    guards=("force",),
    required=("zone", "file"),
    needs=EDIT,
    help={"zone": ZONE, "file": "a BIND zone file", "proxied": "yes or no, where the file does not say"},
)
def import_records(app: App, zone: str = "", file: str = "", proxied: str = "") -> Rows:
    """Add the records of a zone file that are missing; what is there is neither changed nor deleted.

    inv dns.import --zone example.com --file example.com.zone --dry-run
    """
    from ops.products.dns import files, live
    from ops.products.dns.plan import addition, counted

    found = app.zone(zone)
    wanted = files.zone_file(file, found, api.yes_or_no(proxied) if proxied else None)
    plan = addition(live.owner_of(app, found), live.records(app, found), wanted.entries)
    for note in wanted.notes:
        app.note(note)
    app.note(counted(plan))
    if plan.other:
        app.note(f"{plan.other} there with other settings, and left so; `inv dns.apply` changes them")
    return _made(app, plan)


@command(
    "plan",
    required=("zone", "file"),
    needs=READ,
    help={
        "zone": ZONE,
        "file": FILE,
        "keep": KEEP,
        "save": "keep the plan in this file, for `dns.apply --plan`",
        "exit_code": "end with 5 where there are differences",
    },
)
def plan_records(
    app: App, zone: str = "", file: str = "", keep: bool = False, save: str = "", exit_code: bool = False
) -> Rows:
    """Show what makes the zone into what the file says: creates, updates, deletes; nothing is sent.

    The file stands for the whole zone, but for the NS records of the zone itself: what it does not have would
    be deleted, unless --keep is given.

    inv dns.plan --zone example.com --file example.com.yaml
    inv dns.plan --zone example.com --file example.com.yaml --save example.com.plan
    """
    from ops.products.dns import live, saved
    from ops.products.dns.plan import counted

    found = app.zone(zone)
    owner, standing = live.owner_of(app, found), live.records(app, found)
    plan = _planned(app, owner, standing, file, keep)
    if save:
        saved.save(plan, found, standing, Path(save))
        app.note(f"`inv dns.apply --zone {found['name']} --plan {save}` carries it out")
    rows = Rows(list(map(_row, plan.changes)), PLANNED)
    if exit_code and plan.changes:
        app.show(rows)
        raise DifferencesFound(f"the zone differs: {counted(plan)}", hint="`inv dns.apply` makes it so")
    return rows


@command(
    "apply",
    writes=True,
    guards=("force",),
    required=("zone",),
    needs=EDIT,
    help={"zone": ZONE, "file": FILE, "plan": "a plan that dns.plan has saved", "keep": KEEP},
)
def apply_records(app: App, zone: str = "", file: str = "", plan: str = "", keep: bool = False) -> Rows:
    """Make the zone into what a file says, or carry out a saved plan if the zone is still the same.

    inv dns.apply --zone example.com --plan example.com.plan
    inv dns.apply --zone example.com --file example.com.yaml --yes
    """
    from ops.products.dns import live, saved

    if bool(file) == bool(plan) or (plan and keep):
        raise UsageError("dns.apply takes a file or a saved plan", hint="give --file (with --keep) or --plan")
    found = app.zone(zone)
    owner, standing = live.owner_of(app, found), live.records(app, found)
    if plan:
        return _made(app, saved.load(Path(plan), owner, standing))
    return _made(app, _planned(app, owner, standing, file, keep))


def _planned(app: App, owner: Owner, standing: list[Json], file: str, keep: bool) -> Plan:
    from ops.products.dns import files, plan

    wanted = files.read(file, owner.item)
    found = plan.plan(owner, standing, wanted.entries, keep=keep)
    for note in wanted.notes:
        app.note(note)
    app.note(plan.counted(found))
    return found


def _made(app: App, plan: Plan) -> Rows:
    return make(app, *plan.changes, total=plan.total)


def _row(change: Change) -> Json:
    differences = change.differences() if change.before and change.after else ()
    told = "; ".join(f"{field} {_told(old)} → {_told(new)}" for field, old, new in differences)
    item = change.item
    shown = {"name": item["name"], "type": item["type"], "content": item.get("content")}
    return {"action": change.action, **shown, "changes": told, "id": (change.before or {}).get("id", "")}


def _told(value: object) -> str:
    from ops.ui.cells import cell

    return cell(value) or "none"
