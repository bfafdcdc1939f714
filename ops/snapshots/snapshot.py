"""A snapshot on disk: what is kept of it, and its items, read a line at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import NamedTuple

from ops.errors import Damaged, OpsError, Refused
from ops.items import Json
from ops.snapshots.layout import account_folder, kind_file
from ops.snapshots.lines import decode
from ops.snapshots.manifest import PARTIAL, Manifest
from ops.snapshots.sealed.encrypt import ENDING, PARTIAL_ENDING
from ops.snapshots.sections import COMPLETE, Section

DAMAGED = "damaged"

_WRITTEN = "%Y-%m-%dT%H:%M:%SZ"


class Entry(NamedTuple):
    """What is kept at *path*: a snapshot, an encrypted one, or one that is damaged.

    *started* is in seconds since 1970. *manifest* is None where it cannot be read: *failure* says why, and is
    None for an encrypted one, which only its key opens. *size* is that of the manifest's file, or of the
    encrypted one. Where it is kept in a bucket, *address* tells where, and *path* is its name alone.
    """

    path: PurePath
    started: float
    manifest: Manifest | None = None
    failure: OpsError | None = None
    size: int = 0
    address: str = ""

    @property
    def where(self) -> str:
        return self.address or str(self.path)

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(ENDING).removesuffix(".partial")

    @property
    def sealed(self) -> bool:
        return self.path.name.endswith(ENDING)

    @property
    def status(self) -> str:
        """Return "complete", "partial" or "damaged"; of an encrypted one what its name says."""
        if self.failure is not None:
            return DAMAGED
        if self.manifest is not None:
            return self.manifest.status
        return PARTIAL if self.path.name.endswith(PARTIAL_ENDING) else COMPLETE

    @property
    def complete(self) -> bool:
        return self.status == COMPLETE

    @property
    def narrowed(self) -> bool:
        """True if it was not meant to stand for the whole account (`--only`, `--zone`)."""
        options = self.manifest.options if self.manifest else {}
        return bool(options.get("only") or options.get("zone"))


class Snapshot:
    """A snapshot that can be read; close() takes away what was unpacked for it.

    *where* is where it is kept, which need not be where it is read. *strays* are the files that were found
    beside it and are not in its manifest.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        close: Callable[[], None] = lambda: None,
        *,
        where: str = "",
        strays: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.where, self.strays = where or str(path), strays
        self.manifest = manifest
        self.started = seconds(manifest.started)
        self.close = close
        self._sections = {(section.kind, section.scope): section for section in manifest.sections}

    @property
    def name(self) -> str:
        return self.path.name

    def kinds(self) -> list[str]:
        """Return the kinds that it has items of, in order; one that was read and is empty is among them."""
        return kinds(self.manifest)

    def items(self, kind: str) -> Iterator[tuple[str, Json]]:
        """Yield the owner's id and the item, in the order of the file: by scope, then by identity.

        Nothing for a kind that has no file. Raises Damaged for a line that is not one of ours.
        """
        if kind in self.kinds():
            yield from items(self.path, kind)

    def section(self, kind: str, scope: str) -> Section | None:
        """Return what is known of *kind* in *scope*; where a kind was skipped as a whole, that."""
        return self._sections.get((kind, scope)) or self._sections.get((kind, ""))


def check_account(path: Path | str, manifest: Manifest, account_id: str) -> None:
    """Raise Refused where a snapshot is of another account; any will do where *account_id* is not known."""
    if account_id and account_id not in (manifest.account_id, account_folder(manifest.account_id)):
        raise Refused(
            f"{path} is a snapshot of the account {manifest.account_id}, not of {account_id}",
            hint=f"--account-id {manifest.account_id}",
        )


def seconds(written: str) -> float:
    """Return a manifest's time in seconds since 1970; raises Damaged for anything else."""
    try:
        return datetime.strptime(written, _WRITTEN).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Damaged(f"{written[:40]!r} is no time of a snapshot") from None


def kinds(manifest: Manifest) -> list[str]:
    """Return the kinds that have a file of items, in order."""
    return sorted(name.removesuffix(".jsonl") for name in manifest.files if "/" not in name)


def items(folder: Path, kind: str) -> Iterator[tuple[str, Json]]:
    """Yield the owner's id and the item, in the order of the file.

    Raises Damaged for a line that is not one of ours.
    """
    path = folder / kind_file(kind)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            yield _parsed(path, number, line)


def _parsed(path: Path, number: int, line: bytes) -> tuple[str, Json]:
    try:
        found = decode(line)
        scope, item = found["scope"], found["item"]
    except (ValueError, KeyError, RecursionError):
        raise Damaged(f"{path}, line {number}: damaged") from None
    if not isinstance(scope, str) or not isinstance(item, dict):
        raise Damaged(f"{path}, line {number}: damaged")
    return scope, item
