"""The values of an item as text of a cell, the same in every format with cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ops.items import reach
from ops.ui.escape import json_text

if TYPE_CHECKING:
    from ops.items import Json


def value_at(item: Json, field: str) -> Any:
    """Return the value of *field*, by its own name first, then as a path with dots; None if absent."""
    return item[field] if field in item else reach(item, field)


def cell(value: Any) -> str:
    """Return *value* as text: "" for None, true/false, numbers as in JSON, nested values as compact JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def cells(item: Json, columns: Iterable[str]) -> list[str]:
    return [cell(value_at(item, column)) for column in columns]


def table_cell(value: Any) -> str:
    """Return *value* as the text of a table's cell: a list of plain values is joined by commas, not JSON."""
    if isinstance(value, list) and not any(isinstance(inside, dict | list) for inside in value):
        return ", ".join(map(cell, value))
    return cell(value)


def has_field(item: Json, field: str) -> bool:
    """True if *item* has *field*, even if its value is null."""
    if field in item:
        return True
    parent, dot, name = field.rpartition(".")
    inside = value_at(item, parent) if dot else None
    return isinstance(inside, dict) and name in inside


def field_names(item: Json, prefix: str = "") -> Iterator[str]:
    """Yield the paths of all values of *item*, nested ones with dots."""
    for name, value in item.items():
        yield prefix + name
        if isinstance(value, dict):
            yield from field_names(value, f"{prefix}{name}.")


def union_of_fields(items: Iterable[Json]) -> tuple[str, ...]:
    """Return the fields of all *items*, in the order of appearance."""
    return tuple(dict.fromkeys(name for item in items for name in item))


def readable_size(size: int) -> str:
    """Return a number of bytes in words: 812 B, 3.4 kB, 1.2 MB."""
    if size < 1000:
        return f"{size} B"
    amount, units = float(size), iter(("kB", "MB", "GB", "TB"))
    unit = ""
    while round(amount, 1) >= 1000:
        amount, unit = amount / 1000, next(units)
    return f"{amount:.1f} {unit}"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: 1 record, 1,200 entries, 2 addresses."""
    plural = f"{noun}es" if noun.endswith(("s", "x", "ch")) else f"{noun}s"
    if noun.endswith("y") and noun[-2:] not in ("ay", "ey"):
        plural = f"{noun[:-1]}ies"
    return f"{count:,} {noun if count == 1 else plural}"


def sparkline(values: Sequence[float], width: int = 32) -> str:
    """Return a character for each of *values*, as high as it is of the highest.

    Of more than *width* values, a character stands for the mean of some neighbours.
    """
    together = -(-len(values) // width) or 1
    parts = [values[at : at + together] for at in range(0, len(values), together)]
    means = [sum(part) / len(part) for part in parts]
    most = max(means, default=0)
    return "".join("▁▂▃▄▅▆▇█"[min(7, int(8 * value / most))] if most > 0 else "▁" for value in means)


def bar(value: float | None, most: float, width: int = 10) -> str:
    """Return a bar as long as *value* is of *most*, in eighths of a character; "" for None."""
    if value is None or most <= 0:
        return ""
    eighths = round(8 * width * min(1.0, value / most))
    return str("█" * (eighths // 8) + ("", *"▏▎▍▌▋▊▉")[eighths % 8])
