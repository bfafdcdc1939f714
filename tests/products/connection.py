"""A client that is connected to a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.config.settings import load
from ops.http.client import Client
from ops.http.stack import open_client
from ops.kinds import paths
from ops.sandbox.server import Sandbox


@contextmanager
def connected(sandbox: Sandbox, folder: Path, **more: str) -> Iterator[Client]:
    """Open a client of *sandbox* that keeps its state below *folder*; *more* is added to its environment."""
    environ = {"CLOUDFLARE_API_TOKEN": sandbox.token, "CLOUDFLARE_API_BASE_URL": sandbox.url}
    places = {f"CFOPS_{name}_DIR": str(folder / name.lower()) for name in ("STATE", "CACHE", "CONFIG")}
    settings = load({}, invoke={}, environ=environ | places | more | {"HOME": str(folder)}, cwd=folder)
    client = open_client(settings, say=lambda text: None, paths=paths)
    try:
        yield client
    finally:
        client.close()
