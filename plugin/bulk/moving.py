"""Lines that lie with one patient and name an encounter of another, brought to that one."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from fhir_mappings.json_line import UNREADABLE
from fhir_mappings.placed_line import read_placed
from fhir_mappings.placement import Placement, place
from plugin.bulk.lines import parse
from plugin.bulk.notes import tidy
from plugin.bulk.parting import Parting
from plugin.bulk.parts import WANTED, part_file, read_rows
from plugin.bulk.placing import stays

Move = tuple[str, str, str]
"""What lies with this owner and names this encounter goes to that owner."""


def move_lines(folder: Path, partitions: int, part: int, moves: Iterable[Move]) -> None:
    """Write a partition anew, and append what leaves it to others."""
    homes: defaultdict[bytes, dict[str, str]] = defaultdict(dict)
    for owner, encounter, home in moves:
        homes[owner.encode()][encounter] = home
    path, parting = part_file(folder, part), Parting(folder, partitions)
    before = path.rename(path.with_suffix(".before"))
    for kind, rows in read_rows(before):
        for row in rows:
            if row[0] not in homes:
                parting.rows.add(part, kind, row)
            elif kind != WANTED:
                for line in row[1:]:
                    _place_again(parting, kind, row[0].decode(), line, homes[row[0]])
    before.unlink()
    parting.write()


def _place_again(parting: Parting, kind: str, owner: str, line: bytes, homes: dict[str, str]) -> None:
    found = next(each for each in _placements(line) if each.kind == kind)
    stay = stays(kind, has_patient=bool(found.patient))
    home = owner if stay else homes.get(tidy(found.encounter), owner)
    new = parting.add(kind, home, [b"", line])
    for key in found.pointed:
        parting.want(home, new, tidy(key))


def _placements(line: bytes) -> Iterable[Placement]:
    try:
        return [read_placed(line).placement()]
    except UNREADABLE:
        return map(place, parse(line))
