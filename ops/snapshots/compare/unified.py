"""Unified: differences as text that pagers color, `git apply` understands and people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import unified_diff
from typing import TYPE_CHECKING

from ops.kinds.resource import Json
from ops.snapshots.compare.difference import CHANGED, CREATED, DELETED, UNKNOWN, Difference

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTHING = "/dev/null"
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-*@")


def unified(differences: Iterable[Difference]) -> Iterator[bytes]:
    """Yield a piece of text for each item, one file an item: `a/<kind>/<owner>/<name>.json`.

    What is unknown is a line that begins with `#`, which every reader of such text passes over. Nothing in
    it can reach a terminal as anything but text.
    """
    from ops.ui.escape import json_text, printable

    def shown(item: Json | None) -> list[str]:
        ordered = dict(sorted(item.items())) if item is not None else {}
        return json_text(ordered, indent=2).splitlines() if item is not None else []

    for difference in differences:
        if difference.change == UNKNOWN:
            (_, was, now), *_ = difference.fields
            told = f"# unknown: {difference.kind} {difference.scope} ({was} / {now}) {difference.reason}"
            yield (printable(told.strip()) + "\n").encode()
        else:
            yield "".join(line + "\n" for line in _patch(difference, shown)).encode()


def _patch(difference: Difference, shown: Callable[[Json | None], list[str]]) -> Iterator[str]:
    before, after = _states(difference)
    path = "/".join(_part(part) for part in (difference.kind, difference.scope, difference.name) if part)
    old, new = f"a/{path}.json", f"b/{path}.json"
    yield f"diff --git {old} {new}"
    if difference.change == CREATED:
        yield "new file mode 100644"
    elif difference.change == DELETED:
        yield "deleted file mode 100644"
    names = (old if before is not None else _NOTHING, new if after is not None else _NOTHING)
    yield from unified_diff(shown(before), shown(after), *names, lineterm="")


def _states(difference: Difference) -> tuple[Json | None, Json | None]:
    """Give both states; of what is only known by its fields, these."""
    if difference.change == CHANGED and not difference.before and not difference.after:
        old = {field: value for field, value, _ in difference.fields}
        return old, {field: value for field, _, value in difference.fields}
    return difference.before, difference.after


def _part(name: str) -> str:
    """Give *name* as a part of a path that no reader takes for anything else: other characters as %XX."""
    told = "".join(
        c if c in _PLAIN else "".join(f"%{byte:02X}" for byte in c.encode("utf-8", "surrogatepass"))
        for c in name
    )
    return "%2E" * len(told) if set(told) == {"."} else told
