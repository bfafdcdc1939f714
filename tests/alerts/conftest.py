"""A notice, the settings of channels, and a certificate of this machine for servers with TLS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.alerts.channels.base import Channel
from ops.alerts.channels.kinds import find
from ops.alerts.notice import Notice
from ops.alerts.rules import CRITICAL, WARNING
from ops.alerts.state import ENDED, NEW, Event
from ops.config.credentials import Credentials, References
from ops.config.settings import Settings

TOKEN = "cfut_" + "Zq7" * 13 + "Z" + "a1b2c3d4"
SECRET = "whsec_c2VjcmV0IG9mIHRoZSB3ZWJob29rIQ=="
NOW = 1_790_000_000.0
FAILED = Event(
    NEW,
    "run-failed",
    CRITICAL,
    "failed: scan.export <b> & é",
    ("scan.export ended with exit code 2",),
    NOW - 60,
)
ENDED_OLD = Event(ENDED, "damaged", CRITICAL, "what is stored is damaged", (), NOW - 900, NOW, CRITICAL)
NOTICE = Notice("msg_1", "api.cloudflare.com", "acc0", "scan.export", "run0", NOW, (FAILED, ENDED_OLD))
WORSE_EVENT = FAILED._replace(change="worse", before=WARNING)


@pytest.fixture
def channel(tmp_path: Path) -> Callable[..., Channel]:
    """Return a function that opens a channel of a kind with options; `environment` holds variables."""

    def opened(kind: str, environment: dict[str, str] | None = None, **table: Any) -> Channel:
        settings = Settings(
            credentials=Credentials(token=TOKEN, origin="test"),
            exports=tmp_path,
            state_dir=tmp_path,
            cache_dir=tmp_path,
            ca_file=table.pop("ca_file", ""),
            channels={"one": {"kind": kind, **table}},
            references=References(environment or {}),
        )
        return find(settings, "one").open()

    return opened
