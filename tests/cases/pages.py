"""The tasks of pages."""

from __future__ import annotations

from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID
from tests.cases import Case, Read


def _site(sandbox: Sandbox) -> None:
    """A project without deployments, which a deletion would lose."""
    project = {"id": "5" * 32, "name": "site", "production_branch": "main"}
    sandbox.store.put_document("pages.project", ACCOUNT_ID, "site", project, sort="site")


READS = {
    "pages.list": Read(sends="GET .*/pages/projects", prints="docs"),
    "pages.domains": Read(("--project", "docs"), sends="GET .*/domains", prints="docs.example.com"),
    "pages.info": Read(("--project", "docs"), sends="GET .*/pages/projects", prints="main"),
}
WRITES = {
    "pages.create": Case(("pages.create", "--project", "handbook"), confirm="handbook"),
    "pages.delete": Case(
        ("pages.delete", "--project", "site", "--confirm", "site"), arrange=_site, confirm="site"
    ),
    "pages.domain-add": Case(("pages.domain-add", "--project", "docs", "--domain", "new.example.com")),
    "pages.domain-remove": Case(
        ("pages.domain-remove", "--project", "docs", "--domain", "docs.example.com", "--yes")
    ),
}
