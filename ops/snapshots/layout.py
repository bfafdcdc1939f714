"""The names of folders and files in a snapshot: chosen here, never by the names of things in the account."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import PurePosixPath

SLUG_LENGTH = 80
MANIFEST = "manifest.json"
LATEST = "latest"
PARTIAL = ".partial-"

_PLAIN_ID = re.compile(r"[0-9a-f]{32}")
_NOT_SAFE = re.compile(r"[^a-z0-9._-]+")
_ENDING = re.compile(r"\.[a-z0-9]{1,6}")


def slug(name: str, *identity: str) -> str:
    """Return a safe file name for *name*: at most 80 readable characters and 12 hex of SHA-256.

    The hash is that of *identity*, else of the name, so names that differ only in case, in what was
    replaced or in what was cut away still get files of their own.
    """
    told_apart = "\0".join(identity or (name,)).encode("utf-8", "surrogatepass")
    readable = _NOT_SAFE.sub("-", name.lower())[:SLUG_LENGTH].strip("-._") or "unnamed"
    return f"{readable}-{hashlib.sha256(told_apart).hexdigest()[:12]}"


def account_folder(account_id: str) -> str:
    """Return the folder of an account: its id as Cloudflare writes ids, anything else as a slug."""
    return account_id if is_plain_id(account_id) else slug(account_id)


def is_plain_id(text: str) -> bool:
    """True if *text* is an id as Cloudflare writes ids."""
    return bool(_PLAIN_ID.fullmatch(text))


def snapshot_name(started: float, chance: str) -> str:
    """Return the name of a snapshot begun at *started* (seconds since 1970), *chance* being 4 hex digits."""
    return f"{datetime.fromtimestamp(started, UTC):%Y-%m-%dT%H-%M-%SZ}-{chance}"


def kind_file(kind: str) -> str:
    """Return the file that holds a kind's items."""
    return f"{kind}.jsonl"


def contents_folder(kind: str) -> str:
    """Return the folder of the contents of a kind: `scripts` for `workers.script`."""
    return f"{kind.partition('.')[2]}s"


def content_file(kind: str, owner_id: str, item_id: str, name: str) -> str:
    """Return the file for the content *name* of an item; a short ending such as `.js` is kept."""
    ending = PurePosixPath(name.lower()).suffix
    if not _ENDING.fullmatch(ending):
        ending = ""
    folder = slug(item_id, kind, owner_id, item_id)
    stem = slug(name.lower().removesuffix(ending), name)
    return f"{contents_folder(kind)}/{folder}/{stem}{ending}"


def values_file(kind: str, owner_label: str, owner_id: str) -> str:
    """Return the file for the values stored in an owner: `kv/<its name>-<hash>.jsonl`."""
    return f"{kind.partition('.')[0]}/{slug(owner_label, owner_id)}.jsonl"
