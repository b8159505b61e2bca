"""ICD-10-CM by day: valid, billable, what stands below, and the nearest edition where a day has none."""

import gzip
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from plugin.codebook import CodeBook, CodeBookError
from plugin.codebook.icd10cm import Icd10cm
from tests.repo import tracked

DAY = date(2026, 3, 2)
BOOK = CodeBook.load()
TABLES = BOOK.diagnoses
HEADER = "code,billable,title,valid_from,valid_to,cites,file_date\n"


def test_a_billable_code_has_nothing_below_it():
    """K50.90 is billable in fiscal year 2026."""
    found = TABLES.icd10cm.look_up("K50.90", DAY)

    assert (True, True, ()) == (found.valid, found.billable, found.children)


@pytest.mark.parametrize("charted", ["K5090", "k50.90", " K50.90 "])
def test_a_code_is_found_however_it_is_written(charted):
    """Without its dot, in small letters, with blanks around it; the answer carries its dot."""
    assert "K50.90" == TABLES.icd10cm.look_up(charted, DAY).code
    assert TABLES.icd10cm.look_up(charted, DAY).billable


@pytest.mark.parametrize(
    ("code", "children"),
    [
        ("G35", ("G35.A", "G35.B", "G35.C", "G35.D")),
        ("G35.B", ("G35.B0", "G35.B1", "G35.B2")),
        ("E34.0", ("E34.00", "E34.01", "E34.09")),
        ("T78.2", ("T78.2XXA", "T78.2XXD", "T78.2XXS")),
        ("B99", ("B99.8", "B99.9")),
        ("T07", ("T07.XXXA", "T07.XXXD", "T07.XXXS")),
        ("QA0", ("QA0.0", "QA0.8")),
    ],
)
def test_a_heading_names_the_codes_right_below_it(code, children):
    """As the tabular list of fiscal year 2026 has them (addendum section 4); their own children are not named."""
    found = TABLES.icd10cm.look_up(code, DAY)

    assert (True, False, children) == (found.valid, found.billable, found.children)


@pytest.mark.parametrize("code", ["B20", "F99", "P84", "R99", "Z66", "I10", "D62", "C61", "C73", "R55", "Z23", "N19"])
def test_a_category_without_subdivision_is_billable(code):
    """The first five are blocks of their own in the tabular list, with the category's name."""
    found = TABLES.icd10cm.look_up(code, DAY)

    assert (True, True, ()) == (found.valid, found.billable, found.children)


@pytest.mark.parametrize("code", ["", "K", "K5", "K50.901234", "K50.9Q", "ZZZ", "A00-A09", "A00\n0", "K50.90 1"])
def test_what_is_no_code_is_not_valid(code):
    """Neither a chapter nor a block, nor anything that merely looks like a code."""
    found = TABLES.icd10cm.look_up(code, DAY)

    assert (False, False, ()) == (found.valid, found.billable, found.children)


@pytest.mark.parametrize(
    ("day", "own"),
    [
        (date(2025, 9, 30), False),
        (date(2025, 10, 1), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2019, 1, 1), False),
    ],
)
def test_a_day_without_an_edition_is_judged_by_the_nearest_and_says_so(day, own):
    """Fiscal year 2026 runs from 2025-10-01 to 2026-09-30."""
    found = TABLES.icd10cm.look_up("G35", day)

    assert ("2026", own, False) == (found.edition, found.own_edition, found.billable)


def site(tmp_path: Path, year: int, *rows: str) -> Icd10cm:
    """The book's ICD-10-CM with a site's imported year over it."""
    (tmp_path / f"icd10cm_{year}.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows), "utf-8")
    return CodeBook.load(tmp_path).diagnoses.icd10cm


def test_a_year_that_a_site_imported_is_an_edition(tmp_path):
    """From October 1 of the year before; the day is then its own, and nothing of our year shines through."""
    book = site(tmp_path, 2027, "G35,yes,x,2026-10-01,,cms,2026-07-01", "E34.0,no,x,2026-10-01,,cms,2026-07-01")
    found = book.look_up("G35", date(2026, 10, 1))

    assert ("2027", True, True) == (found.edition, found.own_edition, found.billable)
    assert not book.look_up("K50.90", date(2026, 10, 1)).valid
    assert book.look_up("K50.90", DAY).billable


def test_a_sites_rows_of_our_year_stand_over_ours(tmp_path):
    """A later update within the year wins; codes it does not name stay."""
    rows = ("G35.E,no,x,2025-10-01,,cms,2025-10-01", "G35.E,yes,x,2026-04-01,,cms,2026-04-01")
    book = site(tmp_path, 2026, *rows)

    assert book.look_up("G35.E", DAY).billable
    assert book.look_up("K50.90", DAY).billable
    assert "G35.E" in book.look_up("G35", DAY).children


def test_a_wrong_row_of_a_sites_year_is_refused_by_line(tmp_path):
    """File, line and remedy; the product's own years go on."""
    book = site(tmp_path, 2027, "multiple sclerosis,yes,x,2026-10-01,,cms,2026-07-01")

    with pytest.raises(CodeBookError, match=r"icd10cm_2027\.csv line 2: .*import the order file again"):
        book.look_up("G35", date(2026, 10, 1))
    assert book.look_up("K50.90", DAY).billable


class Spoilt:
    """Tables of which the compressed one is not what it should be."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def bytes(self, name: str) -> bytes:
        return self.content

    def csv(self, name: str) -> list[tuple[int, dict[str, str]]]:
        return []

    def of_site(self, pattern: str) -> list[str]:
        return []


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"K5090 1\n"), gzip.compress(b"")])
def test_a_spoilt_table_is_refused_with_its_remedy(content):
    """Never read askew: each line has nine characters."""
    book = Icd10cm(TABLES.editions, Spoilt(content))

    with pytest.raises(CodeBookError, match=r"icd10cm_2026\.txt\.gz: .*make codebook-tables"):
        book.look_up("K50.90", DAY)


def test_an_edition_without_its_days_is_refused():
    """The message names the entry and what it needs."""
    with pytest.raises(CodeBookError, match=r"icd10cm_editions\.toml 2027: needs file, from and to"):
        Icd10cm({"2027": {"file": "x.gz"}}, Spoilt(b""))


def test_every_link_leads_to_a_billable_code():
    """A SNOMED CT concept never stands for a heading."""
    wrong = [link for link in TABLES.links.values() if not TABLES.icd10cm.look_up(link.icd10cm, DAY).billable]

    assert [] == wrong


@pytest.mark.parametrize("snomed", ["118600007", "14094001", "420422005", "417357006", "26629001"])
def test_a_pair_known_to_be_wrong_is_not_in_the_table(snomed):
    """The five that say something else than the concept."""
    assert ("snomed", snomed) not in TABLES.links


@pytest.mark.parametrize(
    ("code", "groups"),
    [
        ("C50.911", {"neoplasm", "primary-neoplasm"}),
        ("C79.51", {"neoplasm", "secondary-neoplasm"}),
        ("D49.2", {"neoplasm", "primary-neoplasm"}),
        ("D50.9", {"iron-deficiency"}),
        ("T45.1X5A", {"adverse-effect", "antineoplastic-adverse-effect"}),
        ("T45.1X1A", set()),
        ("T36.0X5D", {"adverse-effect"}),
        ("Z51.0", {"antineoplastic-encounter"}),
        ("Z51.81", set()),
    ],
)
def test_groups_are_told_by_the_code(code, groups):
    """C00-D49 are neoplasms, an adverse effect has its 5 in the fifth or sixth place."""
    assert groups == set(TABLES.groups_of(code))


RULE = '[groups]\nneoplasm = "C"\n[[rules]]\nid = "one"\nsays = "x"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULE + 'first = ["neoplasm"]\n', "rule one: needs id, says, cites"),
        (RULE + 'cites = ["a"]\n', "and one of first, after"),
        (RULE + 'cites = ["a"]\nfirst = ["neoplams"]\n', "first names 'neoplams', which nothing explains"),
        (RULE + 'cites = ["a"]\nfirst = ["neoplasm"]\nlines = ["chemo"]\n', "lines names 'chemo'"),
        ('rules = []\n[groups]\nneoplasm = "C["\n', "group neoplasm: "),
    ],
)
def test_a_wrong_order_rule_is_refused_by_name(tmp_path, text, said):
    """A misspelt group would never match, and nobody would notice."""
    (tmp_path / "first_listed.toml").write_text(text, "utf-8")

    with pytest.raises(CodeBookError, match=said):
        CodeBook.load(tmp_path)


def test_the_product_never_imports_the_package_that_the_table_is_made_from():
    """It costs two seconds and 180 MB for each process."""
    program = (
        "import sys; from datetime import date; from plugin.codebook import CodeBook\n"
        "CodeBook.load().diagnoses.icd10cm.look_up('G35', date(2026, 3, 2))\n"
        "sys.exit('simple_icd_10_cm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tracked.CHECKOUT, timeout=60, check=False)

    assert 0 == done.returncode


def test_nothing_is_read_before_the_first_question():
    """A run that judges no diagnosis pays nothing for the table."""
    read: list[str] = []

    class Watched(Spoilt):
        def bytes(self, name: str) -> bytes:
            read.append(name)
            return self.content

    book = Icd10cm(TABLES.editions, Watched(gzip.compress(b"K5090  1\n")))
    assert [] == read
    assert book.look_up("K50.90", DAY).billable
    assert book.look_up("K50.91", DAY).valid is False
    assert ["icd10cm_2026.txt.gz"] == read
