"""The files of the wheel and the sdist, and what they say about themselves."""

from __future__ import annotations

import email
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from ops.version import VERSION
from tests.packages.conftest import REPOSITORY, ROOT, build

NAME = f"cfops-{VERSION}"


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.splitlines())


@pytest.fixture
def wheel(packages: dict[str, Path]) -> zipfile.ZipFile:
    return zipfile.ZipFile(packages[".whl"])


def test_the_wheel_has_the_tracked_files_and_no_others(wheel: zipfile.ZipFile) -> None:
    info, data = f"{NAME}.dist-info", f"{NAME}.data/data/share"
    expected = {
        *(f"cfops/house/{name}" for name in tracked("ops")),
        *(name.replace(".packaging/", "", 1) for name in tracked(".packaging/cfops", ".packaging/cfops.pth")),
        *(name.replace(".packaging/share", data, 1) for name in tracked(".packaging/share")),
        *(f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")),
        f"{info}/licenses/LICENSE",
    }

    assert set(wheel.namelist()) == expected


def test_the_wheel_has_nothing_where_the_other_package_ops_is(wheel: zipfile.ZipFile) -> None:
    assert {name.partition("/")[0] for name in wheel.namelist()} == {
        "cfops",
        "cfops.pth",
        f"{NAME}.data",
        f"{NAME}.dist-info",
    }


def test_the_sdist_has_the_tracked_files_and_no_others(packages: dict[str, Path]) -> None:
    with tarfile.open(packages[".gz"]) as archive:
        names = {name.removeprefix(f"{NAME}/") for name in archive.getnames()}

    assert names == tracked() | {"PKG-INFO"}


def test_the_bytes_do_not_depend_on_the_folder_the_umask_the_time_zone_or_what_is_not_tracked(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    clone = tmp_path / "a longer name" / "of a clone"
    names = sorted(tracked())
    for name in names:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
        os.utime(clone / name, (1, 1))
    when = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    git = {**os.environ, "GIT_COMMITTER_DATE": f"@{when}", "GIT_AUTHOR_DATE": f"@{when}"}
    for words in (
        ["init", "-q"],
        ["add", "--force", *names],
        ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=clone, check=True, env=git)
    (clone / "ops" / "junk.py.orig").write_text("not tracked")

    again = build(tmp_path / "dist", source=clone, umask=0o077, zone="Asia/Tokyo")

    hashes = [
        {suffix: hashlib.sha256(file.read_bytes()).hexdigest() for suffix, file in built.items()}
        for built in (packages, again)
    ]
    assert hashes[0] == hashes[1]


def test_the_page_of_the_package_index_has_no_relative_link(wheel: zipfile.ZipFile) -> None:
    metadata = email.message_from_bytes(wheel.read(f"{NAME}.dist-info/METADATA"))
    page = str(metadata.get_payload())

    assert page.startswith("# cfops")
    assert [link for link in re.findall(r"\]\(([^)]*)\)", page) if not link.startswith("https://")] == []
    assert "pip install -e" not in page


def test_the_metadata_name_the_systems_the_pythons_and_the_addresses(wheel: zipfile.ZipFile) -> None:
    metadata = email.message_from_bytes(wheel.read(f"{NAME}.dist-info/METADATA"))
    classifiers = metadata.get_all("Classifier", [])

    assert {"Operating System :: POSIX", "Typing :: Typed"} <= set(classifiers)
    pythons = [f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13, 14)]
    assert [one for one in classifiers if one in pythons] == pythons
    assert not any("Windows" in one for one in classifiers)
    assert metadata["Keywords"]
    assert metadata.get_all("Project-URL") == [
        f"Homepage, {REPOSITORY}",
        f"Documentation, {REPOSITORY}/tree/v{VERSION}/ops/docs",
        f"Changelog, {REPOSITORY}/blob/v{VERSION}/CHANGELOG.md",
        f"Issues, {REPOSITORY}/issues",
    ]
