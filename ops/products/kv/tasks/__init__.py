"""The `kv` collection."""

from __future__ import annotations

from ops.products.kv.tasks import keys, namespaces, transfer

list_namespaces, stats = namespaces.list_namespaces, namespaces.stats
create_namespace = keys.create_namespace
rename_namespace, remove_namespace = keys.rename_namespace, keys.remove_namespace
list_keys, get_value = keys.list_keys, keys.get_value
put_value, delete_keys = keys.put_value, keys.delete_keys
dump_namespace, load_namespace = transfer.dump_namespace, transfer.load_namespace
