"""The audit log has no kinds to scan, because it is a history and not a state; it names who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.http.client import Client
    from ops.kinds.resource import AuditEvent, Resource


def _events(client: Client, account_id: str, since: str, before: str) -> Iterator[AuditEvent]:
    from ops.products.audit.api import events

    return events(client, account_id, since=since, before=before)


RESOURCES: tuple[Resource, ...] = ()
HISTORY = _events
