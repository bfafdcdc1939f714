"""Runs of jobs, and what a channel gets of them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.alerts import reporting
from ops.alerts.reporting import About
from ops.alerts.rules import CRITICAL
from ops.alerts.state import NEW, Event
from ops.config.settings import load
from ops.files.disk import locked, private_folder
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.telemetry.redact import Redactor
from tests.conftest import Result
from tests.products.writing import answer as ask
from tests.scan.processes import start, wait_until
from tests.wire import Wire, answer

Inv = Callable[..., Result]
EXPORT = ("scan.export", "--quiet")
DOWN = Fault("500", path="/zones*", times=-1)
PROFILE = """
default = "home"
[home.alerts]
off = ["certificate-old", "no-snapshot", "anomaly"]
deletions = 2
[home.channels.hook]
kind = "ntfy"
url_env = "HOOK"
"""


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(answer(200, "ok")) as running:
        yield running


@pytest.fixture
def hook(wire: Wire, home: Path, staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """A channel in the default profile, and the requests that it gets."""
    write_profile(home, PROFILE)
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{wire.port}/topic-secret-uuid")
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    return wire


def write_profile(home: Path, text: str) -> None:
    file = private_folder(home / "config") / "profiles.toml"
    file.write_text(text)
    file.chmod(0o600)


def texts(wire: Wire) -> list[str]:
    """Return what the channel got, the first line of each notice."""
    found = [seen.body.decode().partition("\n")[0] for seen in wire.requests]
    wire.requests.clear()
    return found


def failing(staged: Sandbox, inv: Inv) -> Result:
    """Run an export that fails."""
    staged.faults.add(DOWN)
    result = inv(*EXPORT)
    staged.faults.clear()
    return result


def test_a_job_that_fails_is_reported_once_and_its_end_too(staged: Sandbox, inv: Inv, hook: Wire) -> None:
    good = inv(*EXPORT)
    quiet = texts(hook)
    failed = [failing(staged, inv).code, failing(staged, inv).code]
    reported = texts(hook)
    again = inv(*EXPORT)

    assert (good.code, quiet) == (0, [])
    assert failed == [4, 4]
    assert reported == ["warning: partial-twice: incomplete: scan.export"]
    assert again.code == 0
    assert texts(hook) == ["ended: partial-twice: incomplete: scan.export"]


def test_a_line_with_two_jobs_is_judged_once(inv: Inv, hook: Wire, home: Path) -> None:
    write_profile(home, PROFILE.replace("ntfy", "ping"))

    result = inv("scan.export", "--only", "zones", "--quiet", "scan.export", "--only", "zones", "--quiet")

    assert (result.code, len(hook.requests)) == (0, 1), result.err


def test_a_job_that_is_refused_is_reported_after_three_runs(
    staged: Sandbox, inv: Inv, hook: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", staged.account_id)
    inv(*EXPORT)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "sandbox_" + "x" * 40)

    codes = [inv(*EXPORT).code for _ in range(3)]

    assert codes == [1, 1, 1]
    assert texts(hook) == [
        (
            "critical: auth-refused: Cloudflare refused the credentials in the last 3 runs; "
            "`inv doctor` shows why"
        )
    ]


def test_records_that_are_gone_are_reported_and_the_apex_is_named(
    staged: Sandbox, inv: Inv, hook: Wire
) -> None:
    inv(*EXPORT)
    exported = int(time.time())
    (zone,) = ask(staged, "/zones?name=example.com")
    records = ask(staged, f"/zones/{zone['id']}/dns_records?per_page=5000")
    mail = [one for one in records if one["type"] == "MX" and one["name"] == "example.com"]
    others = [one for one in records if one["type"] == "CNAME"][:3]
    for one in (*mail, *others):
        assert inv("dns.delete", "--zone", "example.com", "--id", one["id"], "--yes").code == 0

    # Two snapshots of one second have no order.
    wait_until(lambda: int(time.time()) > exported)
    inv(*EXPORT)

    (notice,) = hook.requests
    text = notice.body.decode()
    assert f"example.com: MX deleted: {mail[0]['content']}" in text
    assert f"warning: many-deletions: {len(mail) + len(others)} items were deleted from 20" in text
    assert f"dns.record: {len(mail) + len(others)}" in text
    assert notice.headers["title"].startswith("cfops critical: apex-changed, many-deletions on ")


def test_a_killed_job_is_reported_by_the_next_one(staged: Sandbox, inv: Inv, hook: Wire, home: Path) -> None:
    inv(*EXPORT)
    staged.faults.add(Fault("delay", times=-1, seconds=0.3))
    job = start(*EXPORT)
    wait_until(lambda: any("dns_records" in target for _, target in staged.requests))
    wait_until(lambda: any((home / "state" / "runs").glob("*.json")))
    job.send_signal(signal.SIGKILL)
    job.communicate(timeout=20)
    staged.faults.clear()
    texts(hook)

    inv(*EXPORT)

    (notice,) = hook.requests
    assert "scan.export was killed" in notice.body.decode()


def test_a_job_that_meets_a_lock_is_not_reported(staged: Sandbox, inv: Inv, hook: Wire, home: Path) -> None:
    inv(*EXPORT)
    name = f"export/127.0.0.1/{staged.account_id}"

    with locked(home / "state" / "locks", name, {"pid": 1}, "exporting"):
        result = inv(*EXPORT)

    assert result.code == 6
    assert texts(hook) == []


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        (Wire(answer(500)), "127.0.0.1 answered 500"),
        (Wire(lambda _exchange: None), "no answer within 0.3 s"),
        (Wire(answer(200), patience=30), "no answer within 0.3 s"),
    ],
    ids=["refuses", "hangs", "is slow"],
)
def test_a_channel_that_fails_is_one_warning_and_is_tried_again(
    staged: Sandbox, inv: Inv, hook: Wire, monkeypatch: pytest.MonkeyPatch, server: Wire, problem: str
) -> None:
    monkeypatch.setattr(reporting, "SECONDS", 0.3)
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.port}/topic-secret-uuid")
    with server:
        codes = [failing(staged, inv), failing(staged, inv)]
    monkeypatch.setattr(reporting, "SECONDS", 5.0)
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{hook.port}/topic-secret-uuid")

    assert [one.code for one in codes] == [4, 4]
    assert codes[1].err.count(f"warning: the channel hook was not notified: {problem}") == 1
    assert "secret-uuid" not in codes[1].err
    failing(staged, inv)
    assert texts(hook) == ["warning: partial-twice: incomplete: scan.export"]


def test_a_notice_has_no_secrets_no_line_breaks_and_no_endless_lines(staged: Sandbox, home: Path) -> None:
    settings = load({}, invoke={}, environ={**os.environ, "CFOPS_ATTEMPTS": "1"}, cwd=home / "work")
    event = Event(NEW, "apex-changed", CRITICAL, f"token {staged.token}", ("a\nb\x1b[2J", "x" * 5000), 0.0)

    (shown,) = reporting.notice(
        About(settings, "acc0", "task", "run0"), [event], 0.0, Redactor([staged.token])
    ).events

    assert shown.summary == "token [hidden]"
    assert "\n" not in shown.lines[0]
    assert "\x1b" not in shown.lines[0]
    assert shown.lines[1] == "x" * 499 + "…"


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_warning_about_a_channel_is_in_the_form_of_the_log(
    staged: Sandbox, inv: Inv, hook: Wire, format: str
) -> None:
    hook.answers[:] = [answer(403)]
    failing(staged, inv)

    staged.faults.add(DOWN)
    result = inv(*EXPORT, "--log-format", format)

    (line,) = [line for line in result.err.splitlines() if "the channel hook" in line]
    assert line.startswith("warning: ") if format == "text" else json.loads(line)["event"] == "warning"


def test_wrong_settings_are_a_warning_and_never_another_exit_code(
    staged: Sandbox, inv: Inv, hook: Wire, home: Path
) -> None:
    write_profile(home, PROFILE.replace("deletions", "deletion"))

    result = inv(*EXPORT)

    assert result.code == 0
    assert result.err == "warning: no notices were sent: alerts has no 'deletion'\n"


def test_only_jobs_are_reported_and_only_for_real(staged: Sandbox, inv: Inv, hook: Wire) -> None:
    failing(staged, inv)
    failing(staged, inv)
    texts(hook)

    assert inv("zones.list").code == 0
    assert inv("sandbox", *EXPORT).code == 0
    assert inv("snapshots.list").code == 0
    assert texts(hook) == []


def test_without_a_channel_nothing_is_judged(staged: Sandbox, inv: Inv, home: Path) -> None:
    assert inv(*EXPORT).code == 0
    assert not (home / "state" / "alerts").exists()


def rows(result: Result) -> dict[str, dict[str, Any]]:
    assert result.code == 0, result.err
    return {row["rule"]: row for row in json.loads(result.out)}


def test_the_list_shows_what_fires_and_what_is_silent(staged: Sandbox, inv: Inv, hook: Wire) -> None:
    silenced = inv("alerts.silence", "partial-twice", "--for", "24h", "--why", "a known gap")
    failing(staged, inv)
    failing(staged, inv)

    listed = rows(inv("alerts.list", "--output", "json"))

    assert silenced.code == 0
    assert texts(hook) == []
    assert listed["partial-twice"]["state"] == "silenced"
    assert listed["partial-twice"]["why"] == "a known gap"
    assert listed["anomaly"]["state"] == "off"
    inv("alerts.silence", "partial-twice", "--for", "0s", "--why", "over")
    failing(staged, inv)
    assert texts(hook) == ["warning: partial-twice: incomplete: scan.export"]


def test_a_check_judges_without_a_job_and_reads_every_line(
    staged: Sandbox, inv: Inv, hook: Wire, home: Path
) -> None:
    inv(*EXPORT)
    fine = rows(inv("alerts.check", "--output", "json"))
    (manifest,) = (home / "exports").glob("*/latest/manifest.json")
    (manifest.parent / "dns.record.jsonl").unlink()

    damaged = rows(inv("alerts.check", "--output", "json"))

    assert {row["state"] for row in fine.values()} <= {"fine", "off", "unknown"}
    assert damaged["damaged"]["state"] == "firing"
    assert any(line.endswith("dns.record.jsonl: is missing") for line in damaged["damaged"]["lines"])
    assert texts(hook)[0].startswith("critical: damaged: ")


def test_a_test_notice_goes_out_with_its_end(inv: Inv, hook: Wire) -> None:
    result = inv("alerts.test", "hook")

    assert result.code == 0
    assert texts(hook) == [
        "warning: test: this is a test; nothing is wrong",
        "ended: test: this is a test; nothing is wrong",
    ]


def test_a_test_of_a_channel_that_fails_is_an_error(inv: Inv, hook: Wire) -> None:
    hook.answers[:] = [answer(403)]

    result = inv("alerts.test", "hook")

    assert result.code == 3
    assert "error: the channel hook was not notified: 127.0.0.1 answered 403" in result.err


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (("alerts.test", "hok"), "did you mean hook?"),
        (("alerts.silence", "partial", "--for", "1h", "--why", "x"), "there is no rule 'partial'"),
        (("alerts.silence", "damaged", "--for", "soon", "--why", "x"), "--for takes a number and a unit"),
        (("alerts.silence", "damaged", "--for", "1h"), "alerts.silence needs --why"),
    ],
)
def test_mistakes_are_explained(inv: Inv, hook: Wire, line: tuple[str, ...], problem: str) -> None:
    result = inv(*line)

    assert result.code == 1
    assert problem in result.err
