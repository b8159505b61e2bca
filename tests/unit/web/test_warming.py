"""A process that serves is warm before the first page."""

from datetime import UTC, datetime
from types import SimpleNamespace

from flask import Flask

from plugin.codebook.book import CodeBook
from plugin.web.services import EXTENSION
from plugin.web.warming import warm_up


def test_templates_are_compiled_and_tables_indexed() -> None:
    """All of them, without a request to anybody: there is nobody to ask."""
    app = Flask("plugin.web")
    CodeBook.load.cache_clear()
    book = CodeBook.load()
    clock = lambda: datetime(2026, 3, 2, tzinfo=UTC)  # noqa: E731
    app.extensions[EXTENSION] = SimpleNamespace(book=book, clock=clock)
    warm_up(app)
    compiled = {name for _, name in app.jinja_env.cache or ()}
    assert {"error.html", "review/page.html", "review/_charges.html"} <= compiled
    assert "_by_code" in vars(book.indications)
    assert "_own" in vars(book.packages)
