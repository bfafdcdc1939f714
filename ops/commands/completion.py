"""The task `completion`: prints the script with which a shell completes tasks, options and their values."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.ui.shapes import Text

if TYPE_CHECKING:
    from ops.cli.app import App

# Each asks for the candidates of the line up to the cursor. Where there are none, the shell completes files.
SCRIPTS = {
    "bash": """_cfops_complete() {
  local candidate
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <(ASK bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o default -F _cfops_complete PROGRAMS
""",
    "zsh": """autoload -Uz compinit
(( ${+functions[compdef]} )) || compinit
_cfops_complete() {
  local -a candidates
  candidates=("${(@f)$(ASK zsh "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${candidates[1]}" ]]; then
    compadd -- "${candidates[@]}"
  else
    _files
  fi
}
compdef _cfops_complete PROGRAMS
""",
    "fish": """function __cfops_complete
  set -l candidates (ASK fish (commandline --current-process --cut-at-cursor | string collect) 2>/dev/null)
  if set -q candidates[1]
    printf '%s\\n' $candidates
  else
    __fish_complete_path (commandline --current-token)
  end
end
for program in PROGRAMS
  complete --command $program --no-files --arguments '(__cfops_complete)'
end
""",
}


@command("completion", positional=("shell",), help={"shell": "bash, zsh or fish (default: that of $SHELL)"})
def completion(_app: App, shell: str = "") -> Text:
    """Print the script that completes tasks, options and values at Tab; add it to your shell's start-up file.

    inv completion bash >> ~/.bashrc
    inv completion zsh >> ~/.zshrc
    inv completion fish > ~/.config/fish/conf.d/cfops.fish
    """
    from ops.config.private import environment

    name = shell or Path(environment().get("SHELL", "")).name
    if name not in SCRIPTS:
        raise UsageError(
            f"{name or 'this shell'!r} is not supported", hint="`inv completion bash`, zsh or fish"
        )
    place = Path(__file__).parents[2]
    ask = f"PYTHONPATH={shlex.quote(str(place))} {shlex.quote(sys.executable)} -P -m ops.completion"
    return Text(script(name, f"env {ask}", "inv invoke cfops"))


def script(shell: str, ask: str, programs: str) -> str:
    """Return the script of *shell* that completes *programs* with what *ask* prints."""
    return SCRIPTS[shell].replace("ASK", ask).replace("PROGRAMS", programs)
