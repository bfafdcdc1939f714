"""Foreign code: nothing loads any that the user has not enabled by name (see tests/plugins).

Tests make sure that nothing else loads one: entry points, plugin folders, modules named in settings, pickled
caches. The README describes the one case in which Invoke itself loads code.
"""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

import pytest

import ops
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.e2e.conftest import ROOT, Shell, bare, shell  # noqa: F401  (fixtures)

OPS = Path(ops.__file__).parent
MARK = "open(__file__ + '.ran', 'w').write('x')"
BAD = {
    "raises": "raise RuntimeError('bad')",
    "exits": "raise SystemExit(0)",
    "leaves": "import os; os._exit(0)",
    "hangs": "import threading; threading.Event().wait()",
    "prints": "print('forged row')",
    "patches": "import requests; requests.Session.request = None",
    "interrupts": "raise KeyboardInterrupt",
    "empties": "import os; os.environ.clear()",
}
GROUPS = (
    "cfops",
    "cfops.plugins.v1",
    "cfops.hooks.v1",
    "cfops.plugins",
    "cfops.hooks",
    "ops",
    "ops.plugins",
    "invoke",
    "invoke.plugins",
)


def planted(shell: Shell) -> list[Path]:  # noqa: F811
    """Put each hostile module wherever a program might look for code."""
    site = shell.folder / "site"
    folders = [
        site,
        shell.folder / "plugins",
        shell.folder / "ops_plugins",
        shell.folder / "config" / "plugins",
    ]
    made = []
    for folder in folders:
        folder.mkdir(parents=True)
        for name, body in BAD.items():
            made.append(folder / f"cfops_{name}.py")
            made[-1].write_text(f"{MARK}\n{body}\n")
    info = site / "cfops_bad-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cfops-bad\nVersion: 1.0\n")
    points = "".join(f"[{group}]\n" + "".join(f"{n} = cfops_{n}\n" for n in BAD) for group in GROUPS)
    (info / "entry_points.txt").write_text(points)
    shell.environ["PYTHONPATH"] = str(site)
    return made


def normalised(result: Result) -> tuple[int, str, str]:
    return result.code, result.out, result.err


@pytest.mark.fault("F13", "P14")
@pytest.mark.parametrize("program", ["inv", "cfops"])
def test_no_foreign_code_runs(shell: Shell, sandbox: Sandbox, program: str) -> None:  # noqa: F811
    line = ("zones.list", "--output", "json")
    without = shell(*line, program=program)
    made = planted(shell)

    result = shell(*line, program=program)

    assert normalised(result) == normalised(without)
    assert len(made) == 4 * len(BAD)
    assert list(shell.folder.rglob("*.ran")) == []


@pytest.mark.fault("F13")
def test_the_planted_modules_would_be_noticed_if_they_were_imported(shell: Shell) -> None:  # noqa: F811
    planted(shell)
    (shell.folder / "tasks.py").write_text("import cfops_prints\n" + (ROOT / "tasks.py").read_text())

    result = shell("version")

    assert "forged row" in result.out
    assert [file.name for file in shell.folder.rglob("*.ran")] == ["cfops_prints.py.ran"]


FORBIDDEN = {
    "eval", "exec", "compile", "__import__", "entry_points", "run_path", "run_module", "SourceFileLoader",
    "spec_from_file_location", "load_module", "exec_module", "iter_entry_points", "unsafe_load", "full_load",
    "set_debuglevel",
}  # fmt: skip
UNSAFE_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "runpy",
    "imp",
    "code",
    "subprocess",
    "multiprocessing",
}
# This name also compiles regular expressions.
COMPILES = "re.compile"
# Their arguments are the names of our own modules, and of extras.
IMPORTS = {
    "ops/checks/catalog.py",
    "ops/kinds/catalog.py",
    "ops/plugins/door.py",
    "ops/plugins/inside.py",
    "ops/config/credentials.py",
    "ops/http/__init__.py",
    "ops/program.py",
    "ops/sandbox/routes/__init__.py",
}


@cache
def trees() -> list[tuple[str, ast.Module]]:
    files = sorted(OPS.rglob("*.py"))
    return [(file.relative_to(OPS.parent).as_posix(), ast.parse(file.read_text())) for file in files]


@pytest.mark.fault("F13", "F14", "F8")
def test_no_module_executes_data_or_starts_a_program() -> None:
    found = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called.rpartition(".")[2] in FORBIDDEN and called != COMPILES:
                    found.append(f"{name}: {called}")
            elif isinstance(node, ast.Import | ast.ImportFrom):
                modules = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                found += [f"{name}: {m}" for m in modules if m.partition(".")[0] in UNSAFE_MODULES]

    # The pager, hooks and channels are programs that the user's own environment, profile or allow-list
    # names; a project's files cannot. The kit for tests runs cfops.
    assert found == [f"ops/{name}.py: subprocess" for name in ("plugins/child", "testing", "ui/pager")]


@pytest.mark.fault("F14")
def test_yaml_is_read_with_the_safe_loaders_alone() -> None:
    calls = [
        ast.unparse(node) for _, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.Call)
    ]
    loads = [call for call in calls if call.startswith(("yaml.load(", "yaml.load_all("))]
    used = {
        node.attr
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "yaml"
    }
    loaders = {name for name in used if "load" in name.lower()} - {"load", "load_all"}

    assert "SafeLoader" in loaders
    assert loaders <= {"SafeLoader", "CSafeLoader", "safe_load", "safe_load_all"}
    assert [load for load in loads if "SafeLoader" not in load] == []


@pytest.mark.fault("F13")
def test_modules_are_imported_by_name_only_where_the_names_are_known() -> None:
    importing = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module")
    }

    assert importing == IMPORTS


@pytest.mark.fault("F16")
@pytest.mark.parametrize("nested", ["", "below", "below/further"])
def test_cfops_runs_no_tasks_of_the_current_folder_or_of_a_parent_folder(bare: Shell, nested: str) -> None:  # noqa: F811
    marker = bare.folder / "ran"
    body = f"open({str(marker)!r}, 'w').write('x')\n"
    for name in ("tasks.py", "fabfile.py", "conftest.py", "ops.py", "invoke.py"):
        (bare.folder / name).write_text(body)
    (bare.folder / "invoke.yaml").write_text(
        "tasks:\n  collection_name: fabfile\nops:\n  allow_base_url: evil.example\n"
        "  base_url: https://evil.example/client/v4\n"
    )
    bare.folder = bare.folder / nested
    bare.folder.mkdir(parents=True, exist_ok=True)

    result = bare("config", "--output", "json", program="cfops")

    rows = {row["setting"]: row["value"] for row in json.loads(result.out)}
    assert result.code == 0, result.err
    assert not marker.exists()
    assert rows["base_url"] == "https://api.cloudflare.com/client/v4"
    assert not rows["allow_base_url"]


@pytest.mark.fault("F16")
def test_inv_runs_the_first_tasks_file_in_a_parent_folder_as_the_readme_warns(bare: Shell) -> None:  # noqa: F811
    marker = bare.folder / "ran"
    (bare.folder / "tasks.py").write_text(
        f"open({str(marker)!r}, 'w').write('x')\nfrom ops.program import *\n"
    )
    bare.folder = bare.folder / "below"
    bare.folder.mkdir()

    bare("--list")

    assert marker.exists()
    assert "use `cfops`, which carries its own tasks" in " ".join(
        (ROOT / "README.md").read_text().split()
    ).replace("> ", "")
