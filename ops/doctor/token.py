"""The token: its owner, whether it is valid and until when, and the accounts that it can see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from ops.doctor.findings import Finding, failed
from ops.errors import CredentialsError, OpsError, PermissionDenied
from ops.http.paths import path
from ops.http.shape import require
from ops.items import seconds_of

if TYPE_CHECKING:
    from ops.config.settings import Settings
    from ops.http.client import Client
    from ops.items import Json

SOON = 14
SHOWN = 5
INVALID = 1000
TOKENS = "https://dash.cloudflare.com/profile/api-tokens"
ACCOUNT_TOKENS = "https://dash.cloudflare.com/{}/api-tokens"


class Standing(NamedTuple):
    """What is known about the token. *account_id* is the account to check ("" for none); *page* is where its
    permissions are granted."""

    findings: tuple[Finding, ...]
    usable: bool
    account_id: str = ""
    page: str = TOKENS


def examine_token(client: Client, settings: Settings, now: float) -> Standing:
    """Check the credentials; *now* is wall time in seconds."""
    accounts, seen = _accounts(client, settings)
    account_id = settings.account_id or (accounts[0]["id"] if accounts else "")
    if settings.credentials.kind == "key":
        text = "a Global API key has all permissions of its user"
        weak = Finding("token", "warn", text, f"use an API token with the permissions needed: {TOKENS}")
        return Standing((weak, seen), seen.ending is not CredentialsError and bool(accounts), account_id)
    try:
        answer, owner = verify(client, account_id)
        status = require(answer, "the token", status=str)["status"]
    except OpsError as error:
        return Standing((_refused(error, account_id), seen), False, account_id)
    page = ACCOUNT_TOKENS.format(account_id) if owner == "account" else TOKENS
    state = Finding("token", "ok", f"active, owned by {'an account' if owner == 'account' else 'a user'}")
    if status != "active":
        state = Finding("token", "fail", f"its status is {status}", f"create a new one at {TOKENS}")
    begins, ends = seconds_of(answer.get("not_before")), seconds_of(answer.get("expires_on"))
    term = [expiry(ends or None, now, page)]
    if begins and begins > now:
        text = f"not valid before {answer['not_before']}"
        term.insert(0, Finding("token begins", "fail", text, "wait, or check this machine's clock"))
    return Standing((state, *term, seen), status == "active", account_id, page)


def verify(client: Client, account_id: str) -> tuple[Json, str]:
    """Return the response of the verification, and whether a user or an account owns the token.

    The user's endpoint answers "invalid" (1000) for a valid token of an account, so the account's endpoint is
    asked before a token is reported as invalid (Cloudflare's documentation of account owned tokens).
    """
    try:
        return client.get(path("/user/tokens/verify")), "user"
    except CredentialsError as refusal:
        if INVALID not in refusal.codes or not account_id:
            raise
    return client.get(path("/accounts/{}/tokens/verify", account_id)), "account"


def _refused(error: OpsError, account_id: str) -> Finding:
    finding = failed("token", error)
    if INVALID not in error.codes:
        return finding
    hint = f"create a new one at {TOKENS}"
    if account_id:
        return finding._replace(meaning=f"{error.message}, as a user's and as an account's token", hint=hint)
    text = "not valid as a user's token; without an account, an account's token cannot be verified"
    return finding._replace(meaning=text, hint=f"set CLOUDFLARE_ACCOUNT_ID, or {hint}")


def expiry(ends: float | None, now: float, page: str) -> Finding:
    """Return the finding for a token that expires at *ends*, in seconds since 1970; None for never."""
    if ends is None:
        return Finding("token expiry", "ok", "does not expire")
    days = (ends - now) / 86_400
    day = datetime.fromtimestamp(ends, UTC).date()
    if days <= 0:
        return Finding("token expiry", "fail", f"expired on {day}", f"create a new one at {page}")
    text = f"{int(days)} days left, until {day}"
    if days < SOON:
        return Finding("token expiry", "warn", text, f"roll it, or extend it, at {page}")
    return Finding("token expiry", "ok", text)


def _accounts(client: Client, settings: Settings) -> tuple[list[Json], Finding]:
    try:
        listing = client.pages(path("/accounts"), per_page=50)
        accounts = [require(one, "an account", id=str, name=str) for one in listing]
    except PermissionDenied:
        text = "the token may not list accounts: it lacks Account > Account Settings > Read"
        hint = "" if settings.account_id else "set CLOUDFLARE_ACCOUNT_ID, or grant it"
        return [], Finding("accounts", "warn", text, hint)
    except OpsError as error:
        return [], failed("accounts", error)
    chosen = settings.account_id
    names = ", ".join(f"{account['name']} ({account['id']})" for account in accounts[:SHOWN])
    more = f" and {len(accounts) - SHOWN} more" if len(accounts) > SHOWN else ""
    text = f"can see {len(accounts)}: {names}{more}" if accounts else "can see none"
    if chosen and accounts and chosen not in {account["id"] for account in accounts}:
        text = f"{text}; {chosen} is not among them"
        return accounts, Finding("accounts", "warn", text, "check CLOUDFLARE_ACCOUNT_ID")
    if not chosen and len(accounts) != 1:
        hint = "set CLOUDFLARE_ACCOUNT_ID, or use --account-id"
        return accounts, Finding("accounts", "warn", text, hint)
    return accounts, Finding("accounts", "ok", text)
