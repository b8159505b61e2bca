"""Cells of a CSV file that a spreadsheet opens as text, whatever was charted."""

# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plain_cell(text: str) -> str:
    """One line of text without control characters; an apostrophe goes before what would be a formula."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split(" ")).strip()
    return f"'{line}" if line.startswith(FORMULA) or text.startswith(FORMULA) else line
