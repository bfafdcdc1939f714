"""The tasks of the collection `r2-objects`."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import NotFound
from ops.kinds.resource import Change, Owner
from ops.ui.shapes import KEY, SIZE, TIME, Bytes, Column, Rows
from ops.writes.make import lookup, make

if TYPE_CHECKING:
    from ops.cli.app import App

READ, EDIT = "Account > Workers R2 Storage > Read", "Account > Workers R2 Storage > Edit"
COLUMNS = (Column("key", KEY), Column("size", meaning=SIZE), "etag", Column("last_modified", meaning=TIME))
NAMED = {"bucket": "name of the bucket", "key": "key of the object"}


@command("list", required=("bucket",), needs=READ, help=NAMED)
def list_objects(app: App, bucket: str = "") -> Rows:
    """List the objects of a bucket.

    inv r2-objects.list uploads
    """
    from cfops_r2_objects import api

    return Rows(api.list_objects(app.client, _bucket(app, bucket)), COLUMNS, "object")


@command("get", required=("bucket", "key"), needs=READ, help=NAMED, reads=False)
def get_object(app: App, bucket: str = "", key: str = "") -> Bytes:
    """Print the content of an object.

    inv r2-objects.get uploads logo.svg
    """
    from cfops_r2_objects import api

    item = api.get_object(app.client, _bucket(app, bucket), key)
    return Bytes((b64decode(item["data"]),))


@command(
    "put",
    required=("bucket", "key", "file"),
    writes=True,
    needs=EDIT,
    help={**NAMED, "file": "file with the content", "type": "media type of the content"},
)
def put_object(
    app: App, bucket: str = "", key: str = "", file: str = "", type: str = "application/octet-stream"
) -> Rows:
    """Create an object, or replace its content.

    inv r2-objects.put uploads logo.svg --file logo.svg --type image/svg+xml
    """
    from cfops_r2_objects import api
    from cfops_r2_objects.resources import CONTENT

    owner = _bucket(app, bucket)
    found = lookup(app, CONTENT, owner, {"key": key})
    wanted = api.item_of(key, Path(file).read_bytes(), type)
    return make(app, Change(CONTENT, owner, found, wanted))


@command("delete", required=("bucket", "key"), writes=True, needs=EDIT, help=NAMED)
def delete_object(app: App, bucket: str = "", key: str = "") -> Rows:
    """Delete an object; an undo brings it back.

    inv r2-objects.delete uploads logo.svg
    """
    from cfops_r2_objects.resources import CONTENT

    owner = _bucket(app, bucket)
    found = lookup(app, CONTENT, owner, {"key": key})
    if found is None:
        raise NotFound(f"no object {key!r} in {bucket}", 404, hint=f"`inv r2-objects.list {bucket}`")
    return make(app, Change(CONTENT, owner, found, None))


@command("usage", needs=READ, reads=False)
def usage(app: App) -> Rows:
    """Show how many objects the account has, and their size, by storage class.

    inv r2-objects.usage
    """
    from ops.http.paths import path

    found = app.client.get(path("/accounts/{account}/r2/metrics", account=app.account_id))
    rows = [
        {"class": name, "objects": one["published"]["objects"], "size": one["published"]["payloadSize"]}
        for name, one in found.items()
    ]
    return Rows(rows, ("class", "objects", Column("size", meaning=SIZE)), "class")


def _bucket(app: App, name: str) -> Owner:
    return Owner(app.account_id, name, {"name": name})
