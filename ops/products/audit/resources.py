"""The audit log has no kinds to scan, because it is a history and not a state; it names who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.products.audit.api import events

if TYPE_CHECKING:
    from ops.kinds.resource import Resource

RESOURCES: tuple[Resource, ...] = ()
HISTORY = events
