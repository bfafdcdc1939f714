"""Documents for other programs: YAML in the order it is given, long texts as blocks."""

from __future__ import annotations

from typing import Any


def document(comments: tuple[str, ...], content: dict[str, Any]) -> str:
    """Return *content* as YAML below *comments*."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Indents lists, and repeats what occurs twice instead of pointing to it."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 (PyYAML's)
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (PyYAML's)
            return True

    def text(dumper: Dumper, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    told = "".join(f"# {comment}\n" for comment in comments)
    return told + yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000)
