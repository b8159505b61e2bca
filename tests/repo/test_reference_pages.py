"""The generated reference pages are what the product runs on today."""

import pytest

from tests.repo import reference_pages


@pytest.mark.parametrize("page", reference_pages.PAGES)
def test_no_generated_page_is_stale(page):
    """What changed stands in its page; `python -m tests.repo.reference_pages` writes it."""
    assert page not in reference_pages.stale()
