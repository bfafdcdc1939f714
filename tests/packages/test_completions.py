"""The completions that the wheel brings, read by the shells as a system installs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages.conftest import Environment

pytestmark = pytest.mark.long
BASH = """
. {share}/bash-completion/completions/cfops
COMP_LINE="cfops dns.l"; COMP_POINT=${{#COMP_LINE}}
_cfops_complete; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
FISH = "source {share}/fish/vendor_completions.d/cfops.fish; complete -C 'cfops dns.l'"
# The function is called as the completion system does, with what it would offer printed.
ZSH = """
compadd() {{ shift; print -l -- "$@" }}
fpath=({share}/zsh/site-functions $fpath); autoload -Uz _cfops
words=(cfops dns.l); CURRENT=2; _cfops
"""


@pytest.mark.parametrize(("shell", "script"), [("bash", BASH), ("zsh", ZSH), ("fish", FISH)])
def test_a_shell_completes_cfops_with_the_installed_file(
    environment: Callable[[], Environment], packages: dict[str, Path], shell: str, script: str
) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    place = environment()
    place.pip("install", str(packages[".whl"]))

    done = subprocess.run(
        [shell, "-c", script.format(share=place.folder / "share")],
        env={"HOME": str(place.home), "PATH": f"{place.folder / 'bin'}:{os.defpath}"},
        capture_output=True,
        text=True,
    )

    assert (done.stdout.split(), done.stderr) == (["dns.list"], "")
