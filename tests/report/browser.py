"""Debian's Chromium, driven by selenium, without a way to the network; and axe-core, if it is installed."""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
AXE = Path(os.environ.get("CFOPS_TEST_AXE", "node_modules/axe-core/axe.min.js")).resolve()
SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--hide-scrollbars", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # Whatever is requested from elsewhere fails.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip

needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and "CI" not in os.environ, reason="chromium or chromedriver is not installed"
)
needs_axe = pytest.mark.skipif(
    not AXE.exists() and "CI" not in os.environ, reason="axe-core is not installed"
)


class Browser:
    """A window of *width*, and what was requested and said in it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        """Open a page, and wait until its script is ready."""
        self.driver.get(address)
        script = "const done = arguments[0], ready = () => performance.getEntriesByName('ready').length;"
        wait = "const look = () => ready() ? done(true) : requestAnimationFrame(look); look();"
        self.driver.execute_async_script(script + wait)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what *script*, the body of a function, returns in the page."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str) -> Any:
        """Return the value of an expression of the page as soon as it is true."""
        look = f"const value = {condition}; if (value) done(value); else requestAnimationFrame(look);"
        return self.driver.execute_async_script(
            f"const done = arguments[0]; const look = () => {{{look}}}; look();"
        )

    def console(self) -> list[str]:
        """Return what was written to the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requested(self) -> list[str]:
        """Return the addresses that were requested since the last call, except the page's own data."""
        logged = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        sent = (entry["params"] for entry in logged if entry["method"] == "Network.requestWillBeSent")
        addresses = (str(found["request"]["url"]) for found in sent)
        return [one for one in addresses if not one.startswith(("blob:", "data:"))]

    def resize(self, width: int, height: int) -> None:
        """Set the size of the window, which may be smaller than a desktop allows."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def prefer(self, scheme: str) -> None:
        """Prefer the color scheme "light" or "dark"."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def pages(self) -> int:
        """Return how many pages of A4 the page takes when it is printed."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
        printed = b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", paper)["data"])
        return (
            printed.count(b"/Type /Page\n")
            or printed.count(b"/Type /Page>")
            or printed.count(b"/Type /Page ")
        )

    def violations(self) -> list[str]:
        """Return what axe-core finds."""
        self.run(AXE.read_text())
        self.driver.set_script_timeout(60)
        found = self.driver.execute_async_script("axe.run().then(arguments[0])")["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]} ({len(one['nodes'])})" for one in found]


@contextmanager
def chromium(*, scripts: bool = True, downloads: Path | None = None) -> Iterator[Browser]:
    """Open a window for the block, with or without JavaScript."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for switch in (*SWITCHES, "--window-size=1280,900"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    settings: dict[str, Any] = {} if scripts else {"profile.managed_default_content_settings.javascript": 2}
    # Two files after each other are asked about otherwise.
    settings |= {"profile.default_content_setting_values.automatic_downloads": 1} if downloads else {}
    options.add_experimental_option("prefs", settings)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        driver.set_script_timeout(20)
        if downloads:
            allowed = {"behavior": "allow", "downloadPath": str(downloads)}
            driver.execute_cdp_cmd("Browser.setDownloadBehavior", allowed)
        yield Browser(driver)
    finally:
        driver.quit()
