"""The book of one day for charts of every day: what a policy is simulated with."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date

from plugin.codebook.book import CodeBook, View


@dataclass(frozen=True)
class BookOfOneDay(CodeBook):
    """The tables in force on `day`, whatever the day that is asked for."""

    day: date

    @staticmethod
    def of(book: CodeBook, day: date) -> "BookOfOneDay":
        """A book held to one of its days."""
        return BookOfOneDay(**{each.name: getattr(book, each.name) for each in fields(CodeBook)}, day=day)

    def as_of(self, day: date, choices: Mapping[str, str] | None = None) -> View:
        """The view of the one day."""
        return super().as_of(self.day, choices)
