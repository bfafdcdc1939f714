"""The account itself: two-factor authentication, tokens, public buckets, notifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ops.checks.model import ACCOUNT, DAY, Check, Found, Subject, View
from ops.items import Json, reach, seconds_of
from ops.snapshots.whole import NotRead

MEMBER, TOKEN, PUBLIC, POLICY = (
    "accounts.member",
    "accounts.token",
    "r2.managed_domain",
    "notifications.policy",
)
SETTINGS = "accounts.account"
UNUSED = 90 * DAY


def _judge(view: View) -> Found:
    ideas: tuple[tuple[str, Callable[[list[Json], float], Iterator[Subject]]], ...] = (
        (SETTINGS, _account), (MEMBER, _members), (TOKEN, _tokens), (PUBLIC, _public), (POLICY, _policies),
    )  # fmt: skip
    for kind, idea in ideas:
        try:
            yield from idea(view.items(kind), view.now)
        except NotRead as gap:
            yield gap


def _account(accounts: list[Json], _now: float) -> Iterator[Subject]:
    for account in accounts:
        if reach(account, "settings.enforce_twofactor") is False:
            yield Subject(SETTINGS, "enforce_twofactor", "two-factor authentication is not enforced", account)


def _members(members: list[Json], _now: float) -> Iterator[Subject]:
    for member in members:
        user = member.get("user") or {}
        # Who signs in by the identity provider of a company has the second factor there.
        single_sign_on = member.get("sso") or user.get("sso")
        if member.get("status") != "accepted" or single_sign_on:
            continue
        if user.get("two_factor_authentication_enabled") is False:
            yield Subject(MEMBER, str(user.get("email")), "has no second factor", member)


def _tokens(tokens: list[Json], now: float) -> Iterator[Subject]:
    for token in tokens:
        if token.get("status") != "active":
            continue
        used = seconds_of(token.get("last_used_on") or token.get("issued_on"))
        problems = ["never expires"] if not token.get("expires_on") else []
        problems += ["was not used for 90 days"] if used and now - used > UNUSED else []
        problems += ["may be used from any address"] if not reach(token, "condition.request_ip") else []
        if problems:
            yield Subject(TOKEN, str(token.get("name")), ", ".join(problems), token, "medium")


def _public(domains: list[Json], _now: float) -> Iterator[Subject]:
    for domain in domains:
        if domain.get("enabled"):
            yield Subject(PUBLIC, str(domain.get("domain")), "the bucket is public on r2.dev", domain, "high")


def _policies(policies: list[Json], _now: float) -> Iterator[Subject]:
    alerts = {str(policy.get("alert_type")) for policy in policies if policy.get("enabled")}
    if not any("ssl" in alert or "certificate" in alert for alert in alerts):
        problem = "no notification is sent when a certificate ends"
        yield Subject(POLICY, "certificate notification", problem, {}, "low")


CHECK = Check(
    id="account",
    severity="critical",
    title="The account can be entered too easily",
    why="Anyone who enters the account owns every zone in it.",
    needs=(),
    also=(SETTINGS, MEMBER, TOKEN, PUBLIC, POLICY),
    judge=_judge,
    fix="Manage Account > Members, API Tokens and Notifications in the dashboard",
    judges=ACCOUNT,
    caution="Members with single sign-on have their second factor elsewhere and are not reported. A scan does"
    " not read members, tokens and notifications; what was not read is unknown.",
    sources=("Prowler", "FlareInspect: ACC-*", "Cloudflare Security Insights"),
)
