"""The tasks of pages."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "pages.list": Read(sends="GET .*/pages/projects", prints="docs"),
    "pages.domains": Read(("--project", "docs"), sends="GET .*/domains", prints="docs.example.com"),
    "pages.info": Read(("--project", "docs"), sends="GET .*/pages/projects", prints="main"),
}
