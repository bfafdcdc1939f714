"""Which module may import which, and how long modules and functions may be: read from the code itself."""

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
    "pyarrow": "ops/export/lake.py",
}
# From low to high. A module imports modules of its own room and of lower floors. "products.tasks" are the
# tasks of the products, "products" is everything else in their folders.
FLOORS = (
    ("errors", "items", "typed", "version", "sandbox"),
    ("files",),
    ("config", "telemetry"),
    ("http", "plugins"),
    ("analytics", "kinds", "tracing"),
    ("ui", "products"),
    ("cli",),
    ("snapshots",),
    ("offsite", "scan", "schedule", "writes"),
    ("checks", "doctor", "export", "metrics", "past", "restore"),
    ("alerts", "report"),
    ("commands", "products.tasks"),
    ("program",),
    ("completion", "testing"),
    ("__main__",),
)
APP_TAKERS = 30


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


def room_of(name: str) -> str:
    """Return the room of the module *name*: "http" for ops.http.client."""
    parts = name.split(".")
    if parts[1] == "products" and "tasks" in parts[3:]:
        return "products.tasks"
    return parts[1]


@cache
def graph() -> dict[str, frozenset[str]]:
    """Return every module with the modules of ops that it imports, in functions and for types too."""
    names = {dotted(module): module for module in MODULES if module != ROOT / "ops" / "__init__.py"}
    return {name: frozenset(modules(module, set(names))) - {name} for name, module in names.items()}


def dotted(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def modules(module: Path, names: set[str]) -> Iterator[str]:
    """Yield those of *names* that *module* imports, also by a name in quotes."""
    for node in ast.walk(tree_of(module)):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [name if name in names else node.module for name in inner]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        yield from (name for name in found if name in names)


def upward(imported_by: dict[str, frozenset[str]]) -> set[str]:
    """Return the imports that reach a room on the same or a higher floor, as "module -> module"."""
    floors = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    return {
        f"{name} -> {other}"
        for name, others in imported_by.items()
        for other in others
        if room_of(name) != room_of(other) and floors[room_of(name)] <= floors[room_of(other)]
    }


def circles(imported_by: dict[str, frozenset[str]]) -> list[frozenset[str]]:
    """Return the groups of modules in which each reaches every other."""
    reached = {name: reachable(name, imported_by) for name in imported_by}
    groups = {frozenset(o for o in reached[name] if name in reached[o]) for name in imported_by}
    return sorted((group for group in groups if len(group) > 1), key=sorted)


def reachable(name: str, imported_by: dict[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [name]
    while ahead:
        new = imported_by[ahead.pop()] - found
        found |= new
        ahead += new
    return found


def app_takers() -> list[str]:
    """Return the functions below the tasks that take the whole app."""
    return [
        f"{name_of(module)}:{node.lineno} {node.name}"
        for module in MODULES
        if module.parent != ROOT / "ops"
        and room_of(dotted(module)) not in ("cli", "commands", "products.tasks", "program")
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef)
        and any(is_app(arg) for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
    ]


def is_app(arg: ast.arg) -> bool:
    return arg.arg == "app" or (
        arg.annotation is not None and ast.unparse(arg.annotation).strip("'") == "App"
    )


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


def test_every_room_is_on_one_floor() -> None:
    listed = [room for rooms in FLOORS for room in rooms]

    assert sorted(listed) == sorted({room_of(name) for name in graph()})


def test_no_import_reaches_the_same_or_a_higher_floor() -> None:
    assert sorted(upward(graph())) == []


def test_an_import_to_a_higher_floor_is_found() -> None:
    changed = {**graph(), "ops.http.client": graph()["ops.http.client"] | {"ops.snapshots.library"}}

    assert "ops.http.client -> ops.snapshots.library" in upward(changed)


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert [sorted(one) for one in circles(graph())] == []


def test_a_circle_through_a_third_module_is_found() -> None:
    changed = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"a"}), "d": frozenset({"a"})}

    assert circles(changed) == [frozenset({"a", "b", "c"})]


def test_few_functions_below_the_tasks_take_the_app() -> None:
    takers = app_takers()

    assert len(takers) <= APP_TAKERS, "\n".join(takers)


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


def test_features_know_no_product_by_name() -> None:
    rooms = (
        "alerts",
        "doctor",
        "export",
        "offsite",
        "past",
        "restore",
        "scan",
        "schedule",
        "snapshots",
        "tracing",
        "writes",
    )
    inside = [f"ops/{room}/" for room in rooms]

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
