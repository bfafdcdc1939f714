"""Events and rules of waiting rooms; an item of either names its room, so that a zone holds them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ops.errors import NotFound
from ops.http.paths import path
from ops.http.shape import require
from ops.items import Json, equal
from ops.kinds.paging import Followed, Pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.http.client import Client, Listing
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Owner

ROOMS = "/zones/{zone}/waiting_rooms"
PAGING = Pages(1000, least=5)


def list_rooms(client: Client, zone: Owner) -> Listing:
    """Return the waiting rooms of a zone."""
    return PAGING.read(client, path(ROOMS, zone=zone.id))


class RoomPart(NamedTuple):
    """What rooms hold at *tail*: listed as *paging* says, the *sent* fields created by POST.

    The fields of *identity* distinguish two items of one room.
    """

    tail: str
    paging: Pages | Followed
    sent: tuple[str, ...]
    identity: tuple[str, ...]

    def list(self, client: Client, zone: Owner) -> Listing:
        """Return what all rooms of a zone hold."""
        rooms = list_rooms(client, zone)
        return rooms.of(item for room in rooms for item in self._of(client, zone, room, rooms))

    def _of(self, client: Client, zone: Owner, room: Json, rooms: Listing) -> Iterator[Json]:
        found = self.paging.read(client, self._where(zone, require(room, "a waiting room", id=str)["id"]))
        for item in found:
            yield {"room": room.get("name"), "room_id": room["id"], **item}
        rooms.doubt(found.problem)

    def find(self, client: Client, zone: Owner, item: Json) -> Json | None:
        """Return the live item with the id of *item*, else with its identity in the room of that name."""
        names = ("id",) if item.get("id") else ("room", *self.identity)
        live = self.list(client, zone)
        return next((one for one in live if all(one.get(name) == item.get(name) for name in names)), None)

    def create(self, client: Client, zone: Owner, item: Json) -> Json:
        """Create *item* in the room of its name, which may have another id than in a snapshot."""
        room = next((one for one in list_rooms(client, zone) if one.get("name") == item["room"]), None)
        if room is None:
            raise NotFound(f"there is no waiting room {item['room']}", 404)
        client.post(self._where(zone, room["id"]), json=self._body(item), any_result=True)
        return {**item, "room_id": room["id"]}

    def update(self, client: Client, zone: Owner, before: Json, after: Json) -> Json:
        """Change the fields that differ."""
        body = {n: value for n, value in self._body(after).items() if not equal(value, before.get(n))}
        client.patch(
            self._where(zone, before["room_id"]).below("{}", before["id"]), json=body, any_result=True
        )
        return after

    def delete(self, client: Client, zone: Owner, item: Json) -> None:
        client.delete(self._where(zone, item["room_id"]).below("{}", item["id"]), any_result=True)

    def _where(self, zone: Owner, room_id: str) -> ApiPath:
        return path(ROOMS + "/{room}/" + self.tail, zone=zone.id, room=room_id)

    def _body(self, item: Json) -> Json:
        return {name: item[name] for name in self.sent if item.get(name) is not None}


EVENTS = RoomPart(
    "events",
    PAGING,
    (
        "name", "event_start_time", "event_end_time", "custom_page_html", "description",
        "disable_session_renewal", "new_users_per_minute", "prequeue_start_time", "queueing_method",
        "session_duration", "shuffle_at_event_start", "suspended", "total_active_users",
    ),
    ("name",),
)  # fmt: skip
RULES = RoomPart("rules", Followed(), ("action", "expression", "description", "enabled"), ("expression",))
