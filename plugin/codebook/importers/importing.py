"""Importing one file: read it whole, lay it over the overlay's table, and only then put the new files in place."""

import csv
import filecmp
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from plugin.codebook.errors import CodeBookError
from plugin.codebook.importers import editions
from plugin.codebook.importers.merging import Counts, Edition, looks_cut_short, merged, told_rows, windows_of
from plugin.codebook.importers.site_tables import Row, SiteTable, accepted
from plugin.codebook.importers.source_file import ROWS_BETWEEN_REPORTS, Progress, SourceFile, no_progress
from plugin.codebook.importers.workplace import overlay_for_import, staging_for

Prepare = Callable[[SourceFile, date | None, str | None], tuple[Edition, Iterator[Row]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of public file: what it is, where it is published, and how its rows are read."""

    name: str
    title: str
    locator: str
    prepare: Prepare


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: the table, the edition's first day, and what became of the keys."""

    table: str
    first_day: date
    counts: Counts
    anything_changed: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who imports may say: the edition's first day, the setting, and that fewer rows are right."""

    day: date | None = None
    setting: str | None = None
    fewer_rows: bool = False


def import_file(
    kind: Kind, path: Path, overlay: Path, checked_on: date, wishes: Wishes, progress: Progress = no_progress
) -> Imported:
    """Import a file into an overlay; CodeBookError refuses it whole and leaves the overlay as it was.

    `checked_on` is the day the file is imported, for the source's entry in the overlay's sources.toml. An import that
    is killed leaves the overlay as it was too, or with an entry more in its sources; the same import then works.
    """
    file = SourceFile(path, progress)
    edition, rows = kind.prepare(file, wishes.day, wishes.setting)
    accepted(edition.table)
    with overlay_for_import(overlay), staging_for(overlay) as staging:
        before = _state(overlay, edition)
        scopes: set[str] = set()
        counts = Counts()
        told = told_rows(file, _noting(rows, edition, scopes), edition, staging, counts)
        held = {scope: editions.held(overlay, edition.prefix(scope)) for scope in scopes}
        _refuse_older(file, edition, held)
        new = merged(file, told, edition, windows_of(scopes, edition, held), overlay, staging, counts)
        table = _write(staging, edition.table, new, progress)
        if not (edition.one_of_several or wishes.fewer_rows):
            _refuse_cut_short(file, counts)
        sources = _write_sources(staging, overlay, kind, edition, sorted(scopes), checked_on, path.name)
        if _state(overlay, edition) != before:
            raise CodeBookError(f"{overlay} was changed while importing; nothing was imported, import the file again")
        # Sources first: a source without rows harms nobody, rows without a source would.
        changed = [_put(sources, overlay / editions.SOURCES), _put(table, overlay / edition.table.name)]
    return Imported(edition.table.name, edition.first_day, counts, any(changed))


def _noting(rows: Iterator[Row], edition: Edition, scopes: set[str]) -> Iterator[Row]:
    for row in rows:
        scopes.add(edition.scope(row))
        yield row


def _refuse_older(file: SourceFile, edition: Edition, held: dict[str, list[date]]) -> None:
    """A file with the whole history must not undo what a newer one said of the past."""
    newest = max((day for days in held.values() for day in days), default=edition.first_day)
    if edition.whole_history and newest > edition.first_day:
        raise file.wrong(
            f"the overlay has the edition of {newest}, which has this one's history; import into another folder",
            line=0,
        )


def _refuse_cut_short(file: SourceFile, counts: Counts) -> None:
    if looks_cut_short(counts):
        raise file.wrong(
            f"{counts.after} rows are in force where there were {counts.before}, so the file may be cut short; "
            "download it again, or say --fewer-rows if that is right",
            line=0,
        )


def _state(overlay: Path, edition: Edition) -> list[tuple[int, int, int] | None]:
    """What tells whether somebody else has changed one of the two files in the meantime."""
    files = (overlay / edition.table.name, overlay / editions.SOURCES)
    stats = [file.stat() if file.is_file() else None for file in files]
    return [(stat.st_ino, stat.st_size, stat.st_mtime_ns) if stat else None for stat in stats]


def _write(staging: Path, table: SiteTable, rows: Iterator[Row], progress: Progress) -> Path:
    path = staging / table.name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(_told(rows, progress))
        file.flush()
        os.fsync(file.fileno())
    return path


def _told(rows: Iterator[Row], progress: Progress) -> Iterator[Row]:
    number = 0
    for number, row in enumerate(rows, start=1):
        if number % ROWS_BETWEEN_REPORTS == 0:
            progress("writing", number, 0)
        yield row
    progress("writing", number, number)


def _write_sources(
    staging: Path, overlay: Path, kind: Kind, edition: Edition, scopes: list[str], checked_on: date, name: str
) -> Path:
    """The overlay's sources with this edition's added; what stands there stays as it is, comments too."""
    there = editions.sources(overlay)
    file = overlay / editions.SOURCES
    text = file.read_text("utf-8") if file.is_file() else ""
    for scope in scopes:
        source = edition.source(scope)[0]
        if source in there:
            continue
        title = f"{kind.title}{f' ({scope})' if scope else ''}, edition of {edition.first_day}, file {name}"
        text = f"{text.rstrip()}\n\n" if text.strip() else ""
        text += (
            f"[{source}]\ntitle = {json.dumps(title)}\nlocator = {json.dumps(kind.locator)}\n"
            f'standing = "sourced"\nchecked_on = {checked_on}\n'
        )
    path = staging / editions.SOURCES
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return path


def _put(new: Path, place: Path) -> bool:
    """Put a file in its place in one step; False when the same bytes are there already."""
    if place.is_file() and filecmp.cmp(new, place, shallow=False):
        return False
    new.replace(place)
    return True
