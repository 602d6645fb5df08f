"""The browser the tests drive: PROUTT_CHROMIUM, else one on the PATH, else Playwright's own. Run it to see which."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# Without these, a headless Chromium looks for its maker's servers at every start.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    named = os.environ.get("PROUTT_CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


if __name__ == "__main__":
    path = executable()
    sys.stdout.write(f"{path}\n")
    sys.exit(path is None)
