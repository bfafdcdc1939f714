"""The task `each-account`: run the rest of the line for each account, or each profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ops.cli.command import command
from ops.errors import OpsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ops.cli.app import App
    from ops.cli.nested import Ended
    from ops.items import Json

NAMES = "a name or id, or a glob of them, e.g. 'client-*'; may be repeated"
# Which of several exit codes is reported. Codes of foreign tasks come before all of them.
WORST_FIRST = (3, 2, 1, 6, 4, 5, 0)


class RunsFailed(OpsError):
    """Some of the runs did not end with 0: *exit_code* is the worst of theirs."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # that of the runs, not of a class


class Target(NamedTuple):
    """What the rest of the line is run for: its *names*, and the settings that choose it."""

    names: tuple[str, ...]
    settings: Json

    @property
    def title(self) -> str:
        return f"{self.names[0]} ({self.names[1]})" if len(self.names) > 1 else self.names[0]


@command(
    "each-account",
    stages=True,
    needs="Account > Account Settings > Read",
    help={
        "only": f"only these accounts: {NAMES}",
        "skip": f"not these accounts: {NAMES}",
        "profiles": "for each profile instead of each account that the token can see",
    },
)
def each_account(
    app: App, only: tuple[str, ...] = (), skip: tuple[str, ...] = (), profiles: bool = False
) -> None:
    """Run the rest of the line once for each account that the token can see, one after the other.

    Each is a run of its own, with its exit code, its line in the history and its undo. One that fails does
    not stop the others; the line ends with the worst exit code: network, Cloudflare or system, user, locked,
    incomplete, differences. What the tasks print follows each other: programs want --output jsonl.

    inv each-account scan.export
    inv each-account --only 'sandbox*' dns.find 192.0.2.1
    inv each-account --profiles snapshots.status
    """
    from ops.cli.nested import run_again
    from ops.errors import UsageError

    app.stage()
    calls = app.run.take_rest()
    if not calls:
        hint = "write them after it: `inv each-account scan.export`"
        raise UsageError("each-account needs tasks to run", hint=hint)
    if any(getattr(call.task, "path", "") == "each-account" for call in calls):
        raise UsageError("each-account stands once on a line")
    setting, option = ("profile", "--profile") if profiles else ("account_id", "--account-id")
    if any(call.kwargs.get(setting) for call in calls):
        raise UsageError(f"{option} stands after each-account, which sets it for each run itself")
    if any(call.kwargs.get("trace") for call in calls):
        hint = "OTEL_EXPORTER_OTLP_ENDPOINT sends the traces of all runs to a collector"
        raise UsageError("--trace writes the trace of one run, and each-account starts several", hint=hint)
    targets = _chosen(_profiles(app) if profiles else _accounts(app), only, skip)
    ended: list[tuple[Target, Ended]] = []
    for number, target in enumerate(targets, 1):
        app.note(f"== {target.title}: {number} of {len(targets)}")
        ended.append((target, run_again(calls, target.settings)))
        if app.stop.is_set():
            break
    _summarize(app, ended, targets[len(ended) :])


def _accounts(app: App) -> list[Target]:
    from ops.http.shape import require
    from ops.products.accounts import api

    listing = api.list_accounts(app.client)
    found = [require(item, "an account", id=str, name=str) for item in listing]
    if listing.problem:
        app.gap(f"accounts: {listing.problem}")
    return [Target((one["name"], one["id"]), {"account_id": one["id"]}) for one in found]


def _profiles(app: App) -> list[Target]:
    from ops.config.layers import list_profiles
    from ops.errors import NotFound

    profiles = list_profiles(app.settings.config_dir)
    if not profiles.by_name:
        raise NotFound(f"there are no profiles: write them into {profiles.file}")
    return [Target((name,), {"profile": name}) for name in profiles.by_name]


def _chosen(targets: Sequence[Target], only: Iterable[str], skip: Iterable[str]) -> list[Target]:
    """Return *targets* without those that are not wanted. Raises NotFound for a glob without any."""
    from fnmatch import fnmatchcase

    from ops.errors import NotFound, did_you_mean

    def named(target: Target, globs: Iterable[str]) -> bool:
        return any(fnmatchcase(name.lower(), glob.lower()) for name in target.names for glob in globs)

    for glob in (*only, *skip):
        if not any(named(target, [glob]) for target in targets):
            known = [target.names[0] for target in targets]
            hint = did_you_mean(glob, known) or f"there are: {', '.join(known) or 'none'}"
            raise NotFound(f"{glob!r} is none of what each-account runs for", hint=hint)
    chosen = [target for target in targets if not named(target, skip) and (not only or named(target, only))]
    if not chosen:
        raise NotFound("--only and --skip leave nothing to run for")
    return chosen


def _summarize(app: App, ended: Sequence[tuple[Target, Ended]], left: Sequence[Target]) -> None:
    """Print how each run ended. Raises an error with the worst exit code if one is not 0."""
    from ops.errors import Interrupted, Terminated
    from ops.ui.cells import counted

    for target, one in ended:
        how = "complete" if one.exit_code == 0 else f"exit code {one.exit_code}"
        sent = "" if one.requests is None else f", {counted(one.requests, 'request')}"
        app.note(f"{target.title}: {how}, {one.seconds:.1f} s{sent}, run {one.run}")
    for target in left:
        app.note(f"{target.title}: not started")
    if app.stop.is_set():
        raise (Terminated if app.run.terminated else Interrupted)(
            f"each-account was stopped; not started: {len(left)}"
        )
    bad = [(target, one) for target, one in ended if one.exit_code]
    if not bad:
        return
    names = ", ".join(f"{target.names[0]} ({one.exit_code})" for target, one in bad)
    worst = min((one.exit_code for _, one in bad), key=_rank)
    raise RunsFailed(f"{len(bad)} of {len(ended)} runs did not end with 0: {names}", worst)


def _rank(code: int) -> int:
    return WORST_FIRST.index(code) if code in WORST_FIRST else -1
