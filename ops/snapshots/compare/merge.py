"""Merge: two lists in order of identity, side by side, so that each item meets its counterpart.

Memory stays flat: of each list only the items of one identity are held at a time. Lines that are equal to
the byte are skipped without being parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

from ops.items import Json, reach
from ops.kinds.resource import Resource, identity_of
from ops.snapshots.layout import decode, encode
from ops.snapshots.snapshot import damaged, parse_item

Match = tuple[Json | None, Json | None]
Key = tuple[str, ...]


class Sorted:
    """Items of one parent, as lines of JSON in order of identity; *path* is the file they come from."""

    def __init__(self, lines: Iterator[bytes], key_of: Callable[[Json], Key], path: Path) -> None:
        self._next = lines.__next__
        self._key_of, self._path = key_of, path
        self._item: Json = {}
        self._key: Key | None = None
        self._last: Key = ()
        self.line: bytes | None = None
        self.step()

    def step(self) -> None:
        """Go to the next line; *line* is None after the last one."""
        try:
            self.line = self._next()
        except StopIteration:
            self.line = None
        self._key = None

    @property
    def key(self) -> Key:
        """Return the identity of the current item. Raises Damaged if the file is not in order."""
        if self._key is None:
            assert self.line is not None  # noqa: S101 (no caller asks for a key after the last line)
            self._item = parse_item(self._path, self.line)
            try:
                self._key = self._key_of(self._item)
            except KeyError:
                raise damaged(self._path) from None
            if self._key < self._last:
                raise damaged(self._path)
            self._last = self._key
        return self._key

    def take(self) -> Json:
        """Return the item whose key was read last, and go to the next line."""
        found = self._item
        self.step()
        return found

    def take_all(self, key: Key) -> list[Json]:
        """Return all items with the identity *key*, from the current one on."""
        found = []
        while self.line is not None and self.key == key:
            found.append(self.take())
        return found


def merged(
    old: Sorted,
    new: Sorted,
    *,
    same: Callable[[list[Json], list[Json]], Iterator[Match]] | None = None,
    refers: Callable[[bytes], bool] | None = None,
) -> Iterator[Match]:
    """Yield each item of *old* with the one of *new* that has its key; None where there is none.

    Lines equal to the byte are left out, except those that *refers* selects: what they refer to may differ.
    *same* matches the items of one key where there may be several.
    """
    while old.line is not None and new.line is not None:
        if old.line == new.line and (refers is None or not refers(old.line)):
            old.step()
            new.step()
        elif old.key == new.key:
            key = old.key
            yield from same(old.take_all(key), new.take_all(key)) if same else ((old.take(), new.take()),)
        elif old.key < new.key:
            yield old.take(), None
        else:
            yield None, new.take()
    while old.line is not None and old.key is not None:
        yield old.take(), None
    while new.line is not None and new.key is not None:
        yield None, new.take()


def likest(
    old: list[Json], new: list[Json], seen_old: Callable[[Json], bytes], seen_new: Callable[[Json], bytes]
) -> Iterator[Match]:
    """Match items of one identity so that most are the same, by what *seen_old* and *seen_new* return."""
    if len(old) == len(new) == 1:
        yield old[0], new[0]
        return
    waiting: dict[bytes, list[Json]] = {}
    for found in new:
        waiting.setdefault(seen_new(found), []).append(found)
    left = []
    for found in old:
        if same := waiting.get(seen_old(found)):
            same.pop()
        else:
            left.append(found)
    yield from zip_longest(left, [found for same in waiting.values() for found in same])


def by_key(
    resource: Resource, found: Iterator[Match], again: tuple[Callable[[Json], Key], Callable[[Json], Key]]
) -> Iterator[Match]:
    """Yield *found*, and match by their key items without a counterpart; of the others the old first.

    *again* returns for an item of either side by what it is the same as one that was created again.
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
    yield from _created_again(*left, *again)
    yield from ((decode(line), None) for line in left[0].values())
    yield from ((None, decode(line)) for line in left[1].values())


def _created_again(
    old: dict[str, bytes], new: dict[str, bytes], was: Callable[[Json], Key], now: Callable[[Json], Key]
) -> Iterator[Match]:
    """Yield and remove the items that are the same by what *was* and *now* return for them."""
    again = {now(decode(line)): key for key, line in new.items()} if old else {}
    for key in [*old]:
        other = again.pop(was(decode(old[key])), None)
        if other is not None:
            yield decode(old.pop(key)), decode(new.pop(other))


def sort_key(resource: Resource) -> Callable[[Json], Key]:
    """Return the function by whose results a list of *resource* is sorted."""
    if len(resource.identity) == 1 and "." not in resource.identity[0]:
        (name,) = resource.identity

        def by_name(found: Json) -> Key:
            value = found.get(name)
            return (value if isinstance(value, str) else "" if value is None else str(value),)

        return by_name
    return lambda found: identity_of(resource, found)
