"""What stands in the way of trusting a file: bombs, cuts, endless lines."""

import gzip

import pytest

from plugin.bulk import files
from plugin.bulk.errors import BulkError
from tests.unit.bulk.exports import lines_in


def test_a_zipped_file_is_measured_before_it_is_trusted(tmp_path):
    """Ten MiB of lines from a few KiB: refused whole where the bound is lower, and said so."""
    bomb = tmp_path / "Patient.ndjson.gz"
    bomb.write_bytes(gzip.compress(b'{"resourceType":"Patient","id":"p"}\n' * 300_000))
    sound, problems, size = files.sound_files([bomb], largest=1 << 20)

    assert (sound, size) == ([], 0)
    assert [(p.where, p.done) for p in problems] == [(str(bomb), "this file was not read")]
    assert files.sound_files([bomb]) == ([bomb], [], 36 * 300_000)


def test_one_endless_line_is_noticed_while_it_is_unpacked(tmp_path):
    """A line longer than any resource, as a bomb has it."""
    bomb = tmp_path / "Patient.ndjson.gz"
    bomb.write_bytes(gzip.compress(b"0" * (files.LONGEST_LINE + (2 << 20))))
    sound, problems, _ = files.sound_files([bomb])

    assert sound == []
    assert "a line of more than" in problems[0].found


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: b"\x00" + data[1:]])
def test_a_damaged_zip_is_one_file_less_and_said(damage, tmp_path):
    """Cut off, or no gzip at all; the others are read."""
    good, bad = tmp_path / "a.ndjson", tmp_path / "b.ndjson.gz"
    good.write_bytes(b'{"resourceType":"Patient"}\n')
    bad.write_bytes(damage(gzip.compress(b'{"resourceType":"Patient"}\n' * 1000)))
    sound, problems, _ = files.sound_files([good, bad])

    assert sound == [good]
    assert [p.where for p in problems] == [str(bad)]


def test_zipped_files_joined_end_to_end_are_read_to_their_end(tmp_path):
    """Two members in one file, as servers append them."""
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(b"1\n2\n") + gzip.compress(b"3\n"))

    assert lines_in(tmp_path) == [b"1", b"2", b"3"]


def test_a_folder_without_an_export_is_refused_with_the_remedy(tmp_path):
    """Nothing to read is no audit with no findings."""
    with pytest.raises(BulkError, match=r"no \.ndjson"):
        files.find_files(tmp_path)
    with pytest.raises(BulkError, match="no such folder"):
        files.find_files(tmp_path / "missing")


@pytest.mark.parametrize("size", [1, 3, 7, 30, 1000])
def test_pieces_of_any_size_hold_each_line_once_and_whole(size, tmp_path, monkeypatch):
    """Lines of none to twelve bytes, the last without an end; blocks of four bytes."""
    monkeypatch.setattr(files, "BLOCK", 4)
    lines = [b"a" * (number % 13) for number in range(60)]
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"\n".join(lines))
    pieces = list(files.segments_of([path], size))
    read = [b"".join(files.whole_lines(files.blocks_of(piece))) for piece in pieces]

    assert b"".join(read) == path.read_bytes()
    assert all(text.endswith(b"\n") for text in read[:-1])
    assert len(pieces) == 1 if size == 1000 else len(pieces) > 10


def test_of_an_endless_line_no_more_than_the_bound_is_held(monkeypatch):
    """And it is told apart from one that is just as long as allowed."""
    monkeypatch.setattr(files, "LONGEST_LINE", 10)
    texts = list(files.whole_lines([b"ab\n", *[b"x" * 4] * 9, b"x\ncd\n", b"0123456789"]))

    assert texts == [b"ab\n", b"x" * 11 + b"\ncd\n", b"0123456789"]
    assert ["more than" in files.wrong_with(line) for line in (texts[1].split(b"\n")[0], texts[2])] == [True, False]
