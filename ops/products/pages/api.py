"""Pages projects of an account, as the API sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


# The bounds are not documented; the examples of the API use 10.
PAGE = 10


def list_projects(client: Client, account_id: str) -> Listing:
    """List the projects, each with its latest deployment."""
    return client.pages(path("/accounts/{}/pages/projects", account_id), per_page=PAGE)
