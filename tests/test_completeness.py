"""What a new product, kind or task still lacks, and where it is to be added."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from ops.cli.command import Command
from ops.kinds.catalog import PRODUCTS, resources
from ops.program import collection
from tests.cases import reads, writes

ROOT = Path(__file__).parent.parent
FOLDERS = sorted(
    path.name for path in (ROOT / "ops" / "products").iterdir() if (path / "__init__.py").is_file()
)
# They start, fill and empty the sandbox itself, and have tests of their own.
SANDBOX = "sandbox."


def missing_of_product(name: str) -> Iterator[str]:
    """Yield what the folder ops/products/*name* lacks."""
    if name not in PRODUCTS:
        yield f"ops/kinds/catalog.py: {name!r} in PRODUCTS"
        return
    if not hasattr(import_module(f"ops.products.{name}.resources"), "RESOURCES"):
        yield f"ops/products/{name}/resources.py: RESOURCES with its kinds"
    tasks = find_spec(f"ops.products.{name}.tasks")
    # Tasks that show items as they are declared need no function of their own.
    shows = tasks and "ops.scan.items" in Path(str(tasks.origin)).read_text()
    if tasks and not shows and not find_spec(f"ops.products.{name}.api"):
        yield f"ops/products/{name}/api.py: functions of a client"
    tests = ROOT / "tests" / "products"
    # What is only declared is proven with all other kinds, by test_resources.py.
    has_code = (ROOT / "ops" / "products" / name / "api.py").is_file()
    if (tasks or has_code) and not [*tests.glob(f"test_{name}.py"), *tests.glob(f"{name}/test_*.py")]:
        yield f"tests/products/test_{name}.py: tests of its functions and tasks"
    if tasks and not (ROOT / "tests" / "cases" / f"{name}.py").is_file():
        yield f"tests/cases/{name}.py: READS and WRITES with a line for each task"


def missing_of_task(name: str, task: Command) -> Iterator[str]:
    """Yield what the task called *name* lacks."""
    product = name.partition(".")[0]
    cased = {case.partition(" ")[0] for case in (*reads(), *writes())}
    if name not in cased and not name.startswith(SANDBOX):
        yield f"tests/cases/{product}.py: a line of {name} in {'WRITES' if task.writes else 'READS'}"


def test_nothing_is_missing_of_any_product_or_task() -> None:
    root = collection()
    tasks = {name: root[name] for name in root.task_names}

    missing = [line for name in sorted({*FOLDERS, *PRODUCTS}) for line in missing_of_product(name)]
    missing += [line for name, task in tasks.items() for line in missing_of_task(name, task)]

    assert not missing, "add what a product or task needs:\n" + "\n".join(missing)


def test_every_kind_names_the_permission_to_read_it() -> None:
    missing = [
        f"ops/products/{one.product}/resources.py: needs= of {one.kind}"
        for one in resources()
        if not one.needs
    ]

    assert not missing, "\n".join(missing)
