"""Where a task of kv writes: the account, or a namespace of it that has been named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.kinds.resource import Owner
from ops.products.kv import api
from ops.products.kv.resources import NAMESPACE

if TYPE_CHECKING:
    from ops.cli.app import App


def account_of(app: App) -> Owner:
    """Give the account in force as an owner."""
    return Owner(app.account_id, app.account_id, {"id": app.account_id})


def namespace_of(app: App, name: str) -> Owner:
    """Give the namespace with this title or id as an owner. Raises NotFound.

    In a dry run that may be one which an earlier task of the line would make; it has no id, see pretended.
    """
    if not app.dry:
        return standing(app, name)
    account = account_of(app)
    named = {"id": name} if api.is_id(name) else {"title": name}
    seen = app.look(NAMESPACE, account, named)
    if seen is None:
        raise NotFound(f"no KV namespace called {name!r}", 404, hint="`inv kv.list` shows what there is")
    return Owner(account.id, seen.get("id", name), seen)


def standing(app: App, name: str) -> Owner:
    """Give the namespace with this title or id as it is there, whatever a dry run would make of it."""
    account_id = app.account_id
    found = api.find_namespace(app.client, account_id, name)
    return Owner(account_id, found["id"], found)


def pretended(app: App, namespace: Owner) -> bool:
    """Say, to people too, that *namespace* is not there yet, so that nothing in it can be looked at."""
    if "id" in namespace.item:
        return False
    app.note(f"{namespace.item['title']} would be made by an earlier task: it is taken to be empty")
    return True
