"""The tasks about single rules: rulesets.rules, rule-add, rule-update, rule-delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.products.rulesets.tasks.rulesets import READ
from ops.ui.shapes import KEY, LOW, MAIN, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json

EDIT = "Zone > Zone WAF > Edit; Account > Account Rulesets > Edit"
RULES = (
    "index",
    Column("description", KEY, wraps=True),
    Column("action", MAIN),
    Column("expression", KEY, wraps=True),
    Column("enabled", KEY),
    Column("ref", LOW),
    Column("id", LOW),
)
PHASE = "phase of the ruleset, e.g. http_request_firewall_custom"
ZONE = "the zone (domain or id); without it the account"
RULE = "id, ref or description of the rule"
WRITTEN = {
    "phase": PHASE,
    "zone": ZONE,
    "action": "what it does, e.g. block, managed_challenge, log, skip, redirect",
    "expression": "which requests it is for, in the Rules language",
    "description": "what it is called",
    "parameters": "its action_parameters, as a JSON object",
    "ratelimit": "its ratelimit, as a JSON object",
    "before": "place it before this rule: id, ref, description, or first",
    "after": "place it after this rule: id, ref or description, or last",
}


@command("rules", required=("phase",), needs=READ, help={"phase": PHASE, "zone": ZONE})
def list_rules(app: App, phase: str = "", zone: str = "") -> Rows:
    """List the rules of a phase in the order in which Cloudflare applies them.

    inv rulesets.rules http_request_firewall_custom --zone example.com
    """
    from ops.products.rulesets.tasks.named import Rules

    return Rows(Rules(app, phase, zone).live(), RULES, "rule")


@command(
    "rule-add",
    required=("phase", "action", "expression", "description"),
    positional=("phase",),
    writes=True,
    needs=EDIT,
    help={**WRITTEN, "ref": "a name of your own that stays the same", "disabled": "do not apply it yet"},
)
def add_rule(
    app: App,
    phase: str = "",
    action: str = "",
    expression: str = "",
    description: str = "",
    zone: str = "",
    ref: str = "",
    parameters: str = "",
    ratelimit: str = "",
    disabled: bool = False,
    before: str = "",
    after: str = "",
) -> Rows:
    """Add a rule to the entry point of a phase, at its end unless it is placed; the other rules stay.

    inv rulesets.rule-add http_request_firewall_custom --zone example.com --action block --expression 'ip.src eq 192.0.2.1' --description 'Block scanner'
    """  # noqa: E501  (an example is one line)
    from ops.products.rulesets.tasks.named import Rules, described

    fields = described(action, expression, description, parameters, ratelimit)
    wanted: Json = {**fields, "enabled": not disabled, **({"ref": ref} if ref else {})}
    return Rules(app, phase, zone).add(wanted, before, after)


@command(
    "rule-update",
    required=("phase", "rule"),
    writes=True,
    needs=EDIT,
    help={**WRITTEN, "rule": RULE, "enabled": "yes or no"},
)
def update_rule(
    app: App,
    phase: str = "",
    rule: str = "",
    zone: str = "",
    action: str = "",
    expression: str = "",
    description: str = "",
    parameters: str = "",
    ratelimit: str = "",
    enabled: str = "",
    before: str = "",
    after: str = "",
) -> Rows:
    """Change a rule of a phase, switch it on or off, or move it; the other rules stay.

    inv rulesets.rule-update http_ratelimit 'five logins a minute' --zone example.com --enabled no
    """
    from ops.errors import UsageError
    from ops.products.rulesets.tasks.named import Rules, described

    changes = described(action, expression, description, parameters, ratelimit)
    if enabled not in ("", "yes", "no") or not (changes or enabled or before or after):
        raise UsageError(
            "name what to change: --enabled yes or --enabled no, --expression, --action, --description, "
            "--parameters, --ratelimit, --before or --after"
        )
    if enabled:
        changes["enabled"] = enabled == "yes"
    return Rules(app, phase, zone).update(rule, changes, before, after)


@command(
    "rule-delete",
    required=("phase", "rule"),
    writes=True,
    needs=EDIT,
    help={"phase": PHASE, "rule": RULE, "zone": ZONE},
)
def delete_rule(app: App, phase: str = "", rule: str = "", zone: str = "") -> Rows:
    """Delete a rule of a phase; an undo adds it again at its place.

    inv rulesets.rule-delete http_ratelimit 'five logins a minute' --zone example.com --yes
    """
    from ops.products.rulesets.tasks.named import Rules

    return Rules(app, phase, zone).delete(rule)
