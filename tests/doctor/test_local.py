"""What is found on this machine, without asking anybody."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.config.settings import Settings
from ops.doctor.findings import Finding
from ops.doctor.local import check_local, disk_space

Make = Callable[..., Settings]


def checked(settings: Settings, check: str) -> list[Finding]:
    return [finding for finding in check_local(settings) if finding.check == check]


@pytest.mark.fault("F7")
def test_the_path_of_each_dotenv_is_reported(settings: Make, tmp_path: Path) -> None:
    file = tmp_path / "work" / ".env"
    file.touch(0o600)

    project, personal = checked(settings(), ".env")

    assert (project.status, project.meaning) == ("ok", f"{file} is read; other users cannot access it")
    assert (personal.status, personal.meaning) == ("ok", f"{tmp_path}/config/.env does not exist")


@pytest.mark.fault("F6")
def test_a_dotenv_that_is_read_although_it_is_open_is_reported(settings: Make, tmp_path: Path) -> None:
    file = tmp_path / "work" / ".env"
    file.touch()
    file.chmod(0o644)

    project, _ = checked(settings(CFOPS_ALLOW_INSECURE_ENV="1"), ".env")

    assert (project.status, project.hint) == ("warn", f"`chmod 600 {file}`")
    assert "mode 0644" in project.meaning


def test_a_package_of_the_project_that_hides_cfops_is_reported(settings: Make, tmp_path: Path) -> None:
    folder = tmp_path / "work" / "ops"
    (before,) = checked(settings(), "import name")
    folder.mkdir()
    (folder / "__init__.py").touch()

    (finding,) = checked(settings(), "import name")
    (folder.parent / "tasks.py").write_text("from cfops import collection\n\nns = collection()\n")
    (after,) = checked(settings(), "import name")

    assert before.status == after.status == "ok"
    assert (finding.status, finding.meaning) == ("warn", f"{folder} hides cfops from `inv`")


def test_where_the_token_came_from_is_reported_but_not_the_token(settings: Make) -> None:
    findings = list(check_local(settings(CLOUDFLARE_API_TOKEN="cfut_" + "canary" * 8)))

    assert Finding("token source", "ok", "from environment CLOUDFLARE_API_TOKEN") in findings
    assert "canary" not in str(findings)


def test_a_deprecated_variable_is_reported_with_its_new_name(settings: Make) -> None:
    (finding,) = checked(settings(CF_API_TOKEN="x"), "variables")

    assert finding.status == "warn"
    assert finding.meaning == "environment CF_API_TOKEN is no longer read: use CLOUDFLARE_API_TOKEN"


def test_a_folder_that_is_not_there_yet_can_be_made(settings: Make, tmp_path: Path) -> None:
    (finding,) = checked(settings(), "exports")

    assert (finding.status, finding.meaning) == ("ok", f"{tmp_path}/exports can be created")
    assert not (tmp_path / "exports").exists()


def test_a_folder_that_is_a_file_is_the_users_failure(settings: Make, tmp_path: Path) -> None:
    (tmp_path / "exports").touch()

    (finding,) = checked(settings(), "exports")

    assert finding.status == "fail"
    assert "is not a folder" in finding.meaning


@pytest.mark.parametrize(
    ("free", "status"),
    [(1 << 40, "ok"), (1 << 30, "ok"), ((1 << 30) - 1, "warn"), (50 << 20, "warn"), ((50 << 20) - 1, "fail")],
)
def test_little_room_is_reported_before_there_is_none(tmp_path: Path, free: int, status: str) -> None:
    assert disk_space(tmp_path, free).status == status


@pytest.mark.parametrize(
    ("check", "setting", "folder"),
    [("state", "CFOPS_STATE_DIR", "state/deep"), ("exports", "CFOPS_EXPORTS", "exports/deep")],
)
def test_a_read_only_file_system_names_the_folder_and_its_setting(
    settings: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: str, setting: str, folder: str
) -> None:
    def refused(*_: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("ops.files.disk._create", refused)

    (finding,) = checked(settings(**{setting: str(tmp_path / folder)}), check)

    assert finding.meaning == (
        f"{tmp_path / folder} cannot be created: no file can be written in {tmp_path}: Read-only file system"
    )
    assert finding.hint == (f"`ls -ld {tmp_path}` shows who may write there; set {setting} to another folder")
