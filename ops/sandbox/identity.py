"""Names, ids and dates that are the same in every sandbox, so that scans of two sandboxes are equal."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta


def stable_id(*words: object) -> str:
    """Return 32 hex digits that are always the same for *words*."""
    text = "\x1f".join(str(word) for word in words)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def stable_uuid(*words: object) -> str:
    """Return a UUID that is always the same for *words* (certificate packs, D1 databases)."""
    return str(uuid.UUID(hex=stable_id(*words), version=4))


ACCOUNT_ID = stable_id("account", "sandbox")
ACCOUNT_NAME = "Sandbox Account"
USER_ID = stable_id("user", "sandbox")
EMAIL = "admin@example.com"
# Dates of the account and its items.
CREATED = "2024-01-15T09:00:00.000000Z"
CHANGED = "2026-03-02T08:30:00.000000Z"

# Scripts that zone routes point to; the account's seed stores them under these names.
SCRIPTS = (
    *("api-gateway", "auth-edge", "image-resizer", "redirects"),
    *("cron-reports", "webhook-relay", "chat-room", "legacy-site"),
)

_FIRST_DAY = datetime(2025, 1, 6, tzinfo=UTC)
_DAYS = 380


def zone_id(name: str) -> str:
    """Return the id of the seeded zone with this name."""
    return stable_id("zone", name)


def past(*words: object) -> str:
    """Return a time between January 2025 and January 2026 that is always the same for *words*."""
    number = int(stable_id("date", *words)[:12], 16)
    moment = _FIRST_DAY + timedelta(seconds=number % (_DAYS * 86400), microseconds=number % 1_000_000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
