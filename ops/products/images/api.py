"""Variants of images: the API lists them as an object, and answers one inside of another object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.shape import require
from ops.items import Json
from ops.kinds.paging import Keyed
from ops.kinds.resource import Owner, Writes, address

if TYPE_CHECKING:
    from ops.http.client import Client

VARIANTS = "/accounts/{account}/images/v1/variants"
_CHANGED = ("neverRequireSignedURLs", "options")


def _variant(answer: Json) -> Json:
    found: Json = require(answer, "a variant", variant=dict)["variant"]
    return found


def find_variant(client: Client, account: Owner, item: Json) -> Json | None:
    """Return the live variant with the name of *item*, None if it does not exist."""
    listed = Keyed("variants").read(client, address(VARIANTS, account))
    return next((one for one in listed if one.get("id") == item["id"]), None)


def create_variant(client: Client, account: Owner, item: Json) -> Json:
    body = {name: item[name] for name in ("id", *_CHANGED) if name in item}
    return _variant(client.post(address(VARIANTS, account), json=body))


def update_variant(client: Client, account: Owner, before: Json, after: Json) -> Json:
    body = {name: after[name] for name in _CHANGED if name in after}
    return _variant(client.patch(address(VARIANTS, account).below("{}", before["id"]), json=body))


def delete_variant(client: Client, account: Owner, item: Json) -> None:
    client.delete(address(VARIANTS, account).below("{}", item["id"]))


WRITES = Writes(
    find=find_variant,
    create=create_variant,
    update=update_variant,
    delete=delete_variant,
    lost="the addresses of images that name it",
)
