"""The query parameters of a list, applied to items of a snapshot."""

from __future__ import annotations

from typing import Any

import pytest

from ops.errors import UsageError
from ops.kinds.resource import Compare, Resource
from ops.past.past import filtered

THING = Resource(
    kind="thing.one",
    parent="account",
    identity=("name",),
    compare=Compare(volatile=("id",)),
)
ITEMS: list[dict[str, Any]] = [
    {"id": "www", "name": "a.example", "size": 9, "on": True, "note": None, "tags": ["team:web", "new"]},
    {"id": "2", "name": "WWW.example", "size": 10, "on": False, "note": "Of the Shop", "tags": []},
    {
        "id": "3",
        "name": "zz.example",
        "size": 80,
        "on": True,
        "note": "shop",
        "tags": ["team:ops"],
        "of": {"id": "7"},
    },
]


def names(**params: str) -> list[str]:
    kept = filtered(ITEMS, THING, {name.replace("__", "."): text for name, text in params.items()})
    return [item["name"][0].lower() for item in kept]


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({}, "awz"),
        ({"page": "7", "per_page": "1", "limit": "1", "cursor": "x"}, "awz"),
        ({"name": "www.EXAMPLE"}, "w"),
        ({"size": "10"}, "w"),
        ({"on": "true"}, "az"),
        ({"of__id": "7"}, "z"),
        ({"name__contains": "W.EX"}, "w"),
        ({"name__startswith": "z"}, "z"),
        ({"name__endswith": "example"}, "awz"),
        ({"name__exact": "a.example"}, "a"),
        ({"name": "starts_with:z"}, "z"),
        ({"name": "not_equal:a.example,zz.example"}, "w"),
        ({"name": "ends_with:a.example,zz.example"}, "az"),
        ({"note__present": "true"}, "wz"),
        ({"note__absent": "true"}, "a"),
        ({"tag": "team:web"}, "a"),
        ({"tag": "team"}, "az"),
        ({"tag__present": "new"}, "a"),
        ({"tag__absent": "team"}, "w"),
        ({"tag__endswith": "team:ps"}, "z"),
        ({"tag": "new", "tag__exact": "team:ops", "tag_match": "any"}, "az"),
        ({"search": "shop"}, "wz"),
        ({"search": "www"}, "w"),
        ({"prefix": "z"}, "z"),
        ({"size": "9", "note": "shop", "match": "any"}, "az"),
        ({"size": "9", "note": "shop"}, ""),
        ({"order": "size", "direction": "desc"}, "zwa"),
        ({"order": "note"}, "wza"),
    ],
)
def test_a_parameter_means_what_it_means_to_the_api(params: dict[str, str], kept: str) -> None:
    assert names(**params) == list(kept)


def test_a_parameter_about_a_field_that_no_item_has_is_refused_not_ignored() -> None:
    with pytest.raises(UsageError, match=r"cannot filter thing\.one by 'colour'"):
        names(colour="red")


def test_any_parameter_is_accepted_for_an_empty_list() -> None:
    assert list(filtered([], THING, {"colour": "red"})) == []


def test_items_in_the_requested_order_are_not_collected_first() -> None:
    def endless() -> Any:
        yield from ITEMS
        raise AssertionError("read further than requested")

    assert next(filtered(endless(), THING, {"order": "name"}))["id"] == "www"
