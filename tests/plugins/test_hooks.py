"""Hooks: any program, in a process of its own; its faults change nothing, its refusals are sentences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from ops.plugins import child
from ops.plugins.hooks import HOOKS, Faulty, Hook, answer_of
from tests.plugins.conftest import Planted, bare, planted, shell  # noqa: F401  (fixtures)

ROOT = Path(__file__).parents[2]
FAULTS = {
    "raises": "raise RuntimeError('bad')",
    "exits": "sys.exit(3)",
    "prints": "print('forged row')\nreturn None",
    "eats memory": "return {'items': [{'name': str(bytearray(2 << 30))}]}",
    "leaves a thread": """
        import threading
        threading.Thread(target=threading.Event().wait).start()
    """,
    "leaves without a word": "os._exit(7)",
    "crashes": "import ctypes\nctypes.string_at(0)",
    "ends otherwise at exit": "import atexit\natexit.register(os._exit, 9)",
    "closes stdout": "os.close(1)",
    "recurses without end": """
        sys.setrecursionlimit(1 << 30)
        def deeper():
            return deeper()
        deeper()
    """,
    "writes on descriptor 1": "os.write(1, b'[forged row]')",
    "patches json": "json.dumps = lambda *_a, **_b: 'PATCHED'",
    "changes the folder": "os.chdir('/tmp')",
    "ignores SIGTERM": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "answers nonsense": "return {'forged': 1}",
}
ENDLESS = {
    "loops": "while True: pass",
    "sleeps": "import threading\nthreading.Event().wait()",
    "matches without end": "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
}
LINE = ("zones.list", "--output", "json")


@pytest.mark.fault("F13")
@pytest.mark.parametrize("body", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_hook_changes_neither_result_nor_exit_code(planted: Planted, body: str) -> None:  # noqa: F811
    without = planted.shell(*LINE)
    planted.python_hook("on_items", body)

    result = planted.shell(*LINE)

    assert (result.code, result.out) == (without.code, without.out)
    assert "Traceback" not in result.err


@pytest.mark.fault("F13")
@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_a_hook_that_does_not_end_is_ended(planted: Planted, body: str) -> None:  # noqa: F811
    without = planted.shell(*LINE)
    planted.hook("on_items", body, seconds=0.3)

    result = planted.shell(*LINE)

    assert (result.code, result.out) == (without.code, without.out)
    assert "the hook on_items of ours failed, and its answer is not used: it took too long" in result.err


TAKES = {
    "its environment": "found = dict(os.environ)",
    "the run": """
        from ops.cli.run import RUN
        found = [client for client in RUN._clients] + list(map(str, RUN.staged.items()))
    """,
    "the environment of its parent": """
        try:
            found = open(f'/proc/{os.getppid()}/environ').read()
        except OSError as refused:
            found = str(refused)
    """,
}


@pytest.mark.fault("F13")
@pytest.mark.parametrize("body", TAKES.values(), ids=TAKES)
def test_a_hook_finds_no_token(planted: Planted, body: str) -> None:  # noqa: F811
    if "getppid" in body and (os.geteuid() == 0 or sys.platform != "linux"):
        pytest.skip("root may read every process, and other systems are not protected")
    out = planted.site / "found"
    planted.python_hook("before_task", f"{dedent(body)}\nopen({str(out)!r}, 'w').write(repr(found))")

    result = planted.shell(*LINE)

    assert result.code == 0, result.err
    assert planted.shell.environ["CLOUDFLARE_API_TOKEN"] not in out.read_text()


def test_a_hook_continues_the_trace_of_its_task(planted: Planted) -> None:  # noqa: F811
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    out = planted.site / "found"
    planted.python_hook("before_task", f"open({str(out)!r}, 'w').write(os.environ['TRACEPARENT'])")
    planted.shell.environ["TRACEPARENT"] = parent

    assert planted.shell(*LINE).code == 0
    version, trace, span, flags = out.read_text().split("-")
    assert (version, trace, flags) == ("00", parent.split("-")[1], "01")
    assert span not in parent


def test_a_hook_is_off_after_three_failures_until_it_is_enabled_again(planted: Planted) -> None:  # noqa: F811
    planted.python_hook("before_task", "raise RuntimeError('bad')")

    lines = [planted.shell("version") for _ in range(3)] + [planted.shell(*LINE) for _ in range(4)]
    rows = json.loads(planted.shell("plugins", "--output", "json").out)
    planted.shell("plugins.enable", "cfops-policy")
    again = planted.shell(*LINE)

    failed = ["failed, and its answer is not used: it ended with exit code 1" in line.err for line in lines]
    assert failed == [False] * 3 + [True] * 3 + [False]
    assert "the hooks of cfops-policy are off after 3 failures" in lines[-1].err
    assert rows[0]["status"] == "off"
    assert "RuntimeError: bad" in again.err


def test_a_hook_may_change_the_rows_that_are_shown(planted: Planted) -> None:  # noqa: F811
    planted.python_hook(
        "on_items", "return {'items': [{**one, 'name': one['name'].upper()} for one in given['items'][:1]]}"
    )

    result = planted.shell(*LINE)

    assert result.code == 0, result.err
    assert [row["name"] for row in json.loads(result.out)] == ["EMPTY.EXAMPLE"]


POLICY = """
    for change in given["changes"]:
        after = change["after"] or {}
        if after.get("type") == "A" and not after["content"].startswith("192.0.2."):
            return {"refuse": f"no A record outside our networks: {change['name']}"}
    for change in given["changes"]:
        change["after"]["comment"] = "by policy"
    return {"changes": given["changes"]}
"""


def create(content: str) -> tuple[str, ...]:
    named = ("--zone", "example.com", "--type", "A", "--name", "policy", "--content", content)
    return ("dns.create", *named, "--output", "json")


def test_a_hook_refuses_a_change_with_its_sentence_and_nothing_is_sent(planted: Planted) -> None:  # noqa: F811
    planted.python_hook("on_change", POLICY)

    dry = planted.shell(*create("203.0.113.9"), "--dry-run")
    result = planted.shell(*create("203.0.113.9"))
    found = planted.shell("dns.list", "example.com", "--filter", "name=policy*", "--output", "json")

    assert (dry.code, result.code) == (1, 1)
    assert "cfops-policy refuses: no A record outside our networks: policy" in result.err
    assert json.loads(found.out) == []


def test_a_hook_changes_what_is_wanted_and_the_change_shows_it(planted: Planted) -> None:  # noqa: F811
    planted.python_hook("on_change", POLICY)

    result = planted.shell(*create("192.0.2.9"))
    found = planted.shell("dns.list", "example.com", "--filter", "name=policy*", "--output", "json")

    assert result.code == 0, result.err
    assert "by policy" in result.err
    assert [row["comment"] for row in json.loads(found.out)] == ["by policy"]


def test_an_undo_may_be_refused_before_anything_is_sent(planted: Planted) -> None:  # noqa: F811
    made = planted.shell(*create("203.0.113.9"))
    planted.python_hook("on_change", "return {'refuse': 'no change on a Friday'}")

    result = planted.shell("undo.last", "--yes")
    found = planted.shell("dns.list", "example.com", "--filter", "name=policy*", "--output", "json")

    assert made.code == 0, made.err
    assert result.code == 1
    assert "cfops-policy refuses: no change on a Friday" in result.err
    assert len(json.loads(found.out)) == 1


def test_what_a_restore_may_not_write_is_named_and_the_rest_is_written(planted: Planted) -> None:  # noqa: F811
    for content in ("192.0.2.9", "203.0.113.9"):
        line = [word.replace("policy", f"p{content[0:3]}") for word in create(content)]
        assert planted.shell(*line).code == 0
    assert planted.shell("scan.export", "--only", "dns").code == 0
    assert planted.shell("undo.list").code == 0
    for name in ("p192", "p203"):
        planted.shell("dns.delete", "--zone", "example.com", "--name", name, "--type", "A", "--yes")
    planted.python_hook("on_change", POLICY)

    result = planted.shell("snapshots.restore", "--zone", "example.com", "--yes", "--output", "json")
    found = planted.shell("dns.list", "example.com", "--type", "A", "--output", "json")

    names = {row["name"].partition(".")[0] for row in json.loads(found.out)}
    assert result.code == 4
    assert "cfops-policy refuses: no A record outside our networks" in result.err
    assert "p192" in names
    assert "p203" not in names


def test_each_hook_is_called_with_what_it_is_about(planted: Planted) -> None:  # noqa: F811
    out = planted.site / "seen"
    planted.hook("before_task", f"open({str(out)!r}, 'a').write(json.dumps(given) + chr(10))")
    text = planted.allowed().replace('on = ["before_task"]', f"on = {json.dumps(list(HOOKS))}")
    planted.allow(text)

    planted.shell("zones.list", "--limit", "1")
    planted.shell("zones.info", "nowhere.example")
    planted.shell(*create("192.0.2.9"), "--dry-run")
    planted.shell("scan.export", "--only", "zones.zone")

    seen = [json.loads(line) for line in out.read_text().splitlines()]
    assert {one["hook"] for one in seen} == set(HOOKS)
    first, error = seen[0], next(one for one in seen if one["hook"] == "on_error")
    assert (first["task"], first["options"]) == ("zones.list", {"limit": 1})
    assert (error["task"], error["exit_code"]) == ("zones.info", 1)
    assert "nowhere.example" in error["message"]
    snapshot = next(one for one in seen if one["hook"] == "on_snapshot")["snapshot"]
    assert snapshot["status"] == "complete"
    assert Path(snapshot["path"]).is_dir()


def test_a_program_of_a_hook_needs_its_whole_path(planted: Planted) -> None:  # noqa: F811
    planted.allow('[hooks.ours]\non = ["before_task"]\nrun = ["policy"]\n')

    result = planted.shell(*LINE)

    assert result.code == 0
    assert "the hook 'ours' needs the whole path of its program" in result.err


def test_a_hook_gets_its_own_variables_and_no_others_of_ours() -> None:
    environ = {"PATH": "/bin", "CLOUDFLARE_API_TOKEN": "t", "CFOPS_STATE_DIR": "/s", "AWS_SECRET": "x"}
    reserved = {"CFOPS_PLUGIN_CFOPS_MAIL_REGION": "eu", "CFOPS_PLUGIN_OTHER_KEY": "k"}

    kept = child.scrubbed(environ | reserved, "cfops-mail")

    assert kept == {"PATH": "/bin", "CFOPS_PLUGIN_CFOPS_MAIL_REGION": "eu"}


def test_what_a_hook_prints_is_bounded() -> None:
    program = f"import sys\nwhile True: sys.stdout.write('x' * {1 << 20})"
    hook = Hook("ours", "before_task", run=(sys.executable, "-c", program), seconds=30)

    with pytest.raises(Faulty, match="printed more than 16 MiB"):
        child.call(hook, {}, {})


def test_a_process_that_a_hook_leaves_behind_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = (
        "import subprocess, sys\n"
        "left = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()'])\n"
        f"open({str(file)!r}, 'w').write(str(left.pid))\n"
    )

    child.call(Hook("ours", "before_task", run=(sys.executable, "-c", program), seconds=30), {}, {})

    assert any(is_gone(int(file.read_text())) or os.sched_yield() for _ in range(1_000_000))


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, (None, "")),
        ({}, (None, "")),
        ({"refuse": " no\n more "}, (None, "no more")),
        ({"items": [{"a": 1}]}, ([{"a": 1}], "")),
    ],
)
def test_an_answer_is_a_list_a_refusal_or_nothing(answer: object, expected: object) -> None:
    assert answer_of("on_items", {"items": [{}]}, answer) == expected


@pytest.mark.parametrize("answer", [[], "no", {"other": 1}, {"items": "x"}, {"items": ["x"]}, {"refuse": 1}])
def test_another_answer_is_a_fault(answer: object) -> None:
    with pytest.raises(Faulty):
        answer_of("on_items", {"items": [{}]}, answer)


def test_the_page_lists_every_hook_with_what_it_gets() -> None:
    page = (Path(__file__).parents[2] / "ops" / "docs" / "plugins.md").read_text()

    assert [hook for hook, text in HOOKS.items() if f"| `{hook}` | {text} |" not in page] == []


NOISY = """
import atexit


def answer(given):
    print("noise")
    atexit.register(print, "more noise")
    return {"kind": given["kind"], "seen": True}


class Check:
    id = "mail-open"


class Other:
    name = "plain"


class Task:
    def __init__(self, name, module):
        self.name, self.__module__, self.function = name, module, None


CHECKS = [Check, Other]
TASKS = "cfops_noisy"
read, first, listed = Task("read", __name__), Task("first", __name__), Task("list", "ops.products.zones")
ROUTES = "cfops_noisy"
"""


def inside(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run what the process of a hook runs."""
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); "
        "from ops.plugins.inside import main; main(sys.argv[1:])"
    )
    words = (sys.executable, "-c", code, *words)
    return subprocess.run(words, input=given, cwd=ROOT, capture_output=True, text=True, check=True)


def test_the_answer_of_a_hook_is_alone_on_its_output(tmp_path: Path) -> None:
    (tmp_path / "cfops_noisy.py").write_text(NOISY)

    done = inside(tmp_path, "call", "cfops_noisy:answer", given='{"kind": "dns.record"}')

    assert json.loads(done.stdout) == {"kind": "dns.record", "seen": True}
    assert done.stderr == "noise\n"


def test_what_a_plugin_brings_is_described_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "cfops_noisy.py").write_text(NOISY)

    done = inside(tmp_path, "describe", "noisy", "cfops_noisy")

    assert json.loads(done.stdout) == [
        "tasks: noisy.first, noisy.read",
        "sandbox routes",
        "checks: mail-open, plain",
    ]
