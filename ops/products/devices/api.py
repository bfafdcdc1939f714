"""Profiles of WARP clients: settings, and three lists that have a request of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.items import Json, equal, without
from ops.kinds.resource import Applied, Resource, address

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Owner

PROFILES, PROFILE = "/accounts/{account}/devices/policies", "/accounts/{account}/devices/policy"
PARTS = ("exclude", "include", "fallback_domains")


def written(resource: Resource) -> Resource:
    """Return the kind of the custom profiles, or of the default one, with its writes."""
    assert resource.writes is not None  # noqa: S101 (a collection and a single have them)
    left_out = (*resource.compare.volatile, *resource.compare.read_only, *PARTS)

    def update(client: Client, account: Owner, before: Json, after: Json) -> Json:
        where = address(PROFILE, account)
        if resource.identity:
            where = where.below("{}", before["policy_id"])
        settings = without(after, left_out)
        changed = {name: value for name, value in settings.items() if not equal(value, before.get(name))}
        live = client.patch(where, json=changed) if changed else before
        return _with_lists(client, where, {**before, **live}, after, begun=bool(changed))

    def create(client: Client, account: Owner, profile: Json) -> Json:
        made = client.post(address(PROFILE, account), json=without(profile, left_out))
        where = address(PROFILE, account).below("{}", made["policy_id"])
        return _with_lists(client, where, made, profile, begun=True)

    def delete(client: Client, account: Owner, profile: Json) -> None:
        # The answer is the list of the other profiles.
        client.delete(address(PROFILE, account).below("{}", profile["policy_id"]), any_result=True)

    custom = bool(resource.identity)
    writes = resource.writes._replace(
        create=create if custom else None, update=update, delete=delete if custom else None
    )
    return resource._replace(writes=writes)


def _with_lists(client: Client, where: ApiPath, live: Json, wanted: Json, *, begun: bool) -> Json:
    """Write the lists of *wanted* that differ from *live*; return the profile as it is then.

    Raises Applied if one is refused after something was written.
    """
    # A profile has entries to exclude or to include, not both: the list that becomes empty is written first.
    for part in sorted(PARTS, key=lambda part: bool(wanted.get(part))):
        if part not in wanted or equal(wanted[part], live.get(part)):
            continue
        try:
            client.put(where.below(part), json=wanted[part], any_result=True)
        except OpsError as error:
            if not begun:
                raise
            raise Applied(live, f"the {part} list of the profile may not be set: {error.message}") from error
        live, begun = {**live, part: wanted[part]}, True
    return live
