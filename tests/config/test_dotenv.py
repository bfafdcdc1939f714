"""`.env`: which one is read, who may have written it, and that it enters nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ops.errors import UsageError

from .conftest import Place

LINE = "CLOUDFLARE_ACCOUNT_ID=a1\n"


@pytest.mark.fault("F6")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_dotenv_that_others_may_touch_is_refused(place: Place, mode: int) -> None:
    file = place.write("project/.env", LINE, mode)

    with pytest.raises(UsageError) as error:
        place.load()

    assert error.value.message == f"{file} is accessible to other users (mode {mode:04o})"
    assert f"`chmod 600 {file}`" in error.value.hint


@pytest.mark.fault("F6")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_dotenv_of_another_user_is_refused(place: Place) -> None:
    file = place.write("project/.env", LINE)
    os.chown(file, 12345, -1)

    with pytest.raises(UsageError, match=r"belongs to another user \(uid 12345\)"):
        place.load()


@pytest.mark.fault("F6")
def test_a_dotenv_that_is_a_link_is_refused(place: Place) -> None:
    (place.project / ".env").symlink_to(place.write("real", LINE))

    with pytest.raises(UsageError, match="is a symbolic link"):
        place.load()


@pytest.mark.fault("F6")
def test_a_link_that_leads_nowhere_is_refused_too(place: Place) -> None:
    (place.project / ".env").symlink_to(place.project / "gone")

    with pytest.raises(UsageError, match="is a symbolic link"):
        place.load()


@pytest.mark.fault("F6")
def test_the_refusal_can_be_lifted(place: Place) -> None:
    place.write("project/.env", LINE, 0o644)

    settings = place.load(environ={"CFOPS_ALLOW_INSECURE_ENV": "1"})

    assert settings.account_id == "a1"


@pytest.mark.fault("F6")
def test_a_dotenv_cannot_lift_its_own_refusal(place: Place) -> None:
    place.write("project/.env", LINE + "CFOPS_ALLOW_INSECURE_ENV=1\n", 0o644)

    with pytest.raises(UsageError, match="mode 0644"):
        place.load()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"CLOUDFLARE_ACCOUNT_ID=\xff\n", "is not UTF-8 text"),
        (b"A=1\n!! what\nB=2\n", "line 2 cannot be parsed"),
        (b"A=1\nB='open\n", "line 2 cannot be parsed"),
        (b"#" * (1 << 20) + b"##", "is larger than 1048576 bytes"),
    ],
)
def test_a_dotenv_that_cannot_be_read_is_an_error_that_says_so(
    place: Place, content: bytes, says: str
) -> None:
    file = place.write("project/.env", content)

    with pytest.raises(UsageError) as error:
        place.load()

    assert str(file) in error.value.message
    assert says in error.value.message


def test_a_folder_called_dotenv_is_an_error_that_says_so(place: Place) -> None:
    (place.project / ".env").mkdir(mode=0o700)

    with pytest.raises(UsageError, match="is not a regular file"):
        place.load()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_dotenv_without_permission_is_an_error_that_says_so(place: Place) -> None:
    place.write("project/.env", LINE, 0o000)

    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        place.load()


@pytest.mark.fault("F7")
def test_a_dotenv_further_up_is_not_read(place: Place) -> None:
    place.write(".env", LINE)

    settings = place.load()

    assert settings.account_id == ""


@pytest.mark.fault("F8")
def test_a_dotenv_does_not_enter_the_environment(place: Place) -> None:
    canary = "cfut_" + "Canary1234" * 4 + "abcd1234"
    place.write("project/.env", f"CLOUDFLARE_API_TOKEN={canary}\n")
    before = dict(os.environ)

    settings = place.load()
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(dict(os.environ))"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert settings.credentials.token == canary
    assert dict(os.environ) == before
    assert canary not in child.stdout


def test_a_dollar_in_a_dotenv_is_a_dollar(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    place.write("project/.env", "CLOUDFLARE_ACCOUNT_ID=a${HOME}b\n")

    settings = place.load()

    assert settings.account_id == "a${HOME}b"
