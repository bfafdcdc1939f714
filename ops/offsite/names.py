"""What a snapshot is called in a bucket: as it is called here, and nothing else is taken for one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ops.snapshots.encrypt import ENDING, PARTIAL_ENDING

_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)-[0-9a-f]{4}")
_PARTIAL = PARTIAL_ENDING.removesuffix(ENDING)
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")


def is_folder(name: str) -> bool:
    return bool(_NAME.fullmatch(name))


def is_sealed(name: str) -> bool:
    """Say whether *name* is that of an encrypted snapshot, whole or partial."""
    return name.endswith(ENDING) and is_folder(name.removesuffix(ENDING).removesuffix(_PARTIAL))


def is_account(name: str) -> bool:
    """Say whether *name* may be the folder of an account."""
    return bool(_ACCOUNT.fullmatch(name))


def moment(name: str) -> float:
    """Give when the snapshot called *name* was begun, in seconds since 1970; 0 where no such day is."""
    match = _NAME.match(name)
    try:
        told = datetime.strptime(match[1] if match else "", "%Y-%m-%dT%H-%M-%SZ")
        return told.replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
