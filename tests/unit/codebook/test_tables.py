"""Wrong tables are refused by file, line and field; unsound ones are named by the check."""

import shutil
from datetime import date
from importlib.resources import as_file
from pathlib import Path

import pytest

from plugin.codebook import CodeBook, CodeBookError, drug_rows, tables
from plugin.codebook.check import STALE_AFTER_DAYS, problems

CHECKED = max(citation.checked_on for citation in CodeBook.load().citations.values())


@pytest.fixture
def data(tmp_path: Path, monkeypatch) -> Path:
    """A copy of the tables that a test may spoil."""
    with as_file(tables.DATA) as folder:
        shutil.copytree(folder, tmp_path / "data")
    monkeypatch.setattr(tables, "DATA", tmp_path / "data")
    return tmp_path / "data"


def spoil(data: Path, file: str, old: str, new: str) -> None:
    """Replace the first place where the table says `old`."""
    text = (data / file).read_text("utf-8")
    assert old in text
    (data / file).write_text(text.replace(old, new, 1), "utf-8")


def test_the_products_own_tables_are_sound():
    """On the day their sources were checked the check finds nothing."""
    assert [] == problems(CHECKED)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("procedure_codes.csv", "96360,CPT,hydration", "96360,CPT,hydrotherapy", ["line 2", "hydrotherapy"]),
        ("procedure_codes.csv", "2009-01-01", "first of January", ["procedure_codes.csv line 2", "first of January"]),
        ("procedure_codes.csv", "role", "roll", ["procedure_codes.csv line 2", "role"]),
    ],
)
def test_a_wrong_procedure_code_is_refused_by_line_and_field(data, file, old, new, said):
    """The message names file, line and what is wrong there."""
    spoil(data, file, old, new)

    with pytest.raises(CodeBookError) as refused:
        tables.read_procedure_codes()

    assert [word for word in said if word not in str(refused.value)] == []


def test_a_wrong_drug_class_is_refused_by_line(data):
    """A class that doesn't exist would silently be nobody's."""
    spoil(data, "drugs.csv", "abatacept,complex biologic", "abatacept,biologic")

    with pytest.raises(CodeBookError, match=r"drugs\.csv line 2: 'biologic'"):
        drug_rows.read_drugs()


def test_a_source_that_is_there_twice_is_refused(data):
    """Two files of sources share one space of names."""
    with (data / "sources_drugs.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[ncci-11-b2]\ntitle = "again"\nlocator = "https://example.org"\nstanding = "sourced"\n'
            "checked_on = 2026-11-21\n"
        )

    with pytest.raises(CodeBookError, match="ncci-11-b2 is there twice"):
        tables.read_citations()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("procedure_codes.csv", ",cpt-2009,", ",cpt-1066,", "there is no source 'cpt-1066'"),
        ("time_limits.toml", 'cites = "noridian-hydration"', 'cites = "nobody"', "there is no source 'nobody'"),
        ("positions.toml", 'cites = ["medlearn-cumulative"]', "cites = []", "same_drug_time=cumulative"),
        ("profiles.toml", "{ missing_stop =", "{ missing_start =", "there is no position missing_start="),
        ("drugs.csv", "yes,orencia", "yes,rocephin", "names both"),
        (
            "time_limits.toml",
            "values = [{ from = 2006-01-01, is = 16,",
            'values = [{ from = 2005-01-01, is = 15, cites = "noridian-push-infusion" }, { from = 2006-01-01, is = 16,',
            "two rows hold on 2006-01-01",
        ),
        (
            "time_limits.toml",
            "values = [{ from = 2006-01-01, is = 16,",
            'values = [{ from = 2004-01-01, to = 2005-06-30, is = 15, cites = "noridian-push-infusion" }, '
            "{ from = 2006-01-01, is = 16,",
            "no row holds between 2005-06-30 and 2006-01-01",
        ),
        (
            "procedure_codes.csv",
            "96361,CPT,hydration,additional hour",
            "96361,CPT,hydration,initial",
            "two rows hold on 2009-01-01",
        ),
    ],
)  # fmt: skip
def test_the_check_names_what_is_unsound(data, file, old, new, said):
    """Missing sources, gaps, overlaps, names that two drugs share, sides and positions that don't exist."""
    spoil(data, file, old, new)

    assert [problem for problem in problems(CHECKED) if said in problem] != []


def test_a_position_with_one_side_is_no_position(data):
    """A contested point has at least two sides."""
    with (data / "positions.toml").open("a", encoding="utf-8") as file:
        file.write('\n[lonely]\nquestion = "?"\nin_use = false\n')
        file.write('[[lonely.sides]]\nname = "only"\nmeans = "this"\ncites = ["cpt-2009"]\n')

    assert [problem for problem in problems(CHECKED) if "lonely" in problem and "one side" in problem] != []


def test_sources_nobody_looked_at_for_long_are_named():
    """After the limit of days each source asks to be looked at again."""
    late = date.fromordinal(CHECKED.toordinal() + STALE_AFTER_DAYS + 1)
    stale = [problem for problem in problems(late) if "look again" in problem]

    assert len(CodeBook.load().citations) == len(stale)


def test_every_row_of_a_time_limit_says_what_it_means():
    """A number without its unit is no table."""
    entries = tables.read_toml("time_limits.toml")

    assert [name for name, entry in entries.items() if not entry["means"] or not entry["unit"]] == []


def test_no_retired_code_is_a_current_one_and_its_successors_exist_or_are_outside():
    """The family's past is not its present."""
    current = {row.code for row in tables.read_procedure_codes() if row.valid_to is None}

    assert current & set(tables.read_retired()) == set()


def test_an_overlay_keeps_the_rows_of_each_setting_and_each_pair(tmp_path):
    """A limit for offices doesn't stand in the place of the one for facilities, nor one pair in another's."""
    limits = "setting,code,units,indicator,rationale,valid_from,valid_to,cites,file_date\n"
    limits += "facility,96413,1,3,,2026-01-01,,x,2026-01-01\noffice,96413,2,3,,2026-01-01,,x,2026-01-01\n"
    pairs = "setting,column_1,column_2,modifier_allowed,rationale,valid_from,valid_to,cites,file_date\n"
    pairs += "office,96413,96360,1,,2026-01-01,,x,2026-01-01\noffice,96413,96365,1,,2026-01-01,,x,2026-01-01\n"
    (tmp_path / "unit_limits.csv").write_text(limits)
    (tmp_path / "code_pairs.csv").write_text(pairs)
    folders = tables.Folders(tmp_path)
    assert [("facility", "1"), ("office", "2")] == [
        (row["setting"], row["units"]) for _, row in tables.read_csv("unit_limits.csv", folders) if row["cites"] == "x"
    ]
    assert ["96360", "96365"] == [
        row["column_2"] for _, row in tables.read_csv("code_pairs.csv", folders) if row["cites"] == "x"
    ]
