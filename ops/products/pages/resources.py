"""What Pages lend to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource
from ops.products.pages import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json


def _projects(client: Client, account: Owner) -> Listing:
    return api.list_projects(client, account.id)


def _block(account: Owner, project: Json) -> Block:
    return Block("cloudflare_pages_project", f"{account.account_id}/{project['name']}")


RESOURCES = (
    Resource(
        kind="pages.project",
        parent=ACCOUNT,
        list=_projects,
        identity=("name",),
        key="name",
        compare=Compare(volatile=("id", "created_on", "latest_deployment", "canonical_deployment")),
        terraform=_block,
        needs="Account > Cloudflare Pages > Read",
    ),
)
