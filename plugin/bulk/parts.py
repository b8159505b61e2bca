"""The partition files of an assembled export: of each partition one, to which processes append whole frames.

A frame is a kind of rows, and rows of fields; what is parted by control characters holds none itself, JSON least of
all. Frames are zipped, so that what is written beside an export is a tenth of it.
"""

import os
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from zlib import crc32

import zstandard

from plugin.bulk.errors import BulkError

ROW, FIELD = b"\n", b"\x1f"
WANTED, SHARED = "wanted", "shared"
"""Rows beside the lines of patients: the keys that a patient points to, and resources of nobody in particular."""
FASTEST = 1
LENGTH = struct.Struct("<I")


def part_of(owner: bytes, partitions: int) -> int:
    """The partition of a patient, the same in every process."""
    return crc32(owner) % partitions


def part_file(folder: Path, part: int) -> Path:
    """Where the rows of a partition stand."""
    return folder / f"{part}.rows"


def append(path: Path, written: bytes) -> int:
    """Append the bytes in one piece, also where several processes do; gives where they begin."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        done = 0
        while done < len(written):  # what is written short has met the end of the disk: the next call says so
            done += os.write(file, memoryview(written)[done:])
        return os.lseek(file, 0, os.SEEK_CUR) - len(written)
    finally:
        os.close(file)


class Rows:
    """Rows on their way to the files of their partitions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: defaultdict[int, defaultdict[str, list[list[bytes]]]] = defaultdict(lambda: defaultdict(list))

    def add(self, part: int, kind: str, fields: list[bytes]) -> None:
        """One more row of that kind."""
        self._held[part][kind].append(fields)

    def write(self) -> None:
        """Append what is held, and hold nothing."""
        packing = zstandard.ZstdCompressor(level=FASTEST, write_checksum=True)
        while self._held:
            part, kinds = self._held.popitem()
            frames = [packing.compress(ROW.join([kind.encode(), *map(FIELD.join, kinds[kind])])) for kind in kinds]
            append(part_file(self.folder, part), b"".join(LENGTH.pack(len(frame)) + frame for frame in frames))


def read_rows(path: Path) -> Iterator[tuple[str, Iterable[list[bytes]]]]:
    """The rows of each frame with their kind; nothing where the partition has none."""
    if not path.exists():
        return
    unpacking = zstandard.ZstdDecompressor()
    try:
        with path.open("rb") as file:
            while head := file.read(LENGTH.size):
                frame = unpacking.decompress(file.read(*LENGTH.unpack(head)))
                kind, *rows = frame.split(ROW)
                yield kind.decode(), (row.split(FIELD) for row in rows)
    except (struct.error, zstandard.ZstdError, UnicodeDecodeError):
        raise BulkError(f"{path}: damaged; remove the work folder and begin anew") from None
