"""cfops: an operations toolkit for Cloudflare. `collection` is for a tasks.py, `main` is the program.

The package with the code is named `ops`, as another project on PyPI is. Therefore the wheel installs it in
the folder `house` below this one, and this module loads it from there, whatever else is named `ops` on the
import path. cfops.pth puts `house` last on the path, for imports without this module and for type checkers.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoke.collection import Collection


def collection(plugins: Sequence[str] = ()) -> Collection:
    """Return the tasks of cfops for a tasks.py, with *plugins* enabled: `ns = collection()`."""
    from ops.program import collection as tasks

    return tasks(plugins)


def main() -> None:
    """Run `cfops`."""
    from ops.__main__ import main as run

    run()


def _load() -> None:
    """Load our package `ops`. Raises ImportError if another one is loaded already."""
    here = Path(__file__).resolve().parent
    house = here / "house"
    # In a checkout, `ops` is at the top.
    spec = PathFinder.find_spec("ops", [str(house if house.is_dir() else here.parents[1])])
    if spec is None or spec.loader is None or spec.origin is None:
        raise ImportError(f"cfops is not complete: there is no package ops for {here}")
    if "ops" not in sys.modules:
        module = sys.modules["ops"] = module_from_spec(spec)
        spec.loader.exec_module(module)
        return
    other = sys.modules["ops"]
    # A folder without __init__.py has a path alone.
    place = getattr(other, "__file__", None) or next(iter(getattr(other, "__path__", ())), "")
    if Path(place).resolve() == Path(spec.origin).resolve():
        return
    text = f"another package named `ops` is loaded already, from {place}"
    hint = "import cfops before it, or run cfops in a process of its own"
    # A program's user needs no traceback.
    if Path(sys.argv[0]).stem in ("inv", "invoke"):
        raise SystemExit(f"error: {text}\nhint: {hint}")
    raise ImportError(f"{text}: {hint}")


_load()
