"""Kinds of accounts: none, because a scan starts at the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.kinds.resource import Resource

RESOURCES: tuple[Resource, ...] = ()
