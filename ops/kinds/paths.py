"""Paths of the API: which kind, permission and task each belongs to, as the declarations of the kinds say.

The functions take any path that is requested: that of a list, of an item, or of a part of an item.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from ops.kinds.catalog import kinds, resources
from ops.kinds.paging import Pages, Parts, Single
from ops.plugins.door import enabled

if TYPE_CHECKING:
    from ops.kinds.paging import Paging
    from ops.kinds.resource import Resource
    from ops.plugins.choice import Plugin


class Endpoint(NamedTuple):
    """A path that does not belong to a kind.

    *needs* is the permission to read it, *task* the one that lists what it holds. If *product* is given,
    reading it (as *paging* says) checks whether the token may read that product.
    """

    path: str
    needs: str
    task: str = ""
    product: str = ""
    paging: Paging | None = None


GRAPHQL = "/graphql"
_SETTINGS, _KV = "Account > Account Settings > Read", "Account > Workers KV Storage > Read"
OTHER = (
    Endpoint("/accounts", _SETTINGS, task="accounts.list"),
    Endpoint("/accounts/{account}/tokens", "Account > API Tokens > Read"),
    Endpoint("/accounts/{account}/audit_logs", _SETTINGS, product="audit", paging=Pages(1000)),
    Endpoint("/zones/{zone}/settings/cache_level", "Zone > Zone Settings > Read", product="cache"),
    Endpoint("/accounts/{account}/storage/kv/namespaces/{namespace}/metadata", _KV, task="kv.keys"),
    Endpoint(GRAPHQL, "Account > Account Analytics > Read", product="analytics"),
    Endpoint("/memberships", "User > Memberships > Read"),
    Endpoint("/user", "User > User Details > Read"),
    Endpoint("/user/tokens", "User > API Tokens > Read"),
)

LIST = "list"  # all items of a parent
ONE = "one"  # one item that has its own path
ITEM = "item"  # one item, by its key behind the path of its list
CONTENT = "content"  # the files of an item
VALUE = "value"  # what is stored under an item


class Match(NamedTuple):
    """A requested path of a kind, and the ids of the account, parent and item in it ("" for none).

    *inside* are further ids in the path, by the field of the items that holds them.
    """

    resource: Resource
    form: str
    account: str
    owner: str
    item: str
    inside: Mapping[str, str] = {}


def find(path: str, *forms: str) -> Match | None:
    """Return the kind that *path* belongs to, in the first of *forms* that fits."""
    for form in forms:
        for pattern, resource, item in _routes(enabled())[form]:
            if match := pattern.fullmatch(path):
                ids = {name: unquote(id) for name, id in match.groupdict().items()}
                account, item = ids.pop("account", ""), ids.pop("item", item)
                owner = next(iter(ids.values()), "")
                inside = {f"{name}_id": id for name, id in list(ids.items())[1:]}
                return Match(resource, form, account, owner, item, inside)
    return None


def permission(path: str, *, write: bool) -> str:
    """Return the permission that *path* takes ("Zone > DNS > Read"), "" if it is not known."""
    needs = next((needs for pattern, needs, _ in _prefixes(enabled()) if pattern.match(path)), "")
    return f"{needs.removesuffix('Read')}Edit" if write and needs.endswith(" > Read") else needs


def listing_task(path: str) -> str:
    """Return the command that lists what exists instead of *path*, "" if no task does."""
    for pattern, _, task in _prefixes(enabled()):
        match = pattern.match(path)
        if task and match and len(path) > match.end():
            parents = (f" --{name} …" for name in match.groupdict() if name != "account")
            return f"inv {task}{''.join(parents)}"
    return ""


@cache
def _prefixes(_plugins: tuple[Plugin, ...]) -> tuple[tuple[re.Pattern[str], str, str], ...]:
    """Return a pattern for each known path, with its permission and its task, the longest path first."""
    known = [(endpoint.path, endpoint.needs, endpoint.task) for endpoint in OTHER]
    for resource in kinds().values():
        files = resource.content_path.rpartition("/")[0]
        paths = [*_templates(resource), *([files] if resource.values else [])]
        known += [(path, resource.needs, resource.task) for path in paths]
    known.sort(key=lambda one: (-one[0].count("/"), one[0].count("{")))
    return tuple((_pattern(path, "(?=/|$)"), needs, task) for path, needs, task in known)


@cache
def _routes(_plugins: tuple[Plugin, ...]) -> Mapping[str, list[tuple[re.Pattern[str], Resource, str]]]:
    """Return the paths of the kinds that a scan lists, by form: pattern, kind and id of the one item."""
    routes: dict[str, list[tuple[re.Pattern[str], Resource, str]]] = defaultdict(list)
    for resource in resources():
        single = isinstance(resource.paging, Single | Parts)
        for path, item in _templates(resource).items():
            routes[ONE if single else LIST].append((_pattern(path), resource, item))
            if not single:
                routes[ITEM].append((_pattern(f"{path}/{{item}}"), resource, ""))
        if resource.content_path:
            form = VALUE if resource.values else CONTENT
            routes[form].append((_pattern(resource.content_path), resource, ""))
    return routes


def _templates(resource: Resource) -> dict[str, str]:
    """Return the paths at which the items of a kind are read, with the id of the item where each has one."""
    path = resource.path.partition("?")[0]
    if isinstance(resource.paging, Parts):
        return {f"{path}/{behind}": id for id, behind in resource.paging.paths.items()}
    return {path: ""} if path else {}


def _pattern(template: str, end: str = "") -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template) + end)
