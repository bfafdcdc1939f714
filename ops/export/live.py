"""Live: the account as it is now, read into a snapshot that is thrown away."""

from __future__ import annotations

import os
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


class Aside(Delivery):
    """A private folder that is nowhere listed and is removed when its user is done."""

    def hand_over(self, made: FinishedSnapshot) -> Path:
        target = self._root / LIVE
        with disk.explained(target):
            made.folder.rename(target)
        return target


def live(app: App, like: Manifest, wanted: Callable[[str], bool]) -> Snapshot:
    """Read from the account what *like* tells of, as far as it is *wanted*; removed when the line ends.

    Raises what a scan raises, and what stopped it before its end.
    """
    kinds = _kinds(like, wanted)
    if not kinds:
        raise UsageError(
            "the snapshot holds nothing of what is asked for", hint="`inv snapshots.show` tells what it holds"
        )
    asked = _request(like.options, kinds)
    account, plan = asked.resolved(app.zone, lambda: app.account_id)
    return aside(app, account, plan, asked.options)


def aside(app: App, account: Owner, plan: ScanPlan, options: Json) -> Snapshot:
    """Read what *plan* says of *account* into a snapshot that is removed when the line ends.

    Raises what a scan raises, and what stopped it before its end.
    """
    root = publish.prepare(app.settings.exports / account_folder(account.id), app.clock())
    folder = root / f"{PARTIAL}{os.getpid()}-{os.urandom(4).hex()}"
    app.at_end(lambda: shutil.rmtree(folder, ignore_errors=True))
    way = Aside(disk.private_folder(folder))
    done = job.run(app, job.ExportJob(account, plan, way, options, request.start(app.client, app.clock())))
    return Snapshot(done.path, done.manifest)


def _request(options: Json, kinds: tuple[str, ...]) -> request.ScanRequest:
    return request.read(
        kinds,
        tuple(map(str, options.get("skip", ()))),
        tuple(map(str, options.get("zone", ()))),
        deep=bool(options.get("deep")),
        values=request.one_of(str(options.get("kv") or "keys"), ("keys", "values", "none")),
        contents=True,
    )


def _kinds(like: Manifest, wanted: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the kinds that were read for *like*, without those that were skipped as a whole."""
    left_out = {section.kind for section in like.sections if not section.scope}
    return tuple(r.kind for r in resources() if r.kind not in left_out and wanted(r.kind))
