"""Contents: the files and values in a snapshot, in the form in which the API returns them."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from pathlib import Path

from ops.http.exchange import Reply
from ops.kinds.resource import MAIN
from ops.snapshots.layout import decode
from ops.snapshots.manifest import Manifest
from ops.snapshots.snapshot import damaged, open_file
from ops.snapshots.writer import Placed


def files_of(manifest: Manifest, kind: str, scope: str, item: str) -> dict[str, Placed]:
    """Return the files that belong to *item*; without an item, the file of the values stored in *scope*."""
    return {f: p for f, p in manifest.placed.items() if (p.kind, p.scope, p.item) == (kind, scope, item)}


def form(folder: Path, manifest: Manifest, placed: dict[str, Placed]) -> Reply:
    """Return the files *placed* as the parts of a form, as the API sends the files of an item.

    Raises Damaged if one differs from the manifest.
    """
    parts = [(part, checked(folder, manifest, file)) for file, part in placed.items()]
    boundary = sha256(b"".join(data for _, data in parts)).hexdigest()
    body = b""
    for part, data in parts:
        name = part.name.replace("\\", "\\\\").replace('"', "%22")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n'
        body += f"{head}Content-Type: {part.media_type}\r\n\r\n".encode() + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    # The API names the main module in a header, not in the form.
    main = next((part.name for part in placed.values() if part.role == MAIN), "")
    return Reply(200, headers | ({"cf-entrypoint": main} if main else {}), body)


def checked(folder: Path, manifest: Manifest, file: str) -> bytes:
    """Return the bytes of a file; raises Damaged if they differ from the manifest."""
    stored = manifest.files.get(file)
    if stored is None:
        raise damaged(folder / file)
    with open_file(folder / file) as source:
        data = source.read(stored.bytes + 1)
    if sha256(data).hexdigest() != stored.sha256:
        raise damaged(folder / file)
    return data


def value(file: Path, key: str) -> Reply | None:
    """Return the value of *key* in *file*, with its expiry as the API sent it; None if the key is missing.

    Raises Damaged for a line that is not valid.
    """
    with open_file(file) as lines:
        for text in lines:
            try:
                line = decode(text)
                if line.get("key") != key:
                    continue
                value = str(line["value"])
                body = b64decode(value) if line.get("base64") else value.encode()
            except (ValueError, KeyError, RecursionError):
                raise damaged(file) from None
            return Reply(200, {"expiration": str(line["expiration"])} if "expiration" in line else {}, body)
    return None
