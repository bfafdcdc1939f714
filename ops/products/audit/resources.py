"""What the audit log lends to a scan: nothing, because it is a history and not a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.resource import Resource

RESOURCES: tuple[Resource, ...] = ()
