"""What accounts lend to a scan: nothing, because the account is what a scan walks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.kinds.resource import Resource

RESOURCES: tuple[Resource, ...] = ()
