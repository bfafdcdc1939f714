"""The tasks that work with files of records: dns.export, dns.import, dns.plan, dns.apply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import DifferencesFound, UsageError
from ops.products.dns.tasks.records import EDIT, READ, ZONE, current_zone, yes_or_no
from ops.ui.shapes import CHANGE, KEY, LOW, MAIN, Column, Rows, Text

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.products.dns.entries import RecordFile
    from ops.products.dns.plan import Plan

FILE = "YAML (octoDNS's too), JSON, CSV (by its ending) or a BIND zone file; - is stdin, a zone file"
KEEP = "keep the records that are not in the file; without it they are deleted"
READING = {
    "strict": "refuse types that Cloudflare does not have, and duplicates, instead of skipping them",
    "fit_ttl": "use the nearest TTL that the zone allows where one is out of bounds",
}
PLANNED = (
    Column("action", MAIN, CHANGE), Column("name", MAIN), Column("type", MAIN), Column("content", KEY),
    Column("changes", MAIN), Column("id", LOW),
)  # fmt: skip


@command(
    "export",
    required=("zone",),
    needs=READ,
    help={
        "zone": ZONE,
        "format": "from the records: json or yaml (keep everything), or bind; without it the API's own file",
    },
)
def export_records(app: App, zone: str = "", format: str = "") -> Text:
    """Print a zone as a BIND file, as the API exports it; or its records as JSON or YAML.

    inv dns.export example.com > example.com.zone
    inv dns.export example.com --format json > example.com.json
    """
    from ops.http.paths import path
    from ops.products.dns import api, export

    if format and format not in export.FORMATS:
        raise UsageError(f"unknown format {format!r}", hint=f"--format is one of {', '.join(export.FORMATS)}")
    current = current_zone(app, zone)
    if app.offline and not format:
        app.note("a snapshot has the records, but not the API's own file of them: using --format bind")
        format = "bind"
    if not format:
        where = path(f"{api.RECORDS}/export", zone=current.owner.id)
        return Text(app.client.raw(where, limit=64 << 20).content().decode())
    records = current.records()
    if format == "yaml":
        from ops.ui.yaml_text import yaml_text

        # The end marker shows that the file was not cut.
        return Text(yaml_text(export.document(current.owner.item, records)).rstrip("\n") + "\n...\n")
    if format == "json":
        from ops.ui.escape import json_text

        return Text(json_text(export.document(current.owner.item, records), indent=1) + "\n")
    text, losses = export.bind(current.owner.item, records)
    for loss in losses:
        app.warn(loss)
    return Text(text)


@command(
    "import",
    writes=True,
    guards=("force",),
    required=("zone", "file"),
    needs=EDIT,
    help={
        "zone": ZONE,
        "file": "a BIND zone file; - is stdin",
        "proxied": "yes or no, where the file does not say",
        **READING,
    },
)
def import_records(
    app: App, zone: str = "", file: str = "", proxied: str = "", strict: bool = False, fit_ttl: bool = False
) -> Rows:
    """Add the records of a zone file that are missing; existing ones are neither changed nor deleted.

    inv dns.import example.com example.com.zone --dry-run
    """
    from ops.products.dns import files
    from ops.products.dns.plan import addition
    from ops.writes.make import make

    current = current_zone(app, zone)
    default = yes_or_no(proxied) if proxied else None
    found = files.read(file, current.owner.item, default, ending=".zone", fit_ttl=fit_ttl)
    plan = _reported(app, addition(current.owner, current.records(), found, strict=strict), found)
    if plan.different:
        app.note("those with other settings are kept too; `inv dns.apply` changes them")
    return make(app, *plan.changes, total=plan.total)


@command(
    "plan",
    required=("zone", "file"),
    needs=READ,
    help={
        "zone": ZONE,
        "file": FILE,
        "keep": KEEP,
        "to": "keep the plan in this file, for `dns.apply --plan`",
        "exit_code": "end with 5 where there are differences",
        **READING,
    },
    earlier={"to": "save"},
)
def plan_records(
    app: App,
    zone: str = "",
    file: str = "",
    keep: bool = False,
    to: str = "",
    exit_code: bool = False,
    strict: bool = False,
    fit_ttl: bool = False,
) -> Rows:
    """Show what turns the zone into what the file describes: creates, updates, deletes; nothing is sent.

    The file describes the whole zone, except the NS records of the zone itself: what it does not have is
    deleted, unless --keep is used.

    inv dns.plan example.com example.com.yaml
    inv dns.plan example.com example.com.yaml --to example.com.plan
    """
    from ops.products.dns import files, plan_file
    from ops.products.dns.plan import counted
    from ops.products.dns.plan import plan as planned
    from ops.ui.cells import cell

    current = current_zone(app, zone)
    records = current.records()
    read = files.read(file, current.owner.item, fit_ttl=fit_ttl)
    plan = _reported(app, planned(current.owner, records, read, keep=keep, strict=strict), read)
    if to:
        plan_file.save(plan, current.owner.item, records, Path(to))
        app.note(f"`inv dns.apply {current.name} --plan {to}` applies it")
    rows = []
    for change in plan.changes:
        differences = change.differences() if change.before and change.after else ()
        words = (f"{field} {cell(old) or 'none'} → {cell(new) or 'none'}" for field, old, new in differences)
        shown = {name: change.item.get(name) for name in ("name", "type", "content")}
        id = (change.before or {}).get("id", "")
        rows.append({"action": change.action, **shown, "changes": "; ".join(words), "id": id})
    if exit_code and plan.changes:
        app.show(Rows(rows, PLANNED, "change"))
        raise DifferencesFound(f"the zone differs: {counted(plan)}", hint="`inv dns.apply` applies the file")
    return Rows(rows, PLANNED, "change")


@command(
    "apply",
    positional=("zone", "file"),
    writes=True,
    guards=("force",),
    required=("zone",),
    needs=EDIT,
    help={"zone": ZONE, "file": FILE, "plan": "a plan that dns.plan has saved", "keep": KEEP, **READING},
)
def apply_records(
    app: App,
    zone: str = "",
    file: str = "",
    plan: str = "",
    keep: bool = False,
    strict: bool = False,
    fit_ttl: bool = False,
) -> Rows:
    """Turn the zone into what a file describes, or carry out a saved plan if the zone has not changed since.

    inv dns.apply example.com --plan example.com.plan
    inv dns.apply example.com example.com.yaml --yes
    """
    from ops.products.dns import files, plan_file
    from ops.products.dns.plan import plan as planned
    from ops.writes.make import make

    if bool(file) == bool(plan) or (plan and (keep or strict or fit_ttl)):
        hint = "use --file (with --keep and so on), or --plan alone"
        raise UsageError("dns.apply takes a file or a saved plan", hint=hint)
    current = current_zone(app, zone)
    records = current.records()
    if plan:
        found = plan_file.load(Path(plan), current.owner, records)
    else:
        read = files.read(file, current.owner.item, fit_ttl=fit_ttl)
        found = _reported(app, planned(current.owner, records, read, keep=keep, strict=strict), read)
    return make(app, *found.changes, total=found.total)


def _reported(app: App, plan: Plan, file: RecordFile) -> Plan:
    """Return *plan*, made from *file*, after its warnings and notes were shown, and what was compared."""
    from ops.products.dns.plan import counted
    from ops.ui.cells import counted as count_of

    for warning in file.warnings:
        app.warn(warning)
    for note in plan.notes:
        app.note(note)
    read = count_of(len(file.records), "record")
    app.note(f"{read} of {file.name or 'the file'}, {plan.total:,} of the zone: {counted(plan)}")
    return plan
