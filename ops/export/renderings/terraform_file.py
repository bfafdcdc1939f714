"""A snapshot as Terraform: an import block for each item, and a stub of its resource if the kind has one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from ops.items import reach
from ops.kinds.resource import Block, Owner, Resource
from ops.snapshots import snapshot
from ops.snapshots.manifest import Manifest

_HEAD = """\
# {account}: {items} from the snapshot of {started} ({status}{oldest})
# `terraform plan -generate-config-out=rest.tf` writes the resources that have only an import block.

terraform {{
  required_version = ">= 1.5"
  required_providers {{
    cloudflare = {{
      source  = "cloudflare/cloudflare"
      version = "~> 5.0"
    }}
  }}
}}
"""
_NAME = re.compile(r"[^a-z0-9]+")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def write(folder: Path, manifest: Manifest, out: BinaryIO, resources: Iterable[Resource]) -> list[str]:
    """Write the snapshot in *folder* to *out*; return a sentence about the kinds that Terraform lacks."""
    known = {resource.kind: resource for resource in resources}
    kinds = [kind for kind in snapshot.kinds(manifest) if kind in known and known[kind].terraform]
    head = _HEAD.format(
        account=_comment(f"account {manifest.account_id}"),
        items=_comment(", ".join(kinds) or "nothing"),
        started=_comment(manifest.started),
        status=_comment(manifest.status),
        oldest=_comment(f", the oldest part read {manifest.oldest_read}" if manifest.carried else ""),
    )
    out.write(head.encode())
    for kind in kinds:
        out.writelines(
            _block(known[kind], Owner(manifest.account_id, owner_id, {}), item).encode()
            for owner_id, item in snapshot.items(folder, kind)
        )
    others = [kind for kind in snapshot.kinds(manifest) if kind not in kinds]
    return [f"not in the Terraform file: {', '.join(others)}"] if others else []


def _block(resource: Resource, owner: Owner, item: dict[str, Any]) -> str:
    block = resource.terraform(owner, item) if resource.terraform else None
    label = str(reach(item, resource.label) or "")
    if block is None:
        return f"\n# cannot be imported: {resource.kind} {_comment(label)}\n"
    return _text(block, _name(label, block.id))


def _name(label: str, id: str) -> str:
    readable = _NAME.sub("_", label.lower())[:40].strip("_")
    start = readable if readable[:1].isalpha() else f"_{readable}"
    return f"{start}_{sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _text(block: Block, name: str) -> str:
    text = f"\nimport {{\n  to = {block.type}.{name}\n  id = {literal(block.id)}\n}}\n"
    arguments = {key: value for key, value in block.arguments.items() if value is not None}
    if not arguments:
        return text
    width = max(map(len, arguments))
    lines = (f"  {key:<{width}} = {literal(value)}\n" for key, value in arguments.items())
    return f'{text}\nresource "{block.type}" "{name}" {{\n{"".join(lines)}}}\n'


def literal(value: Any) -> str:
    """Return *value* as a Terraform literal on one line; template markers in strings are escaped."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        names = (key if _BARE.fullmatch(key) else _string(key) for key in value)
        pairs = (f"{name} = {literal(inside)}" for name, inside in zip(names, value.values(), strict=True))
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _string(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    escaped = "".join(_ESCAPES.get(c) or (c if c.isprintable() else _code(c)) for c in text)
    return '"' + escaped.replace("${", "$${").replace("%{", "%%{") + '"'


def _code(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _comment(text: str) -> str:
    """Return *text* so that it cannot end the comment's line."""
    return "".join(c if c.isprintable() else "?" for c in text.encode("utf-8", "replace").decode())
