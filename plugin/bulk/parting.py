"""Lines of patients on their way to their partitions, with what is noted of them."""

from collections.abc import Collection
from pathlib import Path

from plugin.bulk.notes import Notes, tidy
from plugin.bulk.parts import WANTED, Rows, part_of


class Parting:
    """Gives each patient's lines to their partition below `folder`."""

    def __init__(self, folder: Path, partitions: int) -> None:
        self.partitions = partitions
        self.rows, self.notes = Rows(folder), Notes(folder)

    def add(self, kind: str, owner: str, lines: list[bytes], pointed: Collection[str]) -> int:
        """Lines of one type and patient, and the keys that they point to; gives the partition."""
        name = owner.encode()
        part = part_of(name, self.partitions)
        self.rows.add(part, kind, name, *lines)
        if pointed:
            keys = [tidy(key) for key in pointed]
            self.rows.add(part, WANTED, name, *[key.encode() for key in keys])
            for key in keys:
                self.notes.want(key, part)
        return part

    def write(self) -> None:
        """Append what is held, and hold nothing."""
        self.rows.write()
        self.notes.write()
