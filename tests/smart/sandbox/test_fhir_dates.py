"""FHIR dates as spans."""

import pytest

from plugin.sandbox.fhir.dates import EVER, span_of, span_of_element

NOON = 1772452800.0  # 2026-03-02T12:00:00Z


@pytest.mark.parametrize(
    ("text", "seconds_after_noon", "length"),
    [
        ("2026-03-02T12:00:00Z", 0, 1),
        ("2026-03-02T12:00Z", 0, 60),
        ("2026-03-02T07:00:00-05:00", 0, 1),
        ("2026-03-02T12:00:00.250Z", 0.25, 0.001),
        ("2026-03-02T12:00:00", 0, 1),
        ("2026-03-02", -43200, 86400),
        ("2026-03", -43200 - 86400, 31 * 86400),
        ("2026", -43200 - 60 * 86400, 365 * 86400),
        ("2025-12", -43200 - 91 * 86400, 31 * 86400),
    ],
)
def test_span_follows_precision_and_offset(text: str, seconds_after_noon: float, length: float) -> None:
    """The span begins at the instant in UTC and is as long as the precision."""
    low, high = span_of(text)
    assert low - NOON == pytest.approx(seconds_after_noon)
    assert high - low == pytest.approx(length, abs=1e-5)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "2026-03-02T25:00:00Z", "2026-03-02 10:00", "26-03-02"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """A text FHIR doesn't allow, or a day there is not, raises."""
    with pytest.raises(ValueError, match=r"."):
        span_of(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"start": "2026-03-02T12:00:00Z"}, (NOON, EVER)),
        ({"end": "2026-03-02T12:00:00Z"}, (-EVER, NOON + 1)),
        ({}, None),
        ({"start": "soon"}, None),
        ({"start": 7}, None),
        (None, None),
    ],
)
def test_open_periods_reach_for_ever(value: object, expected: tuple[float, float] | None) -> None:
    """A missing end is open; an element that can't be read is left out of the index."""
    assert span_of_element(value) == expected
