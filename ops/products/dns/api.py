"""DNS records of a zone, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.resource import Json

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
_YES_NO: dict[str, str | bool] = {"": "", "yes": True, "true": True, "no": False, "false": False}


def filters(
    *, type: str, proxied: str, comment: str, where: tuple[str, ...], **others: str
) -> dict[str, str | bool]:
    """Give the API's parameters for the filters as people write them; UsageError for one it does not know."""
    if proxied.lower() not in _YES_NO:
        raise UsageError(f"--proxied is yes or no, not {proxied!r}", hint="`inv --help dns.list`")
    given: dict[str, str | bool] = {"type": type.upper(), "comment.contains": comment, **others}
    given["proxied"] = _YES_NO[proxied.lower()]
    given.update(map(_condition, where))
    return given


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


def export_records(client: Client, zone_id: str) -> str:
    """Give the zone as a BIND file, as the API writes it; settings other than flattening are not in it."""
    answer = client.raw(path("/zones/{}/dns_records/export", zone_id), limit=64 << 20)
    return answer.content().decode()


def get_usage(client: Client, zone_id: str) -> Json:
    """Give `record_quota` and `record_usage` of a zone."""
    usage: Json = client.get(path("/zones/{}/dns_records/usage", zone_id))
    return usage


def get_settings(client: Client, zone_id: str) -> Json:
    """Give a zone's DNS settings: name servers, SOA, flattening."""
    settings: Json = client.get(path("/zones/{}/dns_settings", zone_id))
    return settings
