"""The manifest: what a snapshot holds, what it does not, and how to tell whether it is whole."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ops.errors import Damaged, NotFound, ValidationError
from ops.items import Json
from ops.snapshots.layout import MANIFEST
from ops.snapshots.sections import COMPLETE, STATUSES, Section
from ops.snapshots.writer import Placed, StoredFile, store

FORMAT = 1
PARTIAL = "partial"
LARGEST = 64 << 20
LARGEST_COUNT = 10**15
_CHECKSUM = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n}\n\Z')
_KNOWN = frozenset(
    {"format", "tool", "account", "started", "ended", "requests", "status", "reason", "options", "sections"}
    | {"files", "contents", "sha256"}
)
FILE = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*){0,2}")


@dataclass(frozen=True)
class Manifest:
    """A snapshot told in one file. *started* and *ended* are UTC in ISO 8601.

    *status* is "complete", or "partial" with the *reason*; *sections* are in order of kind and scope;
    *files* names every file but this one; *placed* says whose contents and values a file holds.
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
    def complete(self) -> bool:
        return self.status == COMPLETE

    def as_json(self) -> Json:
        """Return the document, as format version 1 lays it down."""
        return {
            "format": FORMAT,
            "tool": self.tool,
            "account": {"id": self.account_id, "name": self.account_name},
            "started": self.started,
            "ended": self.ended,
            "requests": self.requests,
            "status": self.status,
            "reason": self.reason,
            "options": self.options,
            "sections": [asdict(section) for section in sorted(self.sections)],
            "files": {name: stored._asdict() for name, stored in sorted(self.files.items())},
            "contents": {name: placed._asdict() for name, placed in sorted(self.placed.items())},
        }


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of the snapshot in *folder*, where there is none yet.

    Its last line is the SHA-256 of all that stands before it.
    """
    text = json.dumps(manifest.as_json(), indent=1, ensure_ascii=False, allow_nan=False).removesuffix("\n}")
    told = text.encode("utf-8", "backslashreplace")
    store(folder / MANIFEST, [told, f',\n "sha256": "{sha256(told).hexdigest()}"\n}}\n'.encode()])


def load(folder: Path) -> Manifest:
    """Read the manifest of a snapshot.

    Raises NotFound where there is none, ValidationError for one of a newer format, Damaged for one that is
    none of ours, or larger than any that was ever written.
    """
    path = folder / MANIFEST
    try:
        if path.stat().st_size > LARGEST:
            raise Damaged(f"{path} is too large to be a manifest")
        return parse(path.read_bytes(), path)
    except FileNotFoundError:
        raise NotFound(f"{folder} is not a snapshot: it has no {MANIFEST}") from None


def parse(data: bytes, path: Path | str) -> Manifest:
    """Read the manifest that was found at *path*; raises ValidationError and Damaged as load does."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise Damaged(f"{path} is damaged: it is not JSON") from None
    manifest = _parse(path, document)
    _check(path, document, data)
    return manifest


def _check(path: Path | str, document: Json, data: bytes) -> None:
    """Raise Damaged where the manifest is not what was written, to the byte."""
    end = _CHECKSUM.search(data)
    if set(document) - _KNOWN or ("sha256" in document) != bool(end):
        raise Damaged(f"{path} is damaged: it holds what no manifest holds")
    if end and sha256(data[: end.start()]).hexdigest() != end[1].decode():
        raise Damaged(f"{path} is damaged: it is not what was written")


def _parse(path: Path | str, document: Any) -> Manifest:
    version = document.get("format") if isinstance(document, dict) else None
    if isinstance(version, int) and version > FORMAT:
        raise ValidationError(
            f"{path} has format {version}; this version of cfops reads up to {FORMAT}",
            hint="a newer cfops reads it",
        )
    try:
        return _built(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"{path} is damaged: {error}") from None


def _built(document: Json) -> Manifest:
    if document["format"] != FORMAT:
        raise ValueError(f"format {document['format']!r}")
    sections = tuple(_section(row) for row in document["sections"])
    for name in (*document["files"], *document["contents"]):
        if not FILE.fullmatch(name):
            raise ValueError(f"file {name!r}")
    return Manifest(
        tool=str(document["tool"]),
        account_id=str(document["account"]["id"]),
        account_name=str(document["account"]["name"]),
        started=str(document["started"]),
        ended=str(document["ended"]),
        requests=_count(document["requests"]),
        status=_one_of((COMPLETE, PARTIAL), document["status"]),
        reason=str(document["reason"]),
        options=_options(document["options"]),
        sections=sections,
        files={name: _stored(stored) for name, stored in document["files"].items()},
        placed={name: Placed(**_texts(placed)) for name, placed in document["contents"].items()},
    )


def _options(row: Json) -> Json:
    """Return the options of the scan. Raises TypeError unless those that are lists hold only texts."""
    for name in ("only", "skip", "zone"):
        values = row.get(name, [])
        if not isinstance(values, list):
            raise TypeError(f"the option {name} is not a list")
        _texts({str(number): value for number, value in enumerate(values)})
    return dict(row)


def _section(row: Json) -> Section:
    section = Section(
        **{**_texts({k: v for k, v in row.items() if k != "count"}), "count": _count(row["count"])}
    )
    _one_of(STATUSES, section.status)
    return section


def _stored(row: Json) -> StoredFile:
    return StoredFile(_count(row.pop("bytes")), **_texts(row))


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_COUNT:
        raise ValueError(f"{str(value)[:40]!r} is not a count")
    return value


def _texts(row: Json) -> dict[str, Any]:
    for value in row.values():
        if not isinstance(value, str):
            raise TypeError(f"{str(value)[:40]!r} is no text")
    return row


def _one_of(words: tuple[str, ...], value: Any) -> str:
    if value not in words:
        raise ValueError(f"status {str(value)[:40]!r}")
    return str(value)
