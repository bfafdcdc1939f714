"""What a snapshot is called: the time at which it was begun, and four digits that tell it from others."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ops.snapshots.sealed.encrypt import ENDING, PARTIAL_ENDING

_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)-[0-9a-f]{4}")
_NAMED = "%Y-%m-%dT%H-%M-%SZ"
_PARTIAL = PARTIAL_ENDING.removesuffix(ENDING)


def is_folder(name: str) -> bool:
    """True if a folder that is called *name* is, or should be, a snapshot."""
    return bool(_NAME.fullmatch(name))


def is_sealed(name: str) -> bool:
    """True if *name* is that of an encrypted snapshot, whole or partial."""
    return name.endswith(ENDING) and is_folder(name.removesuffix(ENDING).removesuffix(_PARTIAL))


def moment(name: str) -> float | None:
    """Return when the snapshot called *name* was started, in seconds since 1970; None for another name."""
    match = _NAME.match(name)
    try:
        return datetime.strptime(match[1] if match else "", _NAMED).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def stamp(started: float) -> str:
    """Return the time in the name of a snapshot that was begun at *started* (seconds since 1970)."""
    return f"{datetime.fromtimestamp(started, UTC):{_NAMED}}"
