"""Rows in order, whatever their number: sorted in pieces that fit into memory, then merged from disk."""

import csv
import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from plugin.codebook.importers.site_tables import Row

ROWS_IN_MEMORY = 20_000


def in_order(rows: Iterable[Row], by: Callable[[Row], Row], folder: Path, name: str) -> Iterator[Row]:
    """The rows sorted by `by`; rows that are equal by it keep their order.

    `folder` is where pieces that don't fit into memory wait, in files called after `name`.
    """
    pieces: list[Path] = []
    left = iter(rows)
    while chunk := sorted(islice(left, ROWS_IN_MEMORY), key=by):
        if not pieces and len(chunk) < ROWS_IN_MEMORY:
            return iter(chunk)
        pieces.append(folder / f"{name}-{len(pieces)}")
        with pieces[-1].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(chunk)
    return heapq.merge(*(_read(piece) for piece in pieces), key=by)


def _read(piece: Path) -> Iterator[Row]:
    with piece.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            yield tuple(row)
