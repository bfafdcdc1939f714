"""Live: the current state of the account, read into a temporary snapshot."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.export import job
from ops.export.delivery import Delivery, FinishedSnapshot
from ops.files import disk
from ops.kinds.catalog import resources
from ops.scan import request
from ops.snapshots import publish
from ops.snapshots.layout import PARTIAL, account_folder
from ops.snapshots.snapshot import Snapshot

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Owner
    from ops.scan.selection import ScanPlan
    from ops.snapshots.manifest import Manifest

LIVE = "live"


class TemporaryFolder(Delivery):
    """A private folder that no listing shows; its user removes it."""

    def hand_over(self, made: FinishedSnapshot) -> Path:
        target = self._root / LIVE
        with disk.explained(target):
            made.folder.rename(target)
        return target


def live(app: App, like: Manifest, wanted: Callable[[str], bool]) -> Snapshot:
    """Return the live state of the *wanted* kinds that *like* holds, removed when the line ends.

    Raises what a scan raises, and what stopped it early.
    """
    skipped = {section.kind for section in like.sections if not section.scope}
    kinds = tuple(r.kind for r in resources() if r.kind not in skipped and wanted(r.kind))
    if not kinds:
        hint = "`inv snapshots.show` shows what it holds"
        raise UsageError("the snapshot holds none of the requested kinds", hint=hint)
    options = like.options
    asked = request.read(
        kinds,
        *(tuple(map(str, options.get(name, ()))) for name in ("skip", "zone")),
        deep=bool(options.get("deep")),
        values=request.one_of(str(options.get("kv") or "keys"), ("keys", "values", "none")),
        contents=True,
    )
    account, plan = asked.resolved(app.zone, lambda: app.account_id)
    return aside(app, account, plan, asked.options)


def aside(app: App, account: Owner, plan: ScanPlan, options: Json) -> Snapshot:
    """Return what *plan* covers of *account* as a snapshot that is removed when the line ends.

    Raises what a scan raises, and what stopped it early.
    """
    disk.exports_folder(app.settings.exports)
    root = publish.prepare(app.settings.exports / account_folder(account.id), app.clock())
    folder = root / publish.hidden_name(PARTIAL)
    app.run.endings.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    delivery = TemporaryFolder(disk.private_folder(folder))
    begun = request.start(app.client, app.clock())
    done = job.run(app, job.ExportJob(account, plan, delivery, options, begun))
    return Snapshot(done.path, done.manifest)
