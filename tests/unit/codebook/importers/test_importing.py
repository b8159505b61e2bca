"""Editions laid over one another: the same file again, the next quarter, a correction, and one that was forgotten."""

from datetime import date

import pytest

from plugin.codebook import tables
from plugin.codebook.importers import KINDS, Wishes, import_file
from tests.unit.codebook.importers import layouts

HEADER = "HCPCS Code,HCPCS Code Dosage,Payment Limit\n"
Q4, Q1, Q2 = date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1)


def price(tmp_path, day, *rows):
    """Import a price file with those rows (code, limit) for a day; what the table says then, day by day."""
    text = HEADER + "".join(f"{code},1 MG,{limit}\n" for code, limit in rows)
    file = layouts.written(tmp_path, f"asp-{day}.csv", text)
    return layouts.imported("asp-pricing", file, tmp_path / "site")


def said(tmp_path):
    """Code, limit, first and last day of every row."""
    lines = [line.split(",") for line in layouts.table(tmp_path / "site", "drug_prices.csv") if line]
    return [(cells[0], cells[2], cells[5], cells[6]) for cells in lines]


@pytest.mark.parametrize("kind", KINDS)
def test_importing_the_same_file_twice_changes_nothing(kind, tmp_path):
    """Neither a byte nor a time of change differs."""
    file = layouts.written(tmp_path, *layouts.FILES[kind])
    layouts.imported(kind, file, tmp_path / "site")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "site").iterdir()}

    again = layouts.imported(kind, file, tmp_path / "site")

    assert before == {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "site").iterdir()}
    assert not again.anything_changed
    assert (0, 0, 0) == (again.counts.added, again.counts.changed, again.counts.ended)


def test_the_next_quarter_ends_the_rows_that_changed_the_day_before(tmp_path):
    """A new price begins on its day; a price that stayed goes on; a code that is gone ends; a new one begins."""
    price(tmp_path, Q4, ("J0001", "1.0"), ("J0002", "2.0"), ("J0003", "3.0"))
    done = price(tmp_path, Q1, ("J0001", "1.0"), ("J0002", "2.5"), ("J0004", "4.0"))

    assert [
        ("J0001", "1.0", "2025-10-01", ""),
        ("J0002", "2.0", "2025-10-01", "2025-12-31"),
        ("J0002", "2.5", "2026-01-01", ""),
        ("J0003", "3.0", "2025-10-01", "2025-12-31"),
        ("J0004", "4.0", "2026-01-01", ""),
    ] == said(tmp_path)
    assert (1, 1, 1) == (done.counts.added, done.counts.changed, done.counts.ended)


def test_an_edition_imported_late_fills_only_its_own_quarter(tmp_path):
    """The order in which editions are imported does not matter."""
    editions = {
        Q4: [("J0001", "1.0"), ("J0002", "2.0"), ("J0003", "3.0")],
        Q1: [("J0001", "1.5"), ("J0003", "3.0")],
        Q2: [("J0001", "1.0"), ("J0002", "2.0"), ("J0003", "3.0"), ("J0004", "4.0")],
    }
    for name, order in (("in order", (Q4, Q1, Q2)), ("late", (Q4, Q2, Q1)), ("backwards", (Q2, Q1, Q4))):
        (tmp_path / name).mkdir()
        for day in order:
            price(tmp_path / name, day, *editions[day])

    assert [
        ("J0001", "1.0", "2025-10-01", "2025-12-31"),
        ("J0001", "1.5", "2026-01-01", "2026-03-31"),
        ("J0001", "1.0", "2026-04-01", ""),
        ("J0002", "2.0", "2025-10-01", "2025-12-31"),
        ("J0002", "2.0", "2026-04-01", ""),
        ("J0003", "3.0", "2025-10-01", ""),
        ("J0004", "4.0", "2026-04-01", ""),
    ] == said(tmp_path / "in order")
    assert said(tmp_path / "in order") == said(tmp_path / "late")
    assert said(tmp_path / "in order") == said(tmp_path / "backwards")


def test_a_corrected_file_of_the_same_quarter_replaces_what_it_corrects(tmp_path):
    """CMS publishes corrections; the wrong price is gone, the right one holds from the same day."""
    price(tmp_path, Q4, ("J0001", "1.0"), ("J0002", "2.0"))
    price(tmp_path, Q4, ("J0001", "1.1"), ("J0002", "2.0"))

    assert [("J0001", "1.1", "2025-10-01", ""), ("J0002", "2.0", "2025-10-01", "")] == said(tmp_path)


def test_a_new_description_begins_with_its_edition_and_the_old_one_keeps_its_past(tmp_path):
    """A HCPCS code is valid from the day it was added, each description from the edition that gives it."""
    site = tmp_path / "site"
    layouts.imported("hcpcs", layouts.written(tmp_path, "HCPC2026_JUL_ANWEB.csv", layouts.HCPCS_SHEET), site)
    renamed = layouts.HCPCS_SHEET.replace("First drug inj", "First drug injection")
    layouts.imported("hcpcs", layouts.written(tmp_path, "HCPC2026_OCT_ANWEB.csv", renamed), site)

    rows = [line.split(",")[-7:-2] for line in layouts.table(site, "hcpcs_codes.csv") if line.startswith("J0001")]
    assert [
        [' 10 mg"', "First drug inj", "D", "2002-01-01", "2026-09-30"],
        [' 10 mg"', "First drug injection", "D", "2026-10-01", ""],
    ] == rows


def test_parts_of_the_pairs_do_not_end_one_another(tmp_path):
    """The pairs come in four files; what is missing in one of them stands in another."""
    site = tmp_path / "site"
    layouts.imported("ptp", layouts.written(tmp_path, "ccioph-v323r0-f1.txt", layouts.PAIRS), site)
    second = layouts.PAIRS.replace("96365\t", "96413\t")
    done = layouts.imported("ptp", layouts.written(tmp_path, "ccioph-v323r0-f2.txt", second), site)

    assert (0, 6) == (done.counts.ended, len(layouts.table(site, "code_pairs.csv")))


def test_a_pair_deleted_in_the_next_quarter_ends_on_the_day_the_file_says(tmp_path):
    """A file with the whole history is believed about the past too."""
    site = tmp_path / "site"
    layouts.imported("ptp", layouts.written(tmp_path, "ccioph-v323r0-f1.txt", layouts.PAIRS), site)
    deleted = layouts.PAIRS.replace("20100101\t*", "20100101\t20260630")
    layouts.imported("ptp", layouts.written(tmp_path, "ccioph-v330r0-f1.txt", deleted), site)

    assert [line for line in layouts.table(site, "code_pairs.csv") if "2010-01-01,2026-06-30," in line] != []


def test_an_older_file_of_a_whole_history_is_refused(tmp_path):
    """It would undo what the newer one says of the past."""
    site = tmp_path / "site"
    layouts.imported("add-on", layouts.written(tmp_path, "AOC_V2026Q4-MCR.csv", layouts.ADD_ON_SHEET), site)

    with pytest.raises(tables.CodeBookError, match="the overlay has the edition of 2026-10-01"):
        layouts.imported("add-on", layouts.written(tmp_path, "AOC_V2026Q1-MCR.csv", layouts.ADD_ON_SHEET), site)


def test_an_april_update_adds_codes_within_its_fiscal_year(tmp_path):
    """The table of the year keeps its October rows and takes the new ones from April."""
    site = tmp_path / "site"
    layouts.imported("icd10cm-order", layouts.written(tmp_path, "icd10cm-order-2027.txt", layouts.ORDER), site)
    update = layouts.ORDER + "00004 Z9999   1 " + "A new reason".ljust(61) + "A new reason\n"
    done = layouts.imported("icd10cm-order", layouts.written(tmp_path, "icd10cm-order-April-2027.txt", update), site)

    assert ("icd10cm_2027.csv", date(2027, 4, 1), 1) == (done.table, done.first_day, done.counts.added)
    assert layouts.table(site, "icd10cm_2027.csv")[-1].startswith("Z99.99,yes,A new reason,2027-04-01,2027-09-30,")


def test_what_stood_in_the_overlays_sources_stays(tmp_path):
    """A site's own sources and their comments are not touched; the edition's source is added once."""
    site = tmp_path / "site"
    site.mkdir()
    own = '# ours\n[pharmacy]\ntitle = "x"\nlocator = "y"\nstanding = "practice"\nchecked_on = 2026-01-01\n'
    (site / "sources.toml").write_text(own)
    price(tmp_path, Q4, ("J0001", "1.0"))
    price(tmp_path, Q4, ("J0001", "1.0"))

    text = (site / "sources.toml").read_text()
    assert text.startswith(own)
    assert 1 == text.count("[asp-pricing-2025-10-01]")
    assert layouts.TODAY == tables.read_citations(tables.Folders(site))["asp-pricing-2025-10-01"].checked_on


def test_a_new_edition_ends_a_row_of_the_product(tmp_path, monkeypatch):
    """A row that the product itself ships is ended by the site's newer edition, in the overlay."""
    own = tmp_path / "data"
    own.mkdir()
    header = (tables.DATA / "drug_prices.csv").read_text("utf-8")
    (own / "drug_prices.csv").write_text(
        f"{header}J0001,1 MG,1.0,,,2025-07-01,,ours,2025-07-01\nJ0002,1 MG,2.0,,,2025-07-01,,ours,2025-07-01\n"
    )
    monkeypatch.setattr(tables, "DATA", own)
    price(tmp_path, Q4, ("J0001", "1.5"), ("J0002", "2.0"))

    assert [("J0001", "1.0", "2025-07-01", "2025-09-30"), ("J0001", "1.5", "2025-10-01", "")] == said(tmp_path)


def test_progress_is_told_up_to_the_end(tmp_path):
    """First the 5001 lines read, of about as many as there are, then the 5000 rows written."""
    file = layouts.written(tmp_path, "asp_2025q4.csv", HEADER + "".join(f"J{n:04},1 MG,1\n" for n in range(5000)))
    told = []
    import_file(KINDS["asp-pricing"], file, tmp_path / "site", layouts.TODAY, Wishes(), lambda *at: told.append(at))

    lines = HEADER.count("\n") + 5000
    assert [(step, rows) for step, rows, _ in told] == [
        *(("reading", rows) for rows in (2000, 4000, lines)),
        *(("writing", rows) for rows in (2000, 4000, 5000)),
    ]
    assert all(abs(of - lines) < 50 for step, _, of in told if step == "reading")


@pytest.mark.parametrize("name", ["drug_prices.csv", "sources.toml"])
def test_what_somebody_else_imported_meanwhile_is_not_lost(name, tmp_path):
    """An overlay that changes while a file is read is left to the one who changed it."""
    price(tmp_path, Q4, ("J0001", "1.0"))
    file = layouts.written(tmp_path, "asp_2026q1.csv", HEADER + "J0001,1 MG,2.0\n")
    theirs = tmp_path / "site" / name

    def meanwhile(step, rows, of):
        theirs.write_text(theirs.read_text() + "\n")

    with pytest.raises(tables.CodeBookError, match="was changed while importing"):
        import_file(KINDS["asp-pricing"], file, tmp_path / "site", layouts.TODAY, Wishes(), meanwhile)

    assert [("J0001", "1.0", "2025-10-01", "")] == said(tmp_path)


def test_two_imports_into_one_overlay_wait_for_each_other(tmp_path):
    """The second is refused before it reads anything; the first comes to its end."""
    price(tmp_path, Q4, ("J0001", "1.0"))
    file = layouts.written(tmp_path, "asp_2026q1.csv", HEADER + "J0001,1 MG,2.0\n")
    refusals = []

    def meanwhile(step, rows, of):
        with pytest.raises(tables.CodeBookError) as refused:
            layouts.imported("asp-pricing", file, tmp_path / "site")
        refusals.append(str(refused.value))

    import_file(KINDS["asp-pricing"], file, tmp_path / "site", layouts.TODAY, Wishes(), meanwhile)

    assert {
        f"{tmp_path / 'site'}: another import into it is running; nothing was imported, "
        "import the file when that has ended"
    } == set(refusals)
    assert ("J0001", "2.0", "2026-01-01", "") in said(tmp_path)
