"""The products, in the order people meet them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ops.http.client import Client
    from ops.kinds.resource import AuditEvent, Resource

    History = Callable[[Client, str, str, str], Iterable[AuditEvent]]

PRODUCTS = (
    "accounts",
    "zones",
    "dns",
    "workers",
    "kv",
    "durable_objects",
    "ssl",
    "cache",
    "r2",
    "d1",
    "queues",
    "pages",
    "pagerules",
    "rulesets",
    "load_balancers",
    "audit",
)

# These are read by scan alone: they have no tasks.
WITHOUT_TASKS = ("r2", "d1", "queues", "pages", "pagerules", "rulesets", "load_balancers")


@cache
def resources() -> tuple[Resource, ...]:
    """Give every declared kind, in the order of the catalog."""
    modules = (import_module(f"ops.products.{name}.resources") for name in PRODUCTS)
    return tuple(resource for module in modules for resource in module.RESOURCES)


@cache
def kinds() -> dict[str, Resource]:
    """Give every kind by its name, those included that can be written and undone but that no scan lists."""
    modules = (import_module(f"ops.products.{name}.resources") for name in PRODUCTS)
    unlisted = (resource for module in modules for resource in getattr(module, "UNLISTED", ()))
    return {resource.kind: resource for resource in (*resources(), *unlisted)}


def histories() -> tuple[History, ...]:
    """Give what tells who changed an account: called with its id and two times (RFC 3339), from and up to."""
    modules = (import_module(f"ops.products.{name}.resources") for name in PRODUCTS)
    return tuple(module.HISTORY for module in modules if hasattr(module, "HISTORY"))
