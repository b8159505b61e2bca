"""A new edition laid over what a table already holds, key by key, in one pass over both."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from plugin.codebook.importers.layers import layered, paired, products_own, standing
from plugin.codebook.importers.site_tables import BOOKKEEPING, Row, SiteTable
from plugin.codebook.importers.sorting import in_order
from plugin.codebook.importers.source_file import SourceFile
from plugin.codebook.importers.splicing import FIRST, LAST, Span, Window, splice, without_overlap

FEWER_IS_SUSPECT = 0.8  # an edition with less than this share of the rows in force before looks cut short
TOO_FEW_TO_JUDGE = 25


@dataclass(slots=True)
class Counts:
    """What an import did, in keys; `before` and `after` are those in force on the edition's first day."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    ended: int = 0
    before: int = 0
    after: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Edition:
    """A file's edition: its table, the first day it holds, and how far it may be believed about other days.

    `whole_history`: its rows carry their own dates, past ones too, so it replaces what was known of their keys.
    `one_of_several`: the edition is published in parts, so a key that is missing in this file isn't ended.
    """

    kind: str
    table: SiteTable
    first_day: date
    whole_history: bool = False
    one_of_several: bool = False

    @property
    def day(self) -> str:
        """The first day as ISO 8601."""
        return self.first_day.isoformat()

    def scope(self, row: Row) -> str:
        """The setting a row is for, empty where the table knows none."""
        return row[0] if self.table.by_setting else ""

    def prefix(self, scope: str) -> str:
        """What the ids of this kind of source begin with."""
        return f"{self.kind}-{scope}" if scope else self.kind

    def source(self, scope: str) -> Row:
        """The columns `cites` and `file_date` of a row."""
        return (f"{self.prefix(scope)}-{self.day}", self.day)


def told_rows(file: SourceFile, rows: Iterator[Row], edition: Edition, staging: Path, counts: Counts) -> Iterator[Row]:
    """The file's rows in the order of their keys, each with its line at the end; the whole file has been read then."""
    width = len(edition.table.key)

    def numbered() -> Iterator[Row]:
        for row in rows:
            counts.rows += 1
            yield (*row, str(file.line))

    ordered = in_order(numbered(), lambda row: row[:width], staging, "told")
    if not counts.rows:
        raise file.wrong("there is no row under the header; download the file again", line=0)
    counts.left_out = file.left_out
    return ordered


def merged(
    file: SourceFile,
    told: Iterator[Row],
    edition: Edition,
    windows: dict[str, Window],
    overlay: Path,
    staging: Path,
    counts: Counts,
) -> Iterator[Row]:
    """The rows that the overlay's table is to hold, in order: all but those that are just the product's own."""
    table, width = edition.table, len(edition.table.key)
    own = products_own(table)
    known = in_order(layered(table, overlay, own), lambda row: row[:width], staging, "known")
    for key, before, after in paired(known, told, lambda row: row[:width]):
        window = windows.get(edition.scope(key))
        rows = standing(table, before)
        if window is not None:
            rows = _after(file, edition, window, rows, after, counts)
        for row in rows:
            if own.get((*key, row[-len(BOOKKEEPING)])) != row:
                yield row


def _after(
    file: SourceFile, edition: Edition, window: Window, before: list[Row], after: list[Row], counts: Counts
) -> list[Row]:
    """The rows of one key after the edition."""
    if len(after) == 1 and len(before) <= 1:
        quick = _same(edition, before[0], after[0]) if before else _first_time(edition, window, after[0])
        if quick is not None:
            first, last = quick[-4], quick[-3] or "9999-12-31"
            in_force = first <= edition.day <= last
            counts.added += not before
            counts.before += bool(before) and in_force
            counts.after += in_force
            return [quick]
    known = [_span(edition.table, row) for row in before]
    told = without_overlap(_told_spans(file, edition, after))
    if not told and edition.one_of_several:
        return before
    speaks_for = Window(FIRST, LAST) if told and edition.whole_history else window
    spans = splice(known, told, speaks_for)
    _count(counts, edition.first_day, known, spans)
    key = (before or after)[0][: len(edition.table.key)]
    return [_row(key, span) for span in spans]


def _same(edition: Edition, before: Row, told: Row) -> Row | None:
    """The row that was there, when the edition says the same of the same days: what most rows of a quarter do."""
    width, told_first, told_last = len(edition.table.key), told[-3], told[-2]
    begun = before[-4] == told_first or (not told_first and before[-4] <= edition.day)
    return before if begun and before[-3] == told_last and before[width:-4] == told[width:-3] else None


def _first_time(edition: Edition, window: Window, told: Row) -> Row | None:
    """The row of a key that was not known, when nothing bounds the days it holds."""
    first, last = told[-3] or edition.day, told[-2]
    if window.last < LAST or (last and last < first):
        return None
    return (*told[:-3], first, last, *edition.source(edition.scope(told)))


def _told_spans(file: SourceFile, edition: Edition, rows: list[Row]) -> list[Span]:
    spans: dict[date, Span] = {}
    for row in rows:
        *cells, first_text, last_text, line = row
        first = date.fromisoformat(first_text) if first_text else edition.first_day
        last = date.fromisoformat(last_text) if last_text else LAST
        if last < first:
            raise file.wrong(f"it ends on {last}, before it begins on {first}; mend the row", line=int(line))
        values = tuple(cells[len(edition.table.key) :])
        span = Span(first, last, values, edition.source(edition.scope(row)))
        if spans.setdefault(first, span) != span:
            key = " ".join(row[: len(edition.table.key)])
            raise file.wrong(f"{key} is there twice with different contents; keep one of the rows", line=int(line))
    return list(spans.values())


def _span(table: SiteTable, row: Row) -> Span:
    first, last, *source = row[-len(BOOKKEEPING) :]
    return Span(
        date.fromisoformat(first),
        date.fromisoformat(last) if last else LAST,
        row[len(table.key) : -len(BOOKKEEPING)],
        tuple(source),
    )


def _row(key: Row, span: Span) -> Row:
    last = "" if span.last == LAST else span.last.isoformat()
    return (*key, *span.values, span.first.isoformat(), last, *span.source)


def _count(counts: Counts, day: date, known: list[Span], spans: list[Span]) -> None:
    before = next((span for span in known if span.first <= day <= span.last), None)
    after = next((span for span in spans if span.first <= day <= span.last), None)
    counts.before += before is not None
    counts.after += after is not None
    if known == spans:
        return
    if not known:
        counts.added += 1
    elif before and after is None:
        counts.ended += 1
    else:
        counts.changed += 1


def looks_cut_short(counts: Counts) -> bool:
    """Whether far fewer keys are in force after the edition than before it."""
    return counts.before > TOO_FEW_TO_JUDGE and counts.after < FEWER_IS_SUSPECT * counts.before


def windows_of(scopes: set[str], edition: Edition, held: dict[str, list[date]]) -> dict[str, Window]:
    """For each setting the days the edition speaks for: to the day before the next edition that was imported."""
    return {
        scope: Window(
            edition.first_day,
            min((day - timedelta(days=1) for day in held[scope] if day > edition.first_day), default=LAST),
        )
        for scope in scopes
    }
