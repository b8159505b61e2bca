"""What is noted of an export's lines while they are parted: tables of keys for DuckDB, without the lines' text.

`homes`: the encounters there are, and the patient of each.  `claims`: who names which encounter.
`wants`: which partition has lines that point to a resource of nobody in particular.  `shared`: where such a resource
stands in the file of their lines.
"""

from pathlib import Path

from plugin.bulk.parts import append

COLUMNS = {
    "homes": "encounter VARCHAR, owner VARCHAR, part INTEGER, updated VARCHAR, version VARCHAR",
    "claims": "encounter VARCHAR, owner VARCHAR, part INTEGER",
    "wants": "key VARCHAR, part INTEGER",
    "shared": "key VARCHAR, kind VARCHAR, pointed VARCHAR, start BIGINT, length INTEGER",
}
SHARED_LINES = "shared.lines"


def note_file(folder: Path, name: str) -> Path:
    """Where the rows of a table stand."""
    return folder / f"{name}.notes"


def _files(folder: Path) -> list[Path]:
    return [*(note_file(folder, name) for name in COLUMNS), folder / SHARED_LINES]


def begin_notes(folder: Path) -> None:
    """Empty tables."""
    for path in _files(folder):
        path.touch(mode=0o600)


def forget_notes(folder: Path) -> None:
    """Remove them: of no use when an export is assembled."""
    for path in _files(folder):
        path.unlink(missing_ok=True)


def tidy(text: str) -> str:
    """Without characters that part fields and rows."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


class Notes:
    """Notes on their way to their files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, list[str]] = {name: [] for name in COLUMNS}
        self._shared: list[tuple[str, bytes]] = []

    def home(self, encounter: str, owner: str, part: int, updated: str, version: str) -> None:
        """An encounter of this patient, with what tells its copies apart."""
        self._held["homes"].append(f"{encounter}\x1f{owner}\x1f{part}\x1f{tidy(updated)}\x1f{tidy(version)}\n")

    def claim(self, encounter: str, owner: str, part: int) -> None:
        """Something of this patient names the encounter."""
        self._held["claims"].append(f"{encounter}\x1f{owner}\x1f{part}\n")

    def want(self, key: str, part: int) -> None:
        """Something in the partition points to this."""
        self._held["wants"].append(f"{key}\x1f{part}\n")

    def shared(self, key: str, kind: str, pointed: tuple[str, ...], line: bytes) -> None:
        """A resource of nobody in particular, and the keys it points to."""
        self._shared.append((f"{key}\x1f{kind}\x1f{' '.join(pointed)}", line))

    def write(self) -> None:
        """Append what is held, and hold nothing."""
        start = append(self.folder / SHARED_LINES, b"".join(line for _, line in self._shared))
        for head, line in self._shared:
            self._held["shared"].append(f"{head}\x1f{start}\x1f{len(line)}\n")
            start += len(line)
        self._shared.clear()
        for name, rows in self._held.items():
            append(note_file(self.folder, name), "".join(rows).encode())
            rows.clear()
