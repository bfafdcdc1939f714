"""The examples in the help of every task work on the sandbox as they are."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest

from tests.tools.documents import Session, environment
from tests.tools.reference import tasks

TASKS = tasks()
# The others need a server of the network or a run under way, do not end, or ask.
NOT_RUN = (
    "inv ssl.check", "inv sandbox.serve", "inv init", "inv metrics.watch", "inv report.serve",
    "inv version --check",
)  # fmt: skip
# With --exit-code, differences are not a failure.
ACCEPTED = (0, 5)
SNAPSHOTS = (
    "inv scan.export --quiet --kv values",
    "inv dns.put --zone example.com --name new --type A --content 192.0.2.1 --quiet",
    "inv scan.export --quiet --kv values --push s3://backups/cloudflare",
)
FILES = """
mkdir -p dist backup .github/workflows ~/.config/cfops ~/.config/fish/conf.d
printf "[staging]\\nworkers = 4\\n" > ~/.config/cfops/profiles.toml
echo 'export default {fetch() { return new Response("ok") }}' > dist/index.js
echo '[{"type": "plain_text", "name": "STAGE", "text": "test"}]' > bindings.json
echo https://example.com/a.css > urls.txt && echo png > logo.png
"""
CHANNEL = """
printf 'default = "staging"\\n[staging.channels.pager]\\nkind = "command"\\ncommand = ["true"]\\n' \
  > ~/.config/cfops/profiles.toml
"""
# What is beside tasks.py is found by `inv` as if it were installed.
PLUGIN = r"""
inv plugins.new mail && mv cfops-mail/cfops_mail . && rm -r cfops-mail && mkdir cfops_mail-0.1.0.dist-info &&
printf 'Metadata-Version: 2.1\nName: cfops-mail\nVersion: 0.1.0\n' > cfops_mail-0.1.0.dist-info/METADATA &&
printf '[cfops.plugins.v1]\nmail = cfops_mail\n' > cfops_mail-0.1.0.dist-info/entry_points.txt
"""
YAML = "inv dns.export --zone example.com --format yaml > example.com.yaml"
# What must exist before an example of another task, by the words that it holds.
BEFORE = (
    ("example.com.yaml", YAML),
    ("example.com.zone", "inv dns.export --zone example.com --format bind > example.com.zone"),
    (" example.com.plan", YAML),
    (" example.com.plan", "inv dns.plan --zone example.com --file example.com.yaml --save example.com.plan"),
    ("sessions.jsonl", "inv kv.dump --namespace sessions --to sessions.jsonl"),
    ("alerts.test", CHANNEL.strip()),
    ("plugins.enable", PLUGIN.strip()),
    ("plugins.disable", f"{PLUGIN.strip()} && inv plugins.enable cfops-mail"),
    ("config-2", "inv kv.create --title config-2"),
)
UNDO_ID = "3f9c01d2ab"


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("collection", TASKS)
def test_the_examples_of_a_collection_end_well(collection: str, tmp_path: Path) -> None:
    failed = []
    examples = [line for task in TASKS[collection] for line in task.examples]
    for number, example in enumerate(examples):
        if not example.startswith(NOT_RUN):
            failed += run(example, tmp_path / f"{number}")

    assert failed == []


def run(example: str, folder: Path) -> list[str]:
    """Run *example* in a folder of its own, and return how it failed."""
    folder.mkdir()
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    with ExitStack() as stack:
        session = Session(folder, environment(folder, "s3://", stack))
        for line in prepared(example):
            assert session.run(line).code == 0, line
        undo = re.findall(
            r"[0-9a-f]{10}(?=-\d)", session.run("inv undo.list --limit 1 --output json").printed
        )
        key = f"{pyrage.x25519.Identity.generate().to_public()}"
        for word, real in (
            ("age1…", key),
            ("2026-11-22", today),
            ("OBJECT_ID", "$(inv do.objects --namespace chat-room_Room --limit 1 --fields id --no-headers)"),
            (UNDO_ID, undo[0] if undo else UNDO_ID),
            ("/backup/", "backup/"),
            ("/var/lib/node_exporter/", ""),
            ("| less", "| cat"),
        ):
            example = example.replace(word, real)
        ended = session.run(example)
    return [] if ended.code in ACCEPTED else [f"{example}: {ended.code}\n{ended.printed[-300:]}"]


def prepared(example: str) -> list[str]:
    """Return the lines to run before *example*."""
    lines = [FILES.strip().replace("\n", "; ")]
    if re.search(
        r"snapshots\.|inv checks|inv history|inv query|inv report|--at|--offline|undo|drift|s3://", example
    ):
        lines += SNAPSHOTS
    task = example.split()[1]
    return lines + [line for word, line in BEFORE if word in example and line.split()[1] != task]
