"""Addresses: s3://bucket/prefix is a place that snapshots are kept in, s3://bucket/prefix/NAME one of them.

A prefix holds what exports/ holds on this machine: a folder for each account, its snapshots in that.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ops.errors import UsageError
from ops.snapshots.layout import is_plain_id

SCHEME = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# What needs no escaping in a key; a segment of dots alone means another folder to many programs.
_SEGMENT = re.compile(r"(?!\.+$)[A-Za-z0-9!_.*'()=@+,-]{1,200}")
_NAME = re.compile(r"latest|previous|\d{4}-\d\d-\d\d[0-9A-Za-z.:-]*")


class Place(NamedTuple):
    """A prefix in a bucket; *prefix* is empty, or ends in a slash."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, *parts: str) -> str:
        """Return the key of what lies below the prefix."""
        return self.prefix + "/".join(parts)


def is_address(name: str) -> bool:
    return name.startswith(SCHEME)


def place(text: str, option: str) -> Place:
    """Read a place as it was typed after *option*; raises UsageError for what is none."""
    bucket, segments = _split(text, f"{option} {text}", f"{option} s3://BUCKET/PREFIX")
    if segments and is_plain_id(segments[-1]):
        raise UsageError(
            f"{option} {text} names an account: each gets a folder of its own below the place",
            hint=f"{option} {text.rstrip('/').rpartition('/')[0]}, and --account-id says which account",
        )
    return Place(bucket, "".join(f"{segment}/" for segment in segments))


def snapshot(text: str) -> tuple[Place, str, str]:
    """Read the address of a snapshot: where it lies, the account where that is named, and its name there.

    Raises UsageError for what is none.
    """
    hint = f"{text.rstrip('/')}/latest is the newest, where that is the place"
    where, _, name = text.rpartition("/")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{text} names no snapshot", hint=hint)
    bucket, above = _split(where, text, hint)
    account = above.pop() if above and is_plain_id(above[-1]) else ""
    return Place(bucket, "".join(f"{segment}/" for segment in above)), account, name


def _split(text: str, told: str, hint: str) -> tuple[str, list[str]]:
    if not is_address(text):
        raise UsageError(f"{told}: not an address in a bucket", hint=hint)
    bucket, _, rest = text.removeprefix(SCHEME).partition("/")
    segments = rest.removesuffix("/").split("/") if rest else []
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(f"{told}: {bucket!r} is no name of a bucket", hint=hint)
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise UsageError(f"{told}: {segment!r} is not plainly written", hint=hint)
    return bucket, segments
