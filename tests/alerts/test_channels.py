"""Each channel against a server that takes what it sends, and against servers that do not."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ops.alerts.channels.base import Channel
from ops.alerts.channels.kinds import find
from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.errors import NotFound, UsageError
from tests.alerts.conftest import ENDED_OLD, NOTICE, SECRET, TOKEN, WORSE_EVENT
from tests.scan.processes import wait_until
from tests.wire import Exchange, Seen, Wire, answer

Open = Callable[..., Channel]
PATH = "/hook/secret-uuid"


def sent(channel: Open, kind: str, wire: Wire, **table: Any) -> Seen:
    """Send the notice to *wire* and return the request."""
    assert channel(kind, {"URL": f"http://127.0.0.1:{wire.port}{PATH}"}, **table).send(NOTICE) == ""
    return wire.requests[0]


@pytest.fixture
def wire() -> Any:
    with Wire(answer(202, "ok")) as running:
        yield running


def test_a_webhook_is_signed(channel: Open, wire: Wire) -> None:
    seen = sent(channel, "webhook", wire, url_env="URL", secret_command=["echo", SECRET])

    signed = b".".join((b"msg_1", b"1790000000", seen.body))
    key = b64decode(SECRET.removeprefix("whsec_"))
    expected = b64encode(hmac.digest(key, signed, sha256)).decode()
    assert (seen.target, seen.headers["content-type"]) == (PATH, "application/json")
    assert (seen.headers["webhook-id"], seen.headers["webhook-timestamp"]) == ("msg_1", "1790000000")
    assert seen.headers["webhook-signature"] == f"v1,{expected}"
    document = json.loads(seen.body)
    assert (document["type"], document["timestamp"]) == ("cfops.notice", "2026-09-21T14:13:20Z")
    assert [event["state"] for event in document["data"]["events"]] == ["firing", "ended"]


def test_slack_gets_text_without_markup(channel: Open, wire: Wire) -> None:
    text = json.loads(sent(channel, "slack", wire, url_env="URL").body)["text"]

    assert text.startswith(
        "cfops critical: run-failed on acc0\ncritical: run-failed: failed: scan.export &lt;b&gt; &amp; é"
    )


def test_teams_gets_a_card(channel: Open, wire: Wire) -> None:
    (card,) = json.loads(sent(channel, "teams", wire, url_env="URL").body)["attachments"]

    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["type"] for block in card["content"]["body"]] == ["TextBlock"] * 4


def test_ntfy_gets_a_title_a_priority_and_the_token_of_its_own(channel: Open, wire: Wire) -> None:
    seen = sent(channel, "ntfy", wire, url_env="URL", token_command=["echo", "tk_of_ntfy"])

    assert seen.headers["title"] == "cfops critical: run-failed on acc0"
    assert (seen.headers["priority"], seen.headers["tags"]) == ("urgent", "rotating_light")
    assert seen.headers["authorization"] == "Bearer tk_of_ntfy"
    assert "critical: run-failed: failed: scan.export <b> & é" in seen.body.decode()


def test_pagerduty_gets_an_event_for_each_rule(channel: Open, wire: Wire) -> None:
    sent(channel, "pagerduty", wire, url_env="URL", key_command=["echo", "routing"])

    fires, ends = (json.loads(seen.body) for seen in wire.requests)
    assert (fires["routing_key"], fires["event_action"]) == ("routing", "trigger")
    assert fires["dedup_key"] == "cfops/api.cloudflare.com/acc0/run-failed"
    assert (fires["payload"]["severity"], fires["payload"]["source"]) == ("critical", "acc0")
    assert (ends["event_action"], ends["dedup_key"]) == ("resolve", "cfops/api.cloudflare.com/acc0/damaged")


def test_alertmanager_gets_a_start_and_an_end_of_each_alert(channel: Open, wire: Wire) -> None:
    seen = sent(channel, "alertmanager", wire, url_env="URL", lasts="2h")

    fires, ends = json.loads(seen.body)
    assert seen.target == f"{PATH}/api/v2/alerts"
    assert fires["labels"]["alertname"] == "cfops-run-failed"
    assert (fires["startsAt"], fires["endsAt"]) == ("2026-09-21T14:12:20Z", "2026-09-21T16:13:20Z")
    assert (ends["startsAt"], ends["endsAt"]) == ("2026-09-21T13:58:20Z", "2026-09-21T14:13:20Z")


def test_alertmanager_gets_the_end_of_the_former_severity(channel: Open, wire: Wire) -> None:
    opened = channel("alertmanager", {"URL": f"http://127.0.0.1:{wire.port}"}, url_env="URL")

    assert opened.send(NOTICE._replace(events=(WORSE_EVENT,))) == ""

    now, before = json.loads(wire.requests[0].body)
    assert (now["labels"]["severity"], now["endsAt"] > now["startsAt"]) == ("critical", True)
    assert (before["labels"]["severity"], before["endsAt"]) == ("warning", "2026-09-21T14:13:20Z")


def test_a_ping_says_whether_anything_fires(channel: Open, wire: Wire) -> None:
    opened = channel("ping", {"URL": f"http://127.0.0.1:{wire.port}{PATH}"}, url_env="URL")

    for events in ((), (ENDED_OLD,), NOTICE.events):
        assert opened.send(NOTICE._replace(events=events)) == ""

    assert [seen.target for seen in wire.requests] == [PATH, PATH, f"{PATH}/fail"]


TABLES: dict[str, dict[str, Any]] = {
    "webhook": {"url_env": "URL", "secret_command": ["echo", SECRET]},
    "slack": {"url_env": "URL"},
    "teams": {"url_env": "URL"},
    "ntfy": {"url_env": "URL", "token_command": ["echo", "tk_of_ntfy"]},
    "pagerduty": {"url_env": "URL", "key_command": ["echo", "routing-key"]},
    "alertmanager": {"url_env": "URL"},
    "ping": {"url_env": "URL"},
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("reply", [answer(500, "secret-uuid"), answer(302, location="/"), Exchange.close])
def test_a_server_that_does_not_take_it_is_a_problem_without_secrets(
    channel: Open, kind: str, reply: bytes | Callable[[Exchange], None]
) -> None:
    with Wire(reply) as wire:
        problem = channel(kind, {"URL": f"http://127.0.0.1:{wire.port}{PATH}"}, **TABLES[kind]).send(NOTICE)

    assert problem.startswith("127.0.0.1 ")
    assert not [secret for secret in ("uuid", "c2Vj", "tk_of", "routing-key") if secret in problem]


@pytest.mark.parametrize("kind", TABLES)
def test_no_channel_gets_our_token(channel: Open, wire: Wire, kind: str) -> None:
    sent(channel, kind, wire, **TABLES[kind])

    assert TOKEN not in str(wire.requests)


def test_a_program_gets_the_notice_and_no_credentials(
    channel: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", TOKEN)
    monkeypatch.setenv("CFOPS_EXPORTS", "elsewhere")
    traced = NOTICE._replace(trace=f"00-{1:032x}-{1:016x}-01")
    script = f'cat > {tmp_path}/stdin; env > {tmp_path}/env; printf %s "$0|$1" > {tmp_path}/words'

    problem = channel("command", command=["sh", "-c", script, "{title}", "x; touch {text}"]).send(traced)

    assert problem == ""
    assert json.loads((tmp_path / "stdin").read_text())["run"] == "run0"
    assert (
        (tmp_path / "words").read_text().startswith("cfops critical: run-failed on acc0|x; touch critical:")
    )
    environment = (tmp_path / "env").read_text()
    assert "PATH=" in environment
    assert "TRACEPARENT=00-" in environment
    assert TOKEN not in environment
    assert "CFOPS" not in environment


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (["sh", "-c", "exit 3"], "sh: it ended with exit code 3"),
        (["/no/such/program"], "/no/such/program: it cannot be started: No such file or directory"),
        (["a\0b"], "a\0b: it cannot be started: embedded null byte"),
    ],
)
def test_a_program_that_fails_is_a_problem(channel: Open, command: list[str], problem: str) -> None:
    assert channel("command", command=command).send(NOTICE) == problem


def test_a_program_that_does_not_end_is_ended_with_its_children(
    channel: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.alerts.channels.program.SECONDS", 0.3)
    pid = tmp_path / "pid"

    problem = channel("command", command=["sh", "-c", f"sleep 100 & echo $! > {pid}; wait"]).send(NOTICE)

    assert problem == "sh: it took too long and was ended"
    status = Path(f"/proc/{pid.read_text().strip()}/stat")
    wait_until(lambda: not status.exists() or ") Z" in status.read_text())


@pytest.mark.parametrize(
    ("kind", "table", "named"),
    [
        ("slack", {"url": "https://hooks.slack.com/x"}, "url is a secret and does not belong in this file"),
        ("slack", {}, "channels.one needs url"),
        ("slack", {"url_env": "UNSET"}, "url_env gives nothing"),
        ("slack", {"url_command": ["false"]}, "false: it ended with exit code 1"),
        ("slack", {"url_command": "pass show slack"}, "a command is a list of words"),
        ("slack", {"url_command": ["/no/such"]}, "/no/such: it cannot be started"),
        ("slack", {"url_file": "/no/such"}, "/no/such cannot be read"),
        ("slack", {"url_env": "URL", "url_file": "x"}, "url is written twice"),
        ("slack", {"url_env": "URL", "chanel": "#ops"}, "channels.one has no 'chanel'"),
        ("ntfy", {"url": "http://ntfy.sh/topic"}, "channels.one.url must begin with https://"),
        ("webhook", {"url": "https://x.example", "secret_env": "URL"}, "the secret is not base64"),
        ("alertmanager", {"url": "https://x.example", "lasts": "long"}, "channels.one.lasts"),
        ("mail", {"host": "mail.example", "from": "ops", "to": "a@b.c"}, "'ops' is not an address"),
        ("mail", {"host": "mail.example", "from": "a@b.c", "to": "a@b.c\nBcc: x"}, "is not an address"),
        ("mail", {"host": "mail.example", "from": "a@b.c", "to": []}, "to is not a list of texts"),
        (
            "mail",
            {"host": "m.example", "port": "25", "from": "a@b.c", "to": "a@b.c"},
            "port is not a whole number",
        ),
        ("command", {"command": [1]}, "command is not a list of texts"),
        ("slak", {}, "there is no kind 'slak'"),
        ("slack", {"url_env": "URL", "severity": "info"}, "there is no severity 'info'"),
    ],
)
def test_what_is_wrong_in_a_channel_is_named(
    channel: Open, kind: str, table: dict[str, Any], named: str
) -> None:
    with pytest.raises((UsageError, NotFound)) as error:
        channel(kind, {"URL": "https://hooks.example/secret-uuid"}, **table)

    assert named in error.value.message
    assert "secret-uuid" not in f"{error.value.message} {error.value.hint}"


def test_a_channel_that_is_not_a_table_is_named(tmp_path: Path) -> None:
    settings = Settings(
        credentials=Credentials(token=TOKEN, origin="test"),
        exports=tmp_path,
        state_dir=tmp_path,
        cache_dir=tmp_path,
        channels={"pager": "slack"},
    )

    with pytest.raises(UsageError, match=r"channels\.pager is not a table") as error:
        find(settings, "pager")

    assert error.value.hint == '[channels.pager]: kind = "slack"'


def test_a_secret_may_be_in_a_private_file(channel: Open, tmp_path: Path, wire: Wire) -> None:
    file = tmp_path / "url"
    file.write_text(f"http://127.0.0.1:{wire.port}{PATH}\n")
    file.chmod(0o600)

    assert channel("slack", url_file=str(file)).send(NOTICE) == ""
    file.chmod(0o644)
    with pytest.raises(UsageError, match="accessible to other users"):
        channel("slack", url_file=str(file))


def test_a_notice_has_at_most_twenty_lines() -> None:
    many = NOTICE.events[0]._replace(lines=tuple(f"line {at}" for at in range(111)))

    lines = NOTICE._replace(events=(many,)).lines()

    assert len(lines) == 20
    assert lines[-1] == "… and 93 more: `inv alerts.list`"
