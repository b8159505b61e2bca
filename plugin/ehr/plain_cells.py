"""Cells of a CSV file that a spreadsheet opens as text, whatever was charted."""

import re

# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


# Where the comma is the decimal mark, cells are parted at semicolons, quoted or not.
_NEXT_CELL = re.compile(f"(; *)(?=[{re.escape(''.join(FORMULA))}])")


def plain_cell(text: str) -> str:
    """One line of text without control characters; an apostrophe goes before what would be a formula."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split(" ")).strip()
    line = _NEXT_CELL.sub(r"\1'", line)
    return f"'{line}" if line.startswith(FORMULA) or text.startswith(FORMULA) else line
