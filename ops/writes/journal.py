"""The journal: every change is on disk before it is sent, and its result after it."""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, NamedTuple, Self

from ops.errors import DiskError
from ops.files.chain import Chain
from ops.files.disk import atomic, open_regular, private_folder
from ops.items import Json, reach
from ops.kinds import secret
from ops.kinds.resource import Change, Resource
from ops.telemetry.redact import Redactor

FORMAT = 1

Read = Callable[[int, int], bytes]

DONE, ADOPTED, FAILED, UNKNOWN, UNDONE = "done", "adopted", "failed", "unknown", "undone"
APPLIED = (DONE, ADOPTED)

NOT_KEPT = "an item contains the API token, so its content is not kept"
NOT_STORED = "the journal does not keep secret values"
NAMED = 3
"""Number of names in an entry's line, so that a list reads no blobs."""


class JournalEntry(NamedTuple):
    """One request that changed something, or may have: *id* is "<run>-<task of the run>.<number>".

    *state* is DONE, ADOPTED (no response arrived, but it was found to be applied), FAILED (refused or not
    sent), UNKNOWN or UNDONE. *changes* and *items* are packed: the wanted changes, and the item that the API
    returned for each, or the one that was sent if an applied entry has a *why*. *ray* is the id by which
    Cloudflare's logs know the last write of the request. *undoes* is the entry that this one undid,
    *old_keys* are the keys of its items before they were deleted, *new_keys* those now.
    """

    id: str
    time: str
    task: str
    host: str
    kind: str
    owner: tuple[str, str, Json]
    counts: dict[str, int]
    names: list[str]
    changes: Json
    irreversible: str
    undoes: str = ""
    old_keys: tuple[str, ...] = ()
    new_keys: tuple[str, ...] = ()
    state: str = UNKNOWN
    items: Json | None = None
    why: str = ""
    ray: str = ""

    @property
    def group(self) -> str:
        """Return the id of the task that made the entry."""
        return self.id.rpartition(".")[0]

    @property
    def size(self) -> int:
        """Return the number of bytes of the changes; 0 if they are small enough to be part of the line."""
        return sum(self.changes.get("at", ()))

    @property
    def action(self) -> str:
        """Return the actions, each with its count if it is more than one."""
        return ", ".join(name if n == 1 else f"{name} {n}" for name, n in self.counts.items())

    @property
    def name(self) -> str:
        rest = sum(self.counts.values()) - len(self.names)
        return ", ".join(self.names) + (f" and {rest} more" if rest > 0 else "")


class Undoing(NamedTuple):
    """What a batch undoes: an entry, and the keys that its items had before."""

    entry: str = ""
    old_keys: tuple[str, ...] = ()


NOTHING_UNDONE = Undoing()

# An item that was returned as it was sent is not written twice.
AS_SENT = "="


class Journal:
    """The journal in *folder*, of the task *task* with the id *group* on *host*; secrets are not kept."""

    def __init__(
        self,
        folder: Path,
        *,
        group: str = "",
        task: str = "",
        host: str = "",
        redactor: Redactor | None = None,
    ) -> None:
        self._chain = Chain(folder / "journal.jsonl", FORMAT)
        self._blobs = Blobs(folder / "blobs")
        self._group, self._task, self._host = group, task, host
        self._redactor = redactor or Redactor()
        self.irreversible = ""
        """Why the last entry that was begun cannot be undone; "" if it can."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._chain.close()

    @property
    def torn(self) -> bool:
        """True if the last reading found a line that a crash cut."""
        return self._chain.torn

    def begin(
        self, changes: Sequence[Change], *, now: float, number: int, undoing: Undoing = NOTHING_UNDONE
    ) -> str:
        """Note that *changes*, of one resource and owner, will be sent; return the id of entry *number*.

        The note is on disk when this returns. If an item contains a secret, the entry cannot be undone.
        """
        entry = f"{self._group}.{number}"
        resource, owner, _, _ = changes[0]
        # The names of the owner's item are enough to show it and to find it again.
        named = {name: owner.item[name] for name in ("id", "name", "title") if name in owner.item}
        pairs: list[Any] = [[_kept(resource, side) for side in change[2:]] for change in changes]
        lost = sorted({field for change in changes for field in _lost(change)})
        self.irreversible = resource.writes.irreversible if resource.writes else ""
        if lost and not self.irreversible:
            self.irreversible = f"{NOT_STORED}: {', '.join(lost)}"
        labels = [change.label for change in changes[:NAMED]]
        if self._redactor.holds([pairs, named, labels]):
            pairs, named, labels = map(self._redactor.hidden, (pairs, named, labels))
            self.irreversible = self.irreversible or NOT_KEPT
        self._chain.append(
            {
                "type": "intent",
                "id": entry,
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
                "task": self._task,
                "place": self._host,
                "kind": resource.kind,
                "owner": [owner.account_id, owner.id, named],
                "counts": dict(Counter(change.action for change in changes)),
                "names": labels,
                "final": self.irreversible,
                "undoes": undoing.entry,
                "olds": list(undoing.old_keys),
                "changes": self._blobs.pack(pairs),
            }
        )
        return entry

    def finish(
        self,
        entry: str,
        state: str,
        changes: Sequence[Change] = (),
        items: Sequence[Json | None] = (),
        why: str = "",
        ray: str = "",
    ) -> None:
        """Note the result of *entry*: its state, what the API returned for each change, and the ray."""
        if self._redactor.holds(items):
            # A server may return the headers of a request.
            items, why = [change.after for change in changes], why or "the answer contains the API token"
            items = self._redactor.hidden(items)
        made = list(zip(changes, items, strict=True))
        kept = [(_kept(c.resource, c.after), _kept(c.resource, item)) for c, item in made]
        returned = [AS_SENT if item == after else item for after, item in kept]
        keys = [str(reach(item or {}, change.resource.key) or "") for change, item in made]
        line: Json = {"type": "result", "id": entry, "state": state, "why": why, "keys": keys}
        more = {"items": self._blobs.pack(returned)} if returned else {}
        self._chain.append({**line, **more, **({"ray": ray} if ray else {})})

    def mark(self, entry: str, state: str) -> None:
        """Note that *entry* was undone (UNDONE), or that its undo was undone (DONE)."""
        self._chain.append({"type": "mark", "id": entry, "state": state})

    def entries(self) -> dict[str, JournalEntry]:
        """Return all entries by id, oldest first. Raises Newer, DiskError if it was tampered with."""
        found: dict[str, JournalEntry] = {}
        for line in self._chain.lines():
            id, kind = line["id"], line["type"]
            if kind not in ("intent", "result", "mark") or (kind != "intent" and id not in found):
                what = f"has a line {kind!r} about {id!r}, which this version of cfops cannot read"
                raise DiskError(f"{self._chain.path} {what}", hint="use the cfops that wrote it")
            if kind == "intent":
                account_id, owner_id, item = line["owner"]
                same = ("id", "time", "task", "kind", "counts", "names", "changes", "undoes")
                found[id] = JournalEntry(
                    **{name: line[name] for name in same},
                    host=line["place"],
                    owner=(account_id, owner_id, item),
                    irreversible=line["final"],
                    old_keys=tuple(line["olds"]),
                )
            elif kind == "result":
                keys = tuple(line["keys"]) if found[id].old_keys else ()
                result = {"state": line["state"], "items": line.get("items"), "why": line["why"]}
                ray = line.get("ray") or found[id].ray
                found[id] = found[id]._replace(**result, new_keys=keys, ray=ray)
            else:
                found[id] = found[id]._replace(state=UNDONE if line["state"] == UNDONE else DONE)
        return found

    def changes(self, entry: JournalEntry) -> list[tuple[Json | None, Json | None]]:
        """Return the item before and after each change of *entry*; after it as the API returned it."""
        wanted = self._blobs.unpack(entry.changes)
        returned = self._blobs.unpack(entry.items) if entry.items else [AS_SENT] * len(wanted)
        return [
            (before, after if item == AS_SENT else item)
            for (before, after), item in zip(wanted, returned, strict=True)
        ]


def _kept(resource: Resource, item: Json | None) -> Json | None:
    """Return *item* as the journal keeps it, without secret values."""
    return secret.hide(resource, item) if item and resource.secret else item


def _lost(change: Change) -> list[str]:
    """Return the secret fields that *change* replaces or deletes, so that an undo would lack them."""
    resource, _, before, after = change
    if not resource.secret or before is None:
        return []
    if after is None:
        return secret.hidden_fields(resource, secret.hide(resource, before))
    return secret.changed(resource, before, after)


SHORT = 512
INLINE = 64 * 1024


class Blobs:
    """Files in *folder* named by the hash of their content: long byte values, then the JSON about them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pack(self, value: Any) -> Json:
        """Return *value* for a line of the journal: the value itself, or where its blob is."""
        pieces: list[bytes] = []
        packed = _packed(value, pieces)
        text = json.dumps(packed, separators=(",", ":")).encode()
        if not pieces and len(text) <= INLINE:
            return {"inline": packed}
        size = sum(map(len, pieces))
        pieces.append(text)
        digest = sha256()
        for piece in pieces:
            digest.update(piece)
        path = private_folder(self._folder) / digest.hexdigest()
        if not path.exists():
            with atomic(path) as file:
                for piece in pieces:
                    file.write(piece)
        return {"blob": path.name, "at": [size, len(text)]}

    def unpack(self, packed: Json) -> Any:
        """Return the packed value; raise DiskError if its blob is missing or was modified."""
        if "blob" not in packed:
            return _unpacked(packed["inline"], None)
        name = str(packed["blob"])
        path = self._folder / name
        try:
            with open_regular(path) as file:
                if file_digest(file, "sha256").hexdigest() != name:
                    raise DiskError(f"{path} was modified", hint="its content cannot be restored")

                def read(start: int, size: int) -> bytes:
                    file.seek(start)
                    return file.read(size)

                return _unpacked(json.loads(read(*packed["at"])), read)
        except OSError as problem:
            raise DiskError(f"{path} cannot be read: {problem.strerror}") from None


def _packed(value: Any, pieces: list[bytes]) -> Any:
    if isinstance(value, bytes):
        if len(value) <= SHORT:
            return {"$base64": b64encode(value).decode()}
        pieces.append(value)
        return {"$at": [sum(map(len, pieces[:-1])), len(value)]}
    if isinstance(value, dict):
        inside = {name: _packed(item, pieces) for name, item in value.items()}
        # A dict of the user's that looks like one of ours is wrapped, so that it is returned unchanged.
        return {"$dict": inside} if any(name.startswith("$") for name in inside) else inside
    if isinstance(value, list | tuple):
        return [_packed(item, pieces) for item in value]
    return value


def _unpacked(value: Any, read: Read | None) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, read) for item in value]
    if not isinstance(value, dict):
        return value
    if "$base64" in value:
        return b64decode(value["$base64"])
    if "$at" in value and read:
        return read(*value["$at"])
    return {name: _unpacked(item, read) for name, item in value.get("$dict", value).items()}
