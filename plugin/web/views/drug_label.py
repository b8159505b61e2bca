"""What was given, as the page calls it everywhere."""

from decimal import Decimal

from plugin.domain import Administration

UNIT_WORDS = {"[USP'U]": "USP units", "[iU]": "IU", "[IU]": "IU", "{unit}": "units", "ug": "mcg"}


def drug_label(administration: Administration) -> str:
    """What was given, short: the charted name and dose."""
    dose = administration.dose
    name = administration.drug.text or "Drug not charted"
    if dose is None or plain(dose.value) in name:
        return name
    return f"{name} {plain(dose.value)} {UNIT_WORDS.get(dose.unit, dose.unit)}"


def plain(value: Decimal) -> str:
    """An exact decimal without needless zeros or an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
