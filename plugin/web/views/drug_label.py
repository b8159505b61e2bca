"""What was given, as the page calls it everywhere."""

import re
from decimal import Decimal

from plugin.domain import Administration

UNIT_WORDS = {"[USP'U]": "USP units", "[iU]": "IU", "[IU]": "IU", "{unit}": "units", "ug": "mcg"}


def drug_label(administration: Administration) -> str:
    """What was given, short: the charted name, and the dose where the name doesn't say it."""
    dose = administration.dose
    name = administration.drug.text or "Drug not charted"
    if dose is None:
        return name
    amount = f"{plain(dose.value)} {UNIT_WORDS.get(dose.unit, dose.unit)}".rstrip()
    if _says(name, amount):
        return name
    # A name that holds numbers of its own would swallow the dose.
    return f"{name}, {amount}" if any(letter.isdigit() for letter in name) else f"{name} {amount}"


def _says(name: str, amount: str) -> bool:
    """Whether the name holds this very amount: 5 mL is not in "250 mL", and 1500 mg is in "1,500 mg"."""
    value, _, unit = amount.partition(" ")
    pattern = rf"(?<![\d.,]){re.escape(value)}\s*{re.escape(unit)}(?![\w%])"
    return re.search(pattern, re.sub(r"(?<=\d),(?=\d{3})", "", name), re.IGNORECASE) is not None


def plain(value: Decimal) -> str:
    """An exact decimal without needless zeros or an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
