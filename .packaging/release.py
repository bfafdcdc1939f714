"""What a release says of itself.

release.py check v1.2.3    exit code 1 unless version, tag and the changelog's newest section agree
release.py notes v1.2.3    print that section
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_HEADING = re.compile(r"^## (?P<version>\S+?)(?:, (?P<when>.+))?$", re.MULTILINE)


def problems(tag: str) -> list[str]:
    """Return why *tag* cannot be released."""
    (version,) = re.findall(r'^VERSION = "(.*)"$', (ROOT / "ops" / "version.py").read_text(), re.MULTILINE)
    newest = _HEADING.search((ROOT / "CHANGELOG.md").read_text())
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, and the version in ops/version.py is {version}")
    if newest is None or newest["version"] != version:
        found.append(f"the newest section of CHANGELOG.md is not that of {version}")
    elif not re.fullmatch(r"\d{4}-\d\d-\d\d", newest["when"] or ""):
        found.append(f"the section of {version} in CHANGELOG.md has no date: ## {version}, YYYY-MM-DD")
    if f"cfops=={version}\n" not in (ROOT / ".github" / "workflows" / "export.yml").read_text():
        found.append(f".github/workflows/export.yml does not install cfops=={version}")
    return found


def notes(tag: str) -> str:
    """Return the section of the changelog for *tag*, without its heading."""
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = list(_HEADING.finditer(text))
    for heading, after in zip(headings, [*headings[1:], None], strict=True):
        if f"v{heading['version']}" == tag:
            return text[heading.end() : after.start() if after else None].strip()
    raise SystemExit(f"CHANGELOG.md has no section for {tag}")


if __name__ == "__main__":
    if sys.argv[1] == "notes":
        print(notes(sys.argv[2]))
    elif found := problems(sys.argv[2]):
        raise SystemExit("\n".join(found))
