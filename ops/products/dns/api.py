"""DNS records of a zone, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json

# The specification allows 5,000,000 and warns of timeouts; 5,000 is the largest size in use.
PAGE = 5000

# The list operation's own filters beyond those with an option of their own.
FILTERS = tuple(
    f"{field}.{test}"
    for field, tests in {
        "name": "exact contains startswith endswith",
        "content": "exact contains startswith endswith",
        "comment": "present absent exact contains startswith endswith",
        "tag": "present absent exact contains startswith endswith",
    }.items()
    for test in tests.split()
)
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


def filters(
    *, type: str, proxied: str, comment: str, where: tuple[str, ...], **others: str
) -> dict[str, str | bool]:
    """Give the API's parameters for the filters as people write them; UsageError for one it does not know."""
    given: dict[str, str | bool] = {"type": type.upper(), "comment.contains": comment, **others}
    given["proxied"] = yes_or_no(proxied) if proxied else ""
    given.update(map(_condition, where))
    return given


def yes_or_no(text: str) -> bool:
    """Give what --proxied says; UsageError for any other word."""
    if text.lower() not in _YES_NO:
        raise UsageError(f"--proxied is yes or no, not {text!r}", hint="`inv --help dns.list`")
    return _YES_NO[text.lower()]


def _condition(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or name not in (*FILTERS, "tag_match"):
        raise UsageError(f"--where does not know {text!r}", hint=f"one of: {', '.join(FILTERS)}, tag_match")
    return name, value


def list_records(client: Client, zone_id: str, **filters: str | bool) -> Listing:
    """List a zone's records; *filters* are the API's own parameters, an empty one means any."""
    return client.pages(path("/zones/{}/dns_records", zone_id), per_page=PAGE, order="name", **filters)


def get_record(client: Client, zone_id: str, record_id: str) -> Json:
    """Give one record. Raises NotFound (81044) when it is gone."""
    record: Json = client.get(path("/zones/{}/dns_records/{}", zone_id, record_id))
    return record


def create_record(client: Client, zone_id: str, record: Json) -> Json:
    """Create a record; give it as it became. Raises Conflict (81057, 81058) where it is there already."""
    created: Json = client.post(path("/zones/{}/dns_records", zone_id), json=record)
    return created


def update_record(client: Client, zone_id: str, record_id: str, fields: Json) -> Json:
    """Change *fields* of a record and keep the others; give it as it became."""
    updated: Json = client.patch(path("/zones/{}/dns_records/{}", zone_id, record_id), json=fields)
    return updated


def replace_record(client: Client, zone_id: str, record_id: str, record: Json) -> Json:
    """Put *record* in the place of another, under its id: what is left out goes back to its default."""
    replaced: Json = client.put(path("/zones/{}/dns_records/{}", zone_id, record_id), json=record)
    return replaced


def delete_record(client: Client, zone_id: str, record_id: str) -> None:
    """Delete a record. Raises NotFound (81044) when it was gone before."""
    client.delete(path("/zones/{}/dns_records/{}", zone_id, record_id))


def batch_records(client: Client, zone_id: str, lists: Json) -> Json:
    """Carry out the lists `deletes`, `patches`, `puts` and `posts`, in that order, in one transaction.

    Gives the same lists with the records as they became. At most 200 operations on a Free zone, 3,500 on
    others. All or nothing; that the name servers see it all at once is not promised.
    """
    done: Json = client.post(path("/zones/{}/dns_records/batch", zone_id), json=lists)
    return done


def export_records(client: Client, zone_id: str) -> str:
    """Give the zone as a BIND file, as the API writes it; settings other than flattening are not in it."""
    answer = client.raw(path("/zones/{}/dns_records/export", zone_id), limit=64 << 20)
    return answer.content().decode()


def get_settings(client: Client, zone_id: str) -> Json:
    """Give a zone's DNS settings: name servers, SOA, flattening."""
    settings: Json = client.get(path("/zones/{}/dns_settings", zone_id))
    return settings


def update_settings(client: Client, zone_id: str, settings: Json) -> Json:
    """Change DNS settings of a zone; give all of them as they became."""
    updated: Json = client.patch(path("/zones/{}/dns_settings", zone_id), json=settings)
    return updated
