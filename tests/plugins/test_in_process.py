"""Plugins and hooks in the process of a line: what is off and why, what is printed, what a hook gets."""

from __future__ import annotations

import ctypes
import json
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ops.plugins import child
from ops.plugins.door import DOOR
from ops.plugins.hooks import Faulty, Hook, answer_of
from ops.plugins.template import files
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.e2e.conftest import Shell
from tests.plugins.conftest import Planted
from tests.scan.processes import wait_until

Inv = Callable[..., Result]
LINE = ("zones.list", "--output", "json")
TASKS = {
    "__init__.py": 'TASKS = "cfops_post.tasks"\n',
    "tasks.py": """
        from ops.cli.command import command

        print("loading")
        print()

        @command("hello")
        def hello(app) -> None:
            \"\"\"Say hello.\"\"\"
            app.note("hello")
    """,
}


@pytest.fixture
def planted(home: Path, staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    """Plant plugins beside the modules of this process; none of them is left in it."""
    config = {"CFOPS_CONFIG_DIR": str(home / "config")}
    made = Planted(cast(Shell, SimpleNamespace(folder=home / "work", environ=config)))
    made.site.mkdir()
    monkeypatch.syspath_prepend(made.site)
    yield made
    for name in [name for name in sys.modules if name.partition(".")[0] in ("cfops_post", "cfops_dns")]:
        del sys.modules[name]
    made.allow("")
    DOOR.begin()


def row(result: Result) -> dict[str, Any]:
    assert result.code == 0, result.err
    (found,) = json.loads(result.out)
    return dict(found)


def test_what_a_plugin_prints_while_it_is_loaded_is_a_warning_and_not_data(
    planted: Planted, inv: Inv
) -> None:
    planted.plant("post", TASKS)
    planted.enable("post")

    result = inv("post.hello")

    assert (result.code, result.out) == (0, "")
    assert result.err == "warning: the plugin cfops-post printed: loading\nhello\n"


def test_a_plugin_is_shown_by_its_name_with_why_it_is_off(
    planted: Planted, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = ("plugins", "Cfops_Post", "--output", "json")
    absent = row(inv(*ask))
    planted.plant("post", TASKS)
    planted.enable("post")
    on = row(inv(*ask))
    planted.enable("post", version="0.9")
    other = row(inv(*ask))
    planted.enable("post")
    monkeypatch.setenv("CFOPS_PLUGINS", "none")
    switched = row(inv(*ask))

    assert (absent["name"], absent["status"], absent["meaning"]) == (
        "cfops-post",
        "missing",
        "it is not installed",
    )
    assert (on["status"], on["meaning"]) == ("enabled", "")
    assert other["status"] == switched["status"] == "off"
    assert other["meaning"] == "1.0 is installed, and 0.9 is enabled: `inv plugins.enable cfops-post`"
    assert switched["meaning"] == "CFOPS_PLUGINS=none, or the allow-list cannot be used"


def test_another_value_of_the_switch_turns_all_plugins_off(
    planted: Planted, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.plant("post", TASKS)
    planted.enable("post")
    monkeypatch.setenv("CFOPS_PLUGINS", "cfops-post")

    result = inv(*LINE)

    assert result.code == 0
    assert "warning: all plugins are off: CFOPS_PLUGINS takes 'none', not 'cfops-post'\n" in result.err


def test_a_hook_at_a_point_that_does_not_exist_is_named_and_not_called(planted: Planted, inv: Inv) -> None:
    planted.plant("post", {"__init__.py": ""}, points="[cfops.hooks.v1]\non_itmes = cfops_post:check\n")
    planted.enable("post")

    result = inv(*LINE)

    assert result.code == 0
    assert "cfops-post has a hook 'on_itmes', which does not exist; it is not called\n" in result.err


def test_doctor_reports_plugins_that_are_off_or_say_what_does_not_exist(planted: Planted, inv: Inv) -> None:
    planted.plant("post", {"__init__.py": ""}, points="[cfops.hooks.v1]\non_itmes = cfops_post:check\n")
    planted.enable("post", "absent")

    result = inv("doctor", "--output", "json")

    found = [row for row in json.loads(result.out) if row["check"] == "plugin"]
    assert [(row["status"], row["meaning"]) for row in found] == [
        ("warn", "cfops-absent is off: it is enabled and not installed"),
        ("warn", "cfops-post has a hook 'on_itmes', which does not exist; it is not called"),
    ]
    assert found[0]["hint"] == "`inv plugins --name cfops-absent`"


def test_a_plugin_whose_collection_has_the_name_of_ours_is_refused(planted: Planted, inv: Inv) -> None:
    planted.plant("dns", {"__init__.py": "raise RuntimeError('imported')"})
    planted.allow("")

    result = inv("plugins.enable", "cfops-dns")

    assert result.code == 1
    assert "cfops-dns cannot be enabled: its collection dns has the name of one of cfops" in result.err
    assert planted.allowed() == ""


def test_a_program_that_failed_three_times_is_off_until_it_is_enabled(planted: Planted, inv: Inv) -> None:
    planted.hook("before_task", "sys.exit(3)")
    on = row(inv("plugins", "--output", "json"))
    lines = [inv(*LINE) for _ in range(4)]
    off = row(inv("plugins", "--output", "json"))

    enabled = inv("plugins.enable", "ours", "--output", "json")

    assert (on["name"], on["status"], on["meaning"]) == ("ours", "enabled", sys.executable)
    assert [line.code for line in lines] == [0] * 4
    assert "the hooks of ours are off after 3 failures; `inv plugins.enable ours`" in lines[-1].err
    assert (off["status"], off["meaning"]) == ("off", "3 failures: `inv plugins.enable ours`")
    assert json.loads(enabled.out)["name"] == "ours"
    assert row(inv("plugins", "--output", "json"))["status"] == "enabled"


def test_each_hook_gets_the_rows_that_the_one_before_it_left(planted: Planted, inv: Inv) -> None:
    programs = {
        "first": "print(json.dumps({'items': given['items'][:2]}))",
        "second": "print(json.dumps({'items': [{'name': len(given['items'])} for _ in given['items']]}))",
    }
    for name, body in programs.items():
        (planted.site / f"{name}.py").write_text(
            f"import json, sys\ngiven = json.loads(sys.stdin.read())\n{body}\n"
        )
    planted.allow(
        "".join(
            f'[hooks.{name}]\non = ["on_items"]\nrun = ["{sys.executable}", "{planted.site / name}.py"]\n'
            for name in programs
        )
    )

    result = inv(*LINE)

    assert result.code == 0, result.err
    assert [one["name"] for one in json.loads(result.out)] == [2, 2]


def test_a_hook_sees_how_many_bytes_a_change_has_and_not_the_bytes(planted: Planted, inv: Inv) -> None:
    out = planted.site / "seen"
    planted.hook("on_change", f"open({str(out)!r}, 'a').write(json.dumps(given) + chr(10))")
    (planted.shell.folder / "value").write_bytes(b"\xff\xfe\xfd")

    result = inv("kv.put", "--namespace", "config", "--key", "new", "--file", "value")

    assert result.code == 0, result.err
    (change,) = json.loads(out.read_text())["changes"]
    assert (change["action"], change["after"]["value"]) == ("create", "(3 bytes)")


def test_another_number_of_changes_than_it_got_is_a_fault() -> None:
    with pytest.raises(Faulty, match="it answered 1 changes to 2"):
        answer_of("on_change", {"changes": [{}, {}]}, {"changes": [{}]})


@pytest.mark.parametrize(
    ("name", "why"),
    [("Mail", "'Mail' cannot be the name of a plugin"), ("taken", "cfops-taken already exists")],
)
def test_a_new_plugin_needs_a_name_of_its_own(planted: Planted, inv: Inv, name: str, why: str) -> None:
    (planted.shell.folder / "cfops-taken").mkdir()

    result = inv("plugins.new", name)

    assert result.code == 1
    assert why in result.err
    assert list((planted.shell.folder / "cfops-taken").iterdir()) == []


def test_a_new_plugin_has_all_its_files(planted: Planted, inv: Inv) -> None:
    result = inv("plugins.new", "mail-rules")

    folder = planted.shell.folder / "cfops-mail-rules"
    assert result.code == 0, result.err
    assert {str(path) for path in files("mail-rules")} == {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    }


def program(body: str) -> Hook:
    return Hook("ours", "before_task", run=(sys.executable, "-c", body), seconds=30)


def test_where_a_system_cannot_limit_or_hide_a_process_hooks_are_called_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(resource, "prlimit")
    monkeypatch.setattr(sys, "platform", "darwin")

    assert child.call(program("print('{}')"), {}, {}) == {}


@pytest.mark.parametrize(
    ("hook", "why"),
    [
        (
            Hook("ours", "before_task", run=("/no/such/program",)),
            "it cannot be started: No such file or directory",
        ),
        (program("print('{')"), "it did not answer with JSON"),
    ],
)
def test_a_program_that_cannot_be_started_or_understood_is_a_fault(hook: Hook, why: str) -> None:
    with pytest.raises(Faulty, match=why):
        child.call(hook, {}, {})


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
def test_the_process_is_hidden_until_the_last_of_concurrent_hooks_has_ended(tmp_path: Path) -> None:
    def inspectable() -> bool:
        return bool(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))

    going, go = tmp_path / "going", tmp_path / "go"
    waiting = program(
        f"import os\nopen({str(going)!r}, 'w')\nwhile not os.path.exists({str(go)!r}): os.sched_yield()"
    )
    before = inspectable()
    other = threading.Thread(target=child.call, args=(waiting, {}, {}))
    other.start()
    wait_until(going.exists)

    child.call(program(""), {}, {})
    during = inspectable()
    go.touch()
    other.join()

    assert (before, during, inspectable()) == (True, False, True)
