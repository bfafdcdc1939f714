"""The items of earlier snapshots of an account, for kinds whose list tells what has changed since."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.items import Json, reach
from ops.kinds.secret import hidden_fields
from ops.snapshots.layout import kind_file
from ops.snapshots.library import Library
from ops.snapshots.snapshot import ItemIndex

if TYPE_CHECKING:
    from ops.kinds.resource import Earlier, Owner, Resource


class EarlierItems:
    """Returns an item of the newest snapshot in *library* that holds its kind. Several threads may use it.

    A snapshot that cannot be read, such as an encrypted or a damaged one, holds nothing.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._found: dict[str, dict[str, dict[str, Json]]] = {}
        self._lock = Lock()

    def __call__(self, resource: Resource, owner: Owner, item: Json) -> Json | None:
        with self._lock:
            if resource.kind not in self._found:
                self._found[resource.kind] = self._read(resource)
        found = self._found[resource.kind].get(owner.id, {}).get(str(reach(item, resource.key)))
        # A hidden value would be stored again as if it were the value.
        return None if found and hidden_fields(resource, found) else found

    def _read(self, resource: Resource) -> dict[str, dict[str, Json]]:
        name = kind_file(resource.kind)
        with suppress(OpsError):
            for entry in self._library.all():
                if entry.manifest and name in entry.manifest.files:
                    index = ItemIndex(Path(entry.path), entry.manifest)
                    file = index.file(resource.kind)
                    return {
                        scope: {
                            str(reach(item, resource.key)): item for item in index.items(resource.kind, scope)
                        }
                        for scope in (file.spans if file else ())
                    }
        return {}


def earlier_items(exports: Path, account_id: str, *, deep: bool) -> Earlier | None:
    """Return the items of earlier snapshots in *exports*; None for a *deep* scan, which reads everything."""
    return None if deep else EarlierItems(Library(exports, account_id))
