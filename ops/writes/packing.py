"""Items as JSON, whatever bytes they hold: short ones in base64, long ones and long lists in a file."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from ops.errors import DiskError
from ops.files.disk import atomic, private_folder

Json = dict[str, Any]
Read = Callable[[int, int], bytes]

SHORT = 512
INLINE = 64 * 1024
_STEP = 1024 * 1024


class Blobs:
    """Files in *folder*, named by the hash of what they hold: long values, then the JSON about them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pack(self, value: Any) -> Json:
        """Give *value* as it stands in a line: itself, or where its blob is."""
        pieces: list[bytes] = []
        packed = _packed(value, pieces)
        text = json.dumps(packed, separators=(",", ":")).encode()
        if not pieces and len(text) <= INLINE:
            return {"inline": packed}
        return {"blob": self._keep([*pieces, text]), "at": [sum(map(len, pieces)), len(text)]}

    def unpack(self, held: Json) -> Any:
        """Give the value again; raises DiskError where the blob is gone, or not what it was."""
        if "blob" not in held:
            return _unpacked(held["inline"], None)
        with self._opened(str(held["blob"])) as file:

            def read(start: int, size: int) -> bytes:
                file.seek(start)
                return file.read(size)

            return _unpacked(json.loads(read(*held["at"])), read)

    def _keep(self, pieces: list[bytes]) -> str:
        digest = sha256()
        for piece in pieces:
            digest.update(piece)
        path = private_folder(self._folder) / digest.hexdigest()
        if not path.exists():
            with atomic(path) as file:
                for piece in pieces:
                    file.write(piece)
        return path.name

    @contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        path = self._folder / name
        try:
            with path.open("rb") as file:
                digest = sha256()
                while step := file.read(_STEP):
                    digest.update(step)
                if digest.hexdigest() != name:
                    raise DiskError(f"{path} is not what was written", hint="what it held cannot be put back")
                yield file
        except OSError as problem:
            raise DiskError(f"{path} cannot be read: {problem.strerror}") from None


def _packed(value: Any, pieces: list[bytes]) -> Any:
    if isinstance(value, bytes):
        if len(value) <= SHORT:
            return {"$base64": b64encode(value).decode()}
        pieces.append(value)
        return {"$at": [sum(map(len, pieces[:-1])), len(value)]}
    if isinstance(value, dict):
        inside = {name: _packed(held, pieces) for name, held in value.items()}
        # A dict of the user's own that looks like one of ours is wrapped, so that it comes back as it was.
        return {"$dict": inside} if any(name.startswith("$") for name in inside) else inside
    if isinstance(value, list | tuple):
        return [_packed(held, pieces) for held in value]
    return value


def _unpacked(value: Any, read: Read | None) -> Any:
    if isinstance(value, list):
        return [_unpacked(held, read) for held in value]
    if not isinstance(value, dict):
        return value
    if "$base64" in value:
        return b64decode(value["$base64"])
    if "$at" in value and read:
        return read(*value["$at"])
    return {name: _unpacked(held, read) for name, held in value.get("$dict", value).items()}
