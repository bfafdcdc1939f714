"""The folder of a target, where mutmut copies the code and changes it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.tools.mutation.targets import Target

ROOT = Path(__file__).parents[3]
STAGE = ROOT / ".mutation"
# What the tests need beside the code.
COPIED = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    ".env.example",
    "LICENSE",
    "tasks.py",
    "tests",
    "pyproject.toml",
)
OPTIONS = ("-n", "0", "-p", "no:cacheprovider", "--hypothesis-profile", "repeatable")


def prepare(name: str, target: Target) -> Path:
    """Return a new folder for *target* with mutmut's settings and links to the project."""
    folder = STAGE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for linked in ("ops", *COPIED):
        (folder / linked).symlink_to(ROOT / linked)
    (folder / "setup.cfg").write_text(_settings(target), encoding="utf-8")
    return folder


def mutmut(folder: Path, *line: str) -> None:
    """Run mutmut in *folder*; what it prints is added to mutmut.log there."""
    program = [str(Path(sys.executable).with_name("mutmut")), *line]
    with (folder / "mutmut.log").open("ab") as log:
        subprocess.run(program, cwd=folder, stdout=log, stderr=log, check=True)


def counts(folder: Path) -> dict[str, int]:
    """Return the number of mutants by result: total, killed, survived, timeout, no_tests, …"""
    mutmut(folder, "export-cicd-stats")
    found: dict[str, int] = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text())
    return found


def _settings(target: Target) -> str:
    options = (*OPTIONS, *(("-k", f"not ({target.without})") if target.without else ()))
    settings = {
        "source_paths": ("ops",),
        "only_mutate": target.mutate,
        "also_copy": COPIED,
        "pytest_add_cli_args": options,
        "pytest_add_cli_args_test_selection": target.tests,
    }
    lines = ["[mutmut]", "timeout_multiplier = 6", "timeout_constant = 5", "use_git_change_detection = false"]
    for key, values in settings.items():
        lines += [f"{key} =", *(f"  {value}" for value in values)]
    return "\n".join(lines) + "\n"
