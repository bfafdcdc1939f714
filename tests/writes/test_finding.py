from __future__ import annotations

from typing import Any

import pytest

from ops.kinds.resource import Json, Owner
from ops.writes.sending import lookup_each
from tests.writes.stage import Shelf, Stage

ZONE = Owner("a1", "z1", {})


@pytest.mark.parametrize(
    ("count", "asked"), [(0, []), (1, []), (2, [2]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])]
)
def test_items_are_looked_for_together_as_many_as_the_kind_takes(
    stage: Stage, count: int, asked: list[int]
) -> None:
    sizes: list[int] = []

    def find_all(_client: Any, _owner: Owner, items: list[Json]) -> list[Json | None]:
        sizes.append(len(items))
        return [{**item, "found": True} for item in items]

    shelf = Shelf(find_all=find_all, find_size=3)
    writes = shelf.resource.writes
    assert writes is not None
    items = [{"name": f"n{number}"} for number in range(count)]

    found = lookup_each(stage.app().client, writes, ZONE, items)

    assert sizes == asked
    assert found == ([None] if count == 1 else [{**item, "found": True} for item in items])


def test_items_are_looked_for_one_by_one_where_the_kind_knows_no_more(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("b")
    writes = shelf.resource.writes
    assert writes is not None

    assert lookup_each(stage.app().client, writes, ZONE, [{"name": "a"}, {"name": "b"}]) == [None, thing]
