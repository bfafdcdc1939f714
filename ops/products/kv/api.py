"""Workers KV: namespaces, keys and values, as the API sends them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ops.errors import AmbiguousName, NotFound, UsageError
from ops.http.paths import path
from ops.http.shape import instance, require
from ops.kinds.paging import Cursor, Pages

if TYPE_CHECKING:
    from ops.http.client import Client, Listing, Raw
    from ops.http.paths import ApiPath
    from ops.items import Json
    from ops.kinds.resource import Owner

KEYS_PAGE = 1000
BULK_GET = 100
BULK_PAIRS = 10_000
BULK_BYTES = 100_000_000
KEY_BYTES = 512
VALUE_LIMIT = 25 << 20
_ID = re.compile(r"[0-9a-f]{32}")

# 100 is allowed by the older and the newer specification; the newer one alone allows 1,000.
NAMESPACE_PAGING = Pages(100, order="title", least=5)
KEY_PAGING = Cursor(KEYS_PAGE, ordered_by="name", identity="name", ahead=True)
NAMESPACES = "/accounts/{account}/storage/kv/namespaces"
NAMESPACE = f"{NAMESPACES}/{{namespace}}"

# The code of a 404 that means the namespace, not the key.
NO_NAMESPACE = 10013


def list_namespaces(client: Client, account_id: str) -> Listing:
    """List an account's namespaces: `id`, `title`, `supports_url_encoding`."""
    return NAMESPACE_PAGING.read(client, path(NAMESPACES, account=account_id)).map(_namespace)


def _namespace(item: Any) -> Json:
    return require(item, "a KV namespace", id=str, title=str)


def get_namespace(client: Client, account_id: str, namespace_id: str) -> Json:
    """Return one namespace. Raise NotFound (10013)."""
    return _namespace(client.get(path(NAMESPACE, account=account_id, namespace=namespace_id)))


def find_namespace(client: Client, account_id: str, name_or_id: str) -> Json:
    """Return the namespace with this id or exactly this title. Raise NotFound or AmbiguousName."""
    if is_id(name_or_id):
        return get_namespace(client, account_id, name_or_id)
    found = [one for one in list_namespaces(client, account_id) if one["title"] == name_or_id]
    if not found:
        raise no_namespace(name_or_id)
    if len(found) > 1:
        hint = "use the id of one of them: " + ", ".join(one["id"] for one in found)
        raise AmbiguousName(f"{len(found)} KV namespaces have the title {name_or_id!r}", hint=hint)
    return found[0]


def no_namespace(name_or_id: str) -> NotFound:
    """Return the error for a namespace that does not exist."""
    hint = "`inv kv.list` lists the namespaces of the account"
    return NotFound(f"no KV namespace with the title or id {name_or_id!r}", 404, hint=hint)


def is_id(name: str) -> bool:
    """True if *name* looks like the id of a namespace."""
    return bool(_ID.fullmatch(name))


def list_keys(client: Client, namespace: Owner, *, prefix: str = "", ahead: bool = True) -> Listing:
    """List keys in UTF-8 order: `name`, `expiration` (epoch s), `metadata`. *ahead* prefetches all pages."""
    paging = KEY_PAGING._replace(ahead=ahead)
    return paging.read(client, _within(namespace, "keys"), prefix=prefix).map(_key)


def _key(item: Json) -> Json:
    # A namespace may have millions of keys: the common case is checked without a call.
    if type(item.get("name")) is not str or type(item.get("expiration", 0)) is not int:
        require(item, "a key", name=str, expiration=int, optional=("expiration",))
    return item


def get_value(client: Client, namespace: Owner, key: str) -> Raw:
    """Return a value as raw bytes, with a header `expiration` if it expires. Raise NotFound (10009)."""
    return client.raw(_within(namespace, "values", key), limit=VALUE_LIMIT)


def describe_key(client: Client, namespace: Owner, key: str) -> Json:
    """Return a key as a listing does, with 2 requests that unlike the listing do not lag behind a write."""
    metadata, value = get_metadata(client, namespace, key), get_value(client, namespace, key)
    value.content()
    expiration = expiration_of(value)
    described: Json = {"name": key, "metadata": metadata}
    return described | ({"expiration": expiration} if expiration else {})


def find_key(client: Client, namespace: Owner, key: str) -> Json:
    """Return a key as describe_key does, from the listing, which may lag behind a write. Raise NotFound."""
    for listed in list_keys(client, namespace, prefix=key):
        if listed["name"] == key:
            return {"metadata": None, **listed}
    raise NotFound(f"no key {key!r}", 404, hint="`inv kv.keys --namespace …` lists the keys")


def get_metadata(client: Client, namespace: Owner, key: str) -> Any:
    """Return the metadata of a key, None if it has none. Raise NotFound (10009)."""
    return client.envelope(_within(namespace, "metadata", key)).get("result")


def expiration_of(value: Raw) -> int | None:
    """Return when *value* expires, in epoch seconds; None if it does not."""
    text = value.headers.get("expiration", "")
    return int(text) if text.isdecimal() else None


def get_text_values(client: Client, namespace: Owner, keys: list[str]) -> dict[str, str | None]:
    """Return up to 100 values as text: None for a missing key, U+FFFD for bytes that are not UTF-8."""
    values = _get_bulk(client, namespace, {"keys": keys})
    for key in keys:
        if values.get(key) is not None:
            instance(values[key], str, f"the value of {key!r}")
    return values


def get_pairs(client: Client, namespace: Owner, keys: list[str]) -> dict[str, Json | None]:
    """Return up to 100 values as get_text_values does, each with `value`, `metadata` and `expiration`."""
    pairs = _get_bulk(client, namespace, {"keys": keys, "withMetadata": True})
    for key in keys:
        if pairs.get(key) is not None:
            optional = ("value", "expiration")
            require(pairs[key], f"the value of {key!r}", value=str, expiration=int, optional=optional)
    return pairs


def _get_bulk(client: Client, namespace: Owner, body: Json) -> Json:
    result = client.query(_within(namespace, "bulk/get"), {**body, "type": "text"})
    values: Json = require(result, "the result of a bulk get", values=dict)["values"]
    return values


def create_namespace(client: Client, account: Owner, item: Json) -> Json:
    """Create a namespace. Raise Conflict (10014) if one has its title."""
    body = {name: item[name] for name in ("title", "jurisdiction") if item.get(name)}
    return _namespace(client.post(path(NAMESPACES, account=account.id), json=body))


def rename_namespace(client: Client, account: Owner, before: Json, after: Json) -> Json:
    """Change the title of a namespace; it keeps its id and its keys. Raise Conflict (10014)."""
    client.put(path(NAMESPACE, account=account.id, namespace=before["id"]), json={"title": after["title"]})
    return {**before, "title": after["title"]}


def delete_namespace(client: Client, account: Owner, item: Json) -> None:
    """Delete a namespace with all its keys. Raise NotFound (10013)."""
    client.delete(path(NAMESPACE, account=account.id, namespace=item["id"]))


def put_value(client: Client, namespace: Owner, item: Json) -> None:
    """Replace the value (up to 25 MiB), the metadata and the expiry of a key."""
    where, expiration = _within(namespace, "values", item["key"]), item.get("expiration")
    if item.get("metadata") is None:
        raw = {"Content-Type": "application/octet-stream"}
        client.put(where, data=item["value"], headers=raw, expiration=expiration)
        return
    # A form needs the size of the value in memory a second time.
    value = (None, item["value"], "application/octet-stream")
    form = {"metadata": json.dumps(item["metadata"]), "value": value}
    client.put(where, files=form, expiration=expiration)


def delete_value(client: Client, namespace: Owner, key: str) -> None:
    """Delete a key; a missing key is not an error."""
    client.delete(_within(namespace, "values", key))


def put_bulk(client: Client, namespace: Owner, pairs: bytes) -> Json:
    """Write up to 10,000 pairs, a JSON list of at most 100 MB: `key`, `value`, `base64`, `metadata`,
    `expiration`. Return `successful_key_count` and `unsuccessful_keys`: the keys to send again.
    """
    headers = {"Content-Type": "application/json"}
    return client.put(_within(namespace, "bulk"), data=pairs, headers=headers)


def delete_bulk(client: Client, namespace: Owner, keys: list[str]) -> Json:
    """Delete up to 10,000 keys; return what put_bulk does."""
    return client.post(_within(namespace, "bulk/delete"), json=keys)


def check_key(key: str) -> None:
    """Raise UsageError for a key that Cloudflare forbids."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise UsageError(f"the key {key!r} is not valid UTF-8", hint="write the key in UTF-8") from None
    if key in ("", ".", ".."):
        raise UsageError(f"{key!r} is not a valid key", hint="Workers KV forbids empty keys, `.` and `..`")
    if size > KEY_BYTES:
        raise UsageError(f"the key has {size} bytes; Workers KV allows {KEY_BYTES}", hint="use a shorter key")


def _within(namespace: Owner, part: str, key: str | None = None) -> ApiPath:
    where = {"account": namespace.account_id, "namespace": namespace.id}
    if key is None:
        return path(f"{NAMESPACE}/{part}", **where)
    check_key(key)
    return path(f"{NAMESPACE}/{part}/{{key}}", key=key, **where)
