"""Odd surroundings: no home folder, closed streams, configuration files that cannot be read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell

NOBODY = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups")
AGE = "age10czq24r0we59a4vcsljaw0nchppvfyszsmn5umg8jh6pw9fy042ss6a2kw"


def can_be_nobody() -> bool:
    """True if a user without a name can run this interpreter, which only root can try."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return False
    return not subprocess.run([*NOBODY, sys.executable, "-c", ""], env={}, capture_output=True).returncode


needs_root = pytest.mark.skipif(not can_be_nobody(), reason="a user without a name cannot be tried here")


def as_nobody(shell: Shell, *line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [*NOBODY, *shell.command(*line, program="cfops")]
    return subprocess.run(
        command, env={"PATH": shell.environ["PATH"], **environ}, capture_output=True, text=True, timeout=40,
        cwd="/",
    )  # fmt: skip


@needs_root
def test_a_user_without_a_home_folder_gets_a_sentence(bare: Shell) -> None:
    result = as_nobody(bare, "version")

    assert result.returncode == 1
    assert result.stderr.startswith("error: this user has no home folder\nhint: set HOME")


@needs_root
def test_a_user_without_a_name_can_schedule(bare: Shell) -> None:
    kubernetes = as_nobody(bare, "schedule", "--for", "kubernetes", HOME=".")
    systemd = as_nobody(bare, "schedule", "--for", "systemd", HOME="/nonexistent")

    assert (kubernetes.returncode, systemd.returncode) == (0, 0), kubernetes.stderr + systemd.stderr
    assert "kind: CronJob" in kubernetes.stdout
    assert "User=54321" in systemd.stdout


@pytest.mark.parametrize("text", ["", "ops:\n", "ops:\n  # output: json\n", "\ufeffops:\n"])
def test_a_configuration_of_invoke_without_settings_is_accepted(bare: Shell, text: str) -> None:
    (bare.folder / "invoke.yaml").write_text(text)

    assert bare("version").code == 0


@pytest.mark.parametrize(
    "text",
    [
        "ops: [1\n",
        "- a\n",
        "ops: 3\n",
        "tasks: 3\n",
        "ops: {\n",
        "a: 2026-13-45\n",
        "a: &a {b: *a}\n",
        "a: !!timestamp x\n",
    ],
)
def test_a_configuration_of_invoke_that_cannot_be_used_is_a_sentence(bare: Shell, text: str) -> None:
    (bare.folder / "invoke.yaml").write_text(text)

    result = bare("version")

    assert result.code == 1
    assert "cannot be used" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("text", ["ops: {1: 2}\n", "ops: {2026-01-01: 2}\n"])
def test_a_setting_of_invoke_whose_name_is_not_text_is_a_sentence(bare: Shell, text: str) -> None:
    (bare.folder / "invoke.yaml").write_text(text)

    result = bare("version")

    assert result.code == 1
    assert result.err.startswith("error: ")


def test_a_configuration_of_invoke_in_json_that_cannot_be_used_is_a_sentence(bare: Shell) -> None:
    (bare.folder / "invoke.json").write_text("ops=3")

    result = bare("version")

    assert result.code == 1
    assert "invoke.json cannot be used: Expecting value" in result.err


@pytest.mark.parametrize("create", [os.mkdir, os.mkfifo])
def test_a_configuration_of_invoke_that_is_not_a_file_is_a_sentence(
    bare: Shell, create: Callable[[Path], None]
) -> None:
    create(bare.folder / "invoke.yaml")

    result = bare("version")

    assert result.code == 1
    assert "invoke.yaml cannot be used: it is not a regular file" in result.err


def test_a_wrangler_file_that_cannot_be_parsed_is_a_note(shell: Shell, sandbox: Sandbox) -> None:
    (shell.folder / "wrangler.toml").write_text('name = "shop"\nvars = {\n  MODE = "debug",\n}\n')

    version, zones = shell("version"), shell("zones.list")

    assert (version.code, zones.code) == (0, 0)
    assert "wrangler.toml cannot be read" in zones.err
    assert "its account_id is not used" in zones.err


@pytest.mark.parametrize("variable", ["${HOME}", "$HOME"])
def test_a_variable_in_a_path_setting_is_refused(bare: Shell, variable: str) -> None:
    bare.environ.pop("CFOPS_EXPORTS")
    dotenv = bare.folder / ".env"
    dotenv.write_text(f"CFOPS_EXPORTS={variable}/exports\n")
    dotenv.chmod(0o600)

    result = bare("config")

    assert result.code == 1
    assert "variables are not replaced in settings" in result.err
    assert not (bare.folder / variable).exists()


@pytest.mark.holds_secret(".env", "token")
@pytest.mark.parametrize("name", [".env", "token"])
def test_a_byte_order_mark_is_read_over(shell: Shell, name: str) -> None:
    token = shell.environ.pop("CLOUDFLARE_API_TOKEN")
    file = shell.folder / name
    file.write_text("\ufeff" + (f"CLOUDFLARE_API_TOKEN={token}\n" if name == ".env" else token))
    file.chmod(0o600)
    if name == "token":
        shell.environ["CLOUDFLARE_API_TOKEN_FILE"] = str(file)

    assert shell("zones.list").code == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_are_like_the_null_device(shell: Shell, sandbox: Sandbox, closed: str) -> None:
    line = " ".join(shell.command("scan.export", "--quiet", "--only", "zones"))

    done = subprocess.run(
        ["bash", "-c", f"{line} {closed}"], env=shell.environ, cwd=shell.folder, capture_output=True,
        timeout=40, text=True,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((shell.folder / "exports").glob("*/*/manifest.json"))) == 1


def test_a_value_is_not_read_from_a_closed_stdin(shell: Shell, sandbox: Sandbox) -> None:
    line = " ".join(shell.command("kv.put", "--namespace", "assets", "--key", "z", "--file", "-"))

    done = subprocess.run(
        ["bash", "-c", f"{line} <&-"], env=shell.environ, cwd=shell.folder, capture_output=True,
        timeout=40, text=True,
    )  # fmt: skip

    assert done.returncode == 1
    assert "stdin is closed" in done.stderr


def test_a_cron_line_that_crontab_would_refuse_says_so(bare: Shell) -> None:
    keys = [word for _ in range(12) for word in ("--encrypt-to", AGE)]

    long, short = bare("schedule", "--for", "cron", *keys), bare("schedule", "--for", "cron")

    assert (long.code, short.code) == (0, 0)
    assert "crontab refuses commands over 998 characters" in long.out
    assert "crontab refuses" not in short.out


def test_a_home_that_is_a_file_is_like_one_without_files(bare: Shell) -> None:
    bare.environ["HOME"] = "/dev/null"

    assert bare("version", program="cfops").code == 0


def test_the_package_runs_as_a_module(bare: Shell) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops", "version"], env=bare.environ, cwd=bare.folder, capture_output=True,
        timeout=40, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "cfops" in done.stdout
