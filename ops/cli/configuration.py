"""Invoke's configuration files, read so that one that cannot be used is explained in a sentence."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from invoke.config import AmbiguousMergeError, Config
from invoke.exceptions import Exit


class OpsConfig(Config):
    """Invoke's configuration, which also takes an empty `ops:` and an empty file."""

    def load_user(self, merge: bool = True) -> None:
        # Without a home folder, Invoke would fail on a file below it.
        if Path(os.path.expanduser("~")).is_dir():  # noqa: PTH111 (a Path raises without a home)
            super().load_user(merge)

    def _load_yaml(self, path: os.PathLike[Any]) -> Any:
        import yaml

        return _mapping(path, yaml.safe_load)

    _load_yml = _load_yaml

    def _load_json(self, path: os.PathLike[Any]) -> Any:
        return _mapping(path, json.loads)

    def merge(self) -> None:
        try:
            super().merge()
        except AmbiguousMergeError:
            raise _unusable("Invoke's configuration", "a value and a mapping have the same name") from None


def _mapping(path: os.PathLike[Any], parse: Callable[[bytes], Any]) -> dict[str, Any]:
    try:
        os.lstat(path)  # most of the files that Invoke asks for are not there
        from ops.files.disk import open_regular

        with open_regular(Path(path)) as file:
            # Invoke fails on a name that is not text and on a mapping within itself; JSON has neither.
            loaded = json.loads(json.dumps(parse(file.read()) or {}, default=str))
    except FileNotFoundError:
        raise  # Invoke looks for the next one
    except Exception as error:  # noqa: BLE001 (PyYAML lets through what a conversion of a value raises)
        why = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise _unusable(path, str(why)) from None
    if not isinstance(loaded, dict):
        raise _unusable(path, "it is not a mapping")
    return loaded if loaded.get("ops", {}) is not None else {**loaded, "ops": {}}


def _unusable(file: object, why: str) -> Exit:
    from ops.cli.outside import mistake

    # Plain `inv` runs its own program until tasks.py is loaded, so this is reported here.
    return mistake(
        sys.argv,
        {},
        f"error: {file} cannot be used: {why}\nhint: write each setting as `name: value` under `ops:`",
    )
