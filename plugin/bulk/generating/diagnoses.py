"""The diagnoses of generated visits by ICD-10-CM, with a SNOMED CT concept where one is sure."""

import csv
from functools import cache
from pathlib import Path

from fhir_mappings.vendor_shapes.facts import Reason

FILE = Path(__file__).with_name("diagnoses.csv")


@cache
def _rows() -> dict[str, tuple[str, str, str, str]]:
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {row["icd10cm"]: (row["icd10cm"], row["title"], row["snomed"], row["concept"]) for row in rows}


def reason(key: str, code: str) -> Reason:
    """A diagnosis under its `Condition/id`."""
    return Reason(key, *_rows()[code])
