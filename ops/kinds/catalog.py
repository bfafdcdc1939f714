"""The products, in the order people meet them; adding one here is all that a new product needs."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ops.plugins.door import bring, enabled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from ops.http.client import Client
    from ops.kinds.resource import AuditEvent, Resource
    from ops.plugins.choice import Plugin

    History = Callable[[Client, str, str, str], Iterable[AuditEvent]]

PRODUCTS = (
    "accounts", "zones", "dns", "workers", "kv", "durable_objects", "ssl", "cache", "r2", "d1", "queues",
    "pages", "pagerules", "rulesets", "lists", "load_balancers", "email", "access", "tunnels", "gateway",
    "devices", "firewall", "access_rules", "healthchecks", "transforms", "bots", "leaks", "page_shield",
    "snippets", "spectrum", "waiting_rooms", "error_pages", "argo", "zaraz", "turnstile", "logpush",
    "notifications", "hyperdrive", "vectorize", "workflows", "dispatch", "secrets", "mtls", "rum",
    "registrar", "ai_gateway", "events", "images", "user", "security", "audit",
)  # fmt: skip


def task_modules() -> tuple[str, ...]:
    """Return the modules with the tasks of the products; a product without tasks is only scanned."""
    folder = Path(__file__).parent.parent / "products"
    return tuple(
        f"ops.products.{name}.tasks"
        for name in PRODUCTS
        if (folder / name / "tasks.py").exists() or (folder / name / "tasks").is_dir()
    )


def _modules() -> Iterator[ModuleType]:
    return (import_module(f"ops.products.{name}.resources") for name in PRODUCTS)


def resources() -> tuple[Resource, ...]:
    """Return every kind that a scan lists, in the order of the catalog; those of plugins come last."""
    return _of(enabled())[0]


def kinds() -> dict[str, Resource]:
    """Return every kind by its name, also those that can be written and undone but that no scan lists."""
    return _of(enabled())[1]


def histories() -> tuple[History, ...]:
    """Return the functions that yield who changed an account, from its id and two times (RFC 3339)."""
    return _of(enabled())[2]


@cache
def _of(plugins: tuple[Plugin, ...]) -> tuple[tuple[Resource, ...], dict[str, Resource], tuple[History, ...]]:
    """Return the kinds that a scan lists, all kinds by name, the histories: ours and those of *plugins*."""
    if plugins:
        from ops.kinds.foreign import foreign_kinds

        listed, by_name, histories = _of(())
        brought = foreign_kinds(plugins, by_name)
        unlisted = (one for _, found in bring("UNLISTED") for one in found if one.kind not in by_name)
        return (
            (*listed, *brought),
            {one.kind: one for one in unlisted} | by_name | {one.kind: one for one in brought},
            (*histories, *(history for _, history in bring("HISTORY"))),
        )
    listed = tuple(resource for module in _modules() for resource in module.RESOURCES)
    others = (resource for module in _modules() for resource in getattr(module, "UNLISTED", ()))
    return (
        listed,
        {resource.kind: resource for resource in (*listed, *others)},
        tuple(module.HISTORY for module in _modules() if hasattr(module, "HISTORY")),
    )
