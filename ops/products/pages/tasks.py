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


@command(
    "create",
    required=("project",),
    writes=True,
    needs=EDIT,
    help={"project": "name of the new project", "branch": "its production branch (default: main)"},
)
def create(app: App, project: str = "", branch: str = "main") -> Rows:
    """Create a project without a repository; wrangler uploads the site.

    inv pages.create --project handbook
    """
    from ops.products.pages.resources import PROJECT
    from ops.writes.by_name import ByName

    return ByName(app, PROJECT).create({"name": project, "production_branch": branch})


@command(
    "delete", required=("project",), writes=True, guards=("confirm",), needs=EDIT, help={"project": NAMED}
)
def delete(app: App, project: str = "") -> Rows:
    """Delete a project with its deployments; its name has to be typed, or named with --confirm.

    inv pages.delete --project docs --confirm docs
    """
    from ops.products.pages.resources import PROJECT
    from ops.writes.by_name import ByName

    return ByName(app, PROJECT).delete(project)


@command(
    "domain-add",
    required=("project", "domain"),
    writes=True,
    needs=EDIT,
    help={"project": NAMED, "domain": "e.g. docs.example.com; it needs a DNS record too"},
)
def add_domain(app: App, project: str = "", domain: str = "") -> Rows:
    """Let a project answer for a domain.

    inv pages.domain-add --project docs --domain handbook.example.com
    """
    from ops.products.pages.resources import DOMAIN, PROJECT
    from ops.writes.by_name import ByName

    return ByName(app, PROJECT).inside(DOMAIN, project).create({"name": domain})


@command(
    "domain-remove",
    required=("project", "domain"),
    writes=True,
    needs=EDIT,
    help={"project": NAMED, "domain": "the domain"},
)
def remove_domain(app: App, project: str = "", domain: str = "") -> Rows:
    """Remove a domain from a project; its DNS record stays.

    inv pages.domain-remove --project docs --domain docs.example.com
    """
    from ops.products.pages.resources import DOMAIN, PROJECT
    from ops.writes.by_name import ByName

    return ByName(app, PROJECT).inside(DOMAIN, project).delete(domain)
