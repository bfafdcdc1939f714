"""The entry point of `cfops` and of `python -m ops`; an interrupt while it loads ends it quietly."""

from __future__ import annotations

import sys


def main() -> None:
    """Load and run `cfops`; with CFOPS_COMPLETE set, answer a shell that completes a line."""
    try:
        from ops.config.private import environment

        if environment().get("CFOPS_COMPLETE"):
            from ops.completion import answer

            answer(sys.argv[1:])
            return
        from ops.program import main as run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    main()
