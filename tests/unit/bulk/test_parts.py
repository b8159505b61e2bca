"""Rows of partitions on disk: what was appended is read, in whatever portions, and damage is said."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from plugin.bulk.errors import BulkError
from plugin.bulk.parts import Rows, append, part_file, part_of, read_rows


def test_rows_come_back_from_their_partition_by_kind(tmp_path):
    """Written twice; tabs inside JSON, characters beyond ASCII and a carriage return stay."""
    rows = Rows(tmp_path)
    rows.add(1, "Condition", [b"Patient/p1", b'{"a":\t1}', '{"b": "ä\u2028"}'.encode()])
    rows.add(0, "Condition", [b"Patient/p2", b'{"c": 3}\r'])
    rows.write()
    rows.add(1, "Patient", [b"Patient/p1", b"{}"])
    rows.add(1, "Condition", [b"Patient/p3", b"{}"])
    rows.write()

    assert [(kind, list(found)) for kind, found in read_rows(part_file(tmp_path, 1))] == [
        ("Condition", [[b"Patient/p1", b'{"a":\t1}', '{"b": "ä\u2028"}'.encode()]]),
        ("Patient", [[b"Patient/p1", b"{}"]]),
        ("Condition", [[b"Patient/p3", b"{}"]]),
    ]
    assert [(kind, list(found)) for kind, found in read_rows(part_file(tmp_path, 0))] == [
        ("Condition", [[b"Patient/p2", b'{"c": 3}\r']])
    ]
    assert list(read_rows(part_file(tmp_path, 2))) == []


def test_what_several_append_stands_whole_where_each_was_told(tmp_path):
    """Eight at once, each fifty times; the file is its owner's alone."""
    path = tmp_path / "file"

    def write(number: int) -> list[tuple[int, bytes]]:
        pieces = [b"%d" % number * (1 + (number * 37 + turn) % 5000) for turn in range(50)]
        return [(append(path, piece), piece) for piece in pieces]

    with ThreadPoolExecutor(8) as pool:
        written = [each for found in pool.map(write, range(8)) for each in found]
    whole = path.read_bytes()

    assert all(whole[start : start + len(piece)] == piece for start, piece in written)
    assert len(whole) == sum(len(piece) for _, piece in written)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_patient_has_one_partition_in_every_process():
    """By CRC-32, whose published check value is CBF43926, 3,421,780,262."""
    assert part_of(b"123456789", 1000) == 262


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-9],
        lambda whole: whole[:2],
        lambda whole: whole[:30] + b"\0\0\0" + whole[33:],
        lambda whole: b"\x1f\x8b nothing",
    ],
)
def test_a_damaged_file_is_named_with_the_remedy(damage, tmp_path):
    """Cut off, as when a machine lost power; changed; or something else."""
    rows = Rows(tmp_path)
    for number in range(50):
        rows.add(0, "Patient", [b"Patient/p%d" % number, b'{"resourceType": "Patient"}'])
    rows.write()
    path = part_file(tmp_path, 0)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(BulkError, match=r"0\.rows: damaged; remove the work folder"):
        [list(found) for _, found in read_rows(path)]
