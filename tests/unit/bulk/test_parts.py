"""Rows of partitions on disk: what was appended is read, in whatever portions, and damage is said."""

import gzip

import pytest

from plugin.bulk import parts
from plugin.bulk.errors import BulkError
from plugin.bulk.parts import append_rows, part_file, read_rows


def test_rows_come_back_from_their_partition_however_few_are_held(tmp_path, monkeypatch):
    """Written after every second row; a tab inside the JSON, characters beyond ASCII, and a carriage return stay."""
    monkeypatch.setattr(parts, "HELD", 30)
    texts = ['{"a":\t1}', '{"b": "ä\u2028"}', '{"c": 3}\r']
    append_rows([(n % 2, f"Patient/p{n}\tCondition\t\t{texts[n % 3]}") for n in range(9)], tmp_path, "own", threads=2)

    assert list(read_rows(tmp_path, 0, "own")) == [
        [f"Patient/p{n}", "Condition", "", texts[n % 3]] for n in (0, 2, 4, 6, 8)
    ]
    assert [row[0] for row in read_rows(tmp_path, 1, "own")] == [f"Patient/p{n}" for n in (1, 3, 5, 7)]
    assert list(read_rows(tmp_path, 2, "own")) == []


def test_what_is_held_does_not_grow_with_the_rows(tmp_path, monkeypatch):
    """The rows are taken as they come: never more than what is held lies between reading and writing."""
    monkeypatch.setattr(parts, "HELD", 1000)
    written = []
    monkeypatch.setattr(parts, "_append", lambda path, rows: written.append(sum(map(len, rows))))
    append_rows(((0, "x" * 100) for _ in range(100)), tmp_path, "own", threads=1)

    assert sum(written) == 10_000
    assert max(written) <= 1100


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda whole: whole[:30] + b"\0\0\0" + whole[33:]])
def test_a_damaged_file_is_named_with_the_remedy(damage, tmp_path):
    """Cut off, as when a machine lost power; or changed."""
    path = part_file(tmp_path, 0, "own")
    path.write_bytes(damage(gzip.compress(b"Patient/p1\tPatient\t\t{}\n" * 50)))

    with pytest.raises(BulkError, match=r"0\.own\.gz: damaged; remove the work folder"):
        list(read_rows(tmp_path, 0, "own"))
