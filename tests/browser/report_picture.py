"""The picture of an audit's report: the command over invented visits, as the how-to shows it."""

import contextlib
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from plugin.bulk.generating.wish import Wish
from plugin.bulk.generating.writing import generate
from plugin.cli import main

PAPER = {"width": 1200, "height": 1290}
FEES = {"96365": 70, "96366": 22, "96367": 31, "96374": 40, "96375": 17, "96413": 140, "96415": 30, "96417": 69}


def take_report(browser: Browser, path: Path) -> None:
    """The first page of the report of two thousand visits, with dollars."""
    path = path.absolute()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        generate(Wish(encounters=2000, seed=20), Path("export"))
        fees = "".join(f"{code},{amount}\n" for code, amount in FEES.items())
        Path("fees.csv").write_text(f"code,amount\n{fees}", "utf-8")
        asked = ["audit", "export", "--format", "html", "--output", "audit.html", "--fees", "fees.csv"]
        assert main([*asked, "--workers", "1"]) == 0
        page = browser.new_page(viewport={"width": PAPER["width"], "height": PAPER["height"]})
        page.goto(Path("audit.html").absolute().as_uri())
        page.screenshot(path=path)
        page.close()
