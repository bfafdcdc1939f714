"""A real plugin, as its own distribution: built, installed and enabled in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Result

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).parent / "r2_objects"
pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


class Installed:
    """An environment with cfops and the plugin, and lines that are run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder / "home")}
        (folder / "home").mkdir()
        self.run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
        site = Path(self.run(self.python, "-c", "import site; print(site.getsitepackages()[0])").strip())
        # Our dependencies are those of the tests; cfops is an editable installation.
        others = [ROOT, *(path for path in sys.path if "site-packages" in path)]
        (site / "base.pth").write_text("".join(f"{path}\n" for path in others))

    def run(self, *words: object) -> str:
        done = subprocess.run(
            [str(word) for word in words], env=self.environ, cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pip(self, *words: object) -> str:
        pip = (sys.executable, "-m", "pip", "--quiet", "--python", self.python)
        return self.run(*pip, *words)

    def __call__(self, *line: str) -> Result:
        program = "import sys; from ops.program import main; main()"
        done = subprocess.run(
            [self.python, "-c", program, *line],
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the plugin, without a network."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(folder), str(folder / "source")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture
def cfops(tmp_path: Path, wheel: Path) -> Iterator[Installed]:
    """Return an environment in which the plugin is installed and enabled."""
    made = Installed(tmp_path)
    made.pip("install", "--no-index", "--no-deps", str(wheel))
    assert made("r2-objects.list", "x").code == 1  # installed is not enabled
    enabled = made("plugins.enable", "cfops-r2-objects", "--record", "--output", "json")
    assert enabled.code == 0, enabled.err
    assert "kinds: r2.object" in json.loads(enabled.out)["brings"]
    return made


def keys(cfops: Installed, *options: str) -> list[str]:
    result = cfops("sandbox", "r2-objects.list", "uploads", "--output", "json", *options)
    assert result.code == 0, result.err
    return [row["key"] for row in json.loads(result.out)]


def prepared(cfops: Installed) -> None:
    cfops("sandbox", "r2.create", "uploads")
    for name, text in (("a/logo.svg", "<svg/>"), ("notes.txt", "first")):
        (cfops.folder / "content").write_text(text)
        result = cfops("sandbox", "r2-objects.put", "uploads", name, "--file", "content")
        assert result.code == 0, result.err


def test_objects_are_put_listed_read_replaced_deleted_and_undone(cfops: Installed) -> None:
    prepared(cfops)
    (cfops.folder / "content").write_text("second")
    changed = cfops("sandbox", "r2-objects.put", "uploads", "notes.txt", "--file", "content")
    second = cfops("sandbox", "r2-objects.get", "uploads", "notes.txt")
    undone = cfops("sandbox", "undo.last", "--yes")
    first = cfops("sandbox", "r2-objects.get", "uploads", "notes.txt")
    deleted = cfops("sandbox", "r2-objects.delete", "uploads", "notes.txt", "--yes")
    without = keys(cfops)
    again = cfops("sandbox", "undo.last", "--yes")

    assert changed.code == undone.code == deleted.code == again.code == 0, undone.err + again.err
    assert (second.out, first.out) == ("second", "first")
    assert without == ["a/logo.svg"]
    assert keys(cfops) == ["a/logo.svg", "notes.txt"]


def test_objects_are_kept_in_a_snapshot_and_restored_from_it(cfops: Installed) -> None:
    prepared(cfops)
    made = cfops("sandbox", "scan.export", "--only", "r2", "--kv", "values", "--output", "json")
    cfops("sandbox", "r2-objects.delete", "uploads", "notes.txt", "--yes")
    drift = cfops("sandbox", "snapshots.diff", "latest", "live", "--output", "json")
    verified = cfops("sandbox", "snapshots.verify")
    restored = cfops("sandbox", "snapshots.restore", "--yes", "--output", "json")
    content = cfops("sandbox", "r2-objects.get", "uploads", "notes.txt")

    assert made.code == verified.code == restored.code == 0, made.err + restored.err
    assert "notes.txt" in drift.out
    assert json.loads(restored.out)["created"] == 1
    assert content.out == "first"
    assert keys(cfops, "--offline") == ["a/logo.svg", "notes.txt"]


def test_the_route_of_the_sandbox_answers(cfops: Installed) -> None:
    before = cfops("sandbox", "r2-objects.usage", "--output", "json")
    prepared(cfops)

    after = cfops("sandbox", "r2-objects.usage", "--output", "json")

    (was, _), (now, _) = json.loads(before.out), json.loads(after.out)
    assert (now["class"], now["objects"] - was["objects"]) == ("standard", 2)
    assert now["size"] - was["size"] == len("<svg/>first")


def test_a_snapshot_outlives_the_plugin_and_says_what_cannot_come_back(cfops: Installed) -> None:
    prepared(cfops)
    cfops("sandbox", "scan.export", "--only", "r2")
    cfops.pip("uninstall", "--yes", "cfops-r2-objects")

    restored = cfops("sandbox", "snapshots.restore", "--dry-run")
    listed = cfops("plugins", "--output", "json")

    assert "cannot be restored: 2 r2.object: this cfops does not know the kind" in restored.err
    assert "the plugin cfops-r2-objects is off: it is enabled and not installed" in restored.err
    (row,) = json.loads(listed.out)
    assert row["status"] == "missing"
    assert row["install"].endswith("-m pip install cfops-r2-objects")


def test_a_new_plugin_passes_its_own_test(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    made = Installed(tmp_path)
    assert made("plugins.new", "mail-rules").code == 0
    folder = tmp_path / "cfops-mail-rules"
    made.pip("install", "--no-index", "--no-deps", "--no-build-isolation", str(folder))

    done = made.run(made.python, "-m", "pytest", "-q", "-p", "no:xdist", str(folder / "tests"))

    assert "2 passed" in done
    assert sysconfig.get_path("purelib") not in done
