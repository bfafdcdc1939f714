"""Which hosts are looked up and connected to, and how many requests the API gets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from ops.http.budget import Budget, with_budget
from ops.http.exchange import Call, Reply
from ops.sandbox.edge import Limiter
from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Refusal
from tests.faults.canary import CANARIES
from tests.http.conftest import FakeTime, fake_time  # noqa: F401  (fixture)

ROOT = Path(__file__).parents[2]

RECORDED = dedent(
    """
    import json, sys

    seen = []
    WATCHED = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.connect",
               "socket.sendto", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")

    def heed(event, arguments):
        if event in WATCHED:
            named = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
            seen.append((event, named if isinstance(named, (str, tuple)) else repr(named)))

    sys.addaudithook(heed)
    from ops.program import main
    sys.argv[0] = "cfops"
    try:
        main()
    finally:
        open(RECORD, "w").write(json.dumps(seen))
    """
)


def recorded(folder: Path, environ: dict[str, str], *line: str) -> tuple[int, list[tuple[str, object]]]:
    """Run *line* in a process; return its exit code, and each name and address that it contacted."""
    record = folder / "record.json"
    code = f"RECORD = {str(record)!r}\n{RECORDED}"
    done = subprocess.run(
        [sys.executable, "-c", code, *line],
        cwd=folder, env={"PYTHONPATH": str(ROOT), **environ}, capture_output=True, timeout=50,
    )  # fmt: skip
    CANARIES.check(done.stdout + done.stderr, "what it printed")
    return done.returncode, [(event, named) for event, named in json.loads(record.read_text())]


@pytest.mark.fault("P16")
def test_only_the_host_of_the_base_url_is_looked_up_and_connected_to(
    sandbox: Sandbox, home: Path, tmp_path: Path
) -> None:
    environ = {
        "HOME": str(home),
        "CFOPS_STATE_DIR": str(home / "state"),
        "CFOPS_CACHE_DIR": str(home / "cache"),
        "CFOPS_CONFIG_DIR": str(home / "config"),
        "CFOPS_EXPORTS": str(home / "exports"),
        "CLOUDFLARE_API_TOKEN": sandbox.token,
        "CLOUDFLARE_API_BASE_URL": sandbox.url.replace("127.0.0.1", "localhost"),
    }
    record = ("--zone", "example.com", "--type", "A", "--name", "new", "--content", "192.0.2.1")
    undo = ("undo.last", "--yes", "version", "config", "snapshots.verify")

    code, seen = recorded(tmp_path, environ, "scan.export", "--deep", "dns.create", *record, *undo)

    names = {named for event, named in seen if event != "socket.connect"}
    addresses = {
        tuple(named) for event, named in seen if event == "socket.connect" and isinstance(named, list)
    }
    assert code == 0
    assert names == {"localhost"}
    assert {address[:2] for address in addresses} - {("::1", sandbox.port)} == {("127.0.0.1", sandbox.port)}


def limited(limiter: Limiter, statuses: list[int]) -> Callable[[Call], Reply]:
    """Return a server with a rate limit; every fifth request comes from a dashboard."""

    def send(_call: Call) -> Reply:
        try:
            if len(statuses) % 5 == 0:
                limiter.take("token")
            reply = Reply(200, {name.lower(): text for name, text in limiter.take("token").items()})
        except Refusal as refused:
            reply = Reply(429, {name.lower(): text for name, text in refused.headers.items()})
        statuses.append(reply.status)
        return reply

    return send


@pytest.mark.fault("A5", "P15")
@pytest.mark.parametrize("limit", [0, 1000])
def test_three_thousand_requests_next_to_a_dashboard_are_never_refused(
    tmp_path: Path,
    fake_time: FakeTime,  # noqa: F811
    limit: int,
) -> None:
    """With a *limit* of 0, only the allowance that the server announces counts."""
    statuses: list[int] = []
    limiter = Limiter((1200, 300.0), fake_time)
    budget = Budget(tmp_path / "budget", limit=limit, window=300.0, pause=fake_time.pause(), clock=fake_time)
    send = with_budget(limited(limiter, statuses), budget)

    for _ in range(3000):
        send(Call("GET", "/zones"))
        fake_time.now += 0.001

    assert statuses == [200] * 3000
    assert sum(fake_time.waits) < 4 * 300


CALLER = """
import sys, threading
from pathlib import Path
from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.http.paths import path
from ops.http.stack import open_client

url, folder, token = sys.argv[1:]
home = Path(folder)
settings = Settings(credentials=Credentials(token=token), base_url=url, budget=400, window=4.0, attempts=1,
                    exports=home, state_dir=home, cache_dir=home)
client = open_client(settings, say=lambda text: None)

def work():
    for _ in range(375):
        client.get(path("/user/tokens/verify"))

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.long
@pytest.mark.fault("P15", "A5", "D6")
@pytest.mark.timeout(180)
def test_two_processes_send_three_thousand_requests_without_a_refusal(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.limiter.quota = (480, 4.0)
    statuses: list[int] = []
    sandbox.edge.observer = lambda exchange: statuses.append(exchange.answer.status)
    command = [sys.executable, "-c", CALLER, sandbox.url, str(tmp_path), sandbox.token]

    callers = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    codes = [caller.wait(150) for caller in callers]

    moments = sorted(moment for moment, _ in sandbox.limiter.log)
    fullest = max(sum(1 for m in moments[i : i + 600] if m < moments[i] + 4.0) for i in range(len(moments)))
    assert codes == [0, 0]
    assert statuses == [200] * 3000
    assert fullest <= 400
