"""The tasks of do."""

from __future__ import annotations

from tests.cases import Read

ROOM = ("--namespace", "chat-room_Room")
READS = {
    "do.list": Read(sends="GET .*/durable_objects/namespaces"),
    "do.info": Read(ROOM, sends="GET .*/durable_objects/namespaces", prints="chat-room_Room"),
    "do.stats": Read(ROOM, sends="POST /graphql"),
    "do.objects": Read(ROOM, sends=r"GET .*/durable_objects/namespaces/\w+/objects"),
    "do.object": Read(
        (*ROOM, "--id", "{object}"),
        sends=r"GET .*/durable_objects/namespaces/\w+/objects",
        prints="hasStoredData",
        ids={"object": ("do.objects", *ROOM)},
    ),
}
