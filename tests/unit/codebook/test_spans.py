"""Days between which no row begins or ends share what was made for one of them."""

from datetime import date, timedelta

from plugin.codebook import CodeBook
from plugin.codebook.book import Edition
from plugin.codebook.spans import Spans


def test_a_span_begins_with_a_row_and_on_the_day_after_one_ends():
    """An open beginning holds from the first day there is; an open end makes no span."""
    spans = Spans([(date(2020, 1, 1), date(2020, 12, 31)), (date(2020, 7, 1), None), (None, date.max)])

    days = ["2019-12-31", "2020-01-01", "2020-06-30", "2020-07-01", "2020-12-31", "2021-01-01", "2026-01-01"]
    assert [spans.number(date.fromisoformat(day)) for day in days] == [1, 2, 2, 3, 3, 4, 4]
    assert [spans.first_day(number) for number in range(5)] == [
        *(date.min, date.min),
        *(date(2020, 1, 1), date(2020, 7, 1), date(2021, 1, 1)),
    ]


def test_every_day_reads_the_rows_of_its_own_day():
    """Shared by span or made for the day: the same tables, over the years whose rows begin and end most often."""
    book = CodeBook.load()
    for number in range(0, 1500, 3):
        day = date(2023, 1, 1) + timedelta(days=number)
        shared, own = book._edition(day), Edition(book, day)
        assert (shared.codes, shared.limits, shared.drug_codes) == (own.codes, own.limits, own.drug_codes)
        assert (shared.initial_codes, shared.ranks) == (own.initial_codes, own.ranks)
