"""Changes in words: a line each, old → new."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ops.kinds.change import CREATE, DELETE, UNCHANGED
from ops.kinds.resource import reach
from ops.writes.compare import NOTHING

if TYPE_CHECKING:
    from ops.kinds.change import Change

LINES = 20
WIDTH = 60


def lines(changes: Sequence[Change]) -> Iterator[str]:
    """Yield a line for each change that changes something, and a count of what is not shown."""
    moving = [change for change in changes if change.action != UNCHANGED]
    yield from map(line, moving[:LINES])
    if len(moving) > LINES:
        yield f"… and {counted(moving[LINES:])}"
    for change in changes[:LINES] if not moving else ():
        yield f"unchanged {name(change)}: it is as it shall be"


def line(change: Change) -> str:
    """Give *change* in one line."""
    told = differences(change)
    return f"{change.action} {name(change)}{f': {told}' if told and change.action != DELETE else ''}"


def differences(change: Change) -> str:
    """Give what *change* makes of each field."""
    told = (d for d in change.differences() if d[1] not in NOTHING or d[2] not in NOTHING)
    return ", ".join(_field(change, *difference) for difference in told)


def name(change: Change) -> str:
    """Give what people know the item by, its kind before it and its content behind it."""
    item, kind = change.item, change.resource.kind
    kind = f"{item['type']} record" if kind.endswith(".record") and "type" in item else kind
    content = reach(item, "content")
    more = f" {_short(content)}" if isinstance(content, str) and change.action == DELETE else ""
    return f"{kind} {change.label}{more}"


def counted(changes: Sequence[Change]) -> str:
    """Give how many of each action there are, in words."""
    counts = Counter(change.action for change in changes)
    return ", ".join(f"{n} to {action}" for action, n in counts.items())


def _field(change: Change, field: str, old: object, new: object) -> str:
    if change.action == CREATE:
        return f"{field} {_short(new)}"
    return f"{field} {_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    text = value if isinstance(value, str) else json.dumps(_countable(value), ensure_ascii=False)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}… ({len(text):,} characters)"


def _countable(value: Any) -> Any:
    """Give *value* with bytes told by their number."""
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, dict):
        return {name: _countable(inside) for name, inside in value.items()}
    return [_countable(inside) for inside in value] if isinstance(value, list | tuple) else value
