"""The generated tables of the code book are what their source says."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.repo import make_icd10cm, tracked


@pytest.mark.skipif(
    find_spec("simple_icd_10_cm") is None, reason="simple-icd-10-cm, of the development lock, is missing"
)
def test_the_committed_icd10cm_table_is_what_the_package_says():
    """Run apart: the package costs 180 MB, and warns while it loads."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.repo.make_icd10cm", "--check"]
    done = subprocess.run(command, cwd=tracked.CHECKOUT, capture_output=True, text=True, timeout=120, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_the_table_counts_what_the_fiscal_year_counts():
    """98,186 codes, of which 74,719 are billable: the categories of the tabular list, and all codes below them."""
    lines = make_icd10cm.committed().splitlines()

    assert (98_186, 74_719) == (len(lines), sum(line.endswith("1") for line in lines))
    assert {8} == {len(line) for line in lines}
    assert sorted(set(lines)) == lines


def test_every_code_stands_below_its_category():
    """No three-character heading is missing, whatever the block around it is called."""
    codes = {line[:7].rstrip() for line in make_icd10cm.committed().splitlines()}

    assert set() == {code[:3] for code in codes} - codes


def test_a_code_that_is_listed_twice_is_one_record():
    """The package lists B20 as a block and as its only category."""
    assert "B20    1\n" == make_icd10cm.records([("B20", True), ("B20", True)])


def test_equal_tables_are_equal_files(tmp_path):
    """No time and no name of a machine gets into the file."""
    table = make_icd10cm.records([("K50.90", True), ("K50", False)])
    make_icd10cm.write(table, tmp_path / "one.gz")
    make_icd10cm.write(table, tmp_path / "two.gz")

    assert "K50    0\nK5090  1\n" == table
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


def test_a_table_that_says_something_else_fails_the_check(monkeypatch, capsys):
    """And the message names the file and the command."""
    monkeypatch.setattr(make_icd10cm, "table_of_package", lambda: "K50    0\n")

    assert 1 == make_icd10cm.main(["--check"])
    assert "icd10cm_2026.txt.gz is not what the package says: run `make codebook-tables`" in capsys.readouterr().err
