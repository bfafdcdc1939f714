"""The code of scripts: workers.deploy, workers.download."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.products.workers import api
from ops.products.workers.tasks.triggers import EDIT, SCRIPT, SCRIPTS
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App


@command(
    "deploy",
    required=("script", "path"),
    writes=True,
    needs=f"{SCRIPTS}, {EDIT}",
    help={
        "script": SCRIPT,
        "path": "a .js, .mjs or .py file, or a folder of modules, such as workers.download writes",
        "main": "the module of the folder that runs first (default: the download's, or index.js)",
        "format": "modules or service-worker (default: that of the download or the live script, or detected)",
        "compatibility_date": "e.g. 2026-01-15 (default: the live script's; for a new script today)",
        "bindings": "JSON file: the metadata of an upload, or a list of bindings",
    },
)
def deploy(
    app: App,
    script: str = "",
    path: str = "",
    main: str = "",
    format: str = "",
    compatibility_date: str = "",
    bindings: str = "",
) -> Rows:
    """Upload a script and deploy it; one that already exists and is equal is left unchanged.

    Bindings and settings stay as they are, except those that --bindings names; secrets always stay. Hidden
    files and node_modules of a folder are left out. Migrations of Durable Objects cannot be undone.

    inv workers.deploy --script shop --path dist/index.js
    inv workers.deploy --script shop --path dist --main index.js --bindings bindings.json
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.workers import resources, valid
    from ops.products.workers.deployment import read_metadata, wanted, with_format
    from ops.products.workers.source import FORMATS, read
    from ops.writes.make import lookup, make

    valid.script_name(script)
    if format and format not in FORMATS:
        raise UsageError(f"--format is {' or '.join(FORMATS)}, not {format!r}")
    source = read(Path(path), main=main)
    metadata = read_metadata(bindings, date=compatibility_date, now=app.clock())
    for name in source.left_out:
        app.note(f"left out, not a module: {name}")
    owner = Owner(app.account_id, app.account_id, {})
    live = lookup(app, resources.SCRIPT, owner, {"id": script})
    code = with_format(source, script, format=format, live=live)
    today = time.strftime("%Y-%m-%d", time.gmtime(app.clock()))
    item = wanted(script, code, metadata, live, today=today)
    kind = resources.MIGRATED_SCRIPT if "migrations" in item else resources.SCRIPT
    return make(app, Change(kind, owner, live, item))


@command(
    "download",
    positional=("script", "to"),
    required=("script",),
    needs=SCRIPTS,
    help={
        "script": SCRIPT,
        "to": "folder to write to (default: one named like the script)",
        "force": "replace existing files; their earlier content is kept under another name",
    },
)
def download(app: App, script: str = "", to: str = "", force: bool = False) -> Rows:
    """Write all modules of a script to a folder, byte for byte, with an index of them.

    inv workers.download --script shop --to backup/shop
    """
    from ops.files.disk import check_writable
    from ops.products.workers.download import file_names, write

    folder = Path(to or file_names([script])[0])
    check_writable(next(path for path in (folder, *folder.absolute().parents) if path.exists()))
    content = api.get_content(app.client, app.account_id, script)
    written = write(folder, script, content, force=force)
    rows = [
        one.as_json()
        | {"file": str(one.file), "entry_point": one.module.name == content.entry_point, "kept": one.kept}
        for one in written
    ]
    return Rows(rows, ("module", "file", "type", "bytes", "entry_point", "kept"))
