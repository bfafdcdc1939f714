"""The peers: each is installed in an environment of its own and does the same jobs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

HERE = Path(__file__).parent
CACHE = user_cache_path("cfops-bench")


class Peer(NamedTuple):
    """A program that others use: what pip installs, and the driver that runs a job with it.

    A driver takes the name of a job and prints the number of items that it got; exit code 3 means that the
    program cannot do the job, with the reason on stdout.
    """

    name: str
    requirement: str
    driver: str

    @property
    def python(self) -> Path:
        return CACHE / self.requirement.replace("<", "-below-") / "bin" / "python"

    def command(self, job: str) -> list[str]:
        return [str(self.python), str(HERE / self.driver), job]

    def install(self) -> str:
        """Install it unless it is completely installed; return its version."""
        if not self._version():
            folder = self.python.parent.parent
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            install = [str(self.python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            subprocess.run([*install, self.requirement], check=True)
        return self._version()

    def _version(self) -> str:
        """Return the installed version, or "" if it is not installed or only in part."""
        if not self.python.exists():
            return ""
        code = f"from importlib.metadata import version; print(version({self.requirement.split('<')[0]!r}))"
        printed = subprocess.run([str(self.python), "-c", code], capture_output=True, text=True)
        return printed.stdout.strip()


PEERS = (
    Peer("SDK", "cloudflare", "drive_sdk.py"),
    Peer("SDK async", "cloudflare", "drive_sdk_async.py"),
    Peer("cli4", "cloudflare<3", "drive_cli4.py"),
    Peer("octoDNS", "octodns-cloudflare", "drive_octodns.py"),
)
