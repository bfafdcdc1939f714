"""Setting up: `init` on a terminal and off one, the permissions of a token, and what installs a job."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]

ROOT = Path(__file__).parents[1]
RUN = "import sys; from ops.program import main; sys.argv[0] = 'cfops'; main()"


class Dialog:
    """A process on a terminal of its own: what it prints is waited for, then answered."""

    def __init__(self, *line: str, **environ: str) -> None:
        self._terminal, inside = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, *line],
            stdin=inside, stdout=inside, stderr=inside, close_fds=True, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PAGER": "cat", **environ},
        )  # fmt: skip
        os.close(inside)
        self.shown = ""

    def answer(self, question: str, text: str) -> None:
        while question not in self.shown.rpartition("\n> ")[2]:
            self._read()
        self.shown += "\n> "
        os.write(self._terminal, f"{text}\n".encode())

    def _read(self) -> None:
        try:
            chunk = os.read(self._terminal, 4096)
        except OSError:
            chunk = b""
        assert chunk, self.shown
        self.shown += chunk.decode().replace("\r\n", "\n")

    def end(self) -> int:
        try:
            while chunk := os.read(self._terminal, 4096):
                self.shown += chunk.decode().replace("\r\n", "\n")
        except OSError:
            pass
        os.close(self._terminal)
        return self._process.wait(30)


@pytest.fixture
def folder(staged: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder without any token, from where the sandbox can be reached."""
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID", raising=False)
    monkeypatch.setenv("CFOPS_ALLOW_BASE_URL", staged.url.split("/")[2])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.mark.holds_secret(".env")
def test_init_stores_an_accepted_token_in_the_folders_dotenv(folder: Path, staged: Sandbox) -> None:
    (folder / ".env").write_text("# mine\nCFOPS_WORKERS=4\nexport CLOUDFLARE_API_TOKEN=\n")
    (folder / ".env").chmod(0o600)

    dialog = Dialog("init")
    dialog.answer("API token (not shown): ", "too short")
    dialog.answer("API token (not shown): ", "x" * 40)
    dialog.answer("API token (not shown): ", staged.token)
    dialog.answer("place for the token [1]: ", "1")
    code = dialog.end()

    assert code == 0, dialog.shown
    assert (folder / ".env").read_text() == (
        f"# mine\nCFOPS_WORKERS=4\nCLOUDFLARE_API_TOKEN={staged.token}\n"
        f"CLOUDFLARE_ACCOUNT_ID={staged.account_id}\n"
    )
    assert mode(folder / ".env") == 0o600
    assert staged.token not in dialog.shown
    assert "that is not an API token" in dialog.shown
    assert "Workers KV Storage" in dialog.shown
    assert re.search(r"token +ok", dialog.shown)


def test_init_asks_before_it_replaces_a_token(folder: Path, staged: Sandbox) -> None:
    (folder / ".env").write_text("CLOUDFLARE_API_TOKEN=the-old-token-of-this-folder-1234567890\n")
    (folder / ".env").chmod(0o600)

    dialog = Dialog("init")
    dialog.answer("API token (not shown): ", staged.token)
    dialog.answer("place for the token [1]: ", "1")
    dialog.answer("replace CLOUDFLARE_API_TOKEN in", "n")

    assert dialog.end() == 1
    assert (folder / ".env").read_text() == "CLOUDFLARE_API_TOKEN=the-old-token-of-this-folder-1234567890\n"


def test_init_stores_the_token_in_a_file_with_a_profile(folder: Path, staged: Sandbox, inv: Inv) -> None:
    config = Path(os.environ["CFOPS_CONFIG_DIR"])
    config.mkdir(parents=True, exist_ok=True)
    (config / "profiles.toml").write_text('[main]\naccount_id = "of-another-job"\n')

    dialog = Dialog("login")
    dialog.answer("API token (not shown): ", staged.token)
    dialog.answer("place for the token [1]: ", "2")
    dialog.answer("name of the profile [main]: ", "")
    dialog.answer("name of the profile [main]: ", "shop")

    assert dialog.end() == 0, dialog.shown
    assert "there is a profile main" in dialog.shown
    assert (config / "token-shop").read_text() == f"{staged.token}\n"
    assert mode(config / "token-shop") == 0o600
    text = (config / "profiles.toml").read_text()
    assert '[main]\naccount_id = "of-another-job"' in text
    assert f'[shop]\ntoken_file = "token-shop"\naccount_id = "{staged.account_id}"' in text
    assert inv("zones.list", "--output", "json").code == 0


@pytest.mark.holds_secret("kept")
def test_init_stores_the_token_in_the_keyring(folder: Path, staged: Sandbox) -> None:
    (folder / "keyring.py").write_text(
        "def set_password(service, name, token):\n"
        "    open('kept', 'w').write(f'{service} {name} {token}')\n"
        "def get_password(service, name):\n"
        "    return open('kept').read().split()[2]\n"
    )
    dialog = Dialog("init", PYTHONPATH=f"{folder}:{ROOT}")
    dialog.answer("API token (not shown): ", staged.token)
    dialog.answer("place for the token [1]: ", "3")
    dialog.answer("name of the profile [main]: ", "")

    assert dialog.end() == 0, dialog.shown
    assert (folder / "kept").read_text() == f"cfops main {staged.token}"
    assert "keyring = true" in (Path(os.environ["CFOPS_CONFIG_DIR"]) / "profiles.toml").read_text()


@pytest.mark.holds_secret(".env")
def test_init_warns_of_a_token_in_the_environment(folder: Path, staged: Sandbox) -> None:
    dialog = Dialog("init", CLOUDFLARE_API_TOKEN="another-token-of-this-environment-12345")
    dialog.answer("API token (not shown): ", staged.token)
    dialog.answer("place for the token [1]: ", "1")

    assert dialog.end() == 0, dialog.shown
    assert "CLOUDFLARE_API_TOKEN is set in this environment and is used instead" in dialog.shown


def test_init_stores_nothing_if_the_input_ends(folder: Path, staged: Sandbox) -> None:
    dialog = Dialog("init")
    dialog.answer("API token (not shown): ", staged.token)
    dialog.answer("place for the token [1]: ", "\x04")

    assert dialog.end() == 1
    assert "no answer: nothing was changed" in dialog.shown
    assert not (folder / ".env").exists()


@pytest.mark.holds_secret(".env")
@pytest.mark.parametrize("account", ["6106" * 8, ""])
def test_init_asks_for_the_account_if_the_token_may_not_list_them(
    folder: Path, staged: Sandbox, account: str
) -> None:
    staged.faults.parse("denied GET /accounts times=-1")

    dialog = Dialog("init")
    dialog.answer("API token (not shown): ", staged.token)
    dialog.answer("account id, from the address of the dashboard (Enter: none): ", "Example Inc.")
    dialog.answer("account id, from the address of the dashboard (Enter: none): ", account)
    dialog.answer("place for the token [1]: ", "1")
    dialog.end()

    stored = (folder / ".env").read_text()
    assert "it lacks Account > Account Settings > Read" in dialog.shown
    assert stored == f"CLOUDFLARE_API_TOKEN={staged.token}\n" + (
        f"CLOUDFLARE_ACCOUNT_ID={account}\n" if account else ""
    )
    assert re.search(r"token +ok", dialog.shown)


def test_init_gives_up_after_three_refused_tokens_and_stores_nothing(folder: Path, staged: Sandbox) -> None:
    dialog = Dialog("init")
    for _ in range(3):
        dialog.answer("API token (not shown): ", "x" * 40)

    assert dialog.end() == 1
    assert not (folder / ".env").exists()
    assert "x" * 40 not in dialog.shown


class Typed(io.StringIO):
    """Lines that a person types on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["4", "0", "x"], "no place for the token was chosen"),
        # The folder for the token, and then three names that no profile can have.
        (["2", "../other", "a b", "main"], "there is a profile main"),
    ],
)
def test_init_gives_up_after_three_answers_that_cannot_be_used(
    staged: Sandbox, inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], why: str
) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    monkeypatch.setattr("ops.commands.init.getpass", lambda *_a, **_b: staged.token)
    monkeypatch.setattr(sys, "stdin", Typed("".join(f"{line}\n" for line in lines)))
    (home / "config").mkdir()
    (home / "config" / "profiles.toml").write_text("[main]\n")

    result = inv("init")

    assert result.code == 1
    assert f"error: {why}" in result.err
    assert [path.name for path in (home / "config").iterdir()] == ["profiles.toml"]


@pytest.mark.holds_secret("token-shop")
def test_init_with_a_token_that_sees_no_account_asks_for_one_and_keeps_the_default(
    staged: Sandbox, inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    monkeypatch.setattr("ops.commands.init.getpass", lambda *_a, **_b: staged.token)
    staged.faults.add(Fault("empty-page", "GET", "/accounts", times=-1))
    (home / "config").mkdir()
    text = 'default = "main"\n[main]\n'
    (home / "config" / "profiles.toml").write_text(text)

    monkeypatch.setattr(sys, "stdin", Typed("one\ntwo\nthree\n"))
    none = inv("init")
    monkeypatch.setattr(sys, "stdin", Typed("\n2\nshop\n"))
    stored = inv("init")

    assert none.code == 1
    assert "warning: this token cannot see any account" in none.err
    assert "error: no account id was typed\nhint: it has 32 digits and letters from a to f" in none.err
    assert "stored; `inv profile shop` sets it for a line" in stored.err
    assert (home / "config" / "profiles.toml").read_text() == f'{text}\n[shop]\ntoken_file = "token-shop"\n'
    assert "accounts\twarn\tcan see none\t" in stored.out


def test_the_text_of_schedule_may_be_printed_without_a_pager(inv: Inv) -> None:
    assert inv("schedule", "--for", "systemd", "--no-pager").out.startswith("# /etc/systemd/system/")


def test_init_off_a_terminal_says_what_it_would_ask(
    folder: Path, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    result = inv("init")

    assert result.code == 1
    assert "asks for the token, the account, and where to store the token" in result.err
    assert "there is no terminal to ask on" in result.err
    assert not (folder / ".env").exists()


def test_permissions_of_the_two_sets_come_from_the_declarations(inv: Inv) -> None:
    from ops.kinds.catalog import kinds

    result = inv("permissions", "--json")

    rows = {row["permission"]: row for row in json.loads(result.out)}
    assert {text.rpartition(" > ")[0] for text in (k.needs for k in kinds().values())} <= rows.keys()
    assert rows["Zone > DNS"] == {"permission": "Zone > DNS", "read_only": "Read", "full": "Edit"}
    assert rows["Zone > Cache Purge"]["read_only"] == ""
    assert rows["Account > D1"]["full"] == "Edit"


def test_permissions_of_given_tasks(inv: Inv) -> None:
    result = inv("permissions", "scan.export", "kv.load", "zones.info", "--output", "csv")

    assert result.code == 0, result.err
    assert "kv.load,Account > Workers KV Storage > Edit" in result.out
    assert "scan.export,Zone > DNS > Read" in result.out
    assert "zones.info,Zone > SSL and Certificates > Read" in result.out


def test_permissions_of_a_group_are_those_of_its_tasks(inv: Inv) -> None:
    result = inv("permissions", "kv", "dns.get", "--output", "csv")

    assert result.code == 0, result.err
    tasks = {line.partition(",")[0] for line in result.out.splitlines()[1:]}
    assert {"kv.load", "kv.get", "dns.get"} <= tasks
    assert {task for task in tasks if not task.startswith("kv.")} == {"dns.get"}


def test_permissions_of_an_unknown_task_name_the_nearest(inv: Inv) -> None:
    result = inv("permissions", "scan.exprt")

    assert result.code == 1
    assert "did you mean scan.export?" in result.err


@pytest.mark.parametrize(
    ("platform", "names", "last"),
    [
        ("cron", ["cfops-export.crontab"], "| crontab -"),
        (
            "systemd",
            ["cfops-export.service", "cfops-export.timer"],
            "systemctl enable --now cfops-export.timer",
        ),
        ("github", ["cfops-export.yml"], "gh secret set CLOUDFLARE_ACCOUNT_ID"),
        ("kubernetes", ["cfops-export.cronjob.yml"], "kubectl apply -f"),
    ],
)
def test_schedule_writes_the_files_and_says_how_to_install_them(
    inv: Inv, platform: str, names: list[str], last: str, tmp_path: Path
) -> None:
    printed = inv("schedule", "--for", platform)
    result = inv("schedule", "--for", platform, "--to", str(tmp_path / "job"))

    assert result.code == printed.code == 0, result.err
    assert sorted(file.name for file in (tmp_path / "job").iterdir()) == names
    assert all((tmp_path / "job" / name).read_text() in printed.out for name in names)
    assert last in result.err.splitlines()[-1]
    assert "--to DIR" in printed.err


def test_schedule_keeps_a_file_that_was_changed(inv: Inv, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    assert inv("schedule", "--to", str(folder)).code == inv("schedule", "--to", str(folder)).code == 0
    (folder / "cfops-export.crontab").write_text("mine")

    result = inv("schedule", "--to", str(folder))

    assert result.code == 1
    assert (folder / "cfops-export.crontab").read_text() == "mine"


def test_schedule_refuses_a_pipe_in_place_of_its_file(inv: Inv, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cfops-export.crontab")

    result = inv("schedule", "--to", str(tmp_path))

    assert result.code == 2
    assert "cfops-export.crontab cannot be read: it is not a regular file" in result.err


def test_the_cron_command_that_is_printed_adds_the_job_and_keeps_the_others(inv: Inv, tmp_path: Path) -> None:
    result = inv("schedule", "--to", str(tmp_path / "job"))
    command = result.err.splitlines()[-1].strip()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "crontab").write_text(
        '#!/bin/sh\nif [ "$1" = -l ]; then echo mine; else cat > "$OLDPWD/new"; fi\n'
    )
    (tmp_path / "bin" / "crontab").chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "OLDPWD": str(tmp_path)}

    subprocess.run(["sh", "-c", command], check=True, env=environ)

    assert (tmp_path / "new").read_text() == "mine\n" + (
        tmp_path / "job" / "cfops-export.crontab"
    ).read_text()


@pytest.mark.parametrize(
    ("task", "words", "path"),
    [
        ("zones.info", ["example.com"], "/example.com"),
        ("workers.info", ["api-gateway"], "/workers/services/view/api-gateway/production"),
        ("r2.info", ["assets"], "/r2/default/buckets/assets"),
        ("do.info", ["x"], "/workers/durable-objects"),
    ],
)
def test_web_prints_the_page_of_the_dashboard(
    inv: Inv, staged: Sandbox, monkeypatch: pytest.MonkeyPatch, task: str, words: list[str], path: str
) -> None:
    from ops.config.settings import Settings

    monkeypatch.setattr(Settings, "api_host", "api.cloudflare.com")

    result = inv(task, *words, "--web")

    assert (result.code, result.err) == (0, "")
    assert result.out == f"https://dash.cloudflare.com/{staged.account_id}{path}\n"


def test_web_is_refused_on_the_sandbox(inv: Inv) -> None:
    result = inv("sandbox", "zones.info", "example.com", "--web")

    assert result.code == 1
    assert "the sandbox has no dashboard" in result.err


def test_a_job_that_is_made_on_the_sandbox_does_not_name_its_account(inv: Inv) -> None:
    result = inv("sandbox", "schedule", "--for", "cron")

    assert result.code == 0, result.err
    assert "--account-id" not in result.out
    assert "not the sandbox" in result.err
