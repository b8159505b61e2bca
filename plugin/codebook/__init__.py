"""The code book: dated tables and nothing else.

`CodeBook.load()` reads the tables; `book.as_of(day, choices)` gives the view one encounter is coded through.
The view answers from the tables of that day and remembers every row it was asked for.
"""

from plugin.codebook.book import CodeBook, View
from plugin.codebook.errors import CodeBookError
from plugin.codebook.one_day import BookOfOneDay

__all__ = ["BookOfOneDay", "CodeBook", "CodeBookError", "View"]
