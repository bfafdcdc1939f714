"""The entry point of `cfops` and of `python -m ops`; an interrupt while it loads ends it quietly."""

from __future__ import annotations


def main() -> None:
    """Load and run `cfops`."""
    try:
        from ops.program import main as run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()


if __name__ == "__main__":
    main()
