"""Contents: what a snapshot keeps beside the items, as raw as the API returns it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import Damaged
from ops.http.exchange import Reply
from ops.kinds.resource import MAIN
from ops.snapshots.lines import decode
from ops.snapshots.manifest import Manifest

if TYPE_CHECKING:
    from ops.items import Json
    from ops.snapshots.writer import Placed


def files_of(manifest: Manifest, kind: str, scope: str, item: str) -> dict[str, Placed]:
    """Return the files that belong to *item*, and what each is called."""
    wanted = (kind, scope, item)
    return {
        file: place
        for file, place in manifest.placed.items()
        if (place.kind, place.scope, place.item) == wanted
    }


def form(folder: Path, manifest: Manifest, placed: dict[str, Placed]) -> Reply:
    """Return the files *placed* as the parts of a form, which is how the API sends the files of an item.

    Raises Damaged where one is not what the manifest says.
    """
    parts = [(place, checked(folder, manifest, file)) for file, place in placed.items()]
    boundary = sha256(b"".join(data for _, data in parts)).hexdigest()
    body = b"".join(_part(boundary, place, data) for place, data in parts) + f"--{boundary}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    main = next((place.name for place in placed.values() if place.role == MAIN), "")
    # The API names the module that runs first beside the form, not in it.
    return Reply(200, headers | ({"cf-entrypoint": main} if main else {}), body)


def _part(boundary: str, place: Placed, data: bytes) -> bytes:
    name = place.name.replace("\\", "\\\\").replace('"', "%22")
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n'
    return f"{head}Content-Type: {place.media_type}\r\n\r\n".encode() + data + b"\r\n"


def checked(folder: Path, manifest: Manifest, file: str) -> bytes:
    """Return what a file holds; raises Damaged where that is not what the manifest says."""
    data = (folder / file).read_bytes()
    stored = manifest.files.get(file)
    if stored is None or sha256(data).hexdigest() != stored.sha256:
        raise Damaged(
            f"{folder / file} is not what the manifest says", hint="`inv snapshots.verify` says more"
        )
    return data


def values_of(manifest: Manifest, kind: str, scope: str) -> str:
    """Return the file of the values that are stored in *scope*, "" where they were not exported."""
    return next(iter(files_of(manifest, kind, scope, "")), "")


def value(file: Path, key: str) -> Reply | None:
    """Return what *file* holds under *key*, with its expiry as the API sent it; None if the key is missing.

    Raises Damaged for a line that is not one of ours.
    """
    return next((_stored(line) for line in _lines(file) if line.get("key") == key), None)


def _lines(path: Path) -> Iterator[Json]:
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield decode(line)
            except (ValueError, RecursionError):
                raise Damaged(f"{path} is damaged", hint="`inv snapshots.verify` says more") from None


def _stored(line: Json) -> Reply:
    text = str(line["value"])
    body = b64decode(text) if line.get("base64") else text.encode()
    headers = {"expiration": str(line["expiration"])} if "expiration" in line else {}
    return Reply(200, headers, body)
