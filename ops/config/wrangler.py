"""The account id that a project's wrangler configuration names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ops.config.layers import Said
from ops.errors import UsageError

# The order in which wrangler itself looks for its file.
_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
_LIMIT = 1 << 20
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


def account_in(project: Path) -> Said | None:
    """Give the `account_id` of the first wrangler file in *project* that has one.

    Raises UsageError for a file that cannot be read or understood.
    """
    for name in _NAMES:
        if (file := project / name).is_file():
            account_id = _read(file).get("account_id")
            if isinstance(account_id, str) and account_id:
                return Said(account_id, f"{file} account_id")
    return None


def parse_jsonc(text: str) -> Any:
    """Read JSON with comments and trailing commas; raises ValueError."""
    bare = _COMMENT.sub(lambda found: found[1] or " ", text)
    return json.loads(_TRAILING_COMMA.sub(lambda found: found[1] or "", bare))


def _read(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        if file.stat().st_size > _LIMIT:
            raise ValueError(f"larger than {_LIMIT} bytes")
        text = file.read_text("utf-8-sig")
        content = tomllib.loads(text) if file.suffix == ".toml" else parse_jsonc(text)
    except (OSError, ValueError, RecursionError) as problem:
        raise UsageError(
            f"{file} cannot be read: {problem}", hint="correct it, or set CLOUDFLARE_ACCOUNT_ID"
        ) from None
    return content if isinstance(content, dict) else {}
