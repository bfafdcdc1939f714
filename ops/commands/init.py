"""The task `init`: asks for a token, stores it where the person chooses, and checks it."""

from __future__ import annotations

import re
import sys
from getpass import getpass
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import CredentialsError, PermissionDenied, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.cli.app import App
    from ops.items import Json
    from ops.ui.shapes import Rows

TOKENS = "https://dash.cloudflare.com/profile/api-tokens"
TRIES = 3
_ID = re.compile("[0-9a-f]{32}")


@command("init", aliases=("login",))
def init(app: App) -> Rows:
    """Ask for an API token, store it where you choose, choose the account, and check both.

    The token is not shown while it is typed, and not stored before Cloudflare has accepted it.

    inv init
    """
    from ops.commands.doctor import doctor
    from ops.config import storing
    from ops.kinds.permissions import levels

    app.note(f"create a token at {TOKENS}, with these permissions:")
    app.note(f"  {'':44} to read  to change too")
    for row in levels(app.run.declared_needs().values()):
        app.note(f"  {row['permission']:44} {row['read_only']:8} {row['full']}")
    places = storing.places(app.settings)
    if not (sys.stdin and sys.stdin.isatty()):
        app.note("on a terminal, this task asks for the token, the account, and where to store the token:")
        for description in places.values():
            app.note(f"  {description}")
        hint = "write CLOUDFLARE_API_TOKEN=… to .env and `chmod 600 .env`, or set it in the environment"
        raise Refused("there is no terminal to ask on", hint=hint)
    if accounts := _accepted(app):
        names = [f"{account['name']} ({account['id']})" for account in accounts]
        account_id = str(accounts[_choice("account", names)]["id"])
    else:
        account_id = _typed_account()
    _store(app, list(places)[_choice("place for the token", list(places.values()))], account_id)
    app.use(account_id=account_id)
    result: Rows = doctor.function(app)
    return result


def _accepted(app: App) -> list[Json]:
    """Ask for the token until Cloudflare accepts one; return the accounts that it can see."""
    from ops.config.credentials import Credentials
    from ops.config.storing import check_token
    from ops.products.accounts import api
    from ops.ui.questions import answer

    # The question comes from getpass, after it has turned the echo off.
    def ask_token() -> str:
        return getpass("API token (not shown): ", stream=sys.stderr)

    left = TRIES
    while True:
        left -= 1
        try:
            token = check_token(answer("", ask_token))
            app.use(credentials=Credentials(token=token, origin="typed"))
            accounts = list(api.list_accounts(app.client))
            if not accounts:
                app.warn("this token cannot see any account")
            return accounts
        except PermissionDenied:
            app.warn("this token may not list accounts: it lacks Account > Account Settings > Read")
            return []
        except CredentialsError as error:
            if not left:
                raise
            app.warn(f"{error.message}; {error.hint}")


def _typed_account() -> str:
    """Return the id of the account that the person types; "" for none."""
    from ops.ui.questions import answer

    for _ in range(TRIES):
        id = answer("account id, from the address of the dashboard (Enter: none): ")
        if not id or _ID.fullmatch(id):
            return id
    raise UsageError("no account id was typed", hint="it has 32 digits and letters from a to f")


def _choice(what: str, options: Sequence[str]) -> int:
    """Return the index of the option that the person chooses; the only one without a question."""
    from ops.ui.escape import printable
    from ops.ui.questions import answer
    from ops.ui.spinner import said

    if len(options) == 1:
        return 0
    said()
    for at, option in enumerate(options, 1):
        print(f"  {at}  {printable(option)}", file=sys.stderr)
    for _ in range(TRIES):
        number = answer(f"{what} [1]: ") or "1"
        if number.isascii() and number.isdigit() and 1 <= int(number) <= len(options):
            return int(number) - 1
    raise UsageError(f"no {what} was chosen", hint=f"answer with a number from 1 to {len(options)}")


def _store(app: App, place: str, account_id: str) -> None:
    from ops.config import storing
    from ops.config.credentials import TOKEN
    from ops.config.private import environment
    from ops.ui.questions import answer, confirm

    token = app.settings.credentials.token
    if environment().get(TOKEN):
        app.warn(f"{TOKEN} is set in this environment and is used instead: unset it")
    if place == "dotenv":
        file = app.settings.project / ".env"
        if there := storing.variables_in(file):
            confirm(f"replace {' and '.join(sorted(there))} in {file}?", assume_yes=False, terminal=True)
        storing.write_dotenv(file, token, account_id)
        app.note(f"stored in {file}")
        return
    left = TRIES
    while True:
        left -= 1
        name = answer("name of the profile [main]: ") or "main"
        try:
            storing.write_profile(app.settings, name, token, account_id, keyring=place == "keyring")
            break
        except UsageError as error:
            if not left:
                raise
            app.warn(f"{error.message}; {error.hint}")
    app.note(
        f"stored; `inv profile {name}` sets it for a line, and `inv profile {name} --default` for all lines"
    )
