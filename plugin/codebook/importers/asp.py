"""Medicare's quarterly files of drug prices: payment limits by HCPCS code, and the crosswalk from NDC to HCPCS.

Source: https://www.cms.gov/medicare/payment/part-b-drugs/asp-pricing-files (the CSV of each ZIP).
Short descriptions are not taken over: those of CPT codes are not Medicare's to give.
"""

import re
from collections.abc import Iterator

from plugin.codebook.importers.site_tables import Row
from plugin.codebook.importers.source_file import SourceFile

_NDC = re.compile(r"(\d{5})-(\d{4})-(\d{2})")
_YEARLY_HEADINGS = tuple(f"{year} code" for year in range(2005, 2100))

PRICING = {
    "code": ("hcpcs code", "hcpcs"),
    "dosage": ("hcpcs code dosage", "dosage"),
    "limit": ("payment limit",),
    "coinsurance": ("co insurance percentage", "coinsurance percentage", "coinsurance pct"),
    "note": ("notes", "note"),
}
CROSSWALK = {
    "code": ("hcpcs", "hcpcs code", *_YEARLY_HEADINGS),
    "ndc": ("ndc", "ndc2", "ndc or alternate id", "ndc 5 4 2"),
    "drug": ("drug name",),
    "dosage": ("hcpcs dosage", "dosage"),
    "size": ("pkg size",),
    "quantity": ("pkg qty",),
    "item": ("billunits", "bill units"),
    "package": ("billunitspkg", "billunits pkg", "bill units pkg"),
}


def read_prices(file: SourceFile) -> Iterator[Row]:
    """ASP pricing: dollars for one unit of the dosage that the file prints; empty where it prints N/A."""
    for row in file.rows_under(PRICING, optional=("coinsurance", "note")):
        yield (
            file.code(row["code"], "HCPCS Code"),
            row["dosage"],
            file.number(row["limit"], "Payment Limit", empty=True),
            file.number(row.get("coinsurance", "").removesuffix("%"), "Co-insurance Percentage", empty=True),
            " ".join(row.get("note", "").split()),
            "",
            "",
        )


def read_crosswalk(file: SourceFile) -> Iterator[Row]:
    """ASP NDC-HCPCS crosswalk: an NDC as eleven digits, any other product number as it is printed."""
    for row in file.rows_under(CROSSWALK):
        yield (
            _product(file, row["ndc"]),
            file.code(row["code"], "HCPCS code"),
            " ".join(row["drug"].split()),
            " ".join(row["dosage"].split()),
            file.number(row["size"], "PKG SIZE"),
            file.number(row["quantity"], "PKG QTY"),
            file.number(row["item"], "BILLUNITS"),
            file.number(row["package"], "BILLUNITSPKG"),
            "",
            "",
        )


def _product(file: SourceFile, text: str) -> str:
    if not text:
        raise file.wrong("the product number is missing; download the file again", "NDC")
    return "".join(match.groups()) if (match := _NDC.fullmatch(text)) else text
