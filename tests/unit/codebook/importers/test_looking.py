"""What an overlay is checked for, and what differs between days and overlays."""

from datetime import date

import pytest

from plugin.codebook import CodeBookError
from plugin.codebook.importers import differences_of_days, differences_of_overlays, overlay_problems, rows_about
from tests.unit.codebook.importers import layouts

HEADER = "HCPCS Code,HCPCS Code Dosage,Payment Limit\n"


def price(site, day, rows):
    """A price file with those rows."""
    file = layouts.written(site.parent, f"asp-{day}.csv", HEADER + rows)
    layouts.imported("asp-pricing", file, site)


@pytest.fixture
def site(tmp_path):
    """Two quarters of prices: one stays, one changes, one ends, one begins."""
    price(tmp_path / "site", "2025-10-01", "J0001,1 MG,1\nJ0002,1 MG,2\nJ0003,1 MG,3\n")
    price(tmp_path / "site", "2026-01-01", "J0001,1 MG,1\nJ0002,1 MG,2.5\nJ0004,1 MG,4\n")
    return tmp_path / "site"


def told(differences):
    """Table, key, what happened and the columns of each difference."""
    return [(d.table, d.key, d.what, d.columns) for d in differences]


EXPECTED = [
    ("drug_prices.csv", "J0002", "changed", (("payment_limit_usd", "2", "2.5"),)),
    ("drug_prices.csv", "J0003", "ended", ()),
    ("drug_prices.csv", "J0004", "added", ()),
]


def test_two_days_differ_by_what_began_ended_and_changed(site):
    """What the tables say on one day and not on the other."""
    assert EXPECTED == told(differences_of_days(date(2025, 12, 31), date(2026, 1, 1), site))
    assert [] == told(differences_of_days(date(2026, 1, 1), date(2026, 6, 1), site))


def test_the_products_own_tables_are_compared_too():
    """Before 2009 the family had other codes: the present ones were added since."""
    added = [d.key for d in differences_of_days(date(2008, 12, 31), date(2009, 1, 1)) if d.what == "added"]

    assert [key for key in added if " 96365 " in f" {key} "] != []


def test_two_overlays_differ_row_by_row(site, tmp_path):
    """A row that ended has another last day; a row of one side only was added or taken away."""
    price(tmp_path / "old", "2025-10-01", "J0001,1 MG,1\nJ0002,1 MG,2\nJ0003,1 MG,3\n")

    assert [
        ("drug_prices.csv", "J0002 2025-10-01", "changed", (("valid_to", "", "2025-12-31"),)),
        ("drug_prices.csv", "J0002 2026-01-01", "added", ()),
        ("drug_prices.csv", "J0003 2025-10-01", "changed", (("valid_to", "", "2025-12-31"),)),
        ("drug_prices.csv", "J0004 2026-01-01", "added", ()),
        ("sources.toml", "asp-pricing-2026-01-01", "added", ()),
    ] == told(differences_of_overlays(tmp_path / "old", site))
    assert [] == told(differences_of_overlays(site, site))


def test_a_folder_that_is_none_is_named(site, tmp_path):
    """Comparing with nothing is a mistake, not an answer."""
    with pytest.raises(CodeBookError, match="no such folder"):
        list(differences_of_overlays(site, tmp_path / "nowhere"))


def test_what_an_importer_wrote_is_sound(site):
    """The check of an imported overlay finds nothing."""
    assert [] == overlay_problems(site, layouts.TODAY)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2025-10-01,2025-12-31,", "2025-10-01,,", "two rows of J0002 hold on 2026-01-01"),
        ("J0001,1 MG,1,,,2025-10-01,", "J0001,1 MG,1,,,first of October,", "write valid_from and valid_to"),
        (",asp-pricing-2025-10-01,", ",nobody,", "there is no source 'nobody'"),
        ("2025-10-01,2025-12-31,", "2025-10-01,2025-09-30,", "it ends on 2025-09-30, before it begins"),
        ("J0004,1 MG,4,,,", "J0004,1 MG,", "6 of 9 columns"),
        ("code,dosage", "code,doses", "the columns are not code,dosage"),
    ],
)
def test_the_check_names_what_is_unsound(old, new, said, site):
    """Overlaps, days, sources and columns, each by file and what to do."""
    file = site / "drug_prices.csv"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")

    found = overlay_problems(site, layouts.TODAY)

    assert [problem for problem in found if said in problem and "drug_prices.csv" in problem] != []


def test_an_edition_that_was_forgotten_is_named(site):
    """Rows that were carried on over a quarter nobody imported are not the truth of that quarter."""
    price(site, "2026-07-01", "J0001,1 MG,1\n")

    [problem] = overlay_problems(site, layouts.TODAY)

    assert "between 2026-01-01 and 2026-07-01" in problem


def test_an_edition_that_has_grown_old_is_named(site):
    """More than a year after the newest prices their rows are nobody's prices."""
    assert [] == overlay_problems(site, date(2027, 2, 5))

    [problem] = overlay_problems(site, date(2027, 2, 6))

    assert "the newest CMS ASP payment limits (asp-pricing) are of 2026-01-01" in problem


def test_many_problems_of_one_table_are_cut_short(site):
    """A table that is wrong throughout says so in a few lines."""
    text = (site / "drug_prices.csv").read_text("utf-8").splitlines()[0]
    rows = "".join(f"J{number:04},1 MG,1,,,2026-01-01,,nobody,2026-01-01\n" for number in range(100))
    (site / "drug_prices.csv").write_text(f"{text}\n{rows}", "utf-8")

    found = overlay_problems(site, layouts.TODAY)

    assert (21, True) == (len(found), "80 more problems" in found[-1])


def test_the_rows_about_a_code_come_from_every_table(tmp_path):
    """Its price, its limit, its description; as either side of a pair too."""
    for kind, (name, text) in layouts.FILES.items():
        layouts.imported(kind, layouts.written(tmp_path, name, text), tmp_path / "site")

    assert [
        "add_on_parents.csv",
        "code_pairs.csv",
        "code_pairs.csv",
        "code_pairs.csv",
        "descriptors.csv",
        "unit_limits.csv",
    ] == [table.name for table, _ in rows_about("96365", tmp_path / "site")]
