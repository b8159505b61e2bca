"""Lines of patients on their way to their partitions, with what is noted of them."""

from pathlib import Path

from plugin.bulk.notes import Notes
from plugin.bulk.parts import WANTED, Rows, part_of


class Parting:
    """Gives each patient's lines to their partition below `folder`."""

    def __init__(self, folder: Path, partitions: int) -> None:
        self.partitions = partitions
        self.rows, self.notes = Rows(folder), Notes(folder)

    def add(self, kind: str, owner: str, lines: list[bytes]) -> int:
        """Lines of one type and patient, behind a place for the name of the patient; gives the partition."""
        lines[0] = name = owner.encode()
        part = part_of(name, self.partitions)
        self.rows.add(part, kind, lines)
        return part

    def want(self, owner: str, part: int, key: str) -> None:
        """Something of the patient points to this resource of nobody in particular."""
        self.rows.add(part, WANTED, [owner.encode(), key.encode()])
        self.notes.want(key, part)

    def write(self) -> None:
        """Append what is held, and hold nothing."""
        self.rows.write()
        self.notes.write()
