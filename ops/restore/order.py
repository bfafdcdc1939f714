"""Order: what is put back first, so that all that names it finds it there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from ops.kinds.resource import Json, Resource

T = TypeVar("T")


def ordered(resources: Sequence[Resource]) -> list[Resource]:
    """Give *resources* in an order in which each comes after what it lies in and what it may name."""
    by_kind = {resource.kind: resource for resource in resources}

    def before(resource: Resource) -> Iterable[Resource]:
        named = (resource.parent, *(kind for _, kind in resource.links), *resource.restore.mentions)
        return (by_kind[kind] for kind in named if kind in by_kind)

    return after(resources, before, key=lambda resource: resource.kind)


def after(
    things: Sequence[T], before: Callable[[T], Iterable[T]], *, key: Callable[[T], Hashable]
) -> list[T]:
    """Give *things*, each after those that *before* gives for it; else, and in a circle, as they come."""
    placed: list[T] = []
    seen: set[Hashable] = set()

    def place(thing: T) -> None:
        if key(thing) not in seen:
            seen.add(key(thing))
            for earlier in before(thing):
                place(earlier)
            placed.append(thing)

    for thing in things:
        place(thing)
    return placed


def strings(value: Any) -> Iterable[str]:
    """Yield every text inside *value*."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for held in value.values():
            yield from strings(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from strings(held)


def mapped(value: Any, moved: Json) -> Any:
    """Give *value* with each text that *moved* names as it is named now."""
    if isinstance(value, str):
        return moved.get(value, value)
    if isinstance(value, dict):
        return {name: mapped(held, moved) for name, held in value.items()}
    return [mapped(held, moved) for held in value] if isinstance(value, list) else value
