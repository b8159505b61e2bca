"""The partition files of an assembled export: what DuckDB gives row by row, appended to one zipped file each.

DuckDB can part rows among files by itself, but holds rows of every open file, and what it holds grows with the export.
Here a bounded number of characters is held, whatever the size.
"""

import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from plugin.bulk.errors import BulkError

HELD = 48 << 20
"""Characters held before they are written."""
FIELDS = 4
OWN, SHARED, CHARGED = "own", "shared", "charged"
"""Names of rows: a patient's own, those of nobody in particular, and a site's own charges."""


def part_file(folder: Path, part: int, name: str) -> Path:
    """Where the rows of this name of a partition stand."""
    return folder / f"{part}.{name}.gz"


def append_rows(rows: Iterable[tuple[int, str]], folder: Path, name: str, threads: int) -> None:
    """Append (partition, text of a row) to the files of the partitions; rows of one partition keep no order."""
    held: defaultdict[int, list[str]] = defaultdict(list)
    size = 0
    with ThreadPoolExecutor(threads) as pool:

        def write() -> None:
            list(pool.map(lambda part: _append(part_file(folder, part, name), held.pop(part)), list(held)))

        for part, row in rows:
            held[part].append(row)
            size += len(row)
            if size > HELD:
                write()
                size = 0
        write()


def _append(path: Path, rows: list[str]) -> None:
    """One more gzip member at the end of the file."""
    packing = zlib.compressobj(level=1, wbits=31)
    with path.open("ab") as file:
        file.write(packing.compress("".join(f"{row}\n" for row in rows).encode()) + packing.flush())


def read_rows(folder: Path, part: int, name: str) -> Iterator[list[str]]:
    """The fields of each row; nothing where the partition has no such rows. The last field may hold tabs."""
    path = part_file(folder, part, name)
    if not path.exists():
        return
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            for row in file:
                yield row[:-1].split("\t", FIELDS - 1)
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError):
        raise BulkError(f"{path}: damaged; remove the work folder and begin anew") from None
