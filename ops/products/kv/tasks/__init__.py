"""The `kv` collection."""

from __future__ import annotations

from ops.products.kv.tasks.dump import dump_namespace
from ops.products.kv.tasks.keys import delete_keys, get_value, list_keys, put_value
from ops.products.kv.tasks.load import load_namespace
from ops.products.kv.tasks.namespaces import (
    create_namespace,
    list_namespaces,
    remove_namespace,
    rename_namespace,
)

__all__ = (
    "create_namespace",
    "delete_keys",
    "dump_namespace",
    "get_value",
    "list_keys",
    "list_namespaces",
    "load_namespace",
    "put_value",
    "remove_namespace",
    "rename_namespace",
)
