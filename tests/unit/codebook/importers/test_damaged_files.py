"""Files damaged anywhere, in any way: refused in words, or read into a sound table; never an overlay half changed."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.codebook import CodeBookError
from plugin.codebook.importers import KINDS, overlay_problems
from plugin.codebook.importers.sorting import ROWS_IN_MEMORY
from tests.unit.codebook.importers import layouts

MARKS = [b"\0", b"\n", b"\r\n", b'"', b",", b"\t", b"\xff\xfe", b"\x1a", b"9" * 400]
HEADER = "HCPCS Code,HCPCS Code Dosage,Payment Limit\n"
LONG = [f"{letter}{number:04},1 MG,1.5\n" for letter in "ABC" for number in range(10_000)]


def damaged(whole: bytes, at: int, taken: int, put: bytes) -> bytes:
    """The file with some bytes taken out at a place, and others put there."""
    at %= len(whole) + 1
    return whole[:at] + put + whole[at + taken :]


def refusal(kind: str, file: Path, site: Path) -> str | None:
    """The words an import is refused with, None when it is not; any other error fails the test."""
    try:
        layouts.imported(kind, file, site, fewer_rows=True)
    except CodeBookError as wrong:
        return str(wrong)
    return None


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12)
@given(
    damage=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 40), st.binary(max_size=6) | st.sampled_from(MARKS)),
        min_size=5,
        max_size=5,
    )
)
def test_a_damaged_file_is_refused_in_words_or_read_into_a_sound_table(kind, damage):
    """Never another error than ours, nor a table that the check complains of, nor a file left beside the overlay."""
    name, text = layouts.FILES[kind]
    with TemporaryDirectory() as made:
        folder, site = Path(made), Path(made) / "site"
        layouts.imported(kind, layouts.written(folder, name, text), site)
        for at, taken, put in damage:
            before = layouts.bytes_of(site)
            (folder / name).write_bytes(damaged(text.encode(), at, taken, put))
            words = refusal(kind, folder / name, site)

            assert words is None or (name in words and before == layouts.bytes_of(site))
            assert {"site", name} == {path.name for path in folder.iterdir()}
        # A damaged date may be that of another edition: those further apart than they are published are no error.
        found = [p for p in overlay_problems(site, layouts.TODAY) if not p.startswith(f"{site}: ")]
        assert [] == found


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An overlay with more rows than fit into memory."""
    assert len(LONG) > ROWS_IN_MEMORY
    layouts.imported("asp-pricing", layouts.written(tmp_path, "asp_2025q4.csv", HEADER + "".join(LONG)), tmp_path / "s")
    return tmp_path / "s"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*LONG, "D0001,1 MG,much\n"], r"asp_2026q1\.csv line 30002, Payment Limit: 'much' is no number"),
        (LONG[:6000], r"6000 rows are in force where there were 30000.*--fewer-rows"),
    ],
    ids=["wrong in its last row", "cut at the end of a line"],
)
def test_a_long_file_is_refused_whole(rows, said, site, tmp_path):
    """Pieces of it lay on the disk by then; nothing of them stays anywhere."""
    before = layouts.bytes_of(site)
    file = layouts.written(tmp_path, "asp_2026q1.csv", HEADER + "".join(rows))

    with pytest.raises(CodeBookError, match=said):
        layouts.imported("asp-pricing", file, site)

    assert before == layouts.bytes_of(site)
    assert ["asp_2025q4.csv", "asp_2026q1.csv", "s"] == sorted(path.name for path in tmp_path.iterdir())


def test_rows_out_of_order_are_named_by_the_check(site):
    """A table that somebody sorted otherwise is searched in vain."""
    table = site / "drug_prices.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join([*lines[:2], lines[3], lines[2], *lines[4:]]))

    assert [f"{table} line 4: A0001 is not in the order of the rows; sort them by their key"] == [
        problem for problem in overlay_problems(site, layouts.TODAY) if not problem.startswith(f"{site}: ")
    ]
