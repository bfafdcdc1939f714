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
    help={"task": "only what this task or group needs, e.g. scan.export or dns; may be repeated"},
)
def permissions(app: App, task: tuple[str, ...] = ()) -> Rows:
    """Show the permissions that a token needs: to read everything, to change it too, or for given tasks.

    inv permissions
    inv permissions scan.export dns
    """
    from ops.errors import NotFound, did_you_mean
    from ops.kinds.permissions import for_task, levels

    needs = app.run.declared_needs()
    if not task:
        return Rows(levels(needs.values()), ("permission", "read_only", "full"))
    chosen: dict[str, str] = {}
    for name in task:
        found = {known: needs[known] for known in needs if known == name or known.startswith(f"{name}.")}
        if not found:
            hint = did_you_mean(name, needs) or "`inv --list` shows the tasks"
            raise NotFound(f"there is no task {name}", hint=hint)
        chosen |= found
    rows = [
        {"task": name, "permission": needed} for name in chosen for needed in sorted(for_task(chosen[name]))
    ]
    return Rows(rows, ("task", "permission"))
