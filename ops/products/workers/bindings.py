"""What the bindings of a script are bound to, by name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from ops.http.shape import instance
from ops.items import reach
from ops.products.zones.parts import attempt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.http.client import Client
    from ops.items import Json

# The fields of a binding that say what it is bound to, the first that it has.
TARGETS = (
    "class_name", "namespace_id", "database_id", "bucket_name", "queue_name", "service", "dataset",
    "index_name", "workflow_name", "script_name", "secret_name", "certificate_id", "pipeline",
    "namespace", "id",
)  # fmt: skip
# The types that name it by its id alone, and the kind whose items have it.
BY_ID = {"kv_namespace": "kv.namespace", "d1": "d1.database"}

# The kind that a binding of each type is bound to, and its fields that name it, the first that it has.
KINDS = {
    "kv_namespace": ("kv.namespace", ("namespace_id",)),
    "r2_bucket": ("r2.bucket", ("bucket_name",)),
    "d1": ("d1.database", ("database_id", "id")),
    "queue": ("queues.queue", ("queue_name",)),
    "service": ("workers.script", ("service",)),
    "durable_object_namespace": ("do.namespace", ("namespace_id",)),
}


def uses(script: str, settings: Json) -> Iterator[tuple[str, str]]:
    """Yield the kind and the key of what a script is bound to, and of the Workers that get its logs."""
    for binding in instance(settings.get("bindings") or [], list, f"`bindings` of {script}"):
        instance(binding, dict, f"a binding of {script}")
        kind, fields = KINDS.get(binding.get("type"), ("", ()))
        if target := next((binding[field] for field in fields if binding.get(field)), ""):
            yield kind, str(target)
        if binding.get("script_name"):
            yield "workers.script", str(binding["script_name"])
    for consumer in settings.get("tail_consumers") or ():
        yield "workers.script", str(consumer.get("service"))


def bound_to(client: Client, account_id: str, bindings: Iterable[Json]) -> dict[str, str]:
    """Return what each binding is bound to, by name where it can be read; "" for a value of its own."""
    from ops.kinds.catalog import kinds
    from ops.kinds.resource import Owner

    names: dict[str, str] = {}

    def listed(kind: str) -> dict[str, str]:
        resource = kinds()[kind]
        items = resource.list(client, Owner(account_id, account_id, {}))
        keys = ((instance(item.get(resource.key), str, f"the id of a {kind}"), item) for item in items)
        return {key: str(reach(item, resource.label)) for key, item in keys}

    for type, kind in BY_ID.items():
        if any(binding["type"] == type for binding in bindings):
            names |= attempt(kind, partial(listed, kind)).value or {}
    targets = {one["name"]: next((one[field] for field in TARGETS if one.get(field)), "") for one in bindings}
    return {name: names.get(target, str(target)) for name, target in targets.items()}
