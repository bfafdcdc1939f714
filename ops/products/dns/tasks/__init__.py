"""The `dns` collection."""

from __future__ import annotations

from ops.products.dns.tasks.files import apply_records, export_records, import_records, plan_records
from ops.products.dns.tasks.records import (
    create_record,
    delete_record,
    find_records,
    get_record,
    list_records,
    put_record,
    update_record,
)

__all__ = (
    "apply_records",
    "create_record",
    "delete_record",
    "export_records",
    "find_records",
    "get_record",
    "import_records",
    "list_records",
    "plan_records",
    "put_record",
    "update_record",
)
