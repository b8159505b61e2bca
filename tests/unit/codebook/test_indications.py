"""Indications: patterns that mean what they say, every one of them with codes behind it, and a source."""

import csv
from bisect import bisect_left

import pytest

from plugin.codebook import CodeBook, CodeBookError, tables
from plugin.codebook.indications import TABLE, Indications
from tests.repo import make_icd10cm

COLUMNS = "code,pattern,group,condition,standing,cites,checked_on\n"
FITS = [
    ("E86.0", "E86.0", True),
    ("E86.0", "E86", False),
    ("E86.0", "E860", True),
    ("K50.-", "K50.90", True),
    ("K50.-", "K51.90", False),
    ("T80.21-", "T80.211A", True),
    ("T80.21-", "T80.29XA", False),
    ("C81-C85", "C81.00", True),
    ("C81-C85", "C83.39", True),
    ("C81-C85", "C85.99", True),
    ("C81-C85", "C86.00", False),
    ("C81-C85", "C80.1", False),
    ("C00-C14", "C14.8", True),
]


def table(tmp_path, rows: str) -> Indications:
    """A site's own table in the place of ours."""
    (tmp_path / TABLE).write_text(COLUMNS + rows)
    return Indications(tables.Folders(tmp_path))


@pytest.mark.parametrize(("pattern", "diagnosis", "fits"), FITS)
def test_a_pattern_takes_the_codes_it_means(pattern, diagnosis, fits, tmp_path):
    """A code itself, all codes below one, or a range of categories with its ends."""
    found = table(tmp_path, f"X0001,{pattern},,,article,indications-general,2026-11-21\n").fitting("X0001", diagnosis)

    assert fits is bool(found)


def test_every_pattern_of_the_table_has_a_billable_code():
    """A pattern without one would never match, and give a hint to everybody."""
    billable = [line[:7].rstrip() for line in make_icd10cm.committed().splitlines() if line[7] == "1"]
    book = CodeBook.load().indications
    with (tables.DATA / TABLE).open(encoding="utf-8") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    patterns = {each.pattern: each for code in codes for each in book.of(code)}

    firsts = {name: billable[bisect_left(billable, each.first)] for name, each in patterns.items()}
    assert [] == [name for name, each in patterns.items() if not each.fits(firsts[name])]
    assert 1600 < sum(len(book.of(code)) for code in codes)


def test_general_knowledge_cites_no_document_and_an_article_does():
    """What stands beside a hint is what its source is."""
    book = CodeBook.load()
    standings = {
        each.standing: book.citations[each.row.cites].standing.value
        for code in ("J1745", "J3262", "J0696")
        for each in book.indications.of(code)
    }

    assert {"article": "copy", "payer policy": "derived", "general knowledge": "unsourced"} == standings


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("J0001,K50.-,,,gospel,x,2026-11-21\n", "line 2: standing 'gospel' is none of article"),
        ("J0001,K50.0-K51.9,,,article,x,2026-11-21\n", "line 2: the range 'K50.0-K51.9' is not one of categories"),
    ],
)
def test_a_wrong_row_is_refused_by_line_and_field(row, said, tmp_path):
    """The message says what to mend."""
    with pytest.raises(CodeBookError, match=said):
        table(tmp_path, row).of("J0001")
