"""The kinds of waiting rooms: rooms with their events and rules, and the settings of a zone."""

from __future__ import annotations

from ops.kinds.collection import STAMPS, collection, outside_plans, single
from ops.kinds.resource import Compare, Resource, Where, Writes
from ops.products.waiting_rooms import api

READ = "Zone > Waiting Rooms > Read"
GATE = outside_plans("free", "pro")
ROOM = collection(
    "waiting_rooms.room",
    api.ROOMS,
    READ,
    paging=api.PAGING,
    volatile=("next_event_prequeue_start_time", "next_event_start_time"),
    gate=GATE,
    lost="its events and rules",
    terraform="cloudflare_waiting_room",
)


def _of_rooms(kind: str, part: api.RoomPart, *volatile: str) -> Resource:
    return Resource(
        kind=kind,
        parent="zones.zone",
        path=f"{api.ROOMS}/{{room}}/{part.tail}",
        paging=part.paging,
        listing=part.list,
        needs=READ,
        identity=("room", *part.identity),
        label=part.identity[0],
        compare=Compare((*STAMPS, "room_id", *volatile)),
        deep=True,
        gate=GATE,
        where=Where(ROOM.kind, "the zone has no waiting room"),
        writes=Writes(find=part.find, create=part.create, update=part.update, delete=part.delete),
    )


RESOURCES = (
    ROOM,
    _of_rooms("waiting_rooms.event", api.EVENTS),
    _of_rooms("waiting_rooms.rule", api.RULES, "version", "last_updated"),
    single(
        "waiting_rooms.settings",
        f"{api.ROOMS}/settings",
        READ,
        sent=("search_engine_crawler_bypass",),
        label="search_engine_crawler_bypass",
        gate=GATE,
    ),
)
