"""The `kv` collection."""

from __future__ import annotations

from ops.products.kv.tasks import dump, keys, load, namespaces

list_namespaces, create_namespace = namespaces.list_namespaces, namespaces.create_namespace
rename_namespace, remove_namespace = namespaces.rename_namespace, namespaces.remove_namespace
list_keys, get_value = keys.list_keys, keys.get_value
put_value, delete_keys = keys.put_value, keys.delete_keys
dump_namespace, load_namespace = dump.dump_namespace, load.load_namespace
