from __future__ import annotations

import pytest

from ops.errors import Refused
from ops.items import Json
from ops.kinds.resource import Change
from ops.writes.describe import check_counts
from ops.writes.make import make, make_all
from tests.writes.stage import ZONE, Remote, Stage


def changed(remote: Remote, count: int) -> list[Change]:
    return [remote.change(thing, value=2) for thing in remote.stock(*(f"n{i}" for i in range(count)))]


@pytest.mark.fault("G2")
@pytest.mark.parametrize(
    ("count", "total", "refused"),
    [(3, 10, False), (4, 10, True), (29, 99, False), (30, 99, True), (50, 10_000, False), (51, 10_000, True)],
)
def test_a_plan_may_touch_thirty_percent_and_fifty_items(
    stage: Stage, remote: Remote, count: int, total: int, refused: bool
) -> None:
    changes = changed(remote, count)

    if refused:
        with pytest.raises(Refused, match=f"{count} of {total} items") as message:
            make(stage.app(), *changes, total=total)
        assert "--force" in message.value.hint
        assert remote.written == 0
    else:
        make(stage.app(), *changes, total=total)
        assert remote.written == count


@pytest.mark.fault("G2")
def test_force_lifts_the_threshold(stage: Stage, remote: Remote) -> None:
    make(stage.app(force=True), *changed(remote, 60), total=60)

    assert remote.written == 60


@pytest.mark.fault("G2")
def test_creations_do_not_count_towards_the_threshold(stage: Stage, remote: Remote) -> None:
    make(stage.app(), *(remote.creation(f"n{i}") for i in range(60)), total=10)

    assert remote.written == 60


def test_a_single_item_is_not_a_plan(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")

    make(stage.app(), remote.change(thing, value=2))

    assert remote.written == 1


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
def test_ns_and_mx_records_of_the_apex_need_force(
    stage: Stage, remote: Remote, record: Json, refused: bool, side: str
) -> None:
    (thing,) = remote.stock("x")
    remote.things[thing["id"]] = live = thing | record
    change = Change(remote.resource, ZONE, live, None)
    if side == "after":
        remote.things.clear()
        change = remote.creation("y")._replace(after={**record, "value": 1})

    if refused:
        with pytest.raises(Refused, match=f"it changes the {record['type']} record of example.com"):
            make(stage.app(), change, total=100)
    else:
        make(stage.app(), change, total=100)

    assert remote.written == (0 if refused else 1)


@pytest.mark.fault("G2")
def test_a_stream_beyond_the_threshold_is_refused_before_anything_is_sent(
    stage: Stage, remote: Remote
) -> None:
    changes = changed(remote, 51)

    with pytest.raises(Refused):
        make_all(stage.app(), iter(changes), total=10_000)

    assert remote.written == 0


def test_each_reason_is_named_with_the_next_command() -> None:
    with pytest.raises(Refused) as refused:
        check_counts(60, 100, ["NS record of example.com", "MX record of example.com", ""])

    assert refused.value.message == (
        "this plan needs --force: it changes or deletes 60 of 100 items; "
        "it changes the MX record of example.com; it changes the NS record of example.com"
    )
    assert refused.value.hint == "check it with --dry-run, then apply it with --force"
