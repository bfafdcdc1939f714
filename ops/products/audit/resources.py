"""What the audit log lends: nothing to a scan, because it is a history and not a state; but who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.http.client import Client
    from ops.kinds.resource import AuditEvent, Resource


def _deeds(client: Client, account_id: str, since: str, before: str) -> Iterator[AuditEvent]:
    from ops.products.audit.history import deeds

    return deeds(client, account_id, since=since, before=before)


RESOURCES: tuple[Resource, ...] = ()
HISTORY = _deeds
