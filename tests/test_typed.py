"""The name of the program in what it prints: `inv`, `cfops` or `python -m ops`, and never another."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import typed
from ops.sandbox.server import Sandbox

ROOT = Path(__file__).parents[1]
PROGRAMS = {
    "inv": (str(Path(sys.executable).parent / "inv"),),
    "cfops": (str(Path(sys.executable).parent / "cfops"),),
    "python -m ops": (sys.executable, "-m", "ops"),
}
# A command of ours as a message names it, whatever the name of the program.
COMMAND = re.compile(r"(?<![\w./-])(?:inv|cfops|python -m ops) (?=-?-?[a-z]+[a-z.-]*)")

MISTAKES = (
    ("zones.lst",),
    ("zones.list", "--zon"),
    ("zones.info",),
    ("zones.info", "nowhere.example"),
    ("zones.info", "example.com", "surplus"),
    ("--list", "nowhere"),
    ("--hepl",),
    ("dns.find",),
    ("docs", "nowhere"),
    ("kv.list", "--output", "xml"),
    ("kv.get", "nowhere", "key"),
    ("snapshots.show",),
    ("snapshots.status",),
    ("undo.apply", "nowhere-1"),
    ("undo.last",),
    ("checks", "--only", "nowhere"),
    ("checks.explain", "unproxied"),
    ("history", "nowhere"),
    ("plugins.disable", "nowhere"),
    ("permissions", "nowhere"),
    ("query", "SELECT nothing"),
    ("sandbox", "snapshots.show"),
    ("sandbox", "workers.info", "nowhere"),
    ("sandbox", "--fault", "nothing"),
    ("help", "shared"),
    ("help", "dns.put"),
    ("help", "sandbox"),
    ("help",),
    (),
    ("docs", "undo"),
    ("doctor",),
    ("metrics.watch",),
)


def printed(name: str, line: tuple[str, ...], folder: Path = ROOT) -> str:
    done = subprocess.run(
        [*PROGRAMS[name], *line],
        cwd=folder,
        env={**os.environ, "CFOPS_COLOR": "never"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{done.returncode}\n{done.stdout}\n{done.stderr}"


def commands(text: str) -> list[str]:
    return [match[0].strip() for match in COMMAND.finditer(text)]


@pytest.mark.parametrize("line", MISTAKES, ids=" ".join)
def test_what_is_printed_names_the_program_that_was_typed(
    staged: Sandbox, tmp_path: Path, line: tuple[str, ...]
) -> None:
    # Not in the checkout: its package `ops` hides that of an installed wheel from `inv` alone.
    (tmp_path / "tasks.py").write_text("from cfops import collection\n\nns = collection()\n")
    as_inv, as_cfops = (printed(name, line, tmp_path) for name in ("inv", "cfops"))

    assert set(commands(as_inv)) <= {"inv"}
    assert commands(as_cfops) == ["cfops"] * len(commands(as_inv))
    assert as_inv[0] == as_cfops[0]


def test_an_undo_line_can_be_typed_again(staged: Sandbox) -> None:
    for name, start in PROGRAMS.items():
        made = printed(name, ("dns.create", "example.com", name.replace(" ", ""), "A", "192.0.2.1"))

        line = re.search(rf"^undo: {re.escape(name)} (undo\.apply \S+)$", made, re.MULTILINE)
        assert line, made
        assert printed(name, (*line[1].split(), "--yes")).startswith("0\n"), start


def test_commands_in_a_message_get_the_stage_and_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "`inv dns.list`, `inv config`, `inv --list`; the key inv x"

    assert typed.in_message(text, "sandbox ") == text.replace("inv dns", "inv sandbox dns")
    monkeypatch.setattr(typed, "_name", "cfops")
    assert typed.in_message(text, "sandbox ") == (
        "`cfops sandbox dns.list`, `cfops config`, `cfops --list`; the key inv x"
    )
    assert typed.in_text("inv dns.list, .venv/bin/inv dns.list, `inv`, $(inv completion bash)") == (
        "cfops dns.list, .venv/bin/inv dns.list, `inv`, $(cfops completion bash)"
    )


# Constant texts of ours, which pass `in_text`: what fixes the finding of a check.
TEXTS = "ops/checks/"
# `inv` is a word of these without being the beginning of a command.
OTHER = {"ops/typed.py", "ops/completion.py", "ops/commands/completion.py", "ops/plugins/template.py"}


def test_no_message_names_a_command_that_stays_as_it_is_written() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {text}"
        for file in (ROOT / "ops").rglob("*.py")
        if file.relative_to(ROOT).as_posix() not in OTHER
        for number, text in messages(file)
        if re.search(r"(?<!`)\binv (?=[\w-])|\bcfops (?=[a-z]+\.[a-z]|--)", text)
        and not file.relative_to(ROOT).as_posix().startswith(TEXTS)
    ]

    assert found == [], "write a command in backquotes, as `inv TASK`, or begin it with program()"


def messages(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module that are not docstrings."""
    tree = ast.parse(file.read_text())
    nodes = [node for node in ast.walk(tree) if hasattr(node, "body") and isinstance(node.body, list)]
    documents = {
        id(statement.value) for node in nodes for statement in node.body if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.lineno, node.value


@pytest.mark.parametrize("option", [*typed.SHELL_OPTIONS, "-p", "-e"])
def test_an_option_for_commands_in_a_shell_is_refused_by_cfops(option: str) -> None:
    value = {"--command-timeout": ("5",), "--hide": ("out",)}.get(option, ())

    refused = printed("cfops", (option, *value, "version"))

    assert refused.startswith("1\n")
    assert " is for commands in a shell, and no task of cfops runs one\n" in refused
    if option != "--prompt-for-sudo-password":
        assert printed("inv", (option, *value, "version")).startswith("0\n")


def test_an_option_for_commands_in_a_shell_is_not_suggested() -> None:
    assert "did you mean" not in printed("cfops", ("--ptyy", "version"))
    assert "did you mean --pty?" in printed("inv", ("--ptyy", "version"))
    assert "Invoke" not in printed("cfops", ("--help",))


WINDOWS = """
import os, signal, sys
import invoke, invoke.main
for name in ("SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGWINCH"):
    delattr(signal, name)
for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_DIRECTORY", "O_NONBLOCK", "geteuid", "getuid", "fork", "pwrite"):
    delattr(os, name)
sys.modules |= dict.fromkeys(("fcntl", "pwd", "grp", "resource", "termios", "pty"))
sys.argv = ["PROGRAM", "zones.list"]
"""


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("cfops", "from ops.__main__ import main; main()"),
        ("inv", "from invoke.main import program; program.run()"),
    ],
)
def test_without_the_calls_of_posix_it_ends_with_a_sentence(name: str, start: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WINDOWS.replace("PROGRAM", name) + start],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr == (
        f"error: {name} needs Linux, macOS or another POSIX system\n"
        "hint: on Windows, install it in WSL, the Windows Subsystem for Linux\n"
    )
