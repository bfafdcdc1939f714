"""The permissions that a token needs, from what the tasks and the kinds declare."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops.kinds.catalog import kinds

if TYPE_CHECKING:
    from ops.items import Json

# "Zone > DNS > Read", and several at once: "Zone > Zone, DNS > Read".
_PERMISSION = re.compile(r"\b(Account|Zone|User) > ([^>;]+?) > (Read|Edit|Purge)\b")
# A name may hold commas itself: "Access: Organizations, Identity Providers, and Groups".
_BETWEEN = re.compile(r", (?!Identity Providers, and |and )")
# Edit includes Read.
_STRENGTH = ("Read", "Purge", "Edit")


def named_in(text: str) -> set[str]:
    """Return the permissions in the words of a declaration, each as "Zone > DNS > Read"."""
    return {
        f"{scope} > {name} > {level}"
        for scope, names, level in _PERMISSION.findall(text)
        for name in _BETWEEN.split(names)
    }


def for_reading(declared: Iterable[str] = ()) -> set[str]:
    """Return what a scan of every kind needs, and the tasks that only read, from what they *declared*."""
    texts = (*(kind.needs for kind in kinds().values()), *declared)
    return {permission for text in texts for permission in named_in(text) if permission.endswith(" > Read")}


def for_everything(declared: Iterable[str] = ()) -> set[str]:
    """Return what every task needs, from what they *declared*, and writing each kind that can be written."""
    writable = {kind.needs for kind in kinds().values() if kind.writes}
    changing = {text.replace(" > Read", " > Edit") for needs in writable for text in named_in(needs)}
    named = {permission for text in declared for permission in named_in(text)}
    return strongest(for_reading() | changing | named)


def levels(declared: Iterable[str] = ()) -> list[Json]:
    """Return each permission group with its level in a token that only reads, and in one for every task."""
    texts = tuple(declared)
    reading = for_reading(texts)
    return [
        {"permission": group, "read_only": "Read" if f"{group} > Read" in reading else "", "full": level}
        for group, _, level in sorted(text.rpartition(" > ") for text in for_everything(texts))
    ]


def for_task(needs: str) -> set[str]:
    """Return what a task needs that declares *needs*; "Read on what …" stands for every kind."""
    found = named_in(needs)
    found |= for_reading() if "Read on what" in needs else set()
    return strongest(found | (for_everything() if "Edit on what" in needs or "undone" in needs else set()))


def strongest(permissions: set[str]) -> set[str]:
    """Return *permissions* without those that a stronger one of the same group includes."""
    best: dict[str, str] = {}
    for group, _, level in (text.rpartition(" > ") for text in permissions):
        best[group] = max(best.get(group, "Read"), level, key=_STRENGTH.index)
    return {f"{group} > {level}" for group, level in best.items()}
