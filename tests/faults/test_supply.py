"""What is installed: pinned by hash in one complete file, and each package with a reason."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / ".ci" / "requirements.lock"
GROUND = {"invoke", "requests", "tabulate", "python-dotenv", "colorama", "tqdm"}


def wanted() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = map(Requirement, project["dependencies"])
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def locked() -> dict[str, tuple[str, list[str]]]:
    """Return each name in the lock file with its version and hashes."""
    found = {}
    for entry in LOCK.read_text().replace("\\\n", " ").splitlines():
        name, version = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", entry).groups()  # type: ignore[union-attr]
        found[canonicalize_name(name)] = version, re.findall(r"--hash=sha256:([0-9a-f]{64})(?!\S)", entry)
    return found


@pytest.mark.fault("P17")
def test_every_package_in_the_lock_file_is_pinned_by_hash() -> None:
    assert [name for name, (_, hashes) in locked().items() if not hashes] == []
    assert "://" not in LOCK.read_text()


@pytest.mark.fault("P17")
def test_the_lock_file_holds_what_the_project_requires() -> None:
    versions = {name: version for name, (version, _) in locked().items()}

    wrong = {
        name: versions.get(name, "missing")
        for name, requirement in wanted().items()
        if name not in versions or not requirement.specifier.contains(versions[name])
    }
    assert wrong == {}


@pytest.mark.fault("P17")
def test_the_lock_file_holds_what_its_packages_require() -> None:
    names = set(locked())
    here = {"extra": ""}
    required = {
        canonicalize_name(requirement.name)
        for name in names & {*wanted(), "urllib3", "certifi", "idna", "cffi"}
        for requirement in map(Requirement, requires(name) or ())
        if not requirement.marker or requirement.marker.evaluate(here)
    }

    assert "urllib3" in required
    assert required - names == set()


@pytest.mark.fault("P17")
def test_few_packages_are_required_and_each_has_its_reason_in_the_changelog() -> None:
    section = (ROOT / "CHANGELOG.md").read_text().split("### Dependencies, and why\n")[1].split("\n#")[0]
    explained = {canonicalize_name(name) for line in section.splitlines() if line.startswith("- ")
            for name in line[2:].partition(":")[0].split(", ")}  # fmt: skip

    assert set(wanted()) >= GROUND
    assert len(set(wanted()) - GROUND) <= 5
    assert set(wanted()) - explained == set()
