"""The manifest: what a snapshot holds, what could not be read, and how to check that it is unchanged."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ops.errors import Damaged, DiskError, NotFound
from ops.files.disk import failure, open_regular
from ops.files.formats import check_format
from ops.items import Json
from ops.kinds.resource import INTERNAL
from ops.snapshots.layout import MANIFEST
from ops.snapshots.writer import Placed, StoredFile, store

FORMAT = 2
"""The newest format. A snapshot without carried sections is written in format 1, which older versions read.

Those do not know that a carried section is older than the snapshot: they must refuse it.
"""
CONTENTS = "/contents"
PARTIAL = "partial"
LARGEST = 64 << 20
LARGEST_COUNT = 10**15
FILE = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*){0,2}")

COMPLETE = "complete"  # all of it was read
GONE = "gone"  # the parent was deleted while the scan ran
SKIPPED = "skipped"  # not requested, or the scan was stopped before it
INCONSISTENT = "inconsistent"  # read to the end, but the responses contradict each other
DENIED = "denied"  # the token may not read it
UNAVAILABLE = "unavailable"  # the account or zone does not have this product
FAILED = "failed"  # reading failed; the items before the failure are kept

# From the best to the worst: several sections are reported as the worst of them.
STATUSES = (COMPLETE, GONE, SKIPPED, INCONSISTENT, DENIED, UNAVAILABLE, FAILED)

# With these the inventory as a whole still holds everything that was requested.
NOT_ASKED = "not asked: "
"""How the reason of a section begins that its parent cannot have."""
NEVER = NOT_ASKED + INTERNAL
"""The reason of a section that certainly has no items, because its parent cannot have any."""
WHOLE = frozenset({COMPLETE, GONE, SKIPPED})

# With these all items of the section are known, even if there are none.
READ = frozenset({COMPLETE, GONE})

_CHECKSUM = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n}\n\Z')
_KNOWN = frozenset(
    {"format", "tool", "account", "started", "ended", "requests", "status", "reason", "options", "sections"}
    | {"files", "contents", "sha256"}
)
_PIECE = 1 << 20


@dataclass(frozen=True, order=True, slots=True)
class Section:
    """One row of the manifest: what was read of one kind in one parent, and how that ended.

    Only *complete* proves that an item that is not in the snapshot did not exist. *scope* is the parent's id;
    it is empty if a kind was skipped as a whole. A section that was not read again has the name of the
    snapshot that read it, *carried_from*, and when that was started, *read_at*.
    """

    kind: str
    scope: str
    status: str
    count: int = 0
    reason: str = ""
    carried_from: str = ""
    read_at: str = ""

    @property
    def is_known(self) -> bool:
        """True if all its items are known: it was read, or its parent cannot have any."""
        return self.status in READ or self.reason == NEVER

    @property
    def known(self) -> int | None:
        """Return how many items were counted; None if nothing was read, because that is unknown, not 0."""
        return self.count if self.count or self.is_known else None

    @property
    def row(self) -> tuple[Any, ...]:
        """Return the fields in their order, with *known* as the count."""
        return self.kind, self.scope, self.status, self.known, self.reason, self.carried_from, self.read_at

    def as_json(self) -> Json:
        """Return the row in the manifest; only a carried section says so."""
        row = asdict(self)
        return row if self.carried_from else {name: row[name] for name in _ROW}


_ROW = ("kind", "scope", "status", "count", "reason")


def worst(sections: Iterable[Section]) -> str:
    """Return the worst status of *sections*, of which those that never have items count only alone."""
    return max(sections, key=lambda section: (section.reason != NEVER, STATUSES.index(section.status))).status


def known(sections: Iterable[Section]) -> int | None:
    """Return how many items of *sections* were counted; None if that is 0 and one of them was not read."""
    counted = [section.known for section in sections]
    found = sum(count or 0 for count in counted)
    return found if found or None not in counted else None


def counts(sections: Iterable[Section]) -> dict[str, int]:
    """Return the number of items of each kind that was read in all of its parents."""
    found: dict[str, int] = {}
    short = set()
    for section in sections:
        found[section.kind] = found.get(section.kind, 0) + section.count
        if not section.is_known:
            short.add(section.kind)
    return {kind: count for kind, count in found.items() if kind not in short}


def kinds_read(sections: Iterable[Section]) -> int:
    """Return the number of kinds of which anything was read; the contents of items are not a kind."""
    found = {section.kind for section in sections if section.known is not None}
    return sum(1 for kind in found if not kind.endswith(CONTENTS))


def items_read(sections: Iterable[Section]) -> int:
    """Return the number of items that were read; the contents of items are files of an item."""
    return sum(section.count for section in sections if not section.kind.endswith(CONTENTS))


@dataclass(frozen=True)
class Manifest:
    """The description of a snapshot. *started* and *ended* are UTC in ISO 8601.

    *status* is "complete", or "partial" with the *reason*; *sections* are in order of kind and scope;
    *files* names every file except this one; *placed* maps files of contents and values to their items.
    """

    tool: str
    account_id: str
    account_name: str
    started: str
    ended: str
    requests: int
    status: str
    reason: str = ""
    options: Json = field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    files: dict[str, StoredFile] = field(default_factory=dict)
    placed: dict[str, Placed] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """Return the id of the account, with its name if that is known."""
        return f"{self.account_id} ({self.account_name})" if self.account_name else self.account_id

    @property
    def complete(self) -> bool:
        return self.status == COMPLETE

    @property
    def carried(self) -> int:
        """Return the number of sections that were carried over from an earlier snapshot."""
        return sum(1 for section in self.sections if section.carried_from)

    @property
    def oldest_read(self) -> str:
        """Return when the oldest section was read: at the start of the snapshot, unless it was carried."""
        return min((section.read_at for section in self.sections if section.read_at), default=self.started)

    def as_json(self) -> Json:
        """Return the document: in format 2 if a section was carried, else in format 1."""
        return {
            "format": FORMAT if self.carried else 1,
            "tool": self.tool,
            "account": {"id": self.account_id, "name": self.account_name},
            "started": self.started,
            "ended": self.ended,
            "requests": self.requests,
            "status": self.status,
            "reason": self.reason,
            "options": self.options,
            "sections": [section.as_json() for section in sorted(self.sections)],
            "files": {name: stored._asdict() for name, stored in sorted(self.files.items())},
            "contents": {name: placed._asdict() for name, placed in sorted(self.placed.items())},
        }


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of the snapshot in *folder*; its last line is the SHA-256 of all before it."""
    text = json.dumps(manifest.as_json(), indent=1, ensure_ascii=False, allow_nan=False).removesuffix("\n}")
    body = text.encode("utf-8", "backslashreplace")
    store(folder / MANIFEST, [body, f',\n "sha256": "{sha256(body).hexdigest()}"\n}}\n'.encode()])


def load(folder: Path) -> Manifest:
    """Return the manifest in *folder*. Raises NotFound, Newer, Damaged."""
    path = folder / MANIFEST
    try:
        with open_regular(path) as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NotFound(f"{folder} is not a snapshot: it has no {MANIFEST}") from None
    if len(data) > LARGEST:
        raise Damaged(f"{path} is too large to be a manifest")
    return parse(data, path)


def parse(data: bytes, path: Path | str) -> Manifest:
    """Return the manifest in *data*, read from *path*; raises Newer and Damaged as load does."""
    try:
        document = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Damaged(f"{path} is damaged: it is not valid JSON") from None
    check_format(document, FORMAT, path)
    try:
        manifest = _built(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"{path} is damaged: {error}") from None
    end = _CHECKSUM.search(data)
    if set(document) - _KNOWN or ("sha256" in document) != bool(end):
        raise Damaged(f"{path} is damaged: it has unknown fields, or its checksum is not at the end")
    if end and sha256(data[: end.start()]).hexdigest() != end[1].decode():
        raise Damaged(f"{path} is damaged: its SHA-256 differs from the one in its last line")
    return manifest


def _built(document: Json) -> Manifest:
    if document["format"] not in (1, FORMAT):
        raise ValueError(f"format {str(document['format'])[:40]!r}")
    for name in (*document["files"], *document["contents"]):
        if not FILE.fullmatch(name):
            raise ValueError(f"file {name[:200]!r}")
    sections = []
    for row in document["sections"]:
        texts = _texts({name: value for name, value in row.items() if name != "count"})
        section = Section(**texts, count=_count(row["count"]))
        _one_of(STATUSES, section.status)
        if bool(section.carried_from) != bool(section.read_at) or len(row) != len(section.as_json()):
            raise ValueError(
                f"{section.kind} in {section.scope} does not say from where and when it was carried"
            )
        sections.append(section)
    if any(section.carried_from for section in sections) != (document["format"] == FORMAT):
        raise ValueError(f"format {document['format']} does not fit its sections")
    options = dict(document["options"])
    for name in ("only", "skip", "zone"):
        if not isinstance(values := options.get(name, []), list):
            raise TypeError(f"the option {name} is not a list")
        _texts(dict(enumerate(values)))
    return Manifest(
        tool=str(document["tool"]),
        account_id=str(document["account"]["id"]),
        account_name=str(document["account"]["name"]),
        started=str(document["started"]),
        ended=str(document["ended"]),
        requests=_count(document["requests"]),
        status=_one_of((COMPLETE, PARTIAL), document["status"]),
        reason=str(document["reason"]),
        options=options,
        sections=tuple(sections),
        files={
            name: StoredFile(_count(row.pop("bytes")), **_texts(row))
            for name, row in document["files"].items()
        },
        placed={name: Placed(**_texts(placed)) for name, placed in document["contents"].items()},
    )


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_COUNT:
        raise ValueError(f"{str(value)[:40]!r} is not a count")
    return value


def _texts(row: dict[Any, Any]) -> dict[str, Any]:
    for value in row.values():
        if not isinstance(value, str):
            raise TypeError(f"{str(value)[:40]!r} is not a text")
    return row


def _one_of(words: tuple[str, ...], value: Any) -> str:
    if value not in words:
        raise ValueError(f"status {str(value)[:40]!r}")
    return str(value)


def check(folder: Path, manifest: Manifest) -> None:
    """Read every file of the snapshot in *folder* again; raises DiskError for one that differs."""
    for name, stored in manifest.files.items():
        path = folder / name
        try:
            found = measured(path)
        except OSError as problem:
            raise failure(problem, path) from None
        if found != stored:
            raise DiskError(
                f"{name} reads back as {found.bytes:,} bytes instead of the {stored.bytes:,} written"
                if found.bytes != stored.bytes
                else f"{name} does not read back as it was written",
                hint="the disk may be failing: `dmesg`, `smartctl`; no snapshot was created",
            )


def measured(path: Path) -> StoredFile:
    """Return the size and the hash of a file, reading a piece at a time. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with open_regular(path) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return StoredFile(size, digest.hexdigest())
