"""Plain variables of Workers that look like secrets. Their values are never shown, hashed or logged."""

from __future__ import annotations

import json
import re

from ops.checks.model import ACCOUNT, Check, Found, Subject, View
from ops.checks.workers.bindings import SCRIPT, SETTINGS, all_bindings, unread_settings
from ops.items import Json

_FORMS = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{20,}"
    r"|\bxox[abprs]-[\w-]{10,}|\bsk_live_\w{10,}|\bglpat-[\w-]{20,}|\bAIza[\w-]{35}\b"
    r"|\b[a-z]+://[^/\s:@]+:[^/\s:@]+@"
)
_NAMES = re.compile(
    r"(^|_)(SECRET|TOKEN|PASSWORD|PASSWD|APIKEY|API_KEY|PRIVATE_KEY|ACCESS_KEY)($|_)", re.IGNORECASE
)
# Names of what only speaks about a secret.
_ABOUT = re.compile(r"_(NAME|URL|URI|ID|TTL|LENGTH|HEADER|ISSUER|EXPIRY|PATH|ENDPOINT)$", re.IGNORECASE)
_PUBLIC = re.compile(r"(^|_)PUBLIC_", re.IGNORECASE)


def _judge(view: View) -> Found:
    yield from unread_settings(view)
    for script, settings, binding in all_bindings(view):
        if binding.get("type") not in ("plain_text", "json"):
            continue
        name = str(binding["name"])
        if problem := problem_of(name, binding):
            yield Subject(SETTINGS, f"{script} {name}", problem, settings, scope=script)


def problem_of(name: str, binding: Json) -> str:
    """Return why the value of a plain *binding* called *name* looks like a secret; "" if it does not."""
    value = binding.get("text") if "text" in binding else binding.get("json")
    text = value if isinstance(value, str) else json.dumps(value)
    if _FORMS.search(text):
        return "likely a secret: its value has the form of one"
    empty = value in (None, "", [], {}) or isinstance(value, bool | int | float)
    if _NAMES.search(name) and not (_ABOUT.search(name) or _PUBLIC.search(name)) and not empty:
        return "possibly a secret, by its name"
    return ""


CHECK = Check(
    id="secret-in-plain-text",
    severity="high",
    title="A plain variable that looks like a secret",
    why="Everybody who may read the Worker's settings sees it: the API, the dashboard, and each snapshot.",
    needs=(SCRIPT,),
    also=(SETTINGS,),
    judge=_judge,
    fix="replace the secret at its service, store it with inv workers.secret-put, and remove the variable",
    judges=ACCOUNT,
    caution="By its form it is likely, by its name alone possible. Names that end in _URL, _ID and the like,"
    " and public keys, are not reported.",
)
