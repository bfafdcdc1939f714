"""The task `permissions`: what a token must be allowed to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App


@command(
    "permissions",
    positional=("task",),
    help={"task": "only what this task needs, e.g. scan.export; may be repeated"},
)
def permissions(app: App, task: tuple[str, ...] = ()) -> Rows:
    """Show the permissions that a token needs: to read everything, to change it too, or for given tasks.

    inv permissions
    inv permissions scan.export kv.load
    """
    from ops.errors import NotFound, did_you_mean
    from ops.kinds.permissions import for_task, levels

    needs = app.run.declared_needs()
    if not task:
        return Rows(levels(needs.values()), ("permission", "read_only", "full"))
    for name in task:
        if name not in needs:
            hint = did_you_mean(name, needs) or "`inv --list` shows the tasks"
            raise NotFound(f"there is no task {name}", hint=hint)
    rows = [{"task": name, "permission": found} for name in task for found in sorted(for_task(needs[name]))]
    return Rows(rows, ("task", "permission"))
