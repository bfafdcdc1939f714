"""The tasks of the `r2` collection."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import NotFound, UsageError
from ops.products.r2 import DEFAULT, JURISDICTIONS
from ops.ui.shapes import KEY, LOW, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json

READ, EDIT = "Account > Workers R2 Storage > Read", "Account > Workers R2 Storage > Edit"
COLUMNS = (
    Column("name", KEY), "location", "storage_class", "jurisdiction", Column("creation_date", LOW, TIME),
)  # fmt: skip
LOCATIONS = ("apac", "eeur", "enam", "oc", "weur", "wnam")
CLASSES = ("Standard", "InfrequentAccess")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,62}[a-z0-9]")
NAMED = "name of the bucket"
WHERE = f"jurisdiction of the bucket: {', '.join(JURISDICTIONS)} (default: {DEFAULT})"
ONLY = f"only this jurisdiction: {', '.join(JURISDICTIONS)} (default: all)"


@command("list", needs=READ, help={"jurisdiction": ONLY})
def list_buckets(app: App, jurisdiction: str = "") -> Rows:
    """List the R2 buckets of the account; the list does not name the storage class of every bucket.

    inv r2.list
    inv r2.list --jurisdiction fedramp
    """
    from ops.products.r2 import api

    only = (_one_of(JURISDICTIONS, "--jurisdiction", jurisdiction),) if jurisdiction else ()
    return Rows(api.list_buckets(app.client, app.account_id, *only), COLUMNS, "bucket")


@command(
    "info",
    required=("bucket",),
    page="{account}/r2/{jurisdiction}/buckets/{bucket}",
    needs=READ,
    help={"bucket": NAMED, "jurisdiction": WHERE},
)
def info(app: App, bucket: str = "", jurisdiction: str = DEFAULT) -> Item:
    """Show a bucket: its location, storage class and jurisdiction.

    inv r2.info uploads
    """
    from ops.products.r2 import api

    where = _one_of(JURISDICTIONS, "--jurisdiction", jurisdiction)
    return Item(api.get_bucket(app.client, app.account_id, bucket, jurisdiction=where), COLUMNS)


@command(
    "create",
    required=("bucket",),
    writes=True,
    needs=EDIT,
    help={
        "bucket": "name: 3 to 64 lower-case letters, digits and hyphens",
        "location": f"a hint where to keep the objects: {', '.join(LOCATIONS)} (default: near the caller)",
        "storage_class": f"default class of its objects: {' or '.join(CLASSES)} (default: {CLASSES[0]})",
        "jurisdiction": f"where the objects must stay: {', '.join(JURISDICTIONS)} (default: {DEFAULT})",
    },
)
def create(
    app: App, bucket: str = "", location: str = "", storage_class: str = "", jurisdiction: str = DEFAULT
) -> Rows:
    """Create a bucket; an existing one that has what is asked for stays unchanged.

    inv r2.create uploads --location weur
    inv r2.create archive --storage-class InfrequentAccess --jurisdiction eu
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.r2.resources import BUCKET
    from ops.writes.make import make

    if not NAME.fullmatch(bucket):
        hint = "use 3 to 64 lower-case letters, digits and hyphens; the first and the last are not a hyphen"
        raise UsageError(f"{bucket!r} is not the name of a bucket", hint=hint)
    wanted = _named(bucket, jurisdiction)
    if location:
        wanted["location"] = _one_of(LOCATIONS, "--location", location)
    if storage_class:
        wanted["storage_class"] = _one_of(CLASSES, "--storage-class", storage_class)
    return make(app, Change(BUCKET, Owner(app.account_id, app.account_id, {}), None, wanted))


@command(
    "delete", required=("bucket",), writes=True, needs=EDIT, help={"bucket": NAMED, "jurisdiction": WHERE}
)
def delete(app: App, bucket: str = "", jurisdiction: str = DEFAULT) -> Rows:
    """Delete an empty bucket; Cloudflare refuses one that has objects or notification rules.

    inv r2.delete uploads
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.r2.resources import BUCKET
    from ops.writes.make import lookup, make

    account, named = Owner(app.account_id, app.account_id, {}), _named(bucket, jurisdiction)
    found = lookup(app, BUCKET, account, named)
    if found is None:
        where = "" if "jurisdiction" not in named else f" in the jurisdiction {named['jurisdiction']}"
        raise NotFound(f"no bucket {bucket!r}{where}", 404, hint="`inv r2.list` lists the buckets")
    return make(app, Change(BUCKET, account, found, None))


def _named(bucket: str, jurisdiction: str) -> Json:
    where = _one_of(JURISDICTIONS, "--jurisdiction", jurisdiction)
    return {"name": bucket} | ({} if where == DEFAULT else {"jurisdiction": where})


def _one_of(known: tuple[str, ...], option: str, value: str) -> str:
    """Return *value* as *known* spells it. Raises UsageError for another value."""
    for one in known:
        if one.lower() == value.lower():
            return one
    raise UsageError(f"{option} does not accept {value!r}", hint=f"use {', '.join(known)}")
