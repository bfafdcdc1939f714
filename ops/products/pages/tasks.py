"""The tasks of the `pages` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, STATUS, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

READ, EDIT = "Account > Cloudflare Pages > Read", "Account > Cloudflare Pages > Edit"
COLUMNS = (
    Column("name", KEY),
    Column("subdomain", MAIN),
    "production_branch",
    Column("created_on", LOW, TIME),
)
DOMAINS = (
    Column("parent", KEY),
    Column("name", KEY),
    Column("status", MAIN, STATUS),
)
NAMED = "name of the project"


@command("list", needs=READ)
def list_projects(app: App) -> Rows:
    """List the Pages projects of the account.

    inv pages.list
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("pages.project"), COLUMNS, "project")


@command("domains", needs=READ, help={"project": "only of this project"})
def list_domains(app: App, project: str = "") -> Rows:
    """List the domains of all projects, or of one.

    inv pages.domains --project docs
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("pages.domain", project), DOMAINS, "domain")


@command("info", required=("project",), needs=READ, help={"project": NAMED})
def info(app: App, project: str = "") -> Item:
    """Show a project with its builds; encrypted variables are hidden.

    inv pages.info --project docs
    """
    from ops.scan.items import Items

    return Item(Items(app).one("pages.project", project))
