"""Who may import whom: the rules of the house, read from the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "ops").rglob("*.py"))
ONLY = {
    "requests": "ops/http/",
    "urllib3": "ops/http/",
    "tabulate": "ops/ui/",
    "colorama": "ops/ui/",
    "tqdm": "ops/ui/",
    "dotenv": "ops/config/",
    "pyrage": "ops/snapshots/",
    "boto3": "ops/offsite/boto.py",
    "botocore": "ops/offsite/boto.py",
    "jinja2": "ops/export/",
}


def name_of(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


@cache
def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text())


@cache
def imports(module: Path, *, for_types: bool = True) -> tuple[str, ...]:
    return tuple(imported(module, for_types=for_types))


def imported(module: Path, *, for_types: bool) -> Iterator[str]:
    tree = tree_of(module)
    skipped = set() if for_types else {id(n) for block in type_blocks(tree) for n in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def type_blocks(tree: ast.Module) -> Iterator[ast.If]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield node


def violations(rule: str, forbidden: tuple[str, ...], inside: str, but: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{name_of(module)} imports {name} ({rule})"
        for module in MODULES
        if name_of(module).startswith(inside) and name_of(module) not in but
        for name in imports(module, for_types=False)
        if name.startswith(forbidden)
    ]


@pytest.mark.parametrize(("library", "folder"), ONLY.items())
def test_each_library_is_known_in_one_folder_only(library: str, folder: str) -> None:
    users = {name_of(m) for m in MODULES if library in {n.partition(".")[0] for n in imports(m)}}

    assert users
    assert not [user for user in users if not user.startswith(folder)]


def test_the_sandbox_imports_nothing_of_ops_outside_itself() -> None:
    strangers = [
        f"{name_of(module)}: {name}"
        for module in MODULES
        if name_of(module).startswith("ops/sandbox/") and name_of(module) != "ops/commands/sandbox.py"
        for name in imports(module)
        if name.startswith("ops.") and not name.startswith("ops.sandbox")
    ]

    assert strangers == []


def test_a_product_imports_no_other_but_zones_and_accounts() -> None:
    strangers = []
    for module in MODULES:
        if not name_of(module).startswith("ops/products/") or module.parent.name == "products":
            continue
        for name in imports(module):
            parts = name.split(".")
            own = module.relative_to(ROOT / "ops/products").parts[0]
            if parts[:2] == ["ops", "products"] and len(parts) > 2 and parts[2] != own:
                strangers += [] if parts[2] in ("zones", "accounts") else [f"{name_of(module)}: {name}"]

    assert strangers == []


def test_the_wire_knows_nothing_of_products_and_features() -> None:
    above = (
        "ops.products",
        "ops.scan",
        "ops.snapshots",
        "ops.offsite",
        "ops.export.renderings",
        "ops.sandbox",
        "ops.ui",
        "ops.cli.app",
        "ops.cli.run",
    )

    assert violations("only downward", above, "ops/http/") == []


def test_service_functions_know_nothing_of_commands_and_output() -> None:
    above = (
        "ops.cli.app",
        "ops.cli.command",
        "ops.ui",
        "ops.scan",
        "ops.snapshots",
        "ops.offsite",
        "ops.export.renderings",
    )
    apis = tuple(name_of(m) for m in MODULES if m.name == "api.py")

    assert apis
    assert [v for api in apis for v in violations("only downward", above, api)] == []


def test_features_know_no_product_by_name() -> None:
    inside = ("ops/scan/", "ops/snapshots/", "ops/offsite/", "ops/export/", "ops/journal/")

    assert [v for folder in inside for v in violations("generic", ("ops.products",), folder)] == []


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        name_of(module)
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]

    assert readers
    assert not [name for name in readers if not name.startswith("ops/config/")]


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    assert [name_of(m) for m in MODULES if len(m.read_text().splitlines()) > 400] == []


def test_nine_of_ten_functions_are_under_thirty_lines_and_none_over_forty_five() -> None:
    lengths = [
        (node.end_lineno - node.lineno + 1, f"{name_of(module)}:{node.name}")
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    ]

    assert [entry for entry in lengths if entry[0] > 45] == []
    assert sum(1 for length, _ in lengths if length >= 30) <= len(lengths) / 10
