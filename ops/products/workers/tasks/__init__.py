"""The `workers` collection."""

from __future__ import annotations

from ops.products.workers.tasks.code import deploy, download
from ops.products.workers.tasks.scripts import delete_script, info, list_scripts, list_secrets
from ops.products.workers.tasks.triggers import create_route, delete_route, list_routes, schedules

__all__ = [
    "create_route", "delete_route", "delete_script", "deploy", "download", "info", "list_routes",
    "list_scripts", "list_secrets", "schedules",
]  # fmt: skip
