"""The end of a run: what its tasks were about is judged and reported once the line has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.alerts.policy import read_policy
from ops.alerts.reporting import About, report
from ops.alerts.state import read_state, state_file
from ops.config.settings import SANDBOX
from ops.errors import Incomplete, OpsError

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json

_TOKEN_AGE = 20 * 3600.0
_ANSWERED = (0, Incomplete.exit_code)


@dataclass(frozen=True)
class Ending:
    """Judges the account of *app*, after the line of the ledger is written; *token* as `report` takes it."""

    app: App
    about: About
    token: tuple[float] | None

    @property
    def account(self) -> tuple[str, str]:
        return self.about.settings.api_host, self.about.account

    def __call__(self, _line: Json) -> None:
        try:
            done = report(self.about, self.app.clock(), token=self.token)
            done.tell(self.app.note, self.app.warn)
        except Exception as problem:  # noqa: BLE001 (an alert never fails the line)
            _warn(self.app.warn, problem)


def task_ended(app: App, code: int) -> None:
    """Have the account of *app* judged when the line has ended, if the settings say so; never raises."""
    try:
        settings = app.settings
        policy = read_policy(settings.alerts)
        played = settings.api_host == SANDBOX and not policy.sandbox
        account = app.known_account or app.last_account
        if app.dry or app.offline or played or not account or not policy.judges(app.command.path):
            return
        about = About(settings, account, app.command.path, app.run.id, app.run.record.for_children)
        ending = Ending(app, about, token_end(app, account) if code in _ANSWERED else None)
        # A line has one notice for each account, after its last task.
        others = [one for one in app.run.recorded if getattr(one, "account", None) != ending.account]
        app.run.recorded[:] = [*others, ending]
    except Exception as problem:  # noqa: BLE001 (an alert never fails the line)
        _warn(app.warn, problem)


def token_end(app: App, account: str, *, fresh: bool = False) -> tuple[float] | None:
    """Return when the token expires, 0 for never; None if that is not known, or, unless *fresh*, is known."""
    from ops.doctor.token import verify
    from ops.items import seconds_of

    settings = app.settings
    if settings.credentials.kind != "token" or not (fresh or "client" in vars(app)):
        return None
    try:
        known = read_state(state_file(settings.state_dir, settings.api_host, account))
        if not fresh and app.clock() - known.token_read < _TOKEN_AGE:
            return None
        answer, _ = verify(app.client, account)
        return (seconds_of(answer.get("expires_on")),)
    except OpsError:
        return None


def _warn(warn: Callable[[str], None], problem: Exception) -> None:
    # The message of a bug may hold anything.
    shown = problem.message if isinstance(problem, OpsError) else type(problem).__name__
    warn(f"no notices were sent: {shown}")
