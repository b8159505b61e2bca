"""A licensed file of descriptors, such as the AMA's CPT files: a code, a tab or comma (or a blank), and its text.

The text stays in the site's own overlay: it belongs to its licensor and is no part of this product.
"""

import re
from collections.abc import Iterator

from plugin.codebook.importers.site_tables import Row
from plugin.codebook.importers.source_file import PREAMBLE_LINES, SourceFile

_CODE = re.compile(r"[0-9A-Z]\d{3}[0-9A-Z]")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_DIAGNOSES = re.compile(rb"(?m)^\d{5} [A-Z]\d[0-9A-Z]{1,5} +[01] ")  # the ICD-10-CM order file looks alike
_BLANK_AFTER_CODE = re.compile(rb"(?m)^[0-9A-Z]\d{3}[0-9A-Z] +\S")


def read(file: SourceFile) -> Iterator[Row]:
    """A row for each code; lines before the first code are a notice or a heading."""
    if _DIAGNOSES.search(file.head):
        raise file.wrong("these are diagnosis codes; is it the right file for this KIND?")
    begun = False
    for row in _rows(file):
        if not any(row):
            continue
        code = row[0].upper()
        if not begun and not _CODE.fullmatch(code) and file.line <= PREAMBLE_LINES:
            continue
        begun = True
        if len(row) > 2 and any(row[2:]):
            raise file.wrong(f"{len(row)} columns instead of code and text; put a text with commas in quotation marks")
        descriptor = " ".join(row[1].split()) if len(row) > 1 else ""
        if not _LETTERS.search(descriptor):
            raise file.wrong(f"{code} has no text; the line is cut short, ask the licensor for the file again", "text")
        yield (file.code(code, "code"), descriptor, "", "")


def _rows(file: SourceFile) -> Iterator[list[str]]:
    if b"\t" not in file.head and _BLANK_AFTER_CODE.search(file.head):
        for line in file.lines():
            code, _, text = line.strip().partition(" ")
            yield [code, text.strip()]
        return
    yield from file.cells("\t" if b"\t" in file.head else ",")
