"""Plugins planted as packaging tools install them: a module and a dist-info folder on sys.path."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.e2e.conftest import Shell, bare, shell  # noqa: F401  (fixtures)

KIND = """
    from ops.kinds.paging import Whole
    from ops.kinds.resource import ACCOUNT, Resource
    RESOURCES = (
        Resource("{name}.rule", ACCOUNT, ("name",), "/accounts/{{account}}/{name}/rules", Whole(), None,
                 "Account > Account Settings > Read", "{name}.list"),
    )
"""
TASK = """
    from ops.cli.command import command
    from ops.products.zones.tasks import list_zones
    from ops.ui.shapes import Rows

    @command("list", required=("only",))
    def list_rules(app, only: str = "") -> Rows:
        \"\"\"List the rules.\"\"\"
        from cfops_{name}.resources import RESOURCES
        from ops.kinds.resource import Owner
        account = Owner(app.account_id, app.account_id, {{}})
        return Rows(RESOURCES[0].list(app.client, account), ("id", "name"))
"""
ROUTE = """
    from ops.sandbox.router import getter

    @getter("/accounts/{{account_id}}/{name}/rules", "account:read")
    def rules(request, store):
        return [{{"id": "1", "name": "first"}}, {{"id": "2", "name": "second"}}]
"""
MODULE = """
    TASKS = "cfops_{name}.tasks"
    RESOURCES = "cfops_{name}.resources"
    ROUTES = "cfops_{name}.routes"
"""


class Planted:
    """The environment of packages that a line finds plugins in, and the allow-list."""

    def __init__(self, shell: Shell) -> None:  # noqa: F811
        self.shell = shell
        self.site = shell.folder.parent / "site"
        self.config = Path(shell.environ["CFOPS_CONFIG_DIR"])
        shell.environ["PYTHONPATH"] = str(self.site)

    def plant(
        self,
        name: str,
        files: Mapping[str, str] | None = None,
        *,
        version: str = "1.0",
        points: str = "",
        group: str = "cfops.plugins.v1",
    ) -> None:
        """Install the distribution cfops-*name* with *files*; without them a task, a kind and a route."""
        whole = {"__init__.py": MODULE, "tasks.py": TASK, "resources.py": KIND, "routes.py": ROUTE}
        package = self.site / f"cfops_{name}"
        package.mkdir(parents=True, exist_ok=True)
        for file, text in (files if files is not None else whole).items():
            body = dedent(text) if files is not None else dedent(text).format(name=name)
            (package / file).write_text(body)
        for old in self.site.glob(f"cfops_{name}-*.dist-info"):
            for file in old.iterdir():
                file.unlink()
            old.rmdir()
        info = self.site / f"cfops_{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: cfops-{name}\nVersion: {version}\n")
        (info / "RECORD").write_text(f"cfops_{name}/__init__.py,sha256={version},1\n")
        (info / "entry_points.txt").write_text(points or f"[{group}]\n{name} = cfops_{name}\n")

    def allow(self, text: str) -> None:
        """Write the allow-list."""
        self.config.mkdir(exist_ok=True)
        (self.config / "plugins.toml").write_text(dedent(text))

    def allowed(self) -> str:
        """Return the text of the allow-list."""
        return (self.config / "plugins.toml").read_text()

    def enable(self, *names: str, version: str = "1.0") -> None:
        """Enable the distributions cfops-*names*."""
        self.allow("".join(f'[plugins.cfops-{name}]\nversion = "{version}"\n' for name in names))

    def hook(self, point: str, body: str, *, seconds: float = 20) -> None:
        """Enable a program in Python at the hook *point*: *body* has the document as `given`."""
        file = self.site / "hook.py"
        self.site.mkdir(exist_ok=True)
        file.write_text(f"import json, sys\ngiven = json.loads(sys.stdin.read())\n{dedent(body)}\n")
        self.allow(
            f'[hooks.ours]\non = ["{point}"]\nrun = ["{sys.executable}", "{file}"]\nseconds = {seconds}\n'
        )

    def python_hook(self, point: str, body: str) -> None:
        """Install and enable a plugin that has the function *body* at the hook *point*."""
        text = f"import json, os, sys\n\n\ndef check(given):\n{indent(dedent(body).strip(), '    ')}\n"
        self.plant(
            "policy", {"__init__.py": text}, points=f"[cfops.hooks.v1]\n{point} = cfops_policy:check\n"
        )
        self.enable("policy")


@pytest.fixture
def planted(shell: Shell) -> Planted:  # noqa: F811
    return Planted(shell)
