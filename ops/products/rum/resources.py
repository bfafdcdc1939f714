"""The kinds of Web Analytics: sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.items import Json, reach
from ops.kinds.collection import Verbs, collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore, address

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Owner

SITES = "/accounts/{account}/rum/site_info"


def _body(site: Json) -> Json:
    """Return what a request sends: a site is a zone or, without one, a host."""
    zone = reach(site, "ruleset.zone_tag")
    where = {"zone_tag": zone} if zone else {"host": site.get("host")}
    return {"auto_install": bool(site.get("auto_install")), **where}


def _site(account: Owner, site: Json) -> ApiPath:
    return address(SITES, account).below("{}", site["site_tag"])


def _create(client: Client, account: Owner, site: Json) -> Json:
    return client.post(address(SITES, account), json=_body(site))


def _update(client: Client, account: Owner, before: Json, after: Json) -> Json:
    return client.put(_site(account, before), json=_body(after))


def _delete(client: Client, account: Owner, site: Json) -> None:
    client.delete(_site(account, site))


def _not_restored(site: Json, live: Json | None) -> Iterator[str]:
    if live is None and not site.get("auto_install"):
        yield "its token: the script in its pages must be changed"
    if live is None and site.get("rules"):
        yield "its rules"


SITE = collection(
    "rum.site",
    f"{SITES}/list",
    "Account > Account Settings > Read",
    identity=("ruleset.zone_name", "host"),
    types={"ruleset.zone_name": str, "host": str},
    key="site_tag",
    label="host",
    paging=Pages(100),
    volatile=("site_token", "snippet", "ruleset.id", "rules"),
    read_only=("ruleset.enabled",),
    verbs=Verbs(by_list=True),
    restore=Restore(mentions=("zones.zone",), not_restored=_not_restored),
    lost="its token and its rules",
)
assert SITE.writes is not None  # noqa: S101 (a collection has them)
RESOURCES = (SITE._replace(writes=SITE.writes._replace(create=_create, update=_update, delete=_delete)),)
