"""YAML that every parser reads the same way. Imported only when needed, since the library is slow to load."""

from __future__ import annotations

from typing import Any

import yaml

# Plain text for this library, but a boolean for other parsers of YAML 1.1.
_WORDS = frozenset({"y", "n", "Y", "N"})


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (the library's signature)
        """Write a repeated value in full: an alias would surprise people who edit the text."""
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    """Quote what does not begin with a letter: `1e3` and `0o17` are numbers in YAML 1.2 and text in 1.1."""
    plain = value[:1].isalpha() and value not in _WORDS
    style = '"' if not value.isprintable() else None if plain else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
# The names of columns are text with a meaning.
_Dumper.add_multi_representer(str, _text)


def yaml_text(value: Any) -> str:
    """Return *value* as YAML without unprintable characters, keys in order, long text on one line."""
    options: dict[str, Any] = {
        "Dumper": _Dumper,
        "sort_keys": False,
        "width": 1 << 30,
        "default_flow_style": False,
    }
    text: str = yaml.dump(value, allow_unicode=True, **options)
    if all(line.isprintable() for line in text.split("\n")):
        return text
    return str(yaml.dump(value, allow_unicode=False, **options))
