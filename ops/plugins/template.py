"""The files of a new plugin: a task, a kind, a sandbox route, and a test that passes."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

_FILES = {
    "pyproject.toml": """[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "cfops-NAME"
version = "0.1.0"
description = "A plugin of cfops: NAME."
readme = "README.md"
requires-python = ">=3.11"
keywords = ["cfops-plugin"]
# Without an upper bound: the version of the plugin API is in the name of the group below.
dependencies = ["cfops"]

[project.optional-dependencies]
test = ["pytest>=9", "responses>=0.25"]

[project.entry-points."cfops.plugins.v1"]
NAME = "cfops_MODULE"

[tool.hatch.build.targets.wheel]
packages = ["cfops_MODULE"]
""",
    "README.md": """# cfops-NAME

A plugin of cfops with the collection `NAME`.

```console
$ pip install --editable '.[test]'
$ pytest
$ cfops plugins.enable cfops-NAME
$ cfops sandbox NAME.list
```

`cfops docs --page plugins` describes what a plugin may bring.
""",
    "cfops_MODULE/__init__.py": '''"""What this plugin brings: each name is the module that has it."""

TASKS = "cfops_MODULE.tasks"
RESOURCES = "cfops_MODULE.resources"
ROUTES = "cfops_MODULE.routes"
''',
    "cfops_MODULE/resources.py": '''"""The kinds of NAME, for scan, snapshots, compare and --offline."""

from ops.kinds.paging import Whole
from ops.kinds.resource import ACCOUNT, Resource

ITEM = Resource(
    kind="MODULE.item",
    parent=ACCOUNT,
    path="/accounts/{account}/NAME/items",
    paging=Whole(),
    needs="Account > Account Settings > Read",
    task="NAME.list",
    identity=("name",),
)
RESOURCES = (ITEM,)
''',
    "cfops_MODULE/tasks.py": '''"""The tasks of the collection `NAME`."""

from ops.cli.command import command
from ops.ui.shapes import KEY, Column, Rows


@command("list", needs="Account > Account Settings > Read")
def list_items(app) -> Rows:
    """List the items of NAME.

    inv NAME.list
    """
    from cfops_MODULE.resources import ITEM
    from ops.kinds.resource import Owner

    account = Owner(app.account_id, app.account_id, {})
    return Rows(ITEM.list(app.client, account), (Column("name", KEY), "id"), "item")
''',
    "cfops_MODULE/routes.py": '''"""What the sandbox answers, as the API's documentation says."""

from ops.sandbox.router import getter


@getter("/accounts/{account_id}/NAME/items", "account:read")
def list_items(request, store):
    return [{"id": "1", "name": "first"}, {"id": "2", "name": "second"}]
''',
    "tests/conftest.py": '''import pytest

pytest_plugins = ["ops.testing"]


@pytest.fixture
def plugins():
    """Return the distributions that the tests enable."""
    return ("cfops-NAME",)
''',
    "tests/test_MODULE.py": """import json


def test_the_items_are_listed(inv):
    result = inv("sandbox", "NAME.list", "--output", "json")

    assert result.code == 0, result.err
    assert [item["name"] for item in json.loads(result.out)] == ["first", "second"]


def test_a_snapshot_has_them_and_is_read_offline(inv):
    made = inv("sandbox", "scan.export", "--only", "MODULE")

    offline = inv("sandbox", "NAME.list", "--offline", "--output", "json")

    assert made.code == offline.code == 0, made.err + offline.err
    assert [item["id"] for item in json.loads(offline.out)] == ["1", "2"]
""",
}


def files(name: str) -> dict[str, str]:
    """Return the text of each file of the plugin *name*, by its path in the folder of the plugin."""
    module = name.replace("-", "_")
    return {
        path.replace("MODULE", module): text.replace("MODULE", module).replace("NAME", name)
        for path, text in _FILES.items()
    }
