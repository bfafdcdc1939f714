"""Objects of R2: r2.object as the list has them, and r2.content with their content, as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfops_r2_objects import api
from ops.kinds.resource import Resource, Restore, Values, Writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Owner

READ = "Account > Workers R2 Storage > Read"


def _values(client: Client, bucket: Owner, items: Iterable[Json]) -> Iterator[Json]:
    """Yield a line for each object; `value` is its content in base64."""
    for listed in items:
        item = api.get_object(client, bucket, listed["key"])
        yield {"key": item["key"], "value": item["data"], "base64": True, "type": item["content_type"]}


def _item(line: Json) -> Json:
    return {"key": line["key"], "content_type": line["type"], "data": line["value"]}


def _find_all(client: Client, bucket: Owner, items: Sequence[Json]) -> list[Json | None]:
    return [api.find_object(client, bucket, item) for item in items]


CONTENT = Resource(
    kind="r2.content",
    parent="r2.bucket",
    path=api.OBJECTS,
    needs=READ,
    task="r2-objects.list",
    identity=("key",),
    key="key",
    label="key",
    writes=Writes(
        find=api.find_object,
        find_all=_find_all,
        find_size=20,
        create=api.put_object,
        update=lambda client, bucket, _before, after: api.put_object(client, bucket, after),
        delete=api.delete_object,
    ),
)
RESOURCES = (
    Resource(
        kind="r2.object",
        parent="r2.bucket",
        path=api.OBJECTS,
        paging=api.PAGING,
        needs=READ,
        task="r2-objects.list",
        identity=("key",),
        key="key",
        label="key",
        values=_values,
        content_path="/accounts/{account}/r2/buckets/{bucket}/objects/{item}",
        restore=Restore(
            values=Values(CONTENT.kind, _item), unsupported="an object is restored with its content"
        ),
    ),
)
UNLISTED = (CONTENT,)
