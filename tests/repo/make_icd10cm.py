"""Writes the ICD-10-CM table of a fiscal year: `python -m tests.repo.make_icd10cm [--check]` (`make codebook-tables`).

It is made from the package simple-icd-10-cm, which the product never imports: it costs two seconds and 180 MB.
`--check` writes nothing and fails when the committed table says something else.
"""

import argparse
import gzip
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from tests.repo import tracked

FISCAL_YEAR = 2026
MADE_WITH = "1.5."  # the releases of the package that hold the edition of April 2026
TABLE = tracked.CHECKOUT / "plugin" / "codebook" / "data" / f"icd10cm_{FISCAL_YEAR}.txt.gz"


def records(codes: Iterable[tuple[str, bool]]) -> str:
    """Nine characters a code, sorted: the code without its dot, filled to seven, 1 if billable, the end of the line."""
    lines = {f"{code.replace('.', ''):<7}{int(billable)}\n" for code, billable in codes}
    return "".join(sorted(lines))


def table_of_package() -> str:
    """The table as the installed package gives it.

    A block of one category bears the category's name (B20, C50): the package lists that name twice, and calls it a
    block and a category both. So a code is what is a category or stands below one, never what is not a block.
    """
    import simple_icd_10_cm as package  # noqa: PLC0415 - costs two seconds and 180 MB

    if not version("simple-icd-10-cm").startswith(MADE_WITH):
        raise SystemExit(f"simple-icd-10-cm is not {MADE_WITH}x: look which fiscal year it holds, change this file")
    codes = [code for code in package.get_all_codes(True) if package.is_category_or_subcategory(code)]
    return records((code, package.is_leaf(code)) for code in codes)


def committed() -> str:
    """The table as it lies in the repository."""
    return gzip.decompress(TABLE.read_bytes()).decode("ascii")


def write(table: str, to: Path = TABLE) -> None:
    """Compressed without a time, so that equal tables are equal files."""
    to.write_bytes(gzip.compress(table.encode("ascii"), compresslevel=9, mtime=0))


def main(arguments: list[str] | None = None) -> int:
    """0 when the table was written, or is what the package says; 1 when `--check` finds another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the table says something else")
    asked = parser.parse_args(arguments)
    made = table_of_package()
    if not asked.check:
        write(made)
        return 0
    if made == committed():
        return 0
    sys.stderr.write(f"{TABLE.name} is not what the package says: run `make codebook-tables`\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
