"""Cover: what a page never shows, and what a page for outsiders does not show either."""

from __future__ import annotations

import re
from typing import Any

from ops.checks.workers.secret_in_plain_text import problem_of
from ops.items import Json

COUNTED = frozenset({"kv.key", "do.object"})
"""Kinds of which a page has the counts only: their names are data of users."""
MOST_ITEMS = 200_000
"""A kind with more items is only counted."""

HIDDEN = "[hidden: it looks like a secret]"
_SETTINGS = "workers.settings"
_PLAIN = ("plain_text", "json")

ADDRESS, MAIL = "[address]", "[mail]"
_MAIL = re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?(?![\w.])")
_IPV6 = re.compile(r"(?<![\w:])(?=[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:)[0-9a-fA-F:.]{2,45}(/\d{1,3})?(?![\w:])")
_CLOCK = re.compile(r"\d{1,2}:\d\d:\d\d(\.\d+)?")

# What outsiders may see of an item, besides its name and its parent: states, never contents.
_PUBLIC = frozenset(
    {
        "type", "status", "enabled", "proxied", "paused", "ttl", "priority", "plan.name", "development_mode",
        "compatibility_date", "usage_model", "created_on", "modified_on", "expires_on", "created_at",
        "modified_at", "activated_on", "location", "jurisdiction", "ends", "certificate_authority",
        "validity_days", "script", "service", "cron", "class",
    }
)  # fmt: skip


# Kinds that are called by what they hold.
_CONTENTS = ("value", "content")


def masked(kind: str, value: Any) -> Any:
    """Return *value*, of an item of *kind*, without plain variables of Workers that look like secrets."""
    if kind != _SETTINGS:
        return value
    if isinstance(value, list):
        return [masked(kind, one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") in _PLAIN and problem_of(str(value.get("name")), value):
        return {name: HIDDEN if name in ("text", "json") else one for name, one in value.items()}
    return {name: masked(kind, one) for name, one in value.items()}


class Cover:
    """What of items and texts is shown. With *redact*, no addresses, no contents and no mail addresses."""

    def __init__(self, *, redact: bool) -> None:
        self.redact = redact

    def text(self, written: str) -> str:
        """Return *written*, for outsiders without addresses."""
        if not self.redact:
            return written
        written = _MAIL.sub(MAIL, written)
        written = _IPV4.sub(ADDRESS, written)
        return _IPV6.sub(lambda found: found[0] if _CLOCK.fullmatch(found[0]) else ADDRESS, written)

    def item(self, kind: str, item: Json) -> Json:
        """Return *item* as it is shown."""
        found: Json = masked(kind, item)
        return found

    def column(self, name: str, label: str) -> bool:
        """True if the column *name* of a kind whose items are called by the field *label* is shown."""
        return not self.redact or (name == label and label not in _CONTENTS) or name in _PUBLIC

    def value(self, value: Any) -> Any:
        """Return the *value* of a column; for outsiders texts are cleaned and what is nested is left out."""
        if not self.redact:
            return value
        if isinstance(value, str):
            return self.text(value)
        return None if isinstance(value, dict | list) else value
