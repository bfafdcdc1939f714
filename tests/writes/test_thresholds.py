from __future__ import annotations

import pytest

from ops.errors import Refused
from ops.kinds.change import Change
from ops.kinds.resource import Json
from ops.writes.consent import check_counts
from ops.writes.make import make, make_all
from tests.writes.stage import ZONE, Shelf, Stage


def changed(shelf: Shelf, count: int) -> list[Change]:
    return [shelf.change(thing, value=2) for thing in shelf.stock(*(f"n{i}" for i in range(count)))]


@pytest.mark.fault("G2")
@pytest.mark.parametrize(
    ("count", "total", "refused"),
    [(3, 10, False), (4, 10, True), (29, 99, False), (30, 99, True), (50, 10_000, False), (51, 10_000, True)],
)
def test_a_plan_goes_as_far_as_thirty_percent_and_fifty_items(
    stage: Stage, shelf: Shelf, count: int, total: int, refused: bool
) -> None:
    changes = changed(shelf, count)

    if refused:
        with pytest.raises(Refused, match=f"{count} of {total} items") as told:
            make(stage.app(), *changes, total=total)
        assert "--force" in told.value.hint
        assert shelf.written == 0
    else:
        make(stage.app(), *changes, total=total)
        assert shelf.written == count


@pytest.mark.fault("G2")
def test_force_lifts_the_threshold(stage: Stage, shelf: Shelf) -> None:
    make(stage.app(force=True), *changed(shelf, 60), total=60)

    assert shelf.written == 60


@pytest.mark.fault("G2")
def test_creations_touch_nothing_that_is_there(stage: Stage, shelf: Shelf) -> None:
    make(stage.app(), *(shelf.creation(f"n{i}") for i in range(60)), total=10)

    assert shelf.written == 60


def test_a_single_item_is_no_plan(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("one")

    make(stage.app(), shelf.change(thing, value=2))

    assert shelf.written == 1


@pytest.mark.fault("G2")
@pytest.mark.parametrize(
    ("record", "refused"),
    [
        ({"name": "example.com", "type": "NS"}, True),
        ({"name": "example.com", "type": "MX"}, True),
        ({"name": "example.com", "type": "A"}, False),
        ({"name": "sub.example.com", "type": "NS"}, False),
        ({"name": "notexample.com", "type": "MX"}, False),
    ],
)
@pytest.mark.parametrize("side", ["before", "after"])
def test_the_name_servers_and_mail_of_the_domain_itself_need_force(
    stage: Stage, shelf: Shelf, record: Json, refused: bool, side: str
) -> None:
    (thing,) = shelf.stock("x")
    shelf.things[thing["id"]] = standing = thing | record
    change = Change(shelf.resource, ZONE, standing, None)
    if side == "after":
        change = shelf.creation("y")._replace(after={**record, "value": 1})

    if refused:
        with pytest.raises(Refused, match=f"it changes the {record['type']} record of example.com"):
            make(stage.app(), change, total=100)
    else:
        make(stage.app(), change, total=100)

    assert shelf.written == (0 if refused else 1)


@pytest.mark.fault("G2")
def test_a_stream_that_goes_too_far_is_refused_before_anything_is_sent(stage: Stage, shelf: Shelf) -> None:
    changes = changed(shelf, 51)

    with pytest.raises(Refused):
        make_all(stage.app(), iter(changes), total=10_000)

    assert shelf.written == 0


def test_each_reason_is_named_with_the_next_command() -> None:
    with pytest.raises(Refused) as refused:
        check_counts(60, 100, ["NS record of example.com", "MX record of example.com", ""])

    assert refused.value.message == (
        "this plan needs --force: it changes or deletes 60 of 100 items; "
        "it changes the MX record of example.com; it changes the NS record of example.com"
    )
    assert refused.value.hint == "check it with --dry-run, then apply it with --force"
