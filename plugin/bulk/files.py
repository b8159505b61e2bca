"""The files of an export: which there are, how large unpacked, and which lines of them are no JSON."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from plugin.bulk.errors import BulkError
from plugin.bulk.workers import Each, alone

ENDINGS = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
BLOCK = 1 << 20
BLANK = "\ufeff \t\r\n"
"""What a line of nothing consists of: a file that some systems write empty begins with a mark all the same."""
MOST_PROBLEMS = 1000
"""Of one file."""
LONGEST_LINE = 16 << 20
LARGEST_FILE = 64 << 30
"""Bytes, unpacked: beyond these a file is refused whole, before anything else reads it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not read: where it stood, what was met, and what was done about it."""

    where: str
    found: str
    done: str


def find_files(folder: Path) -> list[Path]:
    """The NDJSON files below a folder by name; BulkError when there are none."""
    try:
        found = sorted(path for path in folder.rglob("*") if path.name.endswith(ENDINGS) and path.is_file())
    except OSError as wrong:
        raise BulkError(f"{folder}: {wrong.strerror or 'cannot be read'}; check the path and your rights") from None
    if not folder.is_dir():
        raise BulkError(f"{folder}: no such folder; name the folder of a FHIR export")
    if not found:
        raise BulkError(f"{folder}: no .ndjson or .ndjson.gz file in it; name the folder of a FHIR export")
    return found


def sound_files(
    files: list[Path], each: Each = alone, largest: int = LARGEST_FILE
) -> tuple[list[Path], list[Problem], int]:
    """The files that can be read within the bounds, what is wrong with the others, and the bytes unpacked in all."""
    known: dict[Path, int | Problem] = dict(each(partial(_sizing, largest), files))
    sizes = {path: size for path in files if isinstance(size := known[path], int)}
    problems = [found for path in files if isinstance(found := known[path], Problem)]
    return list(sizes), problems, sum(sizes.values())


def _sizing(largest: int) -> Callable[[Path], Iterator[tuple[Path, int | Problem]]]:
    def sized(path: Path) -> Iterator[tuple[Path, int | Problem]]:
        yield path, _size(path, largest)

    return sized


def _size(path: Path, largest: int) -> int | Problem:
    """Unpacked bytes; a zipped file is unpacked once, block by block, to know them before anything trusts it."""
    try:
        if path.suffix != ".gz":
            size, longest = path.stat().st_size, 0
        else:
            size, longest = _unpacked(path, largest)
    except (OSError, zlib.error) as wrong:
        why = getattr(wrong, "strerror", None) or "damaged gzip data"
        return Problem(str(path), why, "this file was not read")
    if size > largest:
        return Problem(str(path), f"more than {largest >> 30} GiB unpacked", "this file was not read")
    if longest > LONGEST_LINE:
        return Problem(str(path), f"a line of more than {LONGEST_LINE >> 20} MiB", "this file was not read")
    return size


def _unpacked(path: Path, largest: int) -> tuple[int, int]:
    """(bytes, longest line) of a zipped file; stops where a bound is passed."""
    size = longest = line = 0
    for block in unzipped_blocks(path):
        size += len(block)
        first, *rest = block.split(b"\n")
        line += len(first)
        if rest:
            longest = max(longest, line, *[len(part) for part in rest[:-1]])
            line = len(rest[-1])
        longest = max(longest, line)
        if size > largest or longest > LONGEST_LINE:
            break
    return size, longest


def unzipped_blocks(path: Path) -> Iterator[bytes]:
    """The unpacked content in blocks of bounded size, whatever it was packed from; zlib.error when damaged."""
    with path.open("rb") as file:
        unzip = zlib.decompressobj(wbits=31)
        packed = file.read(BLOCK)
        while packed:
            yield unzip.decompress(packed, BLOCK)
            packed = unzip.unconsumed_tail
            if unzip.eof:  # another member may follow: gzip files can be joined end to end
                packed = unzip.unused_data or file.read(BLOCK)
                unzip = zlib.decompressobj(wbits=31)
            elif not packed:
                packed = file.read(BLOCK)
                if not packed:
                    raise zlib.error("cut off")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a file that begins and ends with whole lines; of a zipped file the whole, with its packed size."""

    path: Path
    start: int
    stop: int


def segments_of(files: list[Path], size: int) -> Iterator[Segment]:
    """The files in pieces of about so many bytes."""
    for path in files:
        whole = path.stat().st_size
        if path.suffix == ".gz":
            yield Segment(path, 0, whole)
            continue
        with path.open("rb") as file:
            start = 0
            while start < whole:
                file.seek(start + size)
                while (part := file.readline(BLOCK)) and not part.endswith(b"\n"):
                    pass
                stop = min(file.tell(), whole)
                yield Segment(path, start, stop)
                start = stop


def blocks_of(segment: Segment) -> Iterator[bytes]:
    """The content of a segment, unpacked, in blocks of bounded size."""
    if segment.path.suffix == ".gz":
        yield from unzipped_blocks(segment.path)
        return
    with segment.path.open("rb") as file:
        file.seek(segment.start)
        while block := file.read(min(BLOCK, segment.stop - file.tell())):
            yield block


def whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks cut anew where lines end; a line longer than the bound comes cut, so that memory stays bounded."""
    rest = b""
    for block in blocks:
        if len(rest) > LONGEST_LINE:
            block = b"".join(block.partition(b"\n")[1:])  # noqa: PLW2901 - the rest of that line is of no use
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest = (rest + block)[: LONGEST_LINE + 1]
    if rest:
        yield rest


def wrong_with(line: bytes | str) -> str:
    """Why a line holds no FHIR resource; empty where it does, or holds nothing at all."""
    if not (line.strip(BLANK) if isinstance(line, str) else line.strip(BLANK.encode())):
        return ""
    if len(line) > LONGEST_LINE:
        return f"more than {LONGEST_LINE >> 20} MiB"
    try:
        value = json.loads(line, parse_int=float)  # how large a number is does not matter here
    except ValueError as wrong:
        return f"no JSON: {wrong.msg}" if isinstance(wrong, json.JSONDecodeError) else "no UTF-8"
    except RecursionError:
        return "JSON nested too deeply"
    typed = isinstance(value, dict) and isinstance(value.get("resourceType"), str)
    return "" if typed else "no FHIR resource"
