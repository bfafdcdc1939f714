"""The kinds of Cloudflare Images: the variants in which images are delivered."""

from __future__ import annotations

from ops.kinds.paging import Keyed
from ops.kinds.resource import ACCOUNT, Resource, block
from ops.products.images import api

RESOURCES = (
    Resource(
        kind="images.variant",
        parent=ACCOUNT,
        path=api.VARIANTS,
        paging=Keyed("variants"),
        needs="Account > Cloudflare Images > Read",
        identity=("id",),
        label="id",
        writes=api.WRITES,
        terraform=block("cloudflare_image_variant", "{account_id}/{id}"),
    ),
)
