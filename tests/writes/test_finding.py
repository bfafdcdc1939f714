from __future__ import annotations

from typing import Any

import pytest

from ops.items import Json
from ops.kinds.resource import Owner
from ops.writes.sending import lookup_each
from tests.writes.stage import Remote, Stage

ZONE = Owner("a1", "z1", {})


@pytest.mark.parametrize(
    ("count", "asked"), [(0, []), (1, []), (2, [2]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])]
)
def test_items_are_looked_up_together_up_to_the_size_of_the_kind(
    stage: Stage, count: int, asked: list[int]
) -> None:
    sizes: list[int] = []

    def find_all(_client: Any, _owner: Owner, items: list[Json]) -> list[Json | None]:
        sizes.append(len(items))
        return [{**item, "found": True} for item in items]

    remote = Remote(find_all=find_all, find_size=3)
    writes = remote.resource.writes
    assert writes is not None
    items = [{"name": f"n{number}"} for number in range(count)]

    found = lookup_each(stage.app().client, writes, ZONE, items)

    assert sizes == asked
    assert found == ([None] if count == 1 else [{**item, "found": True} for item in items])


def test_items_are_looked_up_one_by_one_if_the_kind_has_no_other_way(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("b")
    writes = remote.resource.writes
    assert writes is not None

    assert lookup_each(stage.app().client, writes, ZONE, [{"name": "a"}, {"name": "b"}]) == [None, thing]
