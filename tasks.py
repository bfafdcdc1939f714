"""The ops repository's front door: `inv --list` shows what is behind it."""

from ops.program import collection

ns = collection()
