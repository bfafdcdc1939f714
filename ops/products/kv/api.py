"""Workers KV: namespaces, keys and values, as the API sends them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.errors import AmbiguousName, NotFound, UsageError
from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing, Raw
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Json

# 100 is allowed by the older and the newer specification; the newer one alone allows 1,000.
NAMESPACES_PAGE = 100
KEYS_PAGE = 1000
BULK_GET = 100
BULK_PAIRS = 10_000
BULK_BYTES = 100_000_000
KEY_BYTES = 512
VALUE_LIMIT = 25 << 20
_ID = re.compile(r"[0-9a-f]{32}")

# The most recent day of the last three that has been counted; a day's numbers come with some delay.
_COUNTS = """
query Counts($account: string!, $since: Date!, $until: Date!) {
  viewer {
    accounts(filter: {accountTag: $account}) {
      kvStorageAdaptiveGroups(
        limit: 10000, filter: {date_geq: $since, date_leq: $until}, orderBy: [date_DESC]
      ) {
        max { keyCount byteCount }
        dimensions { date namespaceId }
      }
    }
  }
}
"""
COUNTED_DAYS = 3


def list_namespaces(client: Client, account_id: str) -> Listing:
    """List an account's namespaces: `id`, `title`, `supports_url_encoding`."""
    where = path("/accounts/{}/storage/kv/namespaces", account_id)
    return client.pages(where, per_page=NAMESPACES_PAGE, order="title")


def get_namespace(client: Client, account_id: str, namespace_id: str) -> Json:
    """Give one namespace. Raises NotFound (10013)."""
    namespace: Json = client.get(path("/accounts/{}/storage/kv/namespaces/{}", account_id, namespace_id))
    return namespace


def find_namespace(client: Client, account_id: str, name_or_id: str) -> Json:
    """Give the namespace with this id or exactly this title. Raises NotFound, AmbiguousName."""
    if is_id(name_or_id):
        return get_namespace(client, account_id, name_or_id)
    found = [one for one in list_namespaces(client, account_id) if one["title"] == name_or_id]
    if not found:
        hint = "`inv kv.list` shows what there is"
        raise NotFound(f"no KV namespace called {name_or_id!r}", 404, hint=hint)
    if len(found) > 1:
        hint = "give the id of one of: " + ", ".join(one["id"] for one in found)
        raise AmbiguousName(f"{len(found)} KV namespaces are called {name_or_id!r}", hint=hint)
    return found[0]


def is_id(name: str) -> bool:
    """Say whether *name* looks like the id of a namespace."""
    return bool(_ID.fullmatch(name))


def count_keys(client: Client, account_id: str, *, now: float) -> dict[str, Json]:
    """Give `keys`, `bytes` and the `counted_on` day of each namespace, by its id, with one request.

    The numbers are those of Cloudflare's analytics: up to a day old, and absent for a namespace that was
    not used. *now* is in seconds since 1970.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    since = today - timedelta(days=COUNTED_DAYS)
    variables = {"account": account_id, "since": since.isoformat(), "until": today.isoformat()}
    accounts = client.graphql(_COUNTS, variables)["viewer"]["accounts"]
    counts: dict[str, Json] = {}
    for group in (group for account in accounts for group in account["kvStorageAdaptiveGroups"]):
        day, most = group["dimensions"], group["max"]
        counted = {"keys": most["keyCount"], "bytes": most["byteCount"], "counted_on": day["date"]}
        counts.setdefault(day["namespaceId"], counted)
    return counts


def list_keys(
    client: Client, account_id: str, namespace_id: str, *, prefix: str = "", ahead: bool = True
) -> Listing:
    """List keys in the order of their UTF-8 bytes: `name`, `expiration` (epoch seconds), `metadata`.

    Whoever may stop before the end does not read *ahead*.
    """
    where = path("/accounts/{}/storage/kv/namespaces/{}/keys", account_id, namespace_id)
    return client.cursor(
        where, limit=KEYS_PAGE, ordered_by="name", identity="name", ahead=ahead, prefix=prefix
    )


def get_value(client: Client, account_id: str, namespace_id: str, key: str) -> Raw:
    """Give a value as raw bytes; its header `expiration` is there when the key expires.

    Raises UsageError for a key that Cloudflare forbids, NotFound (10009) for one that is not there.
    """
    return client.raw(_of_key("values", account_id, namespace_id, key), limit=VALUE_LIMIT)


def describe_key(client: Client, account_id: str, namespace_id: str, key: str) -> Json:
    """Give a key as a listing does: `name`, `metadata`, and `expiration` (epoch seconds) when it expires.

    Takes 2 requests, one of them for the value, because unlike the listing they do not lag behind a write.
    """
    metadata = get_metadata(client, account_id, namespace_id, key)
    value = get_value(client, account_id, namespace_id, key)
    value.content()
    expiration = expiration_of(value)
    described: Json = {"name": key, "metadata": metadata}
    return described | ({"expiration": expiration} if expiration else {})


def find_key(client: Client, account_id: str, namespace_id: str, key: str) -> Json:
    """Give a key as describe_key does, out of the listing, which may lag behind a write. Raises NotFound."""
    for listed in list_keys(client, account_id, namespace_id, prefix=key):
        if listed["name"] == key:
            return {"metadata": None, **listed}
    raise NotFound(f"no key {key!r}", 404, hint="`inv kv.keys --namespace …` shows what there is")


def get_metadata(client: Client, account_id: str, namespace_id: str, key: str) -> Any:
    """Give the metadata of a key, None where it has none. Raises NotFound (10009)."""
    return client.envelope(_of_key("metadata", account_id, namespace_id, key)).get("result")


def expiration_of(value: Raw) -> int | None:
    """Give when *value* expires, in epoch seconds; None where it does not."""
    text = value.headers.get("expiration", "")
    return int(text) if text.isdecimal() else None


def get_text_values(
    client: Client, account_id: str, namespace_id: str, keys: list[str]
) -> dict[str, str | None]:
    """Give up to 100 values as text: None for a key that is gone, U+FFFD where the bytes are no text."""
    where = path("/accounts/{}/storage/kv/namespaces/{}/bulk/get", account_id, namespace_id)
    values: dict[str, str | None] = client.query(where, {"keys": keys, "type": "text"})["values"]
    return values


def get_pairs(client: Client, account_id: str, namespace_id: str, keys: list[str]) -> dict[str, Json | None]:
    """Give up to 100 values as get_text_values does, each with `value`, `metadata` and `expiration`."""
    where = path("/accounts/{}/storage/kv/namespaces/{}/bulk/get", account_id, namespace_id)
    asked = {"keys": keys, "type": "text", "withMetadata": True}
    pairs: dict[str, Json | None] = client.query(where, asked)["values"]
    return pairs


def get_text_value(client: Client, account_id: str, namespace_id: str, key: str) -> str | None:
    """Give one value as text, as get_text_values does."""
    return get_text_values(client, account_id, namespace_id, [key]).get(key)


def create_namespace(client: Client, account_id: str, title: str, *, jurisdiction: str = "") -> Json:
    """Make a namespace; raises Conflict (10014) where one has this title."""
    where = path("/accounts/{}/storage/kv/namespaces", account_id)
    wanted = {"title": title} | ({"jurisdiction": jurisdiction} if jurisdiction else {})
    namespace: Json = client.post(where, json=wanted)
    return namespace


def rename_namespace(client: Client, account_id: str, namespace_id: str, title: str) -> None:
    """Give a namespace another title; it keeps its id and its keys. Raises Conflict (10014)."""
    client.put(path("/accounts/{}/storage/kv/namespaces/{}", account_id, namespace_id), json={"title": title})


def delete_namespace(client: Client, account_id: str, namespace_id: str) -> None:
    """Delete a namespace with all its keys. Raises NotFound (10013)."""
    client.delete(path("/accounts/{}/storage/kv/namespaces/{}", account_id, namespace_id))


def put_value(
    client: Client,
    account_id: str,
    namespace_id: str,
    key: str,
    value: bytes,
    *,
    metadata: Any = None,
    expiration: int | None = None,
) -> None:
    """Write a value of at most 25 MiB as it is; what stood there is gone, its metadata and expiry as well.

    *expiration* is in epoch seconds, at least 60 ahead. Metadata takes a form, which costs the value's size
    in memory once more.
    """
    where = _of_key("values", account_id, namespace_id, key)
    if metadata is None:
        raw = {"Content-Type": "application/octet-stream"}
        client.put(where, data=value, headers=raw, expiration=expiration)
        return
    form = {"metadata": json.dumps(metadata), "value": (None, value, "application/octet-stream")}
    client.put(where, files=form, expiration=expiration)


def delete_value(client: Client, account_id: str, namespace_id: str, key: str) -> None:
    """Delete a key; one that is not there is deleted already."""
    client.delete(_of_key("values", account_id, namespace_id, key))


def put_bulk(client: Client, account_id: str, namespace_id: str, pairs: bytes) -> Any:
    """Write up to 10,000 pairs, a JSON list of at most 100 MB: `key`, `value`, `base64`, `metadata`,
    `expiration`. Gives `successful_key_count` and `unsuccessful_keys`: keys to be sent again.
    """
    where = path("/accounts/{}/storage/kv/namespaces/{}/bulk", account_id, namespace_id)
    return client.put(where, data=pairs, headers={"Content-Type": "application/json"})


def delete_bulk(client: Client, account_id: str, namespace_id: str, keys: list[str]) -> Any:
    """Delete up to 10,000 keys; gives what put_bulk does."""
    where = path("/accounts/{}/storage/kv/namespaces/{}/bulk/delete", account_id, namespace_id)
    return client.post(where, json=keys)


def check_key(key: str) -> None:
    """Raise UsageError for a key that Cloudflare forbids, before any request is made."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise UsageError(f"the key {key!r} is not valid text", hint="give the key in UTF-8") from None
    if key in ("", ".", ".."):
        raise UsageError(f"{key!r} cannot be a key", hint="Workers KV forbids empty keys, `.` and `..`")
    if size > KEY_BYTES:
        raise UsageError(f"the key has {size} bytes; Workers KV allows {KEY_BYTES}")


def _of_key(part: str, account_id: str, namespace_id: str, key: str) -> ApiPath:
    check_key(key)
    return path("/accounts/{}/storage/kv/namespaces/{}/{}/{}", account_id, namespace_id, part, key)
