"""The door: what is on, what is off and why, and what a plugin brings."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial

import pytest

from tests.e2e.conftest import ROOT
from tests.plugins.conftest import Planted, bare, planted, shell  # noqa: F401  (fixtures)

MARK = "open(__file__ + '.ran', 'w').write('x')\n"


def ran(planted: Planted) -> list[str]:  # noqa: F811
    return sorted(file.name for file in planted.site.rglob("*.ran"))


def test_a_plugin_that_is_only_installed_is_not_imported(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail", {"__init__.py": MARK})

    listed = planted.shell("--list")
    plugins = planted.shell("plugins", "--output", "json")

    assert listed.code == plugins.code == 0, plugins.err
    assert "\n  mail.list" not in listed.out
    (row,) = json.loads(plugins.out)
    assert (row["name"], row["status"]) == ("cfops-mail", "disabled")
    assert "inv plugins.enable cfops-mail" in row["meaning"]
    assert ran(planted) == []


def test_enabling_shows_what_a_plugin_brings_and_its_tasks_are_there(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail")

    enabled = planted.shell("plugins.enable", "cfops-mail", "--output", "json")
    listed = planted.shell("--list", "mail")
    run = planted.shell("sandbox", "mail.list", "--only", "x", "--output", "json")

    assert enabled.code == listed.code == run.code == 0, enabled.err + listed.err + run.err
    assert json.loads(enabled.out)["brings"] == ["tasks: mail.list", "kinds: mail.rule", "sandbox routes"]
    assert listed.out.split()[3:4] == [".list"]
    assert "zones" not in listed.out
    assert [row["name"] for row in json.loads(run.out)] == ["first", "second"]
    assert planted.allowed().startswith('[plugins.cfops-mail]\nversion = "1.0"\nbrings = [')


def test_a_task_of_a_plugin_has_its_whole_name_in_messages_and_reads_snapshots(
    planted: Planted,  # noqa: F811
) -> None:
    planted.plant("mail")
    planted.enable("mail")

    missing = planted.shell("sandbox", "mail.list")
    text = planted.shell("--help", "mail.list")

    assert missing.code == 1
    assert "error: mail.list needs --only" in missing.err
    assert "`inv sandbox mail.list ONLY`" in missing.err
    assert "--offline" in text.out


def test_a_kind_of_a_plugin_is_scanned_kept_compared_and_read_offline(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail")
    planted.enable("mail")

    made = planted.shell("sandbox", "scan.export", "--only", "mail", "--output", "json")
    offline = planted.shell("sandbox", "mail.list", "--only", "x", "--offline", "--output", "json")
    shown = planted.shell("sandbox", "snapshots.show", "--output", "json")

    assert made.code == offline.code == shown.code == 0, made.err + offline.err + shown.err
    assert [row["id"] for row in json.loads(offline.out)] == ["1", "2"]
    assert "mail.rule" in shown.out


def test_a_plugin_named_in_tasks_py_is_on_in_that_repository(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail")
    tasks = planted.shell.folder / "tasks.py"
    tasks.write_text(tasks.read_text().replace("collection()", 'collection(plugins=("cfops-mail",))'))

    listed, rows = planted.shell("--list", "mail"), planted.shell("plugins", "--output", "json")

    assert "list" in listed.out
    assert json.loads(rows.out)[0]["status"] == "enabled"


@pytest.mark.parametrize("file", [".env", "invoke.yaml"])
def test_no_file_of_a_project_switches_a_plugin_on(planted: Planted, file: str) -> None:  # noqa: F811
    planted.plant("mail", {"__init__.py": MARK})
    other = planted.shell.folder / "other"
    other.mkdir()
    (other / "plugins.toml").write_text('[plugins.cfops-mail]\nversion = "1.0"\n')
    (planted.shell.folder / "plugins.toml").write_text('[plugins.cfops-mail]\nversion = "1.0"\n')
    lines = {
        ".env": f"CFOPS_CONFIG_DIR={other}\nCFOPS_PLUGINS=cfops-mail\n",
        "invoke.yaml": "tasks: {}\nplugins: {cfops-mail: {version: '1.0'}}\n",
    }
    (planted.shell.folder / file).write_text(lines[file])
    (planted.shell.folder / file).chmod(0o600)

    result = planted.shell("zones.list")

    assert result.code == 0, result.err
    assert ran(planted) == []


def test_a_list_that_others_may_write_enables_nothing(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail", {"__init__.py": MARK})
    planted.enable("mail")
    (planted.config / "plugins.toml").chmod(0o666)

    result = planted.shell("zones.list")

    assert result.code == 0
    assert "all plugins are off" in result.err
    assert "accessible to other users" in result.err
    assert ran(planted) == []


def test_another_version_than_the_enabled_one_is_off_until_it_is_enabled(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail")
    planted.enable("mail")
    planted.plant("mail", version="2.0")

    off = planted.shell("zones.list")
    named = planted.shell("mail.list", "--only", "x")
    again = planted.shell("plugins.enable", "cfops-mail")
    on = planted.shell("sandbox", "mail.list", "--only", "x")

    line = (
        "the plugin cfops-mail is off: 2.0 is installed, and 1.0 is enabled; `inv plugins.enable cfops-mail`"
    )
    assert off.code == 0
    assert off.err.count(line) == 1
    assert named.code == 1
    assert line in named.err
    assert again.code == on.code == 0, again.err + on.err


def test_a_record_that_was_enabled_holds_another_build_of_the_version_off(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail")
    enabled = planted.shell("plugins.enable", "cfops-mail", "--record")
    before = planted.shell("zones.list")
    (record,) = planted.site.glob("*/RECORD")
    record.write_text("another,,\n")

    after = planted.shell("zones.list")

    assert enabled.code == before.code == after.code == 0, enabled.err
    assert "off" not in before.err
    assert "the RECORD of 1.0 is not the one that was enabled" in after.err


def test_a_plugin_of_another_version_of_the_api_is_named_and_not_imported(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail", {"__init__.py": MARK}, group="cfops.plugins.v2")
    planted.enable("mail")

    result = planted.shell("zones.list")
    refused = planted.shell("plugins.enable", "cfops-mail")

    why = "it is written for version v2 of the plugin API; this cfops has v1"
    assert result.code == 0
    assert refused.code == 1
    assert why in result.err
    assert why in refused.err
    assert ran(planted) == []


def test_a_plugin_that_an_upgrade_has_lost_is_named_with_the_line_that_brings_it_back(
    planted: Planted,  # noqa: F811
) -> None:
    planted.enable("mail")

    result = planted.shell("zones.list")
    rows = json.loads(planted.shell("plugins", "--output", "json").out)

    assert result.code == 0
    assert "the plugin cfops-mail is off: it is enabled and not installed" in result.err
    assert rows[0]["status"] == "missing"
    assert rows[0]["install"].endswith("install cfops-mail")


def test_a_collection_or_kind_of_ours_cannot_be_replaced(planted: Planted) -> None:  # noqa: F811
    planted.plant("dns", {"__init__.py": MARK})
    planted.plant(
        "kinds",
        {
            "__init__.py": """
                from ops.kinds.resource import ACCOUNT, Resource
                RESOURCES = (Resource("zones.zone", ACCOUNT, ("name",), "/zones"),)
            """
        },
    )
    planted.enable("dns", "kinds")

    result = planted.shell("sandbox", "scan", "--only", "zones,kinds", "--output", "json")

    assert "its collection dns has the name of one of cfops" in result.err
    assert "the plugin cfops-kinds cannot be used: zones.zone is a kind of cfops" in result.err
    assert result.code == 4
    assert ran(planted) == []


def test_two_plugins_with_one_name_are_both_off_and_both_named(planted: Planted) -> None:  # noqa: F811
    for name in ("mail", "post"):
        points = f"[cfops.plugins.v1]\nletters = cfops_{name}\n"
        planted.plant(name, {"__init__.py": MARK}, points=points)
    planted.enable("mail", "post")

    result = planted.shell("--list")
    shown = planted.shell("zones.list")

    assert result.code == 0
    assert (
        "the plugin cfops-mail is off: its collection letters has the name of one of cfops-post" in shown.err
    )
    assert (
        "the plugin cfops-post is off: its collection letters has the name of one of cfops-mail" in shown.err
    )
    assert ran(planted) == []


BROKEN = {
    "raises": "raise RuntimeError('bad')",
    "exits": "raise SystemExit(3)",
    "does not parse": "def (",
    "imports what is not there": "import nothing_of_that_name",
}


@pytest.mark.fault("F13")
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_one_warning_and_its_own_failed_section(planted: Planted, body: str) -> None:  # noqa: F811
    planted.plant("mail", {"__init__.py": body})
    planted.enable("mail")

    listed = planted.shell("--list")
    other = planted.shell("zones.list", "--output", "json")
    scan = planted.shell("sandbox", "scan", "--only", "zones,mail", "--output", "json")

    assert listed.code == other.code == 0
    assert "zones.list" in listed.out
    assert "Traceback" not in listed.err + other.err + scan.err
    assert listed.err.count("the plugin cfops-mail cannot be used") == 1
    assert "cfops-mail" not in other.err  # nothing of it was needed
    assert scan.code == 4
    assert scan.err.count("warning: the plugin cfops-mail cannot be used") == 1
    assert "mail.plugin" in scan.out + scan.err


@pytest.mark.fault("F13")
def test_the_tasks_that_settle_it_import_no_plugin(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail", {"__init__.py": MARK + "import os; os._exit(9)"})
    planted.enable("mail")

    codes = [
        planted.shell(*line).code
        for line in (("plugins",), ("doctor",), ("version",), ("plugins.disable", "cfops-mail"))
    ]

    assert codes == [0, 0, 0, 0]
    assert ran(planted) == []
    assert "version" not in planted.allowed()


def test_one_run_goes_without_plugins(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail", {"__init__.py": MARK})
    planted.enable("mail")
    planted.shell.environ["CFOPS_PLUGINS"] = "none"

    result = planted.shell("--list")
    settings = planted.shell("config")

    assert "mail.list" not in result.out
    assert "CFOPS_PLUGINS" not in settings.err
    assert ran(planted) == []


def test_doctor_checks_a_product_of_a_plugin_only_if_it_is_named(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail")
    planted.enable("mail")

    every = planted.shell("doctor", "--output", "json")
    asked = planted.shell("doctor", "--product", "mail", "--output", "json")
    named = planted.shell("sandbox", "doctor", "--product", "mail", "--output", "json")

    assert not any(row["check"] == "mail" for row in json.loads(every.out))
    assert "cfops-mail 1.0 brings mail" in every.out
    assert any(row["check"] == "mail" for row in json.loads(asked.out))
    assert any(row["check"] == "mail" and row["status"] == "ok" for row in json.loads(named.out))


def test_the_variables_of_plugins_are_theirs_and_others_are_still_named(planted: Planted) -> None:  # noqa: F811
    planted.shell.environ |= {"CFOPS_PLUGIN_MAIL_REGION": "eu", "CFOPS_MAIL": "x"}

    result = planted.shell("config")

    assert "CFOPS_MAIL is not a setting" in result.err
    assert "CFOPS_PLUGIN_MAIL_REGION" not in result.err


def test_a_plugin_reads_its_settings_from_the_environment_or_the_list(planted: Planted) -> None:  # noqa: F811
    planted.plant(
        "mail",
        {
            "__init__.py": 'TASKS = "cfops_mail.tasks"',
            "tasks.py": """
                from ops.cli.command import command
                from ops.plugins.door import setting
                from ops.ui.shapes import Text

                @command("show")
                def show(app) -> Text:
                    \"\"\"Show the region.\"\"\"
                    return Text(setting("cfops-mail", "region", "none"))
            """,
        },
    )
    planted.allow('[plugins.cfops-mail]\nversion = "1.0"\nregion = "eu"\n')

    listed = planted.shell("mail.show")
    planted.shell.environ["CFOPS_PLUGIN_CFOPS_MAIL_REGION"] = "us"
    set_once = planted.shell("mail.show")

    assert (listed.out, set_once.out) == ("eu", "us")


def test_a_snapshot_with_kinds_of_a_plugin_that_is_gone_says_what_cannot_come_back(
    planted: Planted,  # noqa: F811
) -> None:
    planted.plant("mail")
    planted.enable("mail")
    made = planted.shell("sandbox", "scan.export", "--only", "mail,zones")
    planted.shell("plugins.disable", "cfops-mail")

    result = planted.shell("sandbox", "snapshots.restore", "--dry-run")

    assert made.code == 0, made.err
    assert "cannot be restored: 2 mail.rule: this cfops does not know the kind" in result.err
    named = planted.shell("sandbox", "snapshots.restore", "--kind", "mail.rule", "--dry-run")
    assert "error: mail.rule cannot be restored: this cfops does not know the kind\n" in named.err
    assert "hint: the snapshot is by cfops " in named.err
    other = planted.shell("sandbox", "snapshots.restore", "--kind", "mail.rul", "--dry-run")
    assert "mail.rul" in other.err
    assert "cannot be restored" not in other.err


def test_an_export_format_of_a_plugin_is_used_for_its_suffix(planted: Planted) -> None:  # noqa: F811
    planted.plant(
        "lines",
        {
            "__init__.py": """
                def write(made, file):
                    file.write(f"{made.manifest.status}\\n".encode())
                    return ["names are not in it"]

                FORMATS = {".lines": write}
            """
        },
    )
    planted.plant("other", {"__init__.py": 'FORMATS = {".json": None}'})
    planted.enable("lines", "other")

    result = planted.shell("sandbox", "scan.export", "--only", "zones", "--to", "all.lines")
    ours = planted.shell("sandbox", "scan.export", "--only", "zones", "--to", "all.json")

    assert result.code == ours.code == 0, result.err + ours.err
    assert (planted.shell.folder / "all.lines").read_text() == "complete\n"
    assert "names are not in it" in result.err
    assert "sections" in (planted.shell.folder / "all.json").read_text()
    assert "cfops-other cannot be used: .json of its FORMATS has the name of one of cfops" in ours.err


def test_a_channel_of_a_plugin_is_sent_notices(planted: Planted) -> None:  # noqa: F811
    out = planted.site / "sent"
    planted.plant(
        "paper",
        {
            "__init__.py": f"""
                class Paper:
                    resends = always = False

                    def __init__(self, options):
                        self.size = options.text("size")

                    def send(self, notice):
                        open({str(out)!r}, "w").write(self.size + notice.title)
                        return ""

                CHANNELS = {{"paper": Paper}}
            """
        },
    )
    planted.enable("paper")
    (planted.config / "profiles.toml").write_text(
        'default = "ours"\n[ours]\n[ours.channels.desk]\nkind = "paper"\nsize = "A4"\n'
    )

    result = planted.shell("alerts.test", "desk")

    assert result.code == 0, result.err
    assert out.read_text().startswith("A4")


def test_a_check_of_a_plugin_runs_after_ours_and_is_unknown_if_it_fails(planted: Planted) -> None:  # noqa: F811
    planted.plant(
        "lint",
        {
            "__init__.py": """
                from ops.checks.model import ACCOUNT, Check, Subject

                def judge(view):
                    for zone in view.items("zones.zone"):
                        yield Subject("zones.zone", zone["name"], "is a zone", zone)

                def broken(view):
                    raise RuntimeError("no")

                def made(id, judge):
                    return Check(id, "low", "A check", "why", (), judge, "fix", judges=ACCOUNT)

                CHECKS = (made("lint-zones", judge), made("lint-broken", broken))
            """
        },
    )
    ours = "from cfops_lint import broken, made\nCHECKS = (made('spf', broken),)\n"
    planted.plant("other", {"__init__.py": ours})
    planted.enable("lint", "other")
    planted.shell("sandbox", "scan.export", "--only", "zones")

    found = planted.shell("sandbox", "checks", "--only", "lint-zones,lint-broken", "--output", "json")
    listed = planted.shell("checks.list", "--output", "json")

    rows = {row["check"]: row for row in json.loads(found.out)}
    assert rows["lint-zones"]["count"] == 13
    assert (rows["lint-broken"]["status"], rows["lint-broken"]["problem"]) == (
        "unknown",
        "not read: the check lint-broken: failed: RuntimeError",
    )
    assert [row["check"] for row in json.loads(listed.out)].count("spf") == 1
    assert "cfops-other cannot be used: spf of its CHECKS has the name of one of cfops" in listed.err


def test_the_tasks_of_an_enabled_plugin_are_completed(planted: Planted) -> None:  # noqa: F811
    planted.plant("mail")
    ask = [sys.executable, "-P", "-m", "ops.completion", "zsh", "inv mail."]
    environ = {**planted.shell.environ, "PYTHONPATH": f"{planted.site}:{ROOT}"}
    run = partial(subprocess.run, ask, env=environ, cwd=planted.shell.folder, capture_output=True, text=True)

    without = run()
    planted.enable("mail")
    found = run()

    assert without.stdout == ""
    assert found.stdout == "mail.list\n"


@pytest.mark.parametrize(
    "line", [("permissions",), ("undo.list",), ("docs",), ("config",), ("no-such-task",)]
)
def test_other_tasks_work_beside_a_broken_plugin(planted: Planted, line: tuple[str, ...]) -> None:  # noqa: F811
    planted.plant("mail", {"__init__.py": "raise RuntimeError('bad')"})
    planted.enable("mail")

    result = planted.shell(*line)

    assert "Traceback" not in result.err
    assert result.code == (1 if line == ("no-such-task",) else 0), result.err
