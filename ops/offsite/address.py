"""Addresses: s3://bucket/prefix is where snapshots are stored, s3://bucket/prefix/NAME one of them.

A prefix contains what exports/ contains on this machine: a folder per account, with its snapshots.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ops.errors import UsageError
from ops.snapshots.layout import is_plain_id

SCHEME = "s3://"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# What needs no escaping in a key; a segment of only dots means another folder to many programs.
_SEGMENT = re.compile(r"(?!\.+$)[A-Za-z0-9!_.*'()=@+,-]{1,200}")
_NAME = re.compile(r"latest|previous|\d{4}-\d\d-\d\d[0-9A-Za-z.:-]*")


class BucketPrefix(NamedTuple):
    """A prefix in a bucket; *prefix* is empty, or ends in a slash."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, *parts: str) -> str:
        """Return the key of *parts* below the prefix."""
        return self.prefix + "/".join(parts)


def read_prefix(text: str, option: str) -> BucketPrefix:
    """Return the prefix in *text*, the value of *option*; raises UsageError if it is not one."""
    bucket, segments = _split(text, f"{option} {text}", f"{option} s3://BUCKET/PREFIX")
    if segments and is_plain_id(segments[-1]):
        raise UsageError(
            f"{option} {text} names an account: each account gets its own folder below the prefix",
            hint=f"{option} {text.rstrip('/').rpartition('/')[0]}, and --account-id for the account",
        )
    return BucketPrefix(bucket, "".join(f"{segment}/" for segment in segments))


def read_snapshot(text: str) -> tuple[BucketPrefix, str, str]:
    """Return (prefix, account, name) of the snapshot's address *text*; the account is "" if it is not named.

    Raises UsageError if it is not an address of a snapshot.
    """
    hint = f"{text.rstrip('/')}/latest is the newest snapshot below that prefix"
    where, _, name = text.rpartition("/")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{text} does not name a snapshot", hint=hint)
    bucket, above = _split(where, text, hint)
    account = above.pop() if above and is_plain_id(above[-1]) else ""
    return BucketPrefix(bucket, "".join(f"{segment}/" for segment in above)), account, name


def _split(text: str, shown: str, hint: str) -> tuple[str, list[str]]:
    if not text.startswith(SCHEME):
        raise UsageError(f"{shown}: not an address in a bucket", hint=hint)
    bucket, _, rest = text.removeprefix(SCHEME).partition("/")
    segments = rest.removesuffix("/").split("/") if rest else []
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(f"{shown}: {bucket!r} is not a valid name of a bucket", hint=hint)
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise UsageError(f"{shown}: {segment!r} has characters that need escaping", hint=hint)
    return bucket, segments
