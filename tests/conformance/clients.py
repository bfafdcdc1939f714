"""Other people's clients, each installed from its registry into an environment of its own."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox


def run(*words: str | Path, folder: Path, timeout: float = 120, **variables: str) -> str:
    """Run a program without the variables and the home of the caller; return its output, or fail with it."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    environment = {**kept, "HOME": str(folder), "NO_COLOR": "1", "CI": "1", **variables}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        line = " ".join(map(str, words))
        pytest.fail(f"{line}: exit code {done.returncode}\n{done.stdout[-3000:]}", pytrace=False)
    return done.stdout


def python_client(*packages: str) -> Path:
    """Return the Python of a virtual environment with *packages*; skip if they cannot be installed."""
    folder = _folder(f"py{sys.version_info[1]}", *packages)
    _install(folder, [sys.executable, "-m", "venv", str(folder)], [f"{folder}/bin/pip", "install", *packages])
    return folder / "bin" / "python"


def npm_client(*packages: str) -> Path:
    """Return the folder of the programs of npm *packages*; skip if they cannot be installed."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing")
    folder = _folder("npm", *packages)
    _install(folder, ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *packages])
    return folder / "node_modules" / ".bin"


def _folder(*words: str) -> Path:
    """Return the folder of an environment, kept between runs in the system's temporary folder."""
    name = hashlib.sha256(" ".join(words).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir(), f"cfops-clients-{os.getuid()}", name)


def _install(folder: Path, *commands: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    done = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return
        for command in commands:
            packages = " ".join(command[-2:])
            try:
                result = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
            except subprocess.TimeoutExpired:
                pytest.skip(f"{packages} could not be installed: the registry does not answer")
            if result.returncode:
                pytest.skip(f"{packages} could not be installed: {result.stderr.strip()[-200:]}")
        done.touch()


def variables(sandbox: Sandbox) -> dict[str, str]:
    """Return the variables that the clients read."""
    return {
        "CLOUDFLARE_API_TOKEN": sandbox.token,
        "CLOUDFLARE_ACCOUNT_ID": sandbox.account_id,
        "CLOUDFLARE_API_BASE_URL": sandbox.url,
        "CLOUDFLARE_BASE_URL": sandbox.url,
        "CLOUDFLARE_API_URL": sandbox.url,
    }
