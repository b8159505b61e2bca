"""The tables that charges are held against: searched where they lie, by day, and a site's file before our own rows."""

from datetime import date
from pathlib import Path

import pytest

from plugin.codebook import CodeBook, CodeBookError, tables
from plugin.codebook.claims import ClaimTables
from plugin.codebook.importers.layers import rows_of
from plugin.codebook.importers.site_tables import FIXED
from plugin.codebook.sorted_table import Lines
from plugin.domain import CareSetting

FACILITY, OFFICE = CareSetting.FACILITY, CareSetting.OFFICE
MARCH, OCTOBER = date(2026, 3, 2), date(2026, 10, 5)
SOURCE = '[{}]\ntitle = "x"\nlocator = "y"\nstanding = "sourced"\nchecked_on = 2026-11-21\n'
PAIRS = "setting,column_1,column_2,modifier_allowed,rationale,valid_from,valid_to,cites,file_date\n"
LIMITS = "setting,code,units,indicator,rationale,valid_from,valid_to,cites,file_date\n"


def site(folder: Path, name: str, text: str) -> ClaimTables:
    """The tables with a site's file over them."""
    (folder / name).write_text(text)
    (folder / "sources.toml").write_text(SOURCE.format("s"))
    return CodeBook.load(folder).claims


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 100])
def test_every_row_is_found_and_no_other(count):
    """Whatever the number of rows, the first, the last and those between are found; what stands between two isn't."""
    codes = [f"J{2 * number:04}" for number in range(count)]
    lines = Lines(("code,what\n" + "".join(f"{c},of {c}\n{c},again\n" for c in codes)).encode(), "x")

    for code in codes:
        assert [{"code": code, "what": f"of {code}"}, {"code": code, "what": "again"}] == list(lines.beginning(code))
        assert [] == list(lines.beginning(f"J{int(code[1:]) + 1:04}"))
    assert [] == list(lines.beginning("A0000"))
    assert [] == list(lines.beginning("Z9999"))


def test_a_last_line_without_an_end_is_a_row_too():
    """A person's editor may leave it so."""
    assert [{"code": "B", "what": "2"}] == list(Lines(b"code,what\nA,1\nB,2", "x").beginning("B"))


@pytest.mark.parametrize("table", [t for t in FIXED if (tables.DATA / t.name).is_file()], ids=lambda t: t.name)
def test_the_products_own_rows_stand_in_the_order_of_their_key(table):
    """Searching by halving finds nothing otherwise."""
    keys = [row[: len(table.key)] for _, row in rows_of(tables.DATA / table.name, table)]

    assert sorted(keys) == keys


def test_a_limit_is_that_of_its_setting_and_of_its_day():
    """96365: two a day in a hospital, one in an office, payable on appeal; the values hold from October 2026."""
    claims = CodeBook.load().claims
    hospital, office = claims.limit("96365", FACILITY, OCTOBER), claims.limit("96365", OFFICE, MARCH)

    assert hospital
    assert office
    assert (2, "3", True, True) == (hospital.units, hospital.indicator, hospital.own_day, hospital.verified)
    assert (1, False) == (office.units, office.own_day)
    assert claims.limit("99999", OFFICE, MARCH) is None


def test_the_edition_nearest_to_a_day_is_asked(tmp_path):
    """Of an edition that ended and one that began later, the nearer; within an edition it is its own day."""
    rows = "office,96365,3,3,,2026-01-01,2026-03-31,s,2026-01-01\noffice,96365,5,3,,2027-01-01,,s,2027-01-01\n"
    claims = site(tmp_path, "unit_limits.csv", LIMITS + rows)
    days = (date(2025, 12, 31), date(2026, 2, 1), date(2026, 4, 2), date(2026, 10, 5), date(2027, 2, 1))
    found = [limit for day in days if (limit := claims.limit("96365", OFFICE, day))]

    assert [(3, False), (3, True), (3, False), (1, True), (5, True)] == [(x.units, x.own_day) for x in found]


def test_a_sites_pairs_of_a_code_stand_in_the_place_of_ours(tmp_path):
    """From memory: 96372 beside 96365 and 96374. The file, read for 96365 alone, doesn't have the first."""
    own = CodeBook.load().claims
    claims = site(tmp_path, "code_pairs.csv", PAIRS + "office,96365,J0001,no,,2020-01-01,2026-06-30,s,2026-10-01\n")

    remembered = own.pair("96365", "96372", OFFICE, MARCH)
    assert remembered
    assert (True, False) == (remembered.modifier_allowed, remembered.verified)
    assert claims.pair("96365", "96372", OFFICE, MARCH) is None
    assert claims.pair("96374", "96372", OFFICE, MARCH)
    assert claims.pair("96365", "96372", FACILITY, MARCH)
    found = claims.pair("96365", "J0001", OFFICE, MARCH)
    assert found
    assert (False, True) == (found.modifier_allowed, found.verified)
    assert claims.pair("96365", "J0001", OFFICE, OCTOBER) is None


def test_a_sites_parents_stand_in_the_place_of_ours(tmp_path):
    """A file that names other parents decides; a contractor's own list is open-ended."""
    header = "code,parent,type,note,valid_from,valid_to,cites,file_date\n"
    rows = "96361,96360,1,,2013-04-01,,s,2026-10-01\n96368,CCCCC,2,,2013-04-01,,s,2026-10-01\n"
    claims = site(tmp_path, "add_on_parents.csv", header + rows)
    hydration, concurrent = claims.add_on("96361", MARCH), claims.add_on("96368", MARCH)

    assert hydration
    assert concurrent
    assert (("96360",), True, False) == (hydration.parents, hydration.of_file, hydration.open_ended)
    assert ((), True) == (concurrent.parents, concurrent.open_ended)
    assert CodeBook.load().claims.add_on("96365", MARCH) is None


def test_a_table_of_a_site_with_other_columns_is_refused(tmp_path):
    """Before anything is coded, by file and remedy."""
    (tmp_path / "code_pairs.csv").write_text("column_1,column_2\n96365,96372\n")

    with pytest.raises(CodeBookError, match=r"code_pairs\.csv: the columns are not setting,.*; import the file again"):
        CodeBook.load(tmp_path)


def test_an_empty_table_of_a_site_is_refused(tmp_path):
    """It has no line with the columns."""
    (tmp_path / "code_pairs.csv").write_text("")

    with pytest.raises(CodeBookError, match="import the file again"):
        CodeBook.load(tmp_path)
