"""The layout of a snapshot: the names of its folders and files, and the lines of its files.

The names are chosen here, never by the names of items in the account.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from ops.errors import UsageError
from ops.items import Json

SLUG_LENGTH = 80
MANIFEST = "manifest.json"
LATEST = "latest"
PARTIAL = ".partial-"
ENDING = ".tar.gz.age"
PARTIAL_ENDING = f".partial{ENDING}"
KEPT = ".sqlite"
"""The ending of a database with the tables of a snapshot, which is kept beside it."""

_PLAIN_ID = re.compile(r"[0-9a-f]{32}")
_NOT_SAFE = re.compile(r"[^a-z0-9._-]+")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,6}")
_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)-[0-9a-f]{4}")
_STAMP = "%Y-%m-%dT%H-%M-%SZ"
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def slug(name: str, *identity: str) -> str:
    """Return a safe file name for *name*: at most 80 readable characters and 12 hex digits of SHA-256.

    The hash is that of *identity*, else of the name, so names that differ only in case, in a replaced
    character or after the cut still get different files.
    """
    hashed = "\0".join(identity or (name,)).encode("utf-8", "surrogatepass")
    readable = _NOT_SAFE.sub("-", name.lower())[:SLUG_LENGTH].strip("-._") or "unnamed"
    return f"{readable}-{hashlib.sha256(hashed).hexdigest()[:12]}"


def account_folder(account_id: str) -> str:
    """Return the folder of an account: its id if that has the form of Cloudflare's ids, else a slug."""
    return account_id if is_plain_id(account_id) else slug(account_id)


def is_plain_id(text: str) -> bool:
    """True if *text* has the form of Cloudflare's ids."""
    return bool(_PLAIN_ID.fullmatch(text))


def timestamp(started: float) -> str:
    """Return the time in the name of a snapshot started at *started* (seconds since 1970)."""
    return f"{datetime.fromtimestamp(started, UTC):{_STAMP}}"


def snapshot_name(started: float, digits: str) -> str:
    """Return the name of a snapshot started at *started* (seconds since 1970); *digits* are 4 in hex."""
    return f"{timestamp(started)}-{digits}"


def snapshot_names(started: float) -> Iterator[str]:
    """Yield names for a snapshot started at *started*, in the order in which they are to be tried.

    The digits are the part of the second, so the names of an account are in the order of their snapshots. A
    60,000th is the unit, so that some names are left for a second that has been used to its end.
    """
    first = int(started % 1 * 60_000)
    return (snapshot_name(started, f"{number:04x}") for number in range(first, 0x10000))


def is_snapshot_name(name: str) -> bool:
    """True if *name* is the name of a snapshot's folder."""
    return bool(_NAME.fullmatch(name))


def is_encrypted_name(name: str) -> bool:
    """True if *name* is the name of an encrypted snapshot, complete or partial."""
    return name.endswith(ENDING) and is_snapshot_name(name.removesuffix(ENDING).removesuffix(".partial"))


def started_at(name: str) -> float | None:
    """Return when the snapshot called *name* was started, in seconds since 1970; None for other names."""
    match = _NAME.match(name)
    try:
        return datetime.strptime(match[1] if match else "", _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def dated(started: float) -> str:
    """Return when a snapshot was started: UTC, to the minute. *started* is in seconds since 1970."""
    return f"{datetime.fromtimestamp(started, UTC):%Y-%m-%d %H:%M}"


def age(started: float, now: float) -> str:
    """Return the age of a snapshot: "12 min old", up to three days "31 h old", then "5 days old"."""
    seconds = int(max(0.0, now - started))
    if seconds < 3600:
        return f"{seconds // 60} min old"
    return f"{seconds // 3600} h old" if seconds < 3 * 86_400 else f"{seconds // 86_400} days old"


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
_PERIOD = re.compile(r"([0-9]{1,6})([smhdwy])")


def period(text: str, option: str) -> float:
    """Return the seconds of *text*, such as "7d"; raises UsageError that names *option*."""
    match = _PERIOD.fullmatch(text.strip().lower())
    if not match:
        hint = f"e.g. {option} 26h, 7d or 4w"
        raise UsageError(f"{option} takes a number and a unit, not {text!r}", hint=hint)
    return float(int(match[1]) * _UNITS[match[2]])


def kind_file(kind: str) -> str:
    """Return the file of a kind's items."""
    return f"{kind}.jsonl"


def content_file(kind: str, owner_id: str, item_id: str, name: str) -> str:
    """Return the file for the content *name* of an item, e.g. below `scripts`; keeps a suffix like `.js`."""
    suffix = PurePosixPath(name.lower()).suffix
    if not _SUFFIX.fullmatch(suffix):
        suffix = ""
    folder = slug(item_id, kind, owner_id, item_id)
    stem = slug(name.lower().removesuffix(suffix), name)
    return f"{kind.partition('.')[2]}s/{folder}/{stem}{suffix}"


def values_file(kind: str, owner_label: str, owner_id: str) -> str:
    """Return the file for the values stored in a parent: `kv/<its name>-<hash>.jsonl`."""
    return f"{kind.partition('.')[0]}/{slug(owner_label, owner_id)}.jsonl"


def encode(value: Any) -> bytes:
    """Return *value* as a line of JSON, equal for equal values; lone surrogates are written as escapes."""
    return _ENCODER.encode(value).encode("utf-8", "backslashreplace") + b"\n"


def item_line(scope: str, item: Json) -> bytes:
    """Return the line of *item* in the file of its kind; *scope* is the id of its parent."""
    return encode({"item": item, "scope": scope})


def value_key(line: Json) -> tuple[str]:
    """Return the sort key of a line of stored values: the key that the value is stored under."""
    return (str(line["key"]),)


def decode(line: bytes) -> Json:
    """Return the object in a line; raises ValueError if it does not hold one."""
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("a line of a snapshot is a JSON object")
    return value
