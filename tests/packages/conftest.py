"""The built packages, and environments without a checkout in which they are installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result

ROOT = Path(__file__).parents[2]
REPOSITORY = "https://repository.example/cfops"
OTHER = {
    "ops/__init__.py": "from ops.version import version\n\n\nclass CharmBase: ...\n",
    "ops/version.py": 'version = "3.9.0"\n',
}
"""The other package of the name, as far as it matters here: files where ours would be."""


def build(folder: Path, *, source: Path = ROOT, umask: int = 0o022, zone: str = "UTC") -> dict[str, Path]:
    """Build the packages of *source*; return them by their last suffix."""
    subprocess.run(
        [str(source / ".ci" / "package"), str(folder)],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHON": sys.executable, "TZ": zone, "REPOSITORY": REPOSITORY},
        umask=umask,
    )
    return {file.suffix: file for file in folder.iterdir()}


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of the other project that is imported as `ops`."""
    wheel = tmp_path_factory.mktemp("other") / "ops-3.9.0-py3-none-any.whl"
    info = "ops-3.9.0.dist-info"
    files = {
        **OTHER,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: ops\nVersion: 3.9.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD")))
    return wheel


class Environment:
    """A virtual environment with the dependencies of this one, but without its cfops."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.home = folder.parent / "home"
        self.home.mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        (self.site,) = folder.glob("lib/python*/site-packages")
        # The folders themselves: what their own .pth files add, such as a checkout, is not added.
        places = [place for place in sys.path if place.endswith("site-packages")]
        (self.site / "dependencies.pth").write_text("".join(f"{place}\n" for place in places))
        script = f"#!{self.python}\nimport sys\nfrom invoke.main import program\nsys.exit(program.run())\n"
        (folder / "bin" / "inv").write_text(script)
        (folder / "bin" / "inv").chmod(0o755)

    def pip(self, *words: str) -> None:
        offline = ("--no-deps", "--no-index") if words[0] == "install" else ("--yes",)
        subprocess.run(
            [sys.executable, "-m", "pip", "--python", str(self.python), *words, *offline],
            check=True,
            capture_output=True,
        )

    def run(self, program: str, *words: str, cwd: Path | None = None, **environ: str) -> Result:
        done = subprocess.run(
            [str(self.folder / "bin" / program), *words],
            cwd=cwd or self.home,
            env={"HOME": str(self.home), "PATH": os.defpath, **environ},
            capture_output=True,
            text=True,
        )
        return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def environment(tmp_path: Path) -> Callable[[], Environment]:
    return lambda: Environment(tmp_path / "environment")
