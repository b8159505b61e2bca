"""What counts as a reason: enough for somebody who reads it in a year."""

import pytest

from plugin.review.reasons import ATTESTING_REASONS, DISMISSAL_REASONS, EDITING_REASONS, read_reason
from plugin.review.refusals import Invalid


@pytest.mark.parametrize("text", ["x", "ok", "why", "wrong", ".......", "xxxxxxxxxx", "1 1 1 1 1 1", "- - a b c"])
def test_a_sign_that_something_was_typed_is_no_reason(text):
    """Too few letters, or the same ones again."""
    with pytest.raises(Invalid, match="at least 6 letters or digits") as refused:
        read_reason(text)
    assert refused.value.field == "reason"


@pytest.mark.parametrize("text", ["two bags", "order 4711", " second   site ", "\u70b9\u6ef4\u505c\u6b62\u65f6\u95f4"])
def test_a_few_words_are_a_reason_in_any_script(text):
    """On one line."""
    assert read_reason(text) == " ".join(text.split())


@pytest.mark.parametrize("reason", [*DISMISSAL_REASONS, *EDITING_REASONS, *ATTESTING_REASONS])
def test_every_listed_reason_is_one(reason):
    """Choosing from a list is never refused."""
    assert read_reason(reason) == reason


@pytest.mark.parametrize(("text", "why"), [("  ", "this needs a reason"), ("word " * 101, "under 500 characters")])
def test_no_reason_and_too_long_a_one_are_told_apart(text, why):
    """Each with its own remedy."""
    with pytest.raises(Invalid, match=why):
        read_reason(text)
