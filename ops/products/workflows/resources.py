"""The kinds of Workflows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.kinds.collection import collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore, address

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Owner

WORKFLOWS = "/accounts/{account}/workflows"


def _put(client: Client, account: Owner, workflow: Json) -> Json:
    body = {"class_name": workflow["class_name"], "script_name": workflow["script_name"]}
    return client.put(address(WORKFLOWS, account).below("{}", workflow["name"]), json=body)


def _not_restored(workflow: Json, live: Json | None) -> Iterator[str]:
    if live is None:
        yield "its instances and their state"
        if workflow.get("schedules"):
            yield "its schedules"


def _blocked(_workflow: Json, live: Json | None, _now: float) -> str:
    # In which form they are sent is not documented.
    return (
        "a write may remove its schedules: deploy its script instead" if (live or {}).get("schedules") else ""
    )


WORKFLOW = collection(
    "workflows.workflow",
    WORKFLOWS,
    "Account > Workers Scripts > Read",
    key="name",
    paging=Pages(100),
    volatile=("instances", "version_id", "triggered_on"),
    read_only=("script_deleted", "is_deleted", "terminator_running"),
    restore=Restore(not_restored=_not_restored, blocked=_blocked),
    links=(("script_name", "workers.script"),),
    confirm_by_name=True,
    lost="its instances and their state",
    terraform="cloudflare_workflow",
)
assert WORKFLOW.writes is not None  # noqa: S101 (a collection has them)
RESOURCES = (
    WORKFLOW._replace(
        writes=WORKFLOW.writes._replace(
            create=_put, update=lambda client, account, _before, after: _put(client, account, after)
        )
    ),
)
