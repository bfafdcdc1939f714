"""Merge: two lists in order of identity, side by side, so that each item meets its counterpart.

Memory stays flat: of either list only what has one identity is held at a time. Lines that are equal to the
byte are passed over without being parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

from ops.kinds.change import comparable
from ops.kinds.resource import Json, Resource, identity_of, reach
from ops.snapshots.lines import decode, encode
from ops.snapshots.spans import damaged, item

Pair = tuple[Json | None, Json | None]
Key = tuple[str, ...]


class Sorted:
    """Items of one owner, as lines of JSON in order of identity; *path* is the file they come from."""

    def __init__(self, lines: Iterator[bytes], key_of: Callable[[Json], Key], path: Path) -> None:
        self._next = lines.__next__
        self._key_of, self._path = key_of, path
        self._item: Json = {}
        self._key: Key | None = None
        self._last: Key = ()
        self.line: bytes | None = None
        self.step()

    def step(self) -> None:
        """Go on to the next line; *line* is None after the last one."""
        try:
            self.line = self._next()
        except StopIteration:
            self.line = None
        self._key = None

    @property
    def key(self) -> Key:
        """Give the identity of the present item; raises Damaged where the file is not in order."""
        if self._key is None:
            assert self.line is not None  # noqa: S101 (nobody asks for a key after the last line)
            self._item = item(self._path, self.line)
            self._key = self._key_of(self._item)
            if self._key < self._last:
                raise damaged(self._path)
            self._last = self._key
        return self._key

    def take(self) -> Json:
        """Give the item whose key was asked for, and go on."""
        found = self._item
        self.step()
        return found

    def goes_on(self, key: Key) -> bool:
        """Say whether the present item has this identity."""
        return self.line is not None and self.key == key


def pairs(resource: Resource, old: Sorted, new: Sorted) -> Iterator[Pair]:
    """Yield each item of *old* with the one of *new* that has its identity; None where there is none.

    Pairs that are equal to the byte are left out. Several items of one identity are paired so that as many
    as possible are the same.
    """
    return side_by_side(old, new, lambda: _of_one_identity(resource, old, new))


def side_by_side(
    old: Sorted, new: Sorted, together: Callable[[], Iterator[Pair]] | None = None
) -> Iterator[Pair]:
    """Yield each item of *old* with the one of *new* that has its key; None where there is none.

    *together* pairs the items of one key where there may be several.
    """
    while old.line is not None and new.line is not None:
        if old.line == new.line:
            old.step()
            new.step()
        elif old.key == new.key:
            yield from together() if together else ((old.take(), new.take()),)
        elif old.key < new.key:
            yield old.take(), None
        else:
            yield None, new.take()
    for before in _rest(old):
        yield before, None
    for after in _rest(new):
        yield None, after


def _rest(items: Sorted) -> Iterator[Json]:
    while items.line is not None and items.key is not None:
        yield items.take()


def _of_one_identity(resource: Resource, old: Sorted, new: Sorted) -> Iterator[Pair]:
    key, before, after = old.key, [old.take()], [new.take()]
    while old.goes_on(key):
        before.append(old.take())
    while new.goes_on(key):
        after.append(new.take())
    if len(before) == len(after) == 1:
        yield before[0], after[0]
    else:
        yield from _likest(resource, before, after)


def _likest(resource: Resource, old: list[Json], new: list[Json]) -> Iterator[Pair]:
    """Pair those that are the same, then the others."""
    waiting: dict[bytes, list[Json]] = {}
    for found in new:
        waiting.setdefault(_seen(resource, found), []).append(found)
    left = []
    for found in old:
        if same := waiting.get(_seen(resource, found)):
            same.pop()
        else:
            left.append(found)
    yield from zip_longest(left, [found for same in waiting.values() for found in same])


def by_key(resource: Resource, found: Iterator[Pair]) -> Iterator[Pair]:
    """Yield *found*, and match by their key those items that nothing on the other side is identical with.

    What only *old* has comes before what only *new* has.
    """
    if resource.key in resource.identity:
        yield from found
        return
    # As lines: they take a third of the memory.
    left: tuple[dict[str, bytes], dict[str, bytes]] = {}, {}
    for before, after in found:
        one = before if after is None else after
        key = reach(one or {}, resource.key)
        side = left[before is None]
        if (before is not None and after is not None) or not isinstance(key, str) or key in side:
            yield before, after
        else:
            side[key] = encode(one)
    for key in [key for key in left[0] if key in left[1]]:
        yield decode(left[0].pop(key)), decode(left[1].pop(key))
    yield from ((decode(line), None) for line in left[0].values())
    yield from ((None, decode(line)) for line in left[1].values())


def _seen(resource: Resource, found: Json) -> bytes:
    return encode(comparable(resource, found))


def key_of(resource: Resource) -> Callable[[Json], Key]:
    """Give what a list of *resource* is in the order of."""
    if len(resource.identity) == 1 and "." not in resource.identity[0]:
        (name,) = resource.identity

        def by_name(found: Json) -> Key:
            value = found.get(name)
            return (value if isinstance(value, str) else "" if value is None else str(value),)

        return by_name
    return lambda found: identity_of(resource, found)
