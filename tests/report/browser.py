"""Debian's Chromium, driven by selenium, for the proofs of what a page does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = "chromium", "chromedriver"


@contextmanager
def chromium(folder: Path, *options: str) -> Iterator[Chrome]:
    """Yield a browser without a window, whose files are in *folder*; skip the test where there is none."""
    paths = [which(name) for name in (CHROMIUM, DRIVER)]
    if not all(paths):
        pytest.skip("needs Debian's packages chromium and chromium-driver")
    wanted = ChromeOptions()
    wanted.binary_location = str(paths[0])
    arguments = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *options)
    for argument in (*arguments, f"--user-data-dir={folder / 'profile'}"):
        wanted.add_argument(argument)
    wanted.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=wanted, service=Service(str(paths[1])))
    try:
        yield browser
    finally:
        browser.quit()
