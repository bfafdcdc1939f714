"""A project folder and a configuration folder of their own for each test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ops.config.settings import Settings, load


class Place:
    """A project and a configuration folder, and the settings they lead to."""

    def __init__(self, root: Path) -> None:
        self.project, self.config = root / "project", root / "config"
        self.project.mkdir()
        self.config.mkdir()

    def write(self, name: str, text: str | bytes, mode: int = 0o600) -> Path:
        """Write a file below the root, such as `project/.env`."""
        file = self.project.parent / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return file

    def load(self, options: Mapping[str, Any] | None = None, **more: Any) -> Settings:
        sources = {"invoke": {}, "environ": {}} | more
        return load(options or {}, cwd=self.project, config_dir=self.config, **sources)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Install a module of another project's for the length of the test."""

    def install(name: str, source: str) -> None:
        (tmp_path / "installed").mkdir(exist_ok=True)
        (tmp_path / "installed" / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path / "installed")
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)

    return install
