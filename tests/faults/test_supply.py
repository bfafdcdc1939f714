"""What is installed: named by hash in one file that holds all that is needed, and each with a reason."""

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
    """Give each name in the lock with its version and its hashes."""
    found = {}
    for entry in LOCK.read_text().replace("\\\n", " ").splitlines():
        name, version = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", entry).groups()  # type: ignore[union-attr]
        found[canonicalize_name(name)] = version, re.findall(r"--hash=sha256:([0-9a-f]{64})(?!\S)", entry)
    return found


@pytest.mark.fault("P17")
def test_everything_in_the_lock_is_named_by_hash_and_by_nothing_else() -> None:
    assert [name for name, (_, hashes) in locked().items() if not hashes] == []
    assert "://" not in LOCK.read_text()


@pytest.mark.fault("P17")
def test_the_lock_holds_what_the_project_asks_for() -> None:
    versions = {name: version for name, (version, _) in locked().items()}

    wrong = {
        name: versions.get(name, "missing")
        for name, requirement in wanted().items()
        if name not in versions or not requirement.specifier.contains(versions[name])
    }
    assert wrong == {}


@pytest.mark.fault("P17")
def test_the_lock_holds_what_its_own_packages_ask_for() -> None:
    names = set(locked())
    here = {"extra": ""}
    asked = {
        canonicalize_name(requirement.name)
        for name in names & {*wanted(), "urllib3", "certifi", "idna", "cffi"}
        for requirement in map(Requirement, requires(name) or ())
        if not requirement.marker or requirement.marker.evaluate(here)
    }

    assert "urllib3" in asked
    assert asked - names == set()


@pytest.mark.fault("P17")
def test_few_are_added_to_the_ground_and_each_has_its_reason_in_the_changelog() -> None:
    section = (ROOT / "CHANGELOG.md").read_text().split("### Dependencies, and why\n")[1].split("\n#")[0]
    told = {canonicalize_name(name) for line in section.splitlines() if line.startswith("- ")
            for name in line[2:].partition(":")[0].split(", ")}  # fmt: skip

    assert set(wanted()) >= GROUND
    assert len(set(wanted()) - GROUND) <= 5
    assert set(wanted()) - told == set()
