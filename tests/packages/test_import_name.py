"""Two packages are imported as `ops`: ours and another project's. Both work in one environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages.conftest import Environment

THEIRS = "from ops import CharmBase; from ops.version import version; assert version == '3.9.0'"
OURS = "from cfops import collection; from ops.products.dns.tasks import put_record; collection()['dns.put']"
TASKS = "from cfops import collection\n\nns = collection()\n"

pytestmark = pytest.mark.long


def works(place: Environment, name: str) -> None:
    """Assert that *name*, "cfops" or "ops", works in the environment."""
    if name == "ops":
        assert place.run("python", "-c", THEIRS) == (0, "", "")
        return
    repository = place.folder.parent / "repository"
    repository.mkdir(exist_ok=True)
    (repository / "tasks.py").write_text(TASKS)
    listed = place.run("cfops", "sandbox", "zones.list", "--output", "csv")
    by_inv = place.run("inv", "sandbox", "zones.list", "--output", "csv", cwd=repository)
    by_module = place.run("python", "-m", "cfops", "--version")
    imported = place.run("python", "-c", OURS)

    assert (listed.code, by_inv.code, by_module.code) == (0, 0, 0), listed.err + by_inv.err + by_module.err
    assert "example.com" in listed.out
    assert by_inv.out == listed.out
    assert (imported.code, imported.err) == (0, "")


@pytest.mark.parametrize("first", ["cfops", "ops"])
@pytest.mark.parametrize("removed", ["cfops", "ops"])
def test_both_work_in_whatever_order_they_come_and_one_survives_the_other(
    environment: Callable[[], Environment],
    packages: dict[str, Path],
    other: Path,
    first: str,
    removed: str,
) -> None:
    place = environment()
    wheels = {"cfops": packages[".whl"], "ops": other}
    kept = "ops" if removed == "cfops" else "cfops"
    for name in sorted(wheels, key=lambda name: name != first):
        place.pip("install", str(wheels[name]))
    works(place, "cfops")
    works(place, "ops")

    place.pip("uninstall", removed)

    works(place, kept)
    assert place.run("python", "-c", THEIRS if removed == "ops" else "import cfops").code == 1


def test_a_process_that_has_loaded_the_other_one_gets_one_sentence(
    environment: Callable[[], Environment], packages: dict[str, Path], other: Path, tmp_path: Path
) -> None:
    place = environment()
    place.pip("install", str(packages[".whl"]))
    place.pip("install", str(other))
    (tmp_path / "tasks.py").write_text(f"from ops import CharmBase\n{TASKS}")

    by_inv = place.run("inv", "--list", cwd=tmp_path)
    imported = place.run("python", "-c", f"import ops\n{OURS}")

    assert by_inv.code == 1
    assert by_inv.err.startswith(f"error: another package named `ops` is loaded already, from {place.site}")
    assert "Traceback" not in by_inv.err
    assert "ImportError: another package named `ops` is loaded already" in imported.err


@pytest.mark.parametrize("program", ["inv", "cfops"])
def test_an_ops_repository_may_have_a_package_ops_of_its_own(
    environment: Callable[[], Environment], packages: dict[str, Path], tmp_path: Path, program: str
) -> None:
    place = environment()
    place.pip("install", str(packages[".whl"]))
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "__init__.py").write_text("raise SystemExit('theirs')\n")
    (tmp_path / "tasks.py").write_text(TASKS)

    result = place.run(program, "sandbox", "zones.list", "--output", "csv", cwd=tmp_path)

    assert result.code == 0, result.err
    assert "example.com" in result.out


def test_the_two_lines_of_a_checkout_still_work_where_ops_is_ours(
    environment: Callable[[], Environment], packages: dict[str, Path], tmp_path: Path
) -> None:
    place = environment()
    place.pip("install", str(packages[".whl"]))
    (tmp_path / "tasks.py").write_text("from ops.program import collection\n\nns = collection()\n")

    by_inv = place.run("inv", "sandbox", "zones.list", "--output", "csv", cwd=tmp_path)
    by_module = place.run("python", "-m", "ops", "--version")

    assert (by_inv.code, by_module.code) == (0, 0), by_inv.err + by_module.err


@pytest.mark.parametrize("both", [False, True])
def test_a_type_checker_finds_our_types(
    environment: Callable[[], Environment],
    packages: dict[str, Path],
    other: Path,
    tmp_path: Path,
    both: bool,
) -> None:
    place = environment()
    place.pip("install", str(packages[".whl"]))
    environ = {}
    if both:
        place.pip("install", str(other))
        # mypy refuses a path below site-packages.
        (tmp_path / "types").symlink_to(place.site / "cfops" / "house")
        environ = {"MYPYPATH": str(tmp_path / "types")}
    (tmp_path / "runbook.py").write_text(
        "from cfops import collection\nfrom ops.errors import NotFound\n\n"
        "wrong: int = collection()\nalso: int = NotFound('x').exit_code\nreveal_type(also)\n"
    )

    found = place.run(
        "python",
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(tmp_path),
        "runbook.py",
        cwd=tmp_path,
        **environ,
    )

    assert "runbook.py:4: error: Incompatible types in assignment" in found.out, found.out + found.err
    assert "Found 1 error in 1 file" in found.out


def test_a_plugin_of_the_template_passes_its_tests_beside_the_other_package(
    environment: Callable[[], Environment], packages: dict[str, Path], other: Path, tmp_path: Path
) -> None:
    place = environment()
    place.pip("install", str(packages[".whl"]))
    place.pip("install", str(other))
    made = place.run("cfops", "plugins.new", "mail", cwd=tmp_path)
    assert made.code == 0, made.err
    folder = tmp_path / "cfops-mail"
    (place.site / "mail.pth").write_text(f"{folder}\n")
    info = place.site / "cfops_mail-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cfops-mail\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[cfops.plugins.v1]\nmail = cfops_mail\n")

    # `-p cfops` loads our package first.
    tested = place.run("python", "-m", "pytest", "-q", "-p", "cfops", "-p", "no:cacheprovider", cwd=folder)

    assert tested.code == 0, tested.out + tested.err
    assert "2 passed" in tested.out
