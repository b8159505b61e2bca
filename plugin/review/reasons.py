"""Reasons that people give: listed ones, and what their own words have to be to tell somebody else something."""

from plugin.review.refusals import Invalid

DISMISSAL_REASONS = (
    "Not performed",
    "Not documented well enough",
    "Already charged elsewhere",
    "Part of another service",
    "Not payable by this payer",
    "Suggested in error",
)
# Offered beside the field of an edit; one's own words do as well.
EDITING_REASONS = (
    "Units counted again from the record",
    "Modifier supported by the note",
    "Diagnosis linked as the physician charted it",
    "Date corrected to the day it was given",
    "This payer's rule asks for it",
)
ATTESTING_REASONS = (
    "I gave it and saw it end; it was not charted",
    "It ran as documented, without a pause",
    "From the pump's record",
    "From the downtime paper record",
)
LEAST_LETTERS, LEAST_DIFFERENT, LONGEST_REASON = 6, 3, 500
TOO_LITTLE = f"Say why in words that tell somebody else something: at least {LEAST_LETTERS} letters or digits."


def says_something(words: str) -> bool:
    """Whether words are more than a sign that something had to be typed."""
    letters = [letter for letter in words.casefold() if letter.isalnum()]
    return len(letters) >= LEAST_LETTERS and len(set(letters)) >= LEAST_DIFFERENT


def read_reason(text: str) -> str:
    """The reason on one line; raises Invalid when there is none, or one that says nothing or too much."""
    reason = " ".join(text.split())
    if not reason:
        raise Invalid("reason", "Say why: this needs a reason.")
    if not says_something(reason):
        raise Invalid("reason", TOO_LITTLE)
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", f"Keep the reason under {LONGEST_REASON} characters.")
    return reason
