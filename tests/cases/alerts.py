"""The tasks of alerts."""

from __future__ import annotations

import os
from pathlib import Path

from ops.files.disk import private_folder
from tests.cases import Inv, Read, after


def _channel(_inv: Inv) -> None:
    """Declare a channel: a program that keeps what it is sent."""
    file = private_folder(Path(os.environ["CFOPS_CONFIG_DIR"])) / "profiles.toml"
    command = f'command = ["tee", "{Path.cwd()}/notice.json"]'
    file.write_text(f'default = "home"\n[home.channels.keeper]\nkind = "command"\n{command}\n')
    file.chmod(0o600)


EXPORT = ("scan.export", "--quiet")
READS = {
    "alerts.list": Read(prints="no-snapshot"),
    "alerts.check": Read(sends=r"GET /user/tokens/verify", prints="fine", arrange=after(EXPORT)),
    "alerts.silence": Read(
        ("damaged", "--for", "1h", "--why", "known"), prints="silent_until", arrange=after(EXPORT)
    ),
    "alerts.test": Read(("keeper",), leaves="work/notice.json", arrange=_channel),
}
